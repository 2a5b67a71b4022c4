{{- define "latecomer.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "latecomer.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "latecomer.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "latecomer.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "latecomer.selector" -}}
app.kubernetes.io/name: {{ include "latecomer.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "latecomer.labels" -}}
{{ include "latecomer.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "latecomer.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "latecomer.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "latecomer.scheme" -}}
{{- if .Values.server.tlsSecret }}HTTPS{{ else }}HTTP{{ end -}}
{{- end -}}

{{- define "latecomer.ledger" -}}
- name: LATECOMER_LEDGER
{{- if .Values.ledger.existingSecret }}
  valueFrom:
    secretKeyRef:
      name: {{ .Values.ledger.existingSecret }}
      key: {{ .Values.ledger.key }}
{{- else }}
  value: sqlite:/state/ledger.db
{{- end }}
{{- end -}}
