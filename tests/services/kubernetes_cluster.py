"""A Kubernetes control plane on this machine: etcd, kube-apiserver and kube-controller-manager, with certificates of its own.

What runs pods in a real cluster is played by kubernetes_kubelet.py.
"""
import base64
import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / '.deps/kubernetes/bin'
CONTROLLERS = ('job-controller', 'garbage-collector-controller', 'namespace-controller', 'ttl-after-finished-controller',
               'serviceaccount-controller', 'pod-garbage-collector-controller', 'clusterrole-aggregation-controller')


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(f'{status}: {message}')
        self.status = status


def wait_until(what, check, seconds=60):
    """The first true value of `check`. Asks again and again, for the servers tell nobody when they are ready."""
    deadline, idle = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < deadline:
        if value := check():
            return value
        idle.wait(0.05)
    raise AssertionError(f'it never came: {what}')


def free_ports(count):
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Authority:
    """Certificates, signed by one that is made for this cluster."""

    def __init__(self, folder):
        self.folder = folder
        self.certificate = folder / 'ca.crt'
        self._openssl('req', '-x509', *self._new_key('ca'), '-days', '1', '-subj', '/CN=test-ca', '-out', self.certificate)

    def issue(self, name, subject, hosts=()):
        """Paths of a certificate and its key."""
        request, certificate = self.folder / f'{name}.csr', self.folder / f'{name}.crt'
        self._openssl('req', *self._new_key(name), '-subj', subject, '-out', request)
        extensions = self.folder / f'{name}.ext'
        names = ','.join(f'{"IP" if host[0].isdigit() else "DNS"}:{host}' for host in hosts)
        extensions.write_text('extendedKeyUsage=serverAuth,clientAuth\n' + (f'subjectAltName={names}\n' if names else ''))
        self._openssl('x509', '-req', '-in', request, '-CA', self.certificate, '-CAkey', self.folder / 'ca.key', '-days', '1',
                      '-CAcreateserial', '-extfile', extensions, '-out', certificate)
        return certificate, self.folder / f'{name}.key'

    def key(self, name):
        path = self.folder / f'{name}.key'
        self._openssl('genrsa', '-out', path, '2048')
        return path

    def _new_key(self, name):
        return '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', self.folder / f'{name}.key'

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(['openssl', *map(str, arguments)], check=True, capture_output=True, timeout=60)


class Cluster:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-kubernetes-'))
        self.processes = {}
        self.authority = Authority(self.folder)
        self.etcd_port, self.peer_port, self.port, self.manager_port = free_ports(4)
        self.url = f'https://127.0.0.1:{self.port}'
        self.admin = self.kubeconfig('admin', self.authority.issue('admin', '/O=system:masters/CN=admin'))
        self.accounts_key = self.authority.key('accounts')
        self.serving = self.authority.issue('apiserver', '/CN=kube-apiserver', ('127.0.0.1', 'localhost'))
        self.to_kubelet = self.authority.issue('to-kubelet', '/O=system:masters/CN=kube-apiserver-kubelet-client')
        self.manager = self.kubeconfig('manager', self.authority.issue('manager', '/CN=system:kube-controller-manager'))

    def start(self):
        for program in ('etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'):
            if not (PROGRAMS / program).exists():
                raise RuntimeError(f'{program} is missing: `script/bootstrap --kubernetes` builds it')
        self._run('etcd', '--data-dir', self.folder / 'etcd', '--unsafe-no-fsync=true', '--log-level=error',
                  f'--listen-client-urls=http://127.0.0.1:{self.etcd_port}',
                  f'--advertise-client-urls=http://127.0.0.1:{self.etcd_port}',
                  f'--listen-peer-urls=http://127.0.0.1:{self.peer_port}',
                  f'--initial-advertise-peer-urls=http://127.0.0.1:{self.peer_port}',
                  f'--initial-cluster=default=http://127.0.0.1:{self.peer_port}')
        self.start_api()
        self._run('kube-controller-manager', '--kubeconfig', self.manager, '--bind-address=127.0.0.1',
                  f'--secure-port={self.manager_port}', '--leader-elect=false', '--use-service-account-credentials=true',
                  '--authentication-kubeconfig', self.manager, '--authorization-kubeconfig', self.manager,
                  '--service-account-private-key-file', self.accounts_key, '--controllers=' + ','.join(CONTROLLERS))
        return self

    def start_api(self, *more):
        self._run('kube-apiserver', f'--etcd-servers=http://127.0.0.1:{self.etcd_port}', '--bind-address=127.0.0.1',
                  '--advertise-address=127.0.0.1', f'--secure-port={self.port}', '--authorization-mode=RBAC',
                  '--anonymous-auth=false', '--client-ca-file', self.authority.certificate,
                  '--tls-cert-file', self.serving[0], '--tls-private-key-file', self.serving[1],
                  '--kubelet-client-certificate', self.to_kubelet[0], '--kubelet-client-key', self.to_kubelet[1],
                  '--kubelet-preferred-address-types=InternalIP', '--service-account-key-file', self.accounts_key,
                  '--service-account-signing-key-file', self.accounts_key, f'--service-account-issuer={self.url}',
                  '--service-cluster-ip-range=10.0.0.0/24', '--endpoint-reconciler-type=none',
                  '--disable-admission-plugins=ServiceAccount,TaintNodesByCondition', *more)
        wait_until('the API server', self.is_ready, 120)

    def is_ready(self):
        self._check('kube-apiserver')
        try:
            return self.ask('GET', '/readyz', text=True) == 'ok' and self.ask('GET', '/api/v1/namespaces/default')
        except (OSError, http.client.HTTPException, Refused):
            return False

    def forget_history(self):
        """Of what was before now, etcd tells nobody any more: watches from there are too old."""
        def ask(what, body):
            connection = http.client.HTTPConnection('127.0.0.1', self.etcd_port, timeout=60)
            try:
                connection.request('POST', f'/v3/kv/{what}', json.dumps(body), {'Content-Type': 'application/json'})
                answer = connection.getresponse()
                got = answer.read().decode()
            finally:
                connection.close()
            if answer.status != 200:
                raise Refused(answer.status, got)
            return json.loads(got)
        revision = ask('range', {'key': base64.b64encode(b'none').decode()})['header']['revision']
        ask('compaction', {'revision': revision, 'physical': True})

    def stop_api(self, signal='kill'):
        self._end(self.processes.pop('kube-apiserver'), signal)

    def stop(self):
        for name in ('kube-controller-manager', 'kube-apiserver', 'etcd'):
            if process := self.processes.pop(name, None):
                self._end(process, 'kill')
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program, *arguments):
        log = open(self.folder / f'{program}.log', 'ab')
        self.processes[program] = subprocess.Popen([PROGRAMS / program, *map(str, arguments)], cwd=self.folder, stdout=log,
                                                   stderr=log, stdin=subprocess.DEVNULL)
        log.close()

    def _check(self, program):
        process = self.processes.get(program)
        if process is not None and process.poll() is not None:
            raise AssertionError(f'{program} ended:\n{self.log_end(program)}')

    def log_end(self, program):
        return (self.folder / f'{program}.log').read_text()[-3000:]

    @staticmethod
    def _end(process, signal):
        getattr(process, signal)()
        process.wait(timeout=60)

    # ----- asking

    def connection(self, timeout=60):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        context.load_cert_chain(self.folder / 'admin.crt', self.folder / 'admin.key')
        return http.client.HTTPSConnection('127.0.0.1', self.port, context=context, timeout=timeout)

    def ask(self, method, path, body=None, content='application/json', text=False):
        connection = self.connection()
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {'Content-Type': content})
            answer = connection.getresponse()
            got = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 300:
            raise Refused(answer.status, got)
        return got if text else json.loads(got)

    def get(self, path):
        """None when it isn't there."""
        try:
            return self.ask('GET', path)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def patch(self, path, body):
        return self.ask('PATCH', path, body, 'application/merge-patch+json')

    def apply(self, *objects):
        """As `kubectl apply` does, by kubectl."""
        text = '\n---\n'.join(json.dumps(one) if isinstance(one, dict) else one for one in objects)
        done = self.kubectl('apply', '-f', '-', stdin=text)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        return done.stdout

    def kubectl(self, *arguments, stdin='', kubeconfig=None):
        return subprocess.run([PROGRAMS / 'kubectl', '--kubeconfig', kubeconfig or self.admin, *map(str, arguments)], input=stdin,
                              capture_output=True, text=True, timeout=120, env={'HOME': str(self.folder)})

    def kubeconfig(self, name, certificate=None, user=None, **context):
        """Path of a file that says `name` signs in by this certificate, or as `user` says."""
        if certificate:
            user = {'client-certificate': str(certificate[0]), 'client-key': str(certificate[1])}
        path = self.folder / f'{name}.kubeconfig'
        path.write_text(json.dumps({
            'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'test',
            'clusters': [{'name': 'test', 'cluster': {
                'server': self.url,
                'certificate-authority-data': base64.b64encode(self.authority.certificate.read_bytes()).decode()}}],
            'users': [{'name': name, 'user': user}],
            'contexts': [{'name': 'test', 'context': {'cluster': 'test', 'user': name, **context}}]}))
        return path

    def token(self, namespace, account, secret=None):
        """One that holds for an hour, and no longer than this secret is there."""
        bound = {'boundObjectRef': {'apiVersion': 'v1', 'kind': 'Secret', 'name': secret}} if secret else {}
        body = {'apiVersion': 'authentication.k8s.io/v1', 'kind': 'TokenRequest', 'spec': {'expirationSeconds': 3600, **bound}}
        got = self.ask('POST', f'/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token', body)
        return got['status']['token']

    def jobs(self, namespace, selector=''):
        query = urllib.parse.urlencode({'labelSelector': selector})
        return self.ask('GET', f'/apis/batch/v1/namespaces/{namespace}/jobs?{query}')['items']

    def pods(self, namespace, selector=''):
        query = urllib.parse.urlencode({'labelSelector': selector})
        return self.ask('GET', f'/api/v1/namespaces/{namespace}/pods?{query}')['items']
