"""Steps that are DAG runs of a real Airflow; a part of airflow_test.py, whose Airflow they share."""
import os
import re
import signal
import subprocess

FIRST, SECOND = '2024-01-01', '2024-01-02'
PIPELINE = 'examples/airflow/devices_triggered.yaml'


class DagSteps:
    """`airflow`, `places` and `dags` come from the test class."""

    def told(self, name: str, conf: str = '', days=(FIRST, SECOND)):
        """A place whose pipeline runs a DAG of this Airflow, and the DAG's id."""
        place = self.places[name]
        dag = self.dags.get(name) or self.dags['told']
        file = place.folder / PIPELINE
        text = file.read_text().replace('http://127.0.0.1:8080', f'http://127.0.0.1:{self.airflow.port}')
        text = text.replace('dag_id: devices_day', f'dag_id: {dag}').replace('    retries: 1\n', '')
        if conf:
            text = text.replace('      into:', f'      conf: {{seen: {place.folder}/seen, {conf}}}\n      into:')
        file.write_text(text)
        place.load(*days)
        return place, dag

    def variables(self, password=''):
        return {**os.environ, 'NO_COLOR': '1', 'LATECOMER_AIRFLOW_USER': 'latecomer',
                'LATECOMER_AIRFLOW_PASSWORD': password or self.airflow.passwords['latecomer']}

    def latecomer(self, place, *arguments, code=0, password=''):
        """What it printed, on both ways."""
        done = subprocess.run([self.PROGRAM, *arguments], cwd=place.folder, env=self.variables(password), text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        self.assertEqual(done.returncode, code, f'{done.stdout}\n{self.airflow.tails()}')
        return done.stdout

    def started(self, place):
        run = subprocess.Popen([self.PROGRAM, 'run', PIPELINE], cwd=place.folder, env=self.variables(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        return run

    def step(self, place, run=f'scheduled_{FIRST}'):
        """The newest state of the step, with its message."""
        shown, = place.lines('show', PIPELINE, run)
        one, = [step for step in shown['tries'][-1]['steps'] if step['step'] == 'count_devices']
        return one

    def gate(self, name: str):
        """A pipe that the DAG's task waits at, made before."""
        path = self.places[name].folder / 'gate'
        os.mkfifo(path)
        return path

    def dag_runs(self, dag: str, place) -> list[dict]:
        """Those of a place: they tell their tables."""
        return [run for run in self.airflow.runs(dag) if str(place.folder) in str(run['conf'])]

    # ----- the stories

    def test_a_step_that_is_a_dag_run(self):
        place, dag = self.told('triggered', days=(FIRST, SECOND, '2024-01-03'))
        self.airflow.unpause(dag)
        self.latecomer(place, 'run', PIPELINE)
        self.assertEqual(place.counted('devices_triggered'), {FIRST: 100, SECOND: 100})
        place.load(FIRST)  # late, version 3
        self.latecomer(place, 'run', PIPELINE)
        self.assertEqual(place.counted('devices_triggered'), {FIRST: 200, SECOND: 100})
        self.assertEqual(place.processed('devices_triggered', FIRST), 3)
        runs = self.airflow.runs(dag)
        self.assertEqual([(run['state'], run['logical_date'], run['conf']['latecomer']['partition']['event_time'],
                           run['conf']['latecomer']['sources']['devices']['version']) for run in runs],
                         [('success', None, FIRST, 2), ('success', None, SECOND, 2), ('success', None, FIRST, 3)])
        self.assertRegex(runs[0]['dag_run_id'], rf'^latecomer__scheduled_{FIRST}__count_devices__1\.1__[0-9a-f]{{16}}$')
        log = self.latecomer(place, 'logs', PIPELINE, f'scheduled_{FIRST}', '--step', 'count_devices')
        self.assertIn(f'http://127.0.0.1:{self.airflow.port}/dags/{dag}/runs/{runs[0]["dag_run_id"]}', log)
        self.assertIn('found the job\'s commit', log)

    def test_a_dag_run_that_fails_says_why(self):
        place, dag = self.told('told_failing', 'mode: fail')
        self.airflow.unpause(dag)
        said = self.latecomer(place, 'run', PIPELINE, code=8)
        self.assertIn('task failed in Airflow: work', said)
        self.assertIn('ValueError: no space left on the disk', self.step(place)['message'])
        self.assertIn('ValueError', self.latecomer(
            place, 'logs', PIPELINE, f'scheduled_{FIRST}', '--step', 'count_devices'))
        self.assertIsNone(place.processed('devices_triggered', FIRST))

    def test_a_dag_that_writes_nothing_has_not_done_it(self):
        place, dag = self.told('told_idle', 'mode: idle')
        self.airflow.unpause(dag)
        self.assertIn('is not in its output', self.latecomer(place, 'run', PIPELINE, code=8))
        self.assertIsNone(place.processed('devices_triggered', FIRST))

    def test_who_is_not_let_in(self):
        place, dag = self.told('told_refused', 'mode: idle')
        self.airflow.unpause(dag)
        said = self.latecomer(place, 'run', PIPELINE, code=8, password='s3cret-and-wrong')
        self.assertIn('Airflow doesn\'t take the sign-in: Invalid credentials', said)
        for file in place.folder.rglob('*'):
            self.assertFalse(file.is_file() and b's3cret-and-wrong' in file.read_bytes(), file)
        self.assertEqual(self.dag_runs(dag, place), [])

    def test_a_cancelled_run_ends_the_dag_run(self):
        gate = self.gate('told_cancelled')
        place, dag = self.told('told_cancelled', f'gate: {gate}')
        self.airflow.unpause(dag)
        self.started(place)
        self.airflow.until('the task is at the gate', (place.folder / 'seen').exists)
        # Longer than Airflow's token lasts: meanwhile it is asked all the time.
        self.airflow.until('latecomer shows the task', lambda: 'at work: work' in self.step(place)['message'])
        self.assertEqual(self.step(place)['state'], 'deferred')
        self.latecomer(place, 'cancel', PIPELINE, f'scheduled_{FIRST}', '--yes')
        run, = self.dag_runs(dag, place)
        self.assertEqual(self.airflow.ended(dag, run['dag_run_id'])['state'], 'failed')
        self.assertEqual(place.ledger_runs('devices_triggered'), {f'scheduled_{FIRST}': 'cancelled'})
        self.assertFalse((place.folder / 'seen.done').exists())

    def test_after_a_crash_the_dag_run_is_gone_on_with(self):
        gate = self.gate('told_crash')
        place, dag = self.told('told_crash', f'gate: {gate}')
        self.airflow.unpause(dag)
        run = self.started(place)
        self.airflow.until('the task is at the gate', (place.folder / 'seen').exists)
        run.send_signal(signal.SIGKILL)
        run.wait()
        again = self.started(place)
        ledger = f'sqlite:{place.folder}/examples/airflow/.latecomer/ledger.db'
        self.airflow.until('it is taken over', lambda: 'claim.resumed' in place.call('ledger', 'export', '--ledger', ledger))
        with open(gate, 'w'):
            self.assertEqual(again.wait(300), 0, self.airflow.tails())
        one, = self.dag_runs(dag, place)
        self.assertEqual(one['state'], 'success')
        shown, = place.lines('show', PIPELINE, f'scheduled_{FIRST}')
        self.assertEqual([(len(shown['tries']), len(step['attempts'])) for step in shown['tries'][0]['steps']
                          if step['step'] == 'count_devices'], [(1, 1)])
        self.assertEqual(place.counted('devices_triggered'), {FIRST: 100})
        self.assertEqual((place.folder / 'seen').read_text(), f'{FIRST} 1\n')

    def test_a_dag_that_is_paused_is_waited_for(self):
        place, dag = self.told('paused', 'mode: write')
        run = self.started(place)
        self.airflow.until('it says so', lambda: self.airflow.processes and re.search(
            'paused in Airflow', self.step_or_nothing(place)))
        self.airflow.unpause(dag)
        self.assertEqual(run.wait(300), 0, self.airflow.tails())
        self.assertEqual(place.processed('devices_triggered', FIRST), 1)

    def step_or_nothing(self, place) -> str:
        if f'scheduled_{FIRST}' not in place.ledger_runs('devices_triggered'):
            return ''
        return self.step(place)['message']
