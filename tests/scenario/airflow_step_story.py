"""A step that is a DAG run, against a server that plays Airflow; a real one is in tests/services."""
import http.server
import json
import re
import signal
import threading
import unittest

from story import Story

FIRST = 'scheduled_2024-01-01'
STARTS_WITHIN_S = 60


class PlayedAirflow:
    """One DAG, `build`, whose runs stay `running` until a test says otherwise."""

    def __init__(self, test):
        self.runs, self.asked, self.changed = {}, [], threading.Condition()
        played = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def answer(self):
                body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
                status, value = played.answer(self.command, self.path, json.loads(body or 'null'))
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = answer

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        server.handle_error = lambda *_: None  # a client that was killed
        threading.Thread(target=server.serve_forever, daemon=True).start()
        test.addCleanup(server.server_close)
        test.addCleanup(server.shutdown)
        self.url = f'http://127.0.0.1:{server.server_port}'

    def answer(self, method, path, body):
        with self.changed:
            self.asked.append((method, path))
            self.changed.notify_all()
            if path == '/auth/token':
                return (201, {'access_token': 't'}) if body == {'username': 'u', 'password': 's3cret'} else (401, {})
            if method == 'POST':
                name = body['dag_run_id']
                if name in self.runs:
                    return 409, {'detail': 'there is one'}
                self.runs[name] = {'dag_run_id': name, 'state': 'running', 'conf': body['conf']}
                return 200, self.runs[name]
            if 'taskInstances' in path:
                return 200, {'task_instances': [{'task_id': 'work', 'map_index': -1, 'try_number': 1, 'state': 'running'}]}
            run = self.runs.get(re.search(r'dagRuns/([^/?]*)', path)[1])
            if run is None:
                return 404, {'detail': 'no such run'}
            if method == 'PATCH':
                run['state'] = body['state']
            return 200, run

    def wait(self, what, condition):
        with self.changed:
            assert self.changed.wait_for(condition, STARTS_WITHIN_S), f'in vain: {what}; {self.asked[-20:]}'

    def end(self, state):
        with self.changed:
            for run in self.runs.values():
                run['state'] = state


class AirflowStepStory(Story):
    def setUp(self):
        super().setUp()
        self.airflow = PlayedAirflow(self)
        self.generate(10)
        for day in ('2024-01-01', '2024-01-02'):
            self.load(day)
        self.write('pipeline.yaml', f'''
pipeline: p
sources: {{devices: {{table: dataset/devices, partition: event_time}}}}
steps: [{{id: work, airflow_dag: {{dag_id: build, url: '{self.airflow.url}'}}}}]
''')

    def environment(self):
        return {**super().environment(), 'LATECOMER_AIRFLOW_USER': 'u', 'LATECOMER_AIRFLOW_PASSWORD': 's3cret'}

    def running(self):
        """A `run` whose DAG run is being followed."""
        run = self.start('run', 'pipeline.yaml')
        self.airflow.wait('it is followed', lambda: any('taskInstances' in path for _, path in self.airflow.asked))
        return run

    def states(self):
        return {run['run_id']: run['state'] for run in self.lines('runs', 'pipeline.yaml')}

    def test_it_ends_as_the_dag_run_does(self):
        run = self.running()
        conf, = [one['conf'] for one in self.airflow.runs.values()]
        self.assertEqual((conf['latecomer']['partition'], conf['latecomer']['sources']['devices']['version']),
                         ({'event_time': '2024-01-01'}, 1))
        self.airflow.end('success')
        self.assertEqual(run.wait(STARTS_WITHIN_S), 0)
        self.assertEqual(self.states(), {FIRST: 'success'})
        for file in (self.folder / '.latecomer').rglob('*'):
            self.assertFalse(file.is_file() and b's3cret' in file.read_bytes(), f'{file} holds the password')

    def test_who_ends_a_run_waits_until_the_dag_run_has_ended(self):
        run = self.running()
        self.ok('cancel', 'pipeline.yaml', FIRST, '--yes')
        run.wait(STARTS_WITHIN_S)
        self.assertEqual([one['state'] for one in self.airflow.runs.values()], ['failed'])
        self.assertEqual(self.states(), {FIRST: 'cancelled'})

    def test_after_a_crash_it_is_gone_on_with(self):
        run = self.running()
        run.send_signal(signal.SIGKILL)
        run.wait(STARTS_WITHIN_S)
        self.airflow.asked.clear()
        again = self.running()
        self.airflow.end('success')
        self.assertEqual(again.wait(STARTS_WITHIN_S), 0)
        self.assertEqual(len(self.airflow.runs), 1)
        shown, = self.lines('show', 'pipeline.yaml', FIRST)
        self.assertEqual(len(shown['tries']), 1)
        self.assertEqual(self.states(), {FIRST: 'success'})

    def test_changed_meanwhile_it_is_ended_and_begun_again(self):
        run = self.running()
        run.send_signal(signal.SIGKILL)
        run.wait(STARTS_WITHIN_S)
        file = self.folder / 'pipeline.yaml'
        file.write_text(file.read_text().replace('dag_id: build,', 'dag_id: build, conf: {mode: full},'))
        again = self.start('run', 'pipeline.yaml')
        self.airflow.wait('a second DAG run', lambda: len(self.airflow.runs) == 2)
        old, new = self.airflow.runs.values()
        self.assertEqual((old['state'], new['conf']['mode']), ('failed', 'full'))
        self.airflow.end('success')
        self.assertEqual(again.wait(STARTS_WITHIN_S), 0)


if __name__ == '__main__':
    unittest.main()
