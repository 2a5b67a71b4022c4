#!/usr/bin/env python3
"""The Helm chart and the manifests: linted, rendered, and held against the schemas of Kubernetes and the Spark operator.

Run by `script/test --services chart` with the Python of .deps/chart, which has the schemas; helm is beside it.
sparkapplications.crd.json is the Spark operator's resource definition (kubeflow/spark-operator, Apache License 2.0) without
its descriptions.
"""
import json
import pathlib
import subprocess
import sys
import unittest

import jsonschema
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HELM = ROOT / '.deps/chart/bin/helm'
CHART = ROOT / 'deploy/helm/latecomer'
VALUES = sorted((CHART / 'ci').glob('*-values.yaml')) + [ROOT / 'deploy/minikube/values.yaml']
KUBERNETES = ('1.37', '1.34')


def helm(*arguments):
    return subprocess.run([HELM, *arguments], capture_output=True, text=True, timeout=120, env={'HOME': '/nonexistent'})


def rendered(*arguments) -> list[dict]:
    done = helm('template', 'demo', CHART, '--namespace', 'data', '--kube-version', '1.34.0', *arguments)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_kind(documents, kind):
    return [document for document in documents if document['kind'] == kind]


def closed(schema):
    """A schema that also refuses the fields it doesn't name, as the API server drops them without a word."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    if inner.get('type') == 'object' and 'properties' in inner:
        inner.setdefault('additionalProperties', False)
    return inner


class ChartTest(unittest.TestCase):
    def validate(self, text):
        """Strict: a field that Kubernetes doesn't know is an error."""
        for version in KUBERNETES:
            done = subprocess.run([pathlib.Path(sys.executable).parent / 'kubernetes-validate', '--strict', '-k', version, '-'],
                                  input=text, capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_lint_and_schemas(self):
        for values in VALUES:
            with self.subTest(values.name):
                done = helm('lint', '--strict', CHART, '-f', values)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.validate(yaml.safe_dump_all(rendered('-f', values)))

    def test_a_field_that_is_not_known_is_found(self):
        service, = of_kind(rendered('-f', VALUES[0]), 'Service')
        service['spec']['selectors'] = {}
        with self.assertRaises(AssertionError):
            self.validate(yaml.safe_dump(service))

    def test_values_that_make_no_sense_are_refused(self):
        least = CHART / 'ci/one-machine-values.yaml'
        for wrong, says in ((['replicas=2'], 'existingSecret'), (['replicas=-1'], 'minimum'), (['image.tagg=x'], 'tagg'),
                            (['server.drain=soon'], 'drain'), (['service.port=0'], 'port'), (['admin.existingSecret='], 'sign in'),
                            (['pipelines.existingClaim=x'], 'not both'), (['ingress.enabled=true'], 'host'),
                            (['server.prefix=latecomer/'], 'prefix')):
            done = helm('template', 'demo', CHART, '--kube-version', '1.34.0', '-f', least, *[f'--set={one}' for one in wrong])
            self.assertNotEqual(done.returncode, 0, wrong)
            self.assertIn(says, done.stderr, wrong)
        self.assertIn('nothing to run', helm('template', 'demo', CHART, '--kube-version', '1.34.0',
                                              '--set=admin.existingSecret=x').stderr)

    def test_each_container_is_confined(self):
        for values in VALUES:
            deployment, = of_kind(rendered('-f', values), 'Deployment')
            pod = deployment['spec']['template']['spec']
            self.assertEqual((pod['securityContext']['runAsNonRoot'], pod['securityContext']['runAsUser']), (True, 65532))
            for container in pod['initContainers'] + pod['containers']:
                rights = container['securityContext']
                self.assertEqual((rights['readOnlyRootFilesystem'], rights['allowPrivilegeEscalation'], rights['capabilities']),
                                 (True, False, {'drop': ['ALL']}), container['name'])
                self.assertIn('memory', container['resources']['limits'])

    def test_no_secret_stands_in_what_is_rendered(self):
        documents = rendered('-f', CHART / 'ci/everything-values.yaml')
        self.assertEqual(of_kind(documents, 'Secret'), [])
        pod = of_kind(documents, 'Deployment')[0]['spec']['template']['spec']
        ledger, = [one for one in pod['containers'][0]['env'] if one['name'] == 'LATECOMER_LEDGER']
        self.assertEqual(ledger['valueFrom'], {'secretKeyRef': {'name': 'ledger', 'key': 'uri'}})

    def test_rights_only_where_they_are_asked_for(self):
        least = rendered('-f', CHART / 'ci/one-machine-values.yaml')
        self.assertEqual(of_kind(least, 'Role') + of_kind(least, 'RoleBinding'), [])
        self.assertIs(of_kind(least, 'Deployment')[0]['spec']['template']['spec']['automountServiceAccountToken'], False)
        role, = of_kind(rendered('-f', CHART / 'ci/one-machine-values.yaml', '--set=rbac.jobs=true'), 'Role')
        self.assertEqual({(group, resource) for rule in role['rules'] for group in rule['apiGroups'] for resource in rule['resources']},
                         {('batch', 'jobs'), ('', 'pods'), ('', 'pods/log')})
        self.assertFalse([rule for rule in role['rules'] if '*' in rule['verbs'] + rule['resources']])

    def test_the_pod_may_drain_before_it_is_killed(self):
        deployment, = of_kind(rendered('-f', CHART / 'ci/everything-values.yaml'), 'Deployment')
        self.assertGreater(deployment['spec']['template']['spec']['terminationGracePeriodSeconds'], 300)

    def test_selectors_meet_the_pods(self):
        documents = rendered('-f', CHART / 'ci/everything-values.yaml')
        labels = of_kind(documents, 'Deployment')[0]['spec']['template']['metadata']['labels']
        for selector in (of_kind(documents, 'Service')[0]['spec']['selector'],
                         of_kind(documents, 'PodDisruptionBudget')[0]['spec']['selector']['matchLabels'],
                         of_kind(documents, 'NetworkPolicy')[0]['spec']['podSelector']['matchLabels']):
            self.assertLessEqual(selector.items(), labels.items())

    def test_the_manifests_of_the_walk_through(self):
        self.validate((ROOT / 'deploy/minikube/namespace.yaml').read_text())
        definition = json.loads((HERE / 'sparkapplications.crd.json').read_text())
        schema = closed(definition['spec']['versions'][0]['schema']['openAPIV3Schema'])
        application = yaml.safe_load((ROOT / 'deploy/minikube/spark-application.yaml').read_text())
        jsonschema.validate(application, schema)
        application['spec']['driver']['memroy'] = '1g'
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate(application, schema)


if __name__ == '__main__':
    unittest.main(verbosity=2)
