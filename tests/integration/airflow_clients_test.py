#!/usr/bin/env python3
"""The provider's two clients without Airflow: one starts the real program, the other asks a server.

usage: airflow_clients_test.py PROGRAM SOURCE
"""
import datetime
import http.server
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = SOURCE = ''
PIPELINE = 'devices.yaml'
DEFINITION = '''
pipeline: devices
sources:
  devices: {table: dataset/devices, partition: event_time, cadence: day}
schedule: {start: 2024-01-01, ready: next_partition, max_active_runs: 9}
steps: [{id: work, command: ['true'], timeout: 30m}]
late_data: {concurrency: 9, allowed_lateness: 36500d}
'''


def setUpModule():
    sys.path.insert(0, f'{SOURCE}/airflow/src')


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        from airflow.providers.latecomer.client.command_line import CommandLine
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-clients-'))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / PIPELINE).write_text(DEFINITION)
        self.latecomer('generate', 'devices', '--rows', '10', '-o', 'rows.json')
        self.client = CommandLine(PROGRAM, pipelines=str(self.folder))

    def latecomer(self, *arguments):
        subprocess.run([PROGRAM, *arguments], cwd=self.folder, check=True, capture_output=True)

    def load(self, *days):
        for day in days:
            self.latecomer('load', 'dataset/devices', 'rows.json', '--partition', f'event_time=2024-01-0{day}')

    def claim(self, **options):
        return self.client.claim(PIPELINE, worker='tester', **options)

    def waiting(self):
        return [(waiting.name, waiting.kind) for waiting in self.client.waiting(PIPELINE)]

    def done_through(self, day):
        self.load(*range(1, day + 2))
        for claim in self.claim(limit=9):
            self.client.done(PIPELINE, claim)

    def test_what_is_due_and_what_is_late(self):
        self.load(1, 2, 3)
        self.assertEqual(self.waiting(), [('event_time=2024-01-01', 'due'), ('event_time=2024-01-02', 'due')])
        for claim in self.claim(limit=9):
            self.client.done(PIPELINE, claim)
        self.assertEqual(self.waiting(), [])
        self.load(1, 4)
        self.assertEqual(self.waiting(), [('event_time=2024-01-01', 'late'), ('event_time=2024-01-03', 'due')])

    def test_claims_of_one_kind(self):
        from airflow.providers.latecomer.client.base import claim_of_kind
        self.done_through(2)
        self.load(1, 2, 4)
        # Late days are planned by the run that is due, when it is claimed.
        self.assertEqual(claim_of_kind(self.client, PIPELINE, 'late', limit=9, worker='tester'), [])
        due = claim_of_kind(self.client, PIPELINE, 'due', limit=9, worker='tester')
        self.assertEqual([claim['run_id'] for claim in due], ['scheduled_2024-01-03'])
        late = [claim for _ in range(2) for claim in claim_of_kind(self.client, PIPELINE, 'late', limit=1, worker='tester')]
        self.assertEqual([(claim['run_id'].partition('_from_')[0], claim['sources']['devices']['version']) for claim in late],
                         [('backfill_2024-01-01', 5), ('backfill_2024-01-02', 5)])
        self.assertEqual(claim_of_kind(self.client, PIPELINE, 'late', limit=9, worker='tester'), [])

    def test_a_run_that_was_given_back_waits_again(self):
        self.load(1, 2)
        claim, = self.claim()
        self.assertEqual(self.waiting(), [])
        self.client.fail(PIPELINE, claim, '--message that looks like an option', give_back=True)
        self.assertEqual(self.waiting(), [('event_time=2024-01-01', 'due')])
        self.assertTrue(self.client.partition(PIPELINE, '2024-01-01').claimable)

    def test_a_request_for_what_is_up_to_date_waits_too(self):
        self.done_through(1)
        request = subprocess.Popen([PROGRAM, 'run', PIPELINE, '--partition', '2024-01-01'], cwd=self.folder,
                                   stdout=subprocess.DEVNULL)
        request.wait(timeout=60)
        self.latecomer('clear', PIPELINE, 'latest')
        self.assertEqual([kind for _, kind in self.waiting()], ['late'])

    def test_give_back_all_is_for_the_own_claims_only(self):
        from airflow.providers.latecomer.client.base import give_back_all
        self.load(1, 2, 3)
        mine, = self.claim()
        self.client.claim(PIPELINE, worker='tester 2')
        self.assertEqual(give_back_all(self.client, PIPELINE, 'tester', 'why'), [mine['run_id']])
        again, = self.claim(limit=9)
        self.assertEqual(again['run_id'], mine['run_id'])
        self.assertGreater(again['token'], mine['token'])

    def test_a_lost_claim_is_told_apart(self):
        from airflow.providers.latecomer.client.errors import ClaimLost
        self.load(1, 2)
        claim, = self.claim(lease=datetime.timedelta(0))
        self.assertEqual(len(self.claim()), 1)
        for report in (lambda: self.client.done(PIPELINE, claim), lambda: self.client.renew(PIPELINE, claim),
                       lambda: self.client.fail(PIPELINE, claim, '', give_back=True)):
            with self.assertRaisesRegex(ClaimLost, 'taken over'):
                report()

    def test_a_lease_as_it_was_asked_for(self):
        self.load(1, 2)
        claim, = self.claim(lease=datetime.timedelta(hours=5))
        expires = datetime.datetime.fromisoformat(claim['lease_expires'].replace('Z', '+00:00'))
        self.assertGreater(expires, datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=4, minutes=50))

    def test_a_partition_without_rows_is_waited_for(self):
        self.load(1)
        states = [self.client.partition(PIPELINE, f'2024-01-0{day}') for day in (1, 2)]
        self.assertEqual([(state.decision, state.claimable) for state in states], [('waiting', False)] * 2)

    def test_wrong_names(self):
        from airflow.providers.latecomer.client.command_line import CommandLine
        from airflow.providers.latecomer.client.errors import LatecomerError
        self.load(1, 2)
        for call in (lambda: self.client.waiting('missing.yaml'), lambda: self.client.partition(PIPELINE, '--help'),
                     lambda: self.claim(partition='country=x'), lambda: CommandLine('/bin/sh'),
                     lambda: CommandLine('/nowhere/latecomer')):
            with self.assertRaises(LatecomerError) as caught:
                call()
            self.assertFalse(caught.exception.may_pass, caught.exception)

    def test_a_password_of_the_ledger_is_in_no_argument(self):
        from airflow.providers.latecomer.client.command_line import CommandLine
        fake = self.folder / 'bin/latecomer'
        fake.parent.mkdir()
        fake.write_text(f'#!/bin/sh\necho "$@ | $LATECOMER_LEDGER" >"{self.folder}/call"\necho "[]"\n')
        fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
        CommandLine(str(fake), str(self.folder), 'postgresql://me:secret@db/ledger').claim(PIPELINE, worker='x')
        arguments, _, ledger = (self.folder / 'call').read_text().partition(' | ')
        self.assertNotIn('secret', arguments)
        self.assertEqual(ledger.strip(), 'postgresql://me:secret@db/ledger')

    def test_the_files_of_the_spark_job(self):
        self.load(1, 2, 3, 1)
        where = {'output_location': str(self.folder / 'dataset'), 'file_name': 'configuration.json'}
        (self.folder / 'dataset/_last_processed_version').write_text('2')
        self.assertEqual(self.client.configure_backfill(
            table=str(self.folder / 'dataset/devices'), current_partition='event_time=2024-01-02', **where),
            {'partitions': [{'event_time': '2024-01-01'}], 'lastProcessedVersion': 3})
        self.client.update_last_processed(**where)
        self.assertEqual((self.folder / 'dataset/_last_processed_version').read_text(), '3')


class Answers(http.server.BaseHTTPRequestHandler):
    """Plays back `self.server.answers` and notes what was asked."""

    def answer(self):
        length = int(self.headers.get('Content-Length') or 0)
        self.server.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
        status, body, headers = self.server.answers.pop(0)
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {'Content-Length': str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class ServerTest(unittest.TestCase):
    """What answers of a server come to."""

    def setUp(self):
        from airflow.providers.latecomer.client.server import Server
        self.http = http.server.HTTPServer(('127.0.0.1', 0), Answers)
        self.http.answers, self.http.asked = [], []
        thread = threading.Thread(target=self.http.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.http.server_close)
        self.addCleanup(self.http.shutdown)
        self.client = Server(f'http://127.0.0.1:{self.http.server_port}/below/', 'lct_secret')

    def play(self, *answers):
        self.http.answers = [(*answer, {})[:3] if len(answer) == 2 else answer for answer in answers]

    def test_a_claim_that_got_no_answer_is_asked_for_once_more_and_is_the_same(self):
        self.play((503, {'detail': 'busy'}), (200, [{'run_id': 'r'}]))
        self.assertEqual(self.client.claim('a/b', worker='w', limit=2, lease=datetime.timedelta(minutes=1)), [{'run_id': 'r'}])
        first, second = self.http.asked
        self.assertEqual(first[:2], ('POST', '/below/api/v1/pipelines/a%2Fb/claims'))
        self.assertEqual(json.loads(first[3]), {'as': 'w', 'limit': 2, 'lease': '60s'})
        self.assertEqual(first[2]['Authorization'], 'Bearer lct_secret')
        self.assertEqual(first[2]['Idempotency-Key'], second[2]['Idempotency-Key'])

    def test_the_token_follows_no_redirect(self):
        from airflow.providers.latecomer.client.errors import LatecomerError
        self.play((302, {}, {'Location': f'http://127.0.0.1:{self.http.server_port}/elsewhere'}))
        with self.assertRaises(LatecomerError):
            self.client.about()
        self.assertEqual(len(self.http.asked), 1)

    def test_errors(self):
        from airflow.providers.latecomer.client.errors import ClaimLost, LatecomerError
        claim = {'run_id': 'r', 'token': 3}
        for status, kind, passes in ((400, 'invalid_argument', False), (401, 'permission', False),
                                     (404, 'not_found', False), (422, 'run_failed', False), (500, 'unreachable', True)):
            self.play(*[(status, {'detail': 'what', 'hint': 'try'})] * 3)
            with self.subTest(status), self.assertRaisesRegex(LatecomerError, 'what. try') as caught:
                self.client.done('p', claim)
            self.assertEqual((caught.exception.kind, caught.exception.may_pass), (kind, passes))
        self.play((409, {'detail': 'taken over'}))
        with self.assertRaises(ClaimLost):
            self.client.renew('p', claim)

    def test_nobody_there(self):
        from airflow.providers.latecomer.client.errors import LatecomerError
        from airflow.providers.latecomer.client.server import Server
        port = self.http.server_port
        self.http.shutdown()
        self.http.server_close()
        with self.assertRaisesRegex(LatecomerError, 'did not answer') as caught:
            Server(f'http://127.0.0.1:{port}', None).about()
        self.assertTrue(caught.exception.may_pass)
        for address in ('ftp://host', 'host', 'http://'):
            with self.assertRaises(LatecomerError):
                Server(address, None)


if __name__ == '__main__':
    SOURCE, PROGRAM = sys.argv.pop(), os.path.abspath(sys.argv.pop())
    unittest.main()
