#!/usr/bin/env python3
"""Kubernetes steps against a real API server, job controller and garbage collector (kubernetes_cluster.py), on a node that runs
containers' commands as processes (kubernetes_kubelet.py).

usage: kubernetes_test.py [TEST…]     LATECOMER names the program; `script/bootstrap --kubernetes` builds the servers
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / 'scenario'))
os.environ.setdefault('LATECOMER_SOURCE', str(ROOT))

from kubernetes_cluster import Cluster, Refused, wait_until  # noqa: E402
from kubernetes_kubelet import Kubelet  # noqa: E402
from story import Story  # noqa: E402

NAMESPACE = 'data'
SELECTOR = 'app.kubernetes.io/managed-by=latecomer'

PIPELINE = '''
pipeline: devices_loader
sources:
  devices: {table: dataset/devices, partition: event_time}
schedule: {start: 2024-01-01, end: END}
steps:
  - id: process_devices
    kubernetes_job:
      image: IMAGE
      command: [python3, JOB]
      args: ["{{ partition.event_time }}", "$(LEVEL)"]
      namespace: data
      MORE
    environment: {LEVEL: info}
    STEP
late_data: {allowed_lateness: 36500d}
'''

# The container's program. It says what it was told, does what the word in the file `mode` says, and commits as Delta does.
JOB = '''
import json, os, pathlib, sys, time
job = json.loads(os.environ['LATECOMER_JOB_JSON'])
folder = pathlib.Path(__file__).parent
print('for', *sys.argv[1:], os.environ['LATECOMER_PARTITION_EVENT_TIME'], 'at', os.environ['LATECOMER_SOURCES_DEVICES_VERSION'],
      'under', os.environ['LATECOMER_CLAIM_TOKEN'], flush=True)
with open(folder / 'attempts', 'a') as file:
    file.write(str(os.getpid()) + '\\n')
mode = (folder / 'mode').read_text().strip()
if mode == 'wait':
    (folder / 'here').write_text('x')
    (folder / 'go').read_text()
if mode.startswith('fail'):
    print('not today', flush=True)
    sys.exit(int(mode[4:]))
output = job['output']
if output and mode != 'nothing':
    log = pathlib.Path(output['table'].removeprefix('file://'), '_delta_log')
    log.mkdir(parents=True, exist_ok=True)
    actions = [{'commitInfo': {'timestamp': 1, 'operation': 'WRITE', 'userMetadata': output['user_metadata']}},
               {'txn': {'appId': output['txn_app_id'], 'version': output['txn_version']}}]
    versions = len(list(log.iterdir()))
    if versions == 0:
        fields = [{'name': name, 'type': kind, 'nullable': True, 'metadata': {}}
                  for name, kind in (('devices', 'long'), ('event_time', 'date'))]
        actions += [{'protocol': {'minReaderVersion': 1, 'minWriterVersion': 2}},
                    {'metaData': {'id': 't', 'format': {'provider': 'parquet', 'options': {}},
                                  'schemaString': json.dumps({'type': 'struct', 'fields': fields}),
                                  'partitionColumns': ['event_time'], 'configuration': {}}}]
    (log / f'{versions:020}.json').write_text('\\n'.join(map(json.dumps, actions)))
print('done', flush=True)
'''

cluster = None


def setUpModule():
    global cluster
    cluster = Cluster()
    unittest.addModuleCleanup(cluster.stop)
    cluster.start()
    cluster.apply({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': NAMESPACE}})
    cluster.kubectl('apply', '-n', NAMESPACE, '-f', ROOT / 'deploy/kubernetes/rbac.yaml')


def serve_spark_applications():
    path = '/apis/sparkoperator.k8s.io/v1beta2'
    cluster.apply((HERE / 'sparkapplications.crd.json').read_text())

    def is_served():
        try:
            return cluster.get(path) and cluster.ask('GET', f'{path}/namespaces/{NAMESPACE}/sparkapplications')
        except Refused:  # its storage is being made
            return False
    wait_until('the resource', is_served)


class Kubernetes(Story):
    def setUp(self):
        super().setUp()
        self.config = cluster.kubeconfig('latecomer', user={'token': cluster.token(NAMESPACE, 'latecomer')})
        self.load_three_days()
        self.kubelet = Kubelet(cluster, self.folder).start()
        self.addCleanup(self.kubelet.stop)
        self.addCleanup(self.remove_all)
        self.write('job.py', JOB)
        os.mkfifo(self.folder / 'here')
        os.mkfifo(self.folder / 'go')
        self.mode('good')

    def environment(self):
        return {**super().environment(), 'KUBECONFIG': str(self.config)}

    @staticmethod
    def remove_all():
        cluster.kubectl('delete', 'jobs,pods', '-n', NAMESPACE, '--all', '--wait=false')
        wait_until('an empty namespace', lambda: not cluster.jobs(NAMESPACE) + cluster.pods(NAMESPACE))

    def pipeline(self, image='run', end='2024-01-01', more='', step=''):
        text = PIPELINE.replace('IMAGE', image).replace('END', end).replace('JOB', str(self.folder / 'job.py'))
        self.write('pipeline.yaml', text.replace('MORE', more or 'keep: 1h').replace('STEP', step or 'timeout: 10m'))

    def mode(self, word):
        self.write('mode', word)

    def run_ok(self):
        return self.ok('run', 'pipeline.yaml')

    def run_fails(self):
        done = self.call('run', 'pipeline.yaml')
        self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
        return self.step()['message']

    def step(self, run=-1):
        """The user's step of the newest try of a run; None while there is none."""
        tries = (self.lines('show', 'pipeline.yaml') or [{}])[run].get('tries')
        return next((one for one in tries[-1]['steps'] if one['step'] == 'process_devices'), None) if tries else None

    def log(self, run='latest'):
        return self.ok('logs', 'pipeline.yaml', run)

    def jobs(self):
        return cluster.jobs(NAMESPACE, SELECTOR)

    def attempts(self):
        """Process ids of the containers that ran."""
        path = self.folder / 'attempts'
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def shows(self, *words):
        """Waits until the step is deferred and says all this; the whole of what it says."""
        last = []

        def said():
            step = self.step()
            last[:] = [step and (step['state'], step['message'])]
            return step['message'] if step and step['state'] == 'deferred' and all(word in step['message'] for word in words) else None
        try:
            return wait_until(f'a step that says {words}', said)
        except AssertionError as error:
            raise AssertionError(f'{error}; last it said {last}') from None

    def begin(self):
        """A scheduler whose job waits at the gate."""
        self.mode('wait')
        process = self.start('run', 'pipeline.yaml')
        (self.folder / 'here').read_text()
        return process

    def let_through(self):
        (self.folder / 'go').write_text('x')

    def finished(self, process, code=0):
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, out + err)
        return out

    @staticmethod
    def alive(pid):
        try:
            return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
        except FileNotFoundError:
            return False


class Good(Kubernetes):
    def test_scheduled_runs_and_late_data(self):
        self.pipeline(end='2024-01-02', more='into: dataset/counted')
        self.run_ok()
        self.assertEqual(self.states('pipeline.yaml'),
                         {'scheduled_2024-01-01': 'success', 'scheduled_2024-01-02': 'success'})
        self.assertEqual(len(self.jobs()), 2)
        log = self.log('scheduled_2024-01-01')
        self.assertIn('for 2024-01-01 info 2024-01-01 at 2 under 1\ndone\n', log)
        self.assertIn("found the job's commit", log)
        self.assertIn('nothing to do', self.run_ok())
        self.load('2024-01-01')
        self.run_ok()
        self.assertEqual(self.states('pipeline.yaml')['backfill_2024-01-01_v3'], 'success')
        self.assertEqual(len(self.jobs()), 3)

    def test_an_object_says_whose_it_is(self):
        self.pipeline()
        self.run_ok()
        job, = self.jobs()
        self.assertRegex(job['metadata']['name'], r'^latecomer-devices-loader-process-devi-[0-9a-f]{10}$')
        said = job['metadata']['annotations']
        self.assertEqual({key.split('/')[1]: said[key] for key in said if key.startswith('latecomer/')},
                         {'pipeline': 'devices_loader', 'run': 'scheduled_2024-01-01', 'partition': 'event_time=2024-01-01',
                          'step': 'process_devices', 'try': '1', 'attempt-number': '1', 'token': '1'})
        self.assertEqual((job['spec']['ttlSecondsAfterFinished'], job['spec']['activeDeadlineSeconds']), (3600, 600))
        pod, = cluster.pods(NAMESPACE, SELECTOR)
        self.assertEqual(pod['metadata']['labels']['latecomer/attempt'], job['metadata']['labels']['latecomer/attempt'])

    def test_nothing_of_the_schedulers_environment_reaches_the_cluster(self):
        self.pipeline()
        os.environ['SCHEDULERS_SECRET'] = 's3cret-of-the-scheduler'
        self.addCleanup(os.environ.pop, 'SCHEDULERS_SECRET')
        self.run_ok()
        self.assertNotIn('s3cret-of-the-scheduler', json.dumps(self.jobs()))
        self.assertNotIn(json.loads(self.config.read_text())['users'][0]['user']['token'], json.dumps(self.jobs()))

    def test_what_a_job_waits_for_and_its_log_while_it_runs(self):
        self.pipeline()
        process = self.begin()
        self.assertIn('runs on node machine', self.shows('latecomer-devices-loader', 'namespace data', 'runs'))
        wait_until('the log', lambda: 'for 2024-01-01' in self.log())
        self.let_through()
        self.finished(process)
        self.assertTrue(self.log().endswith('done\n'), self.log())

    def test_a_job_is_removed_when_its_time_is_up(self):
        self.pipeline(more='keep: 1m')
        self.run_ok()
        job, = self.jobs()
        # The clock of the cluster can't be set, so the minute is taken away from the object.
        cluster.patch(f'/apis/batch/v1/namespaces/{NAMESPACE}/jobs/{job["metadata"]["name"]}',
                      {'spec': {'ttlSecondsAfterFinished': 0}})
        wait_until('no job', lambda: not self.jobs())


class Bad(Kubernetes):
    def test_a_failure_is_tried_again_as_the_step_says_each_time_by_a_job_of_its_own(self):
        self.pipeline(step='retries: 1\n    retry_delay: 1ms')
        self.mode('fail3')
        self.assertEqual(self.run_fails(), 'exit code 3')
        self.assertEqual([one['exit_code'] for one in self.step()['attempts']], [3, 3])
        self.assertIn('not today', self.log())
        self.assertEqual(len(self.jobs()), 2)

    def test_out_of_memory(self):
        self.pipeline(image='hungry', more='container: {resources: {limits: {memory: 64Mi}}}')
        self.mode('fail137')
        self.assertEqual(self.run_fails(), 'out of memory: the container was killed at its limit of 64Mi (OOMKilled)')

    def test_a_job_that_writes_nothing_is_not_processed(self):
        self.pipeline(more='into: dataset/counted')
        self.mode('nothing')
        self.assertIn('is not in its output', self.run_fails())

    def test_an_image_that_can_not_be_pulled_is_what_it_waits_for_until_the_timeout(self):
        self.pipeline(image='missing', step='timeout: 3s')
        process = self.start('run', 'pipeline.yaml')
        self.shows('waits for its image', 'ImagePullBackOff')
        self.finished(process, 8)
        self.assertRegex(self.step()['message'], '^timed out')
        self.assertEqual(cluster.pods(NAMESPACE, SELECTOR), [])

    def test_a_pod_without_a_node(self):
        self.pipeline(more='pod: {nodeSelector: {disk: ssd}}')
        process = self.start('run', 'pipeline.yaml')
        self.shows('waits for a node: 0/1 nodes are available')
        self.ok('cancel', 'pipeline.yaml', 'latest')
        process.communicate(timeout=60)
        self.assertEqual(self.jobs(), [])

    def test_what_the_cluster_refuses_is_said(self):
        self.pipeline(more='container: {resources: {requests: {memory: lots}}}')
        self.assertIn('quantities must match', self.run_fails())
        self.pipeline(more='namespace: nowhere'.replace('namespace', 'keep: 1h #'))
        self.write('pipeline.yaml', (self.folder / 'pipeline.yaml').read_text().replace('namespace: data', 'namespace: nowhere'))
        self.ok('clear', 'pipeline.yaml', 'latest')
        self.assertIn('cannot create resource "jobs" in API group "batch" in the namespace "nowhere"', self.run_fails())

    def test_cancel_ends_the_job_and_its_process(self):
        self.pipeline()
        process = self.begin()
        pid, = self.attempts()
        self.ok('cancel', 'pipeline.yaml', 'latest')
        process.communicate(timeout=60)
        self.assertFalse(self.alive(pid))
        self.assertEqual(self.jobs(), [])
        self.assertEqual(self.states('pipeline.yaml'), {'scheduled_2024-01-01': 'cancelled'})

    def test_a_job_that_somebody_deletes(self):
        self.pipeline()
        process = self.begin()
        job, = self.jobs()
        cluster.kubectl('delete', 'job', '-n', NAMESPACE, job['metadata']['name'], '--wait=false')
        self.finished(process, 8)
        self.assertIn('was deleted by somebody else', self.step()['message'])
        self.assertFalse(self.alive(self.attempts()[0]))

    def test_a_pod_that_was_left_behind_holds_the_next_attempt_up(self):
        self.pipeline(step='retries: 1\n    retry_delay: 1ms')
        process = self.begin()
        job, = self.jobs()
        cluster.kubectl('delete', 'job', '-n', NAMESPACE, job['metadata']['name'], '--cascade=orphan')
        self.shows('was deleted; waits for the end of its pod')
        self.assertEqual(len(self.attempts()), 1)
        self.mode('good')
        self.let_through()
        self.finished(process)
        self.assertEqual(len(self.attempts()), 2)


class Interrupted(Kubernetes):
    def test_a_killed_scheduler_leaves_a_job_that_the_next_one_goes_on_with(self):
        self.pipeline(more='into: dataset/counted')
        process = self.begin()
        wait_until('the log', lambda: 'for 2024-01-01' in self.log())
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertTrue(self.alive(self.attempts()[0]))
        again = self.start('run', 'pipeline.yaml')
        self.shows('runs on node machine')
        self.let_through()
        self.finished(again)
        self.assertEqual(len(self.attempts()), 1, 'it ran once')
        self.assertEqual(len(self.jobs()), 1)
        run, = self.lines('show', 'pipeline.yaml')
        self.assertEqual((run['state'], [one['state'] for one in run['tries']]), ('success', ['success']))
        self.assertEqual(self.log().count('for 2024-01-01'), 1, self.log())

    def test_a_job_that_ended_while_nobody_looked_is_found_with_its_end(self):
        self.pipeline(more='into: dataset/counted')
        process = self.begin()
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.let_through()
        wait_until('its end', lambda: self.jobs()[0]['status'].get('succeeded'))
        self.run_ok()
        self.assertEqual((len(self.attempts()), len(self.jobs())), (1, 1))
        self.assertIn('done', self.log())

    def test_after_a_change_of_the_pipeline_the_old_job_is_gone_before_the_new_one(self):
        self.pipeline()
        process = self.begin()
        old, = self.attempts()
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.pipeline(step='timeout: 11m')
        self.mode('good')
        self.run_ok()
        self.assertFalse(self.alive(old))
        self.assertEqual(len(self.attempts()), 2)
        run, = self.lines('show', 'pipeline.yaml')
        self.assertEqual([one['state'] for one in run['tries']], ['lost', 'success'])

    def test_the_api_server_restarts_in_the_middle(self):
        self.pipeline(more='into: dataset/counted')
        process = self.begin()
        self.shows('runs on node machine')
        cluster.stop_api()
        self.shows('takes no connections')
        cluster.start_api()
        self.shows('runs on node machine')
        self.let_through()
        self.finished(process)
        self.assertEqual((len(self.attempts()), len(self.jobs())), (1, 1))
        self.assertEqual(self.log().count('for 2024-01-01'), 1, self.log())
        self.assertIn('done', self.log())

    def test_a_watch_that_is_too_old_is_begun_anew(self):
        self.pipeline()
        process = self.begin()
        self.shows('runs on node machine')
        jobs = f'/apis/batch/v1/namespaces/{NAMESPACE}/jobs'
        seen = cluster.get(jobs)['metadata']['resourceVersion']
        for i in range(3):
            cluster.apply({'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'other', 'namespace': NAMESPACE},
                           'data': {'n': str(i)}})
        cluster.stop_api()
        cluster.forget_history()
        cluster.start_api()
        try:
            told = cluster.ask('GET', f'{jobs}?watch=true&timeoutSeconds=5&resourceVersion={seen}', text=True)
        except Refused as refused:
            told = str(refused)
        self.assertIn('410', told, 'what was seen is too old to go on from')
        self.shows('runs on node machine')
        self.let_through()
        self.finished(process)
        self.assertEqual((len(self.attempts()), len(self.jobs())), (1, 1))
        self.assertEqual(self.states('pipeline.yaml'), {'scheduled_2024-01-01': 'success'})

    def test_ctrl_c_twice_ends_the_job(self):
        self.pipeline()
        process = self.begin()
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(self.jobs(), [])
        self.assertFalse(self.alive(self.attempts()[0]))
        self.assertEqual(self.states('pipeline.yaml'), {'scheduled_2024-01-01': 'queued'})


class Rights(Kubernetes):
    """Each right of the manifest is needed, and the message names the one that is missing."""

    def account(self, rules):
        """A kubeconfig of an account with these rights."""
        cluster.kubectl('delete', 'role,rolebinding,serviceaccount', 'weak', '-n', NAMESPACE, '--ignore-not-found')
        binding = {'kind': 'RoleBinding', 'roleRef': {'apiGroup': 'rbac.authorization.k8s.io', 'kind': 'Role', 'name': 'weak'},
                   'subjects': [{'kind': 'ServiceAccount', 'name': 'weak', 'namespace': NAMESPACE}]}
        meta = {'name': 'weak', 'namespace': NAMESPACE}
        group = {'apiVersion': 'rbac.authorization.k8s.io/v1'}
        cluster.apply({'apiVersion': 'v1', 'kind': 'ServiceAccount', 'metadata': meta},
                      {**group, 'kind': 'Role', 'metadata': meta, 'rules': rules}, {**group, **binding, 'metadata': meta})
        return cluster.kubeconfig('weak', user={'token': cluster.token(NAMESPACE, 'weak')})

    def without(self, resource, verb):
        role = cluster.get(f'/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/roles/latecomer')
        return [{**rule, 'verbs': [one for one in rule['verbs'] if (rule['resources'], one) != ([resource], verb)]}
                for rule in role['rules'] if rule['resources'] != ['pods/log'] or resource != 'pods/log']

    def test_without_the_right_to_create(self):
        self.config = self.account(self.without('jobs', 'create'))
        self.pipeline()
        self.assertIn('cannot create resource "jobs"', self.run_fails())
        self.assertIn('rbac.yaml', self.log())

    def test_without_the_right_to_watch_the_job_is_ended_first(self):
        for resource, verb in (('jobs', 'list'), ('jobs', 'watch'), ('pods', 'watch')):
            with self.subTest(f'{verb} {resource}'):
                self.config = self.account(self.without(resource, verb))
                self.pipeline(step=f'timeout: {600 + len(resource + verb)}s')
                self.mode('wait')
                if self.states('pipeline.yaml') if (self.folder / '.latecomer').exists() else {}:
                    self.ok('clear', 'pipeline.yaml', 'latest')
                self.assertIn(f'cannot {verb} resource "{resource}"', self.run_fails())
                self.assertEqual(self.jobs(), [])

    def test_without_the_right_to_read_logs_the_log_says_so(self):
        self.config = self.account(self.without('pods/log', 'get'))
        self.pipeline()
        self.run_ok()
        self.assertIn('cannot get resource "pods/log"', self.log())

    def test_a_token_that_is_none(self):
        self.config = cluster.kubeconfig('nobody', user={'token': 'nonsense'})
        self.pipeline()
        self.assertIn("doesn't know who asks", self.run_fails())


class SignIn(Kubernetes):
    """Tokens that are renewed while a job runs: each holds as long as a secret of its own is there."""

    def bound_token(self, name):
        cluster.apply({'apiVersion': 'v1', 'kind': 'Secret', 'metadata': {'name': name, 'namespace': NAMESPACE}})
        self.addCleanup(self.end_token, name)
        return cluster.token(NAMESPACE, 'latecomer', secret=name)

    @staticmethod
    def end_token(name):
        cluster.kubectl('delete', 'secret', name, '-n', NAMESPACE, '--ignore-not-found')

    def refused(self, token):
        asked = cluster.kubectl('auth', 'whoami', kubeconfig=cluster.kubeconfig('old', user={'token': token}))
        return asked.returncode != 0 and 'Unauthorized' in asked.stderr

    def goes_on_with_a_new_token(self, put):
        """`put` places a token where latecomer finds it."""
        self.pipeline(more='into: dataset/counted')
        old = self.bound_token('old')
        put(old)
        process = self.begin()
        self.shows('runs on node machine')
        put(self.bound_token('new'))
        self.end_token('old')
        wait_until('a token that is refused', lambda: self.refused(old))
        cluster.stop_api()  # so that watches are begun anew
        self.shows('takes no connections')
        cluster.start_api()
        self.shows('runs on node machine')
        self.let_through()
        self.finished(process)
        self.assertEqual((len(self.attempts()), len(self.jobs())), (1, 1))
        self.assertIn('done', self.log())


class InAPod(SignIn):
    """With what a pod is given: its account's folder at its place, and the API server's address."""
    PLACE = '/var/run/secrets/kubernetes.io/serviceaccount'

    def setUp(self):
        self.account = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-account-'))
        self.addCleanup(shutil.rmtree, self.account)
        super().setUp()
        (self.account / 'ca.crt').write_bytes(cluster.authority.certificate.read_bytes())
        (self.account / 'namespace').write_text(NAMESPACE)
        self.put(cluster.token(NAMESPACE, 'latecomer'))

    def put(self, token):
        (self.account / 'next').write_text(token)
        (self.account / 'next').rename(self.account / 'token')

    def environment(self):
        kept = {name: value for name, value in super().environment().items() if name != 'KUBECONFIG'}
        return {**kept, 'KUBERNETES_SERVICE_HOST': '127.0.0.1', 'KUBERNETES_SERVICE_PORT': str(cluster.port)}

    def inside(self):
        """Starts a program where the folder is at its place; nobody else sees it there."""
        place = pathlib.Path(self.PLACE)
        script = f'mount -t tmpfs none /run && mkdir -p {place.parent} && ln -s "$0" {place} && exec "$@"'
        rights = ['--mount'] if os.geteuid() == 0 else ['--mount', '--map-root-user']
        return ['unshare', *rights, 'sh', '-c', script, str(self.account)]

    def call(self, *arguments, **options):
        return super().call(*arguments, wrapper=self.inside(), **options)

    def start(self, *arguments):
        return super().start(*arguments, wrapper=self.inside())

    def test_its_account_signs_in_and_its_namespace_is_where_jobs_go(self):
        self.pipeline()
        path = self.folder / 'pipeline.yaml'
        path.write_text(path.read_text().replace('      namespace: data\n', ''))
        self.run_ok()
        self.assertEqual(len(self.jobs()), 1)
        self.assertTrue(self.log().endswith('done\n'), self.log())

    def test_a_token_that_the_system_renewed(self):
        self.goes_on_with_a_new_token(self.put)

    def test_what_is_refused_names_the_cluster(self):
        self.put('nonsense')
        self.pipeline()
        self.assertIn("the API server of the cluster this runs in doesn't know who asks", self.run_fails())


class Plugin(SignIn):
    """A program of a kubeconfig that gives tokens, as clouds have them."""
    PROGRAM = '''#!/usr/bin/env python3
import json, os, pathlib, sys
folder = pathlib.Path(__file__).parent
told = json.loads(os.environ['KUBERNETES_EXEC_INFO'])
with open(folder / 'asked', 'a') as file:
    file.write(' '.join((*sys.argv[1:], os.environ['REGION'], told['kind'])) + '\\n')
token = (folder / 'token').read_text()
if not token:
    sys.exit('sign in first')
print(json.dumps({'apiVersion': told['apiVersion'], 'kind': 'ExecCredential',
                  'status': {'token': token, 'expirationTimestamp': '2099-01-01T00:00:00Z'}}))
'''

    def setUp(self):
        super().setUp()
        plugin = self.write('plugin', self.PROGRAM)
        plugin.chmod(0o755)
        self.config = cluster.kubeconfig('by-plugin', user={'exec': {
            'apiVersion': 'client.authentication.k8s.io/v1', 'command': str(plugin), 'args': ['get-token'],
            'env': [{'name': 'REGION', 'value': 'north'}], 'interactiveMode': 'Never'}})

    def put(self, token):
        self.write('token', token)

    def asked(self):
        return (self.folder / 'asked').read_text().splitlines()

    def test_its_token_is_taken_and_kept(self):
        self.put(cluster.token(NAMESPACE, 'latecomer'))
        who = cluster.kubectl('auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}', kubeconfig=self.config)
        self.assertEqual(who.stdout, f'system:serviceaccount:{NAMESPACE}:latecomer', who.stderr)
        self.assertEqual(self.asked(), ['get-token north ExecCredential'])
        self.pipeline()
        self.run_ok()
        self.assertEqual(len(self.jobs()), 1)
        self.assertEqual(self.asked(), ['get-token north ExecCredential'] * 2, 'once by kubectl, once for the whole run')

    def test_another_one_is_asked_for_when_it_is_refused(self):
        self.goes_on_with_a_new_token(self.put)

    def test_what_it_says_when_it_gives_none(self):
        self.put('')
        self.pipeline()
        self.assertIn('failed: sign in first', self.run_fails())


class Pages(unittest.TestCase):
    """What the pages do with kubectl and helm, as it stands there."""
    ELSEWHERE = {'helm repo add spark-operator': 'a repository of charts', 'helm install dedp-spark-operator': 'that repository',
                 'kubectl port-forward': 'a pod that runs'}
    HELM = ROOT / '.deps/chart/bin/helm'

    @classmethod
    def setUpClass(cls):
        if not cls.HELM.exists():
            raise RuntimeError('helm is missing: `script/bootstrap --chart` builds it')
        serve_spark_applications()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-pages-'))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / 'deploy').symlink_to(ROOT / 'deploy')
        shutil.copy(cluster.admin, self.folder / 'config')

    def play(self, *commands):
        programs = [str(ROOT / '.deps/kubernetes/bin'), str(self.HELM.parent), '/usr/bin', '/bin']
        done = subprocess.run(['bash', '-euc', '\n'.join(commands)], cwd=self.folder, capture_output=True, text=True, timeout=300,
                              stdin=subprocess.DEVNULL, env={'PATH': ':'.join(programs), 'HOME': str(self.folder),
                                                            'KUBECONFIG': str(self.folder / 'config')})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def commands(self, page):
        """Those of the page, but for what can't be done here."""
        text = (ROOT / page).read_text()
        found = re.findall(r'^ {4,7}((?:kubectl|helm) .*?)(?:  +#.*)?$', text, re.MULTILINE)
        self.assertGreater(len(found), 1)
        return [one for one in found if not one.startswith(tuple(self.ELSEWHERE))]

    def use_namespace(self, name):
        self.play(f'kubectl create namespace {name}', f'kubectl config set-context --current --namespace={name}')
        self.addCleanup(cluster.kubectl, 'delete', 'namespace', name, '--wait=false')

    def test_kubernetes_steps(self):
        said = self.play(*self.commands('docs/user-guide/kubernetes.md'))
        self.assertIn('role.rbac.authorization.k8s.io/latecomer', said)

    def test_the_chart(self):
        (self.folder / 'password').write_text('of the first user')
        for values in sorted((ROOT / 'deploy/helm/latecomer/ci').glob('*-values.yaml')):
            with self.subTest(values.name):
                self.use_namespace(values.stem)
                shutil.copy(values, self.folder / 'my-values.yaml')
                self.play(*self.commands('docs/user-guide/containers.md'))
                release, = json.loads(self.play('helm list --output json'))
                self.assertEqual((release['name'], release['status']), ('latecomer', 'deployed'))
                self.assertIn('deployment.apps/latecomer', self.play('kubectl get deployments --output name'))
                self.play('helm upgrade latecomer deploy/helm/latecomer -f my-values.yaml', 'helm uninstall latecomer')
                left = self.play('kubectl get deployments,services,roles,persistentvolumeclaims --output name')
                self.assertEqual(left, 'persistentvolumeclaim/latecomer-state\n', 'the ledger outlives the release')

    def test_the_chart_gives_the_rights_of_the_manifest(self):
        self.use_namespace('rights')
        self.play('helm install latecomer deploy/helm/latecomer -f deploy/helm/latecomer/ci/one-machine-values.yaml '
                  '--set=rbac.jobs=true,rbac.sparkApplications=true')
        rights = [sorted((tuple(rule['resources']), tuple(rule['verbs'])) for rule in cluster.get(
            f'/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles/latecomer')['rules'])
            for namespace in (NAMESPACE, 'rights')]
        self.assertEqual(*rights)

    def test_minikube(self):
        namespace = 'dedp-ch03-late-data-sequential'
        self.addCleanup(cluster.kubectl, 'delete', 'namespace', namespace, '--wait=false')
        said = self.play(*self.commands('deploy/minikube.md'))
        self.assertEqual(len(re.findall(r'^sparkapplication\S+/late-data-generator-\w+ created$', said, re.MULTILINE)), 2, said)
        self.assertIn('STATUS: deployed', said)
        server = cluster.get(f'/apis/apps/v1/namespaces/{namespace}/deployments/latecomer')
        self.assertEqual(server['spec']['template']['spec']['containers'][0]['image'], 'latecomer:latest')
        # The account that drivers run as may do what the operator's drivers do.
        for right in ('create pods', 'create services', 'delete configmaps'):
            asked = ['auth', 'can-i', *right.split(), '-n', namespace, f'--as=system:serviceaccount:{namespace}:spark-editor']
            wait_until(right, lambda: cluster.kubectl(*asked).stdout == 'yes\n')


class Spark(Kubernetes):
    """The operator is played by the test: it writes `.status`, as the real one does."""
    TEXT = '''
pipeline: devices_loader
sources:
  devices: {table: dataset/devices, partition: event_time}
schedule: {start: 2024-01-01, end: 2024-01-01}
steps:
  - id: process_devices
    spark_application:
      namespace: data
      spec:
        type: Python
        mode: cluster
        image: spark
        mainApplicationFile: local:///opt/jobs/devices.py
        arguments: ["--day", "{{ partition.event_time }}"]
        sparkVersion: 3.5.3
        driver: {cores: 1, memory: 1g, serviceAccount: spark}
        executor: {instances: 1, cores: 1, memory: 1g}
'''
    GROUP = '/apis/sparkoperator.k8s.io/v1beta2'

    @classmethod
    def setUpClass(cls):
        serve_spark_applications()

    def setUp(self):
        super().setUp()
        self.write('pipeline.yaml', self.TEXT)

    def application(self):
        items = cluster.ask('GET', f'{self.GROUP}/namespaces/{NAMESPACE}/sparkapplications')['items']
        return items[0] if items else None

    def begin(self):
        process = self.start('run', 'pipeline.yaml')
        self.addCleanup(cluster.kubectl, 'delete', 'sparkapplications', '-n', NAMESPACE, '--all')
        return process, wait_until('the application', self.application)

    def tell(self, application, state, error=''):
        path = f'{self.GROUP}/namespaces/{NAMESPACE}/sparkapplications/{application["metadata"]["name"]}/status'
        cluster.patch(path, {'status': {'applicationState': {'state': state, 'errorMessage': error},
                                        'driverInfo': {}, 'lastSubmissionAttemptTime': None, 'terminationTime': None}})

    def test_it_is_told_what_to_do_and_its_end_is_the_steps(self):
        process, application = self.begin()
        spec = application['spec']
        self.assertEqual(spec['arguments'], ['--day', '2024-01-01'])
        self.assertEqual(spec['restartPolicy'], {'type': 'Never'})
        self.assertEqual(spec['sparkConf']['spark.latecomer.partition.event_time'], '2024-01-01')
        self.assertEqual(spec['sparkConf']['spark.latecomer.sources.devices.version'], '2')
        self.assertEqual(spec['sparkConf']['spark.kubernetes.driverEnv.LATECOMER_CLAIM_TOKEN'], '1')
        self.shows('waits for the Spark operator')
        self.tell(application, 'RUNNING')
        self.shows('RUNNING')
        self.tell(application, 'COMPLETED')
        self.finished(process)

    def test_a_failure(self):
        process, application = self.begin()
        self.tell(application, 'FAILED', 'driver container failed with ExitCode: 1, Reason: Error')
        self.finished(process, 8)
        self.assertEqual(self.step()['message'],
                         'the Spark application failed: driver container failed with ExitCode: 1, Reason: Error')

    def test_the_drivers_log_is_the_steps(self):
        process, application = self.begin()
        labels = application['spec']['driver']['labels']
        meta = application['metadata']
        cluster.apply({'apiVersion': 'v1', 'kind': 'Pod',
                       'metadata': {'name': meta['name'] + '-driver', 'namespace': NAMESPACE, 'labels': labels,
                                    'ownerReferences': [{'apiVersion': 'sparkoperator.k8s.io/v1beta2', 'kind': 'SparkApplication',
                                                         'name': meta['name'], 'uid': meta['uid'], 'controller': True}]},
                       'spec': {'restartPolicy': 'Never', 'containers': [{
                           'name': 'spark-kubernetes-driver', 'image': 'run', 'command': ['sh', '-c', 'echo from the driver; exit 5']}]}})
        wait_until('the end of the driver', lambda: any(
            pod['status'].get('phase') == 'Failed' for pod in cluster.pods(NAMESPACE, SELECTOR)))
        self.tell(application, 'FAILED', 'driver failed')
        self.finished(process, 8)
        self.assertEqual((self.step()['message'], self.step()['attempts'][0]['exit_code']), ('exit code 5', 5))
        self.assertIn('from the driver', self.log())

    def test_a_killed_scheduler_and_cancel(self):
        process, application = self.begin()
        self.shows('waits for the Spark operator')
        process.send_signal(signal.SIGKILL)
        process.wait()
        again = self.start('run', 'pipeline.yaml')
        self.tell(application, 'RUNNING')
        self.shows('RUNNING')
        self.assertEqual(self.application()['metadata']['uid'], application['metadata']['uid'])
        self.ok('cancel', 'pipeline.yaml', 'latest')
        again.communicate(timeout=60)
        self.assertIsNone(self.application())


if __name__ == '__main__':
    unittest.main(verbosity=2)
