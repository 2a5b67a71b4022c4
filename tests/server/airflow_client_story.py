"""The Airflow provider's client for a server, against the server: the same that its other client does with the program."""
import datetime
import sys
import unittest

from server_story import SOURCE, ServerStory

sys.path.insert(0, f'{SOURCE}/airflow/src')
from airflow.providers.latecomer.client.base import claim_of_kind, give_back_all  # noqa: E402
from airflow.providers.latecomer.client.errors import ClaimLost, LatecomerError  # noqa: E402
from airflow.providers.latecomer.client.server import Server  # noqa: E402

PIPELINE = 'outside'
FIRST, SECOND, THIRD = (f'event_time=2024-01-0{day}' for day in (1, 2, 3))


class AirflowClientStory(ServerStory):
    def setUp(self):
        super().setUp()
        self.generate(10)
        for day in ('2024-01-01', '2024-01-02', '2024-01-03'):
            self.load(day)
        self.write('pipelines/outside.yaml', '''
pipeline: outside
sources: {devices: {table: ../dataset/devices, partition: event_time}}
schedule: {max_active_runs: 9, workers: outside}
steps: [{id: work, command: [touch, ran], timeout: 30m}]
late_data: {concurrency: 9, allowed_lateness: 36500d}
''')
        self.served = self.serve(pipelines='pipelines')
        self.client = Server(f'http://127.0.0.1:{self.served.port}{self.served.prefix}', self.token('operator'))

    def token(self, scope):
        return self.admin(self.served).post('/me/tokens', {'name': scope, 'scope': scope}, expect=201)['token']

    def waiting(self):
        return [(waiting.name, waiting.kind) for waiting in self.client.waiting(PIPELINE)]

    def waits(self, *expected):
        self.until(lambda: self.waiting() == list(expected), f'{expected} wait, not {self.waiting()}')

    def becomes(self, name, holds):
        # What the server shows of a plan may be some moments old.
        self.until(lambda: holds(self.client.partition(PIPELINE, name)), f'{name} does not become what it should')

    def claim(self, **options):
        return self.client.claim(PIPELINE, worker='airflow d/r/t', **options)

    def test_due_then_late(self):
        self.assertIn('as dedp', self.client.about())
        self.waits((FIRST, 'due'), (SECOND, 'due'))
        claims = self.claim(limit=9, lease=datetime.timedelta(hours=2))
        self.assertEqual([claim['run_id'] for claim in claims], ['scheduled_2024-01-01', 'scheduled_2024-01-02'])
        for claim in claims:
            self.assertGreater(self.client.renew(PIPELINE, claim, datetime.timedelta(hours=3))['lease_expires'],
                               claim['lease_expires'])
            self.assertEqual(self.client.done(PIPELINE, claim)['state'], 'success')
        self.load('2024-01-01')
        self.waits((FIRST, 'late'))
        late, = claim_of_kind(self.client, PIPELINE, 'late', limit=9, worker='w')
        self.assertEqual((late['partition'], late['sources']['devices']['version']), ({'event_time': '2024-01-01'}, 3))
        self.client.done(PIPELINE, late)
        self.waits()
        self.assertFalse((self.folder / 'pipelines/ran').exists())

    def test_given_back_failed_lost(self):
        self.waits((FIRST, 'due'), (SECOND, 'due'))
        claim, = self.claim(partition='2024-01-02')
        self.assertEqual(claim['run_id'], 'scheduled_2024-01-02')
        self.assertEqual(give_back_all(self.client, PIPELINE, 'airflow d/r', 'no'), [])
        self.assertEqual(give_back_all(self.client, PIPELINE, 'airflow d/r/t', 'why'), [claim['run_id']])
        again, = self.claim(partition=SECOND)
        self.assertGreater(again['token'], claim['token'])
        for report in (lambda: self.client.renew(PIPELINE, claim), lambda: self.client.done(PIPELINE, claim),
                       lambda: self.client.fail(PIPELINE, {**claim, 'token': 99}, 'why', give_back=True)):
            with self.assertRaises(ClaimLost):
                report()
        self.assertEqual(self.client.fail(PIPELINE, again, 'no disk left', give_back=False)['state'], 'failed')
        self.becomes(SECOND, lambda state: state.decision == 'failed')

    def test_one_partition(self):
        self.waits((FIRST, 'due'), (SECOND, 'due'))
        for name in (FIRST, '2024-01-01'):
            self.becomes(name, lambda state: state.claimable)
        claim, = self.claim(partition=FIRST)
        self.becomes(FIRST, lambda state: not state.claimable)
        self.client.done(PIPELINE, claim)
        self.becomes(FIRST, lambda state: state.decision == 'up_to_date')
        self.assertFalse(self.client.partition(PIPELINE, '2024-02-01').claimable)

    def test_refusals(self):
        for call, kind in ((lambda: self.client.waiting('none'), 'not_found'),
                           (lambda: self.client.partition('none', '2024-01-01'), 'not_found'),
                           (lambda: self.claim(partition='country=x'), 'invalid_argument')):
            with self.assertRaises(LatecomerError) as caught:
                call()
            self.assertEqual(caught.exception.kind, kind, caught.exception)
        for token in ('lct_wrong', None, self.token('viewer')):
            with self.assertRaises(LatecomerError) as caught:
                Server(f'http://127.0.0.1:{self.served.port}', token).claim(PIPELINE, worker='w')
            self.assertEqual((caught.exception.kind, caught.exception.may_pass), ('permission', False))


if __name__ == '__main__':
    unittest.main()
