#!/usr/bin/env python3
"""The provider and its example DAGs in a real Airflow: the late-data story, and what breaks it there without latecomer.

Run by `script/test --services airflow` with the Python of .deps/airflow and the program in $LATECOMER.
"""
import atexit
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

from airflow_dag_steps import DagSteps
from airflow_instance import Airflow

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get('LATECOMER', str(ROOT / 'build/release/src/cli/latecomer'))
EXAMPLES = ROOT / 'examples/airflow'
OWN_DAGS = pathlib.Path(__file__).parent / 'airflow_dags'
FIRST, SECOND = '2024-01-01', '2024-01-02'


def install_provider(site: pathlib.Path) -> None:
    """Builds the package from a copy, as a person would install it, into a folder of its own."""
    source = site.parent / 'provider'
    shutil.copytree(ROOT / 'airflow', source, ignore=shutil.ignore_patterns('__pycache__', 'build', '*.egg-info'))
    done = subprocess.run([sys.executable, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-index',
                           '--no-build-isolation', '--no-deps', '--target', site, source],
                          capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)


class Place:
    """A folder with tables and pipelines, and copies of DAGs that work in it under names of their own."""

    def __init__(self, name: str, base: pathlib.Path):
        self.name = name
        self.folder = base / 'places' / name
        shutil.copytree(EXAMPLES, self.folder / 'examples/airflow', ignore=shutil.ignore_patterns('dags'))
        self.call('generate', 'devices', '--rows', 100, '--seed', 7, '-o', 'rows.json')

    def add_dag(self, file: pathlib.Path, dags: pathlib.Path) -> str:
        """Copies a DAG; what differs is where it works, its id, and that it doesn't wait a minute for a retry."""
        dag, text = file.stem, file.read_text()
        for old, new in ((f"'{dag}'", f"'{dag}_{self.name}'"),
                         ("PIPELINE = '", f"PIPELINE = '{self.name}/examples/airflow/"),
                         ('value.get(\'devices_dataset\'', f'value.get(\'devices_dataset_{self.name}\''),
                         ('value.gate', f'value.gate_{self.name}'),
                         ('timedelta(minutes=1)', 'timedelta(seconds=1)'), ('poke_interval=60', 'poke_interval=1')):
            text = text.replace(old, new)
        if self.name == 'server':  # there a pipeline is named by its id
            text = re.sub(r"PIPELINE = '.*/(\w+)\.yaml'", r"PIPELINE = '\1'", text)
            text = text.replace('pipeline=PIPELINE', "pipeline=PIPELINE, latecomer_conn_id='latecomer_server'")
        (dags / f'{dag}_{self.name}.py').write_text(text)
        return f'{dag}_{self.name}'

    def call(self, *arguments):
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, env={**os.environ, 'NO_COLOR': '1'})
        if done.returncode != 0:
            raise AssertionError(f'{arguments}: {done.stdout}{done.stderr}')
        return done.stdout

    def lines(self, command: str, *arguments) -> list:
        return [json.loads(line) for line in self.call(command, *arguments, '--output', 'json').splitlines()]

    def load(self, *days: str) -> None:
        for day in days:
            self.call('load', 'dataset/devices', 'rows.json', '--partition', f'event_time={day}')

    def processed(self, pipeline: str, day: str):
        """The version that a day was last built from."""
        why, = self.lines('explain', f'examples/airflow/{pipeline}.yaml', day)
        return why['processed'] and why['processed']['versions']['devices']

    def ledger_runs(self, pipeline: str) -> dict[str, str]:
        return {run['run_id']: run['state'] for run in self.lines('runs', f'examples/airflow/{pipeline}.yaml')}

    def counted(self, table: str) -> dict[str, int]:
        """day → how many devices the output says there are"""
        from deltalake import DeltaTable, QueryBuilder
        rows = QueryBuilder().register('t', DeltaTable(str(self.folder / 'dataset' / table))).execute(
            'SELECT event_time, sum(devices) AS n FROM t GROUP BY event_time').read_all()
        return dict(sorted(zip(rows['event_time'].to_pylist(), rows['n'].to_pylist())))

    def file(self, name: str) -> str:
        return (self.folder / 'dataset' / name).read_text()


class AirflowTest(DagSteps, unittest.TestCase):
    """One Airflow for all; each test has tables, pipelines and DAGs of its own."""

    PROGRAM = PROGRAM

    PLACES = {'story': ['devices_loader'], 'failing': ['devices_loader'], 'old_clear': ['devices_loader'],
              'static': ['devices_loader_static'], 'concurrent': ['devices_loader_concurrent'],
              'lease': ['kept_lease'], 'group': ['after_work'], 'killed': ['kept_lease'], 'server': ['after_work'],
              'triggered': ['devices_day'], 'told': ['told'], 'paused': ['told'], 'told_failing': [], 'told_idle': [],
              'told_refused': [], 'told_cancelled': [], 'told_crash': []}

    @classmethod
    def setUpClass(cls):
        cls.base = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-airflow-'))
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        home = cls.base / 'airflow'
        (home / 'dags').mkdir(parents=True)
        shutil.copy(EXAMPLES / 'dags/devices_work.py', home / 'dags')
        cls.places, cls.dags, variables = {}, {}, {}
        for name, dags in cls.PLACES.items():
            place = cls.places[name] = Place(name, cls.base)
            for dag in dags:
                folder = EXAMPLES / 'dags' if (EXAMPLES / f'dags/{dag}.py').exists() else OWN_DAGS
                cls.dags[name] = place.add_dag(folder / f'{dag}.py', home / 'dags')
            variables[f'AIRFLOW_VAR_DEVICES_DATASET_{name.upper()}'] = str(place.folder / 'dataset')
            variables[f'AIRFLOW_VAR_GATE_{name.upper()}'] = str(place.folder / 'gate')
        install_provider(cls.base / 'site')
        variables['AIRFLOW_CONN_LATECOMER_SERVER'] = cls.serve(cls.places['server'])
        cls.airflow = Airflow(home, cls.base / 'site', variables)
        cls.addClassCleanup(cls.airflow.stop)
        atexit.register(cls.airflow.stop)  # an interrupt passes over the class's own clean-up
        cls.airflow.start(cls.connection_command())

    @classmethod
    def serve(cls, place: Place) -> str:
        """Starts a latecomer server on a place; returns a connection to it, with a token of its own."""
        (place.folder / 'examples/airflow/devices_triggered.yaml').unlink()  # it would run DAGs elsewhere
        server = subprocess.Popen([PROGRAM, 'serve', '--pipelines', 'examples/airflow', '--port', '0', '--demo'],
                                  cwd=place.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)

        def stop():
            server.kill()
            server.wait()
        cls.addClassCleanup(stop)
        atexit.register(stop)
        port = int(re.search(r':(\d+)/', server.stdout.readline())[1])
        threading.Thread(target=server.stdout.read, daemon=True).start()

        def post(path, body, headers):
            request = urllib.request.Request(f'http://127.0.0.1:{port}/api/v1{path}', data=json.dumps(body).encode(),
                                             headers={'Content-Type': 'application/json', **headers})
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer), answer.headers
        session, headers = post('/session', {'name': 'dedp', 'password': 'dedp'}, {})
        token, _ = post('/me/tokens', {'name': 'airflow', 'scope': 'operator'}, {
            'Cookie': headers['Set-Cookie'].split(';')[0], 'X-CSRF-Token': session['csrf_token']})
        return json.dumps({'conn_type': 'latecomer', 'host': '127.0.0.1', 'port': port, 'password': token['token']})

    @classmethod
    def connection_command(cls) -> list[str]:
        """The one of the user guide, for this machine."""
        guide = (ROOT / 'docs/user-guide/airflow.md').read_text()
        program, *arguments = shlex.split(re.search(r'    (airflow connections add .*?\n.*)\n', guide)[1].replace('\\\n', ' '))
        where = {'pipelines': str(cls.base / 'places'), 'binary': PROGRAM, 'ui_url': 'http://latecomer.example.com/'}
        assert program == 'airflow' and json.loads(arguments[-1]).keys() < where.keys(), arguments
        return [*arguments[:-1], json.dumps(where)]

    def at(self, name: str) -> tuple[Place, str]:
        return self.places[name], self.dags[name]

    def run_ended(self, dag: str, run: str, state: str = 'success') -> dict[str, str]:
        """The states of its tasks, once it ended as it should."""
        found = self.airflow.ended(dag, run)
        states = self.airflow.tasks(dag, run)
        self.assertEqual(found['state'], state, f'{json.dumps(states, indent=1)}\n{self.airflow.tails()}')
        return states

    def two_days(self, dag: str) -> tuple[str, str]:
        """The ids of the two scheduled runs, once they ended well."""
        self.airflow.unpause(dag)
        runs = self.airflow.until(f'two runs of {dag}', lambda: (
            found if len(found := [one['dag_run_id'] for one in self.airflow.runs(dag)]) == 2 else None))
        for run in runs:
            self.run_ended(dag, run)
        return runs[0], runs[1]

    def claimed(self, dag: str, run: str, task: str) -> list[tuple[str, int]]:
        return [(one['partition']['event_time'], one['sources']['devices']['version'])
                for one in self.airflow.returned(dag, run, task)]

    def test_the_other_commands_of_the_guide(self):
        """A connection to a server, and what sets the examples up."""
        guide = (ROOT / 'docs/user-guide/airflow.md').read_text()
        to_server = re.findall(r'    (airflow connections add .*?\n.*)\n', guide)[1]
        examples = re.search(r'    (mkdir -p /data (?:.*\n)+?)(?=\n)', guide)[1]
        new = self.base / 'guide'
        (new / 'dags').mkdir(parents=True)
        script = f'{to_server}\n{examples}'
        for word, other in (('add latecomer_default', 'add latecomer_of_the_guide'), ('"$AIRFLOW_HOME/dags"', f'{new}/dags'),
                            (' /data', f' {new}/data'), ('/opt/pipelines', f'{new}/pipelines')):
            self.assertIn(word, script)
            script = script.replace(word, other)
        done = subprocess.run(['bash', '-euc', script], cwd=ROOT, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL,
                              env={**self.airflow.environment, 'PATH': f'{pathlib.Path(sys.executable).parent}:{os.environ["PATH"]}'})
        self.assertEqual(done.returncode, 0, script + done.stdout + done.stderr)
        added = json.loads(self.airflow.run('connections', 'get', 'latecomer_of_the_guide', '--output', 'json'))[0]
        self.assertEqual((added['conn_type'], added['host'], added['schema']), ('latecomer', 'latecomer.example.com', 'https'))
        self.assertEqual(self.airflow.run('variables', 'get', 'devices_dataset').strip().splitlines()[-1], f'{new}/data')
        self.assertTrue((new / 'pipelines/devices_loader.yaml').is_file() and (new / 'dags/devices_loader.py').is_file())

    # ----- the story

    def test_the_story(self):
        place, dag = self.at('story')
        place.load(FIRST, SECOND, '2024-01-03')
        first, second = self.two_days(dag)
        self.assertEqual(self.claimed(dag, first, 'claim_current_partition'), [(FIRST, 2)])
        self.assertEqual(self.claimed(dag, second, 'claim_current_partition'), [(SECOND, 2)])
        self.assertEqual(place.counted('devices_by_type'), {FIRST: 100, SECOND: 100})
        # What the original wrote at this point.
        self.assertEqual(place.file('_last_processed_version'), '2')
        self.assertEqual(place.file('backfilling_configuration.json'), '{"partitions":[],"lastProcessedVersion":2}')

        place.load(FIRST)  # late, version 3
        self.airflow.clear(dag, second)
        states = self.run_ended(dag, second)
        self.assertEqual(self.claimed(dag, second, 'generate_backfilling_arguments'), [(FIRST, 3)])
        self.assertEqual(states['backfill_past_partitions[0]'], 'success')
        self.assertEqual(self.claimed(dag, second, 'claim_current_partition'), [], 'nothing came for the second day')
        self.assertEqual(place.counted('devices_by_type'), {FIRST: 200, SECOND: 100})
        self.assertEqual((place.processed('devices_loader', FIRST), place.processed('devices_loader', SECOND)), (3, 2))
        self.assertEqual(place.file('_last_processed_version'), '3')
        self.assertEqual(place.file('backfilling_configuration.json'),
                         '{"partitions":[{"event_time":"2024-01-01"}],"lastProcessedVersion":3}')
        self.assertEqual(place.lines('plan', 'examples/airflow/devices_loader.yaml'), [])
        self.check_links(dag, second)

        self.airflow.clear(dag, second)  # once more: nothing is late any more
        self.run_ended(dag, second)
        self.assertEqual(self.claimed(dag, second, 'generate_backfilling_arguments'), [])
        self.assertEqual(place.file('backfilling_configuration.json'), '{"partitions":[],"lastProcessedVersion":3}')

    def check_links(self, dag: str, run: str):
        at = 'http://latecomer.example.com/pipelines/devices_loader'
        self.assertEqual(self.airflow.links(dag, run, 'generate_backfilling_arguments'),
                         {'What waits, in latecomer': f'{at}/plan'})
        links = self.airflow.links(dag, run, 'record_backfills', 0)
        self.assertRegex(links['The run, in latecomer'], rf'^{at}/runs/backfill_2024-01-01_')

    # ----- what loses late data without latecomer

    def test_a_failed_backfill_after_the_version_moved_on_is_not_lost(self):
        place, dag = self.at('failing')
        place.load(FIRST, SECOND, '2024-01-03')
        _, run = self.two_days(dag)
        place.load(FIRST)  # late, version 3
        output = place.folder / 'dataset/devices_by_type'
        output.rename(output.with_name('away'))
        output.write_text('not a table')
        self.airflow.clear(dag, run)
        states = self.run_ended(dag, run, 'failed')
        self.assertEqual((states['backfill_past_partitions[0]'], states['record_backfills[0]']), ('failed', 'failed'))
        # The one version for the whole table has moved on all the same, as in the original, which forgets 2024-01-01.
        self.assertEqual(place.file('_last_processed_version'), '3')
        # Here the claim was given back, and says why.
        self.assertEqual(place.processed('devices_loader', FIRST), 2)
        waiting, = [one for one in place.lines('runs', 'examples/airflow/devices_loader.yaml') if one['state'] == 'queued']
        self.assertIn('backfill_past_partitions is failed', waiting['message'])
        self.assertEqual(waiting['partition'], {'event_time': FIRST})

        output.unlink()
        output.with_name('away').rename(output)
        place.load('2024-01-04', FIRST)  # versions 4 and 5
        self.airflow.clear(dag, run)
        self.run_ended(dag, run)
        # At the newest version: what came meanwhile is in it, and nobody processes it once more for that.
        self.assertEqual(self.claimed(dag, run, 'generate_backfilling_arguments'), [(FIRST, 5)])
        self.assertEqual(place.counted('devices_by_type'), {FIRST: 300, SECOND: 100})
        self.assertEqual(place.processed('devices_loader', FIRST), 5)
        self.assertEqual([one for one in place.lines('plan', 'examples/airflow/devices_loader.yaml') if one['late']], [])

    def test_an_old_task_that_is_cleared_later_cannot_write_old_rows_over_newer_ones(self):
        place, dag = self.at('old_clear')
        place.load(FIRST, SECOND)
        self.airflow.unpause(dag)
        first, second = self.airflow.until('both days', lambda: (
            found if len(found := [one['dag_run_id'] for one in self.airflow.runs(dag)]) == 2 else None))
        # Nothing shows yet that the second day is complete: the sensor waits in the triggerer.
        self.airflow.until('the sensor waits', lambda: self.airflow.tasks(dag, second).get('next_partition_sensor') == 'deferred')
        place.load('2024-01-03')
        self.run_ended(dag, second)
        place.load(FIRST)
        self.airflow.clear(dag, second)
        self.run_ended(dag, second)
        self.assertEqual(place.counted('devices_by_type'), {FIRST: 200, SECOND: 100})
        # Only the work of the first day's own run, whose claim is over: the version it would read is an old one.
        self.airflow.clear(dag, first, 'process_devices')
        self.airflow.until('the cleared task failed', lambda: self.airflow.tasks(dag, first)['process_devices[0]'] == 'failed')
        self.assertIn('was taken over by', self.airflow.log_of(dag, first, 'process_devices'))
        self.assertEqual(place.counted('devices_by_type'), {FIRST: 200, SECOND: 100})
        self.assertEqual(place.processed('devices_loader', FIRST), 3)

    # ----- the variants

    def test_static(self):
        place, dag = self.at('static')
        place.load(FIRST, SECOND, '2024-01-03')
        first, second = self.two_days(dag)
        self.assertEqual(self.airflow.tasks(dag, first)['integrate_late_data'], 'skipped', 'nothing lies before it')
        # The day before is loaded again, although nothing came for it.
        self.assertEqual(self.claimed(dag, second, 'generate_backfilling_runs'), [(FIRST, 2)])
        self.assertEqual(self.airflow.tasks(dag, second)['integrate_late_data[0]'], 'success')
        states = place.ledger_runs('devices_loader_static')
        self.assertEqual(set(states.values()), {'success'})
        self.assertEqual(sorted(run.partition('_from_')[0] for run in states),
                         ['backfill_2024-01-01', 'scheduled_2024-01-01', 'scheduled_2024-01-02'])

    def test_concurrent(self):
        place, dag = self.at('concurrent')
        place.load(*(f'2024-01-0{day}' for day in range(1, 6)))
        self.airflow.unpause(dag)
        self.airflow.until('four days are processed', lambda: (
            list(place.ledger_runs('devices_loader_concurrent').values()) == ['success'] * 4))
        self.airflow.until('it waits for more', lambda: 'deferred' in self.airflow.tasks(
            dag, self.airflow.runs(dag)[-1]['dag_run_id']).values())
        place.load(FIRST, '2024-01-03')  # two late days; the sensor of the run that waits sees them
        self.airflow.until('the late days are processed', lambda: (
            place.processed('devices_loader_concurrent', FIRST), place.processed('devices_loader_concurrent', '2024-01-03')
        ) == (6, 6))
        self.airflow.call('PATCH', f'/api/v2/dags/{dag}', {'is_paused': True})
        self.assertEqual(place.counted('devices_concurrent'), {FIRST: 200, SECOND: 100, '2024-01-03': 200, '2024-01-04': 100})
        self.assertEqual(len(place.ledger_runs('devices_loader_concurrent')), 6, 'nothing was processed for nothing')

    # ----- claims and leases

    def expires(self, place: Place) -> str:
        run, = [one for one in place.lines('runs', 'examples/airflow/devices_loader.yaml') if one['state'] == 'running']
        return run['waiting_for'].partition(' until ')[2]

    def test_a_lease_is_renewed_as_long_as_the_work_goes_on(self):
        place, dag = self.at('lease')
        place.load(FIRST, SECOND)
        os.mkfifo(place.folder / 'gate')
        self.airflow.unpause(dag)
        run = self.airflow.trigger(dag)
        self.airflow.until('the report waits', lambda: self.airflow.tasks(dag, run).get('record[0]') == 'deferred')
        seen = set()

        def renewed() -> bool:
            seen.add(self.expires(place))
            return len(seen) > 4  # at a third of the lease: it would have run out meanwhile
        self.airflow.until('the lease was renewed', renewed)
        self.assertEqual(place.lines('claim', 'examples/airflow/devices_loader.yaml'), [[]], 'nobody else gets the day')
        with open(place.folder / 'gate', 'w'):
            self.run_ended(dag, run)
        self.assertEqual(place.processed('devices_loader', FIRST), 1)

    def test_a_claim_that_a_person_cancels_ends_the_report(self):
        place, dag = self.at('killed')
        place.load(FIRST, SECOND)
        os.mkfifo(place.folder / 'gate')
        self.airflow.unpause(dag)
        run = self.airflow.trigger(dag)
        self.airflow.until('the report waits', lambda: self.airflow.tasks(dag, run).get('record[0]') == 'deferred')
        place.call('cancel', 'examples/airflow/devices_loader.yaml', f'scheduled_{FIRST}')
        self.airflow.until('the report failed', lambda: self.airflow.tasks(dag, run)['record[0]'] == 'failed')
        self.assertIn('ended as cancelled', self.airflow.log_of(dag, run, 'record'))
        with open(place.folder / 'gate', 'w'):
            self.run_ended(dag, run, 'failed')
        self.assertIsNone(place.processed('devices_loader', FIRST))

    def test_a_server_is_asked_instead_of_the_program(self):
        place, dag = self.at('server')
        place.load(FIRST, SECOND, '2024-01-03')
        server = json.loads(self.airflow.environment['AIRFLOW_CONN_LATECOMER_SERVER'])
        self.airflow.until('the server has seen the days', lambda: list(place.ledger_runs('devices_loader')))
        self.airflow.unpause(dag)
        run = self.airflow.trigger(dag)
        self.run_ended(dag, run, 'failed')  # one of the two
        self.assertEqual(self.claimed(dag, run, 'claims'), [(FIRST, 2), (SECOND, 2)])
        self.assertEqual(place.ledger_runs('devices_loader'),
                         {f'scheduled_{FIRST}': 'success', f'scheduled_{SECOND}': 'failed'})
        self.assertEqual(place.counted('devices_by_type'), {FIRST: 100})
        self.assertEqual(self.airflow.links(dag, run, 'build.record', 0)['The run, in latecomer'],
                         f'http://127.0.0.1:{server["port"]}/pipelines/devices_loader/runs/scheduled_{FIRST}')

    def test_the_report_after_the_work_in_a_mapped_group(self):
        place, dag = self.at('group')
        place.load(FIRST, SECOND, '2024-01-03')
        self.airflow.unpause(dag)
        run = self.airflow.trigger(dag)
        states = self.run_ended(dag, run, 'failed')
        self.assertEqual([states[f'build.{task}[{index}]'] for index in (0, 1) for task in ('work', 'record')],
                         ['success', 'success', 'failed', 'failed'])
        self.assertEqual(place.ledger_runs('devices_loader'),
                         {f'scheduled_{FIRST}': 'success', f'scheduled_{SECOND}': 'failed'})
        # Clearing the DAG run doesn't begin again what was left as failed; latecomer's own clear does.
        self.airflow.clear(dag, run)
        self.run_ended(dag, run)
        self.assertEqual(self.claimed(dag, run, 'claims'), [])
        place.call('clear', 'examples/airflow/devices_loader.yaml', f'scheduled_{SECOND}')
        self.airflow.clear(dag, run)
        self.run_ended(dag, run, 'failed')
        self.assertEqual(self.claimed(dag, run, 'claims'), [(SECOND, 2)])


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    unittest.main(verbosity=2)
