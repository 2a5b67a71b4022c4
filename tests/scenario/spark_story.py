"""Spark steps with a stand-in for spark-submit that commits as Spark does; the real one: script/test --peers."""
import json
import sys

from gated import Gated

PIPELINE = '''
pipeline: sparked
sources:
  devices: {table: dataset/devices, partition: event_time}
schedule: {start: 2024-01-01, end: 2024-01-02, depends_on_past: true}
steps:
  - id: count
    spark:
      application: job.py
      into: dataset/counted
      arguments: ["{{ partition.event_time }}"]
      conf: {spark.executor.memory: 1g}
    retries: 1
    retry_delay: 1ms
late_data: {allowed_lateness: 36500d}
'''

# Does what the last line of the file `mode` says; the lines before it are used up first, one for each start.
SUBMIT = '''#!{python} -B
import json, os, pathlib, sys
with open(os.environ['LATECOMER_JOB']) as file:
    job = json.load(file)
output, modes = job['output'], pathlib.Path('mode').read_text().split()
mode = modes.pop(0) if len(modes) > 1 else modes[0]
pathlib.Path('mode').write_text('\\n'.join(modes) if modes else mode)
print('asked for', *sys.argv[-2:])
if mode == 'fail':
    sys.exit('ValueError: not today')
if mode == 'wait':
    pathlib.Path('here').write_text(str(os.getpid()))
    pathlib.Path('go').read_text()
token = output['txn_version'] + {{'older': -1, 'newer': 1}}.get(mode, 0)
log = pathlib.Path(output['table'].removeprefix('file://'), '_delta_log')
log.mkdir(parents=True, exist_ok=True)
metadata = output['user_metadata'] if mode != 'newer' else json.dumps({{'latecomer': {{'ledgerId': 'x', 'runId': 'y'}}}})
actions = [{{'commitInfo': {{'timestamp': 1, 'operation': 'WRITE', 'userMetadata': metadata}}}},
           {{'txn': {{'appId': output['txn_app_id'], 'version': token}}}}]
versions = len(list(log.iterdir()))
if versions == 0:
    fields = [{{'name': name, 'type': kind, 'nullable': True, 'metadata': {{}}}}
              for name, kind in (('devices', 'long'), ('event_time', 'date'))]
    actions += [{{'protocol': {{'minReaderVersion': 1, 'minWriterVersion': 2}}}},
                {{'metaData': {{'id': 't', 'format': {{'provider': 'parquet', 'options': {{}}}},
                              'schemaString': json.dumps({{'type': 'struct', 'fields': fields}}),
                              'partitionColumns': ['event_time'], 'configuration': {{}}}}}}]
if mode != 'nothing':
    (log / f'{{versions:020}}.json').write_text('\\n'.join(map(json.dumps, actions)))
'''


class Spark(Gated):
    def setUp(self):
        super().setUp()
        submit = self.write('spark/bin/spark-submit', SUBMIT.format(python=sys.executable))
        submit.chmod(0o755)
        self.write('job.py', '')
        self.write('pipeline.yaml', PIPELINE)
        self.mode('good')

    def environment(self):
        return {**super().environment(), 'SPARK_HOME': str(self.folder / 'spark')}

    def mode(self, *words):
        self.write('mode', '\n'.join(words))

    def fails(self):
        """Runs the pipeline, which must fail with the first day; returns its log."""
        done = self.call('run', 'pipeline.yaml')
        self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
        states = self.states('pipeline.yaml')
        self.assertEqual(states.pop('scheduled_2024-01-01'), 'failed')
        self.assertIn(states, ({}, {'scheduled_2024-01-02': 'queued'}), 'the day after it waits for it')
        self.assertEqual(self.lines('explain', 'pipeline.yaml', '2024-01-01')[0]['processed'], None)
        return self.ok('logs', 'pipeline.yaml', 'scheduled_2024-01-01')

    def clear_and_run(self):
        self.mode('good')
        self.ok('clear', 'pipeline.yaml', 'scheduled_2024-01-01')
        self.ok('run', 'pipeline.yaml')
        self.assertEqual(set(self.states('pipeline.yaml').values()), {'success'})

    def test_scheduled_runs_and_late_data(self):
        self.ok('run', 'pipeline.yaml')
        self.assertEqual(self.states('pipeline.yaml'),
                         {'scheduled_2024-01-01': 'success', 'scheduled_2024-01-02': 'success'})
        self.assertIn('nothing to do', self.ok('run', 'pipeline.yaml'))
        self.load('2024-01-01')
        self.ok('run', 'pipeline.yaml')
        self.assertEqual(self.states('pipeline.yaml')['backfill_2024-01-01_v3'], 'success')
        log = self.ok('logs', 'pipeline.yaml', 'backfill_2024-01-01_v3')
        self.assertIn('job.py 2024-01-01\n', log)
        self.assertIn("found the job's commit", log)

    def test_a_lost_ledger_is_rebuilt_from_what_the_jobs_committed(self):
        self.ok('run', 'pipeline.yaml')
        for file in self.folder.glob('.latecomer/ledger.db*'):
            file.unlink()
        rebuilt, = self.lines('ledger', 'rebuild', 'pipeline.yaml', '--take-over')
        self.assertEqual(len(rebuilt['recorded']), 2, rebuilt)
        self.assertIn('nothing to do', self.ok('run', 'pipeline.yaml'))

    def test_a_job_that_writes_nothing_is_not_processed(self):
        self.mode('nothing')
        log = self.fails()
        self.assertIn('is not in its output', log)
        self.assertEqual(log.count('the job ended well, but its commit'), 2, 'tried again, as the step says')
        self.clear_and_run()

    def test_a_write_with_an_older_version_is_not_processed(self):
        self.ok('run', 'pipeline.yaml')
        self.load('2024-01-01')
        self.mode('older')
        done = self.call('run', 'pipeline.yaml')
        self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
        self.assertIn('is not in its output', self.ok('logs', 'pipeline.yaml', 'backfill_2024-01-01_v3'))
        why, = self.lines('explain', 'pipeline.yaml', '2024-01-01')
        self.assertEqual(why['processed']['versions'], {'devices': 2}, 'what it was built from, and no more')

    def test_a_write_that_spark_left_out_is_noticed_and_the_next_token_is_above(self):
        self.mode('newer')
        self.assertIn('Spark left out the job\'s write', self.fails())

    def test_a_failed_attempt_is_tried_again_under_the_same_token(self):
        self.mode('fail', 'good')
        self.ok('run', 'pipeline.yaml')
        run, = [r for r in self.lines('show', 'pipeline.yaml') if r['run_id'] == 'scheduled_2024-01-01']
        attempts = [s for s in run['tries'][0]['steps'] if s['step'] == 'count'][0]['attempts']
        self.assertEqual([a['message'] for a in attempts], ['exit code 1: ValueError: not today', ''])

    def test_cancel_ends_the_job(self):
        self.mode('wait')
        process, pid = self.begin()
        self.ok('cancel', 'pipeline.yaml', 'scheduled_2024-01-01')
        process.communicate(timeout=60)
        self.assertFalse(self.alive(pid))
        self.assertEqual(self.states('pipeline.yaml')['scheduled_2024-01-01'], 'cancelled')
        self.clear_and_run()

    def test_spark_that_is_not_there(self):
        (self.folder / 'spark/bin/spark-submit').unlink()
        log = self.fails()
        self.assertIn('SPARK_HOME names a folder without bin/spark-submit', log)

    def test_validate_says_what_it_is(self):
        shown, = self.lines('validate', 'pipeline.yaml')
        step, = shown['steps']
        self.assertEqual((step['kind'], step['into']), ('spark', str(self.folder / 'dataset/counted')))
        self.assertIn(f'count: spark {self.folder}/job.py into {self.folder}/dataset/counted',
                      self.ok('validate', 'pipeline.yaml'))
        for file in ('pipeline.yaml', 'sql.yaml'):
            self.assertIn('devices.', self.ok('validate', f'examples/devices_spark/{file}'))

    def test_an_outside_worker_may_write_the_output(self):
        claim, = json.loads(self.ok('claim', 'pipeline.yaml', '--output', 'json'))
        self.assertEqual(claim['outputs'][0]['table'], str(self.folder / 'dataset/counted'))
        done = self.call('done', 'pipeline.yaml', claim['run_id'], '--token', claim['token'])
        self.assertEqual(done.returncode, 8)
        self.assertIn('is not in its output', done.stderr)
