"""Workers outside, over the API: they claim, renew and report as with the commands, and the server's scheduler leaves
their pipelines to them. And what a server asks before a long first run."""
import json
import sys
import threading
import unittest

from server_story import SOURCE, Client, ServerStory, Stream, at

OUTSIDE = '/pipelines/outside'
FIRST = 'scheduled_2024-01-01'
SHAPE = ['pipeline', 'run_id', 'kind', 'partition', 'interval_start', 'interval_end', 'try_number', 'token', 'lease_expires',
         'sources', 'steps', 'outputs']


class WorkersStory(ServerStory):
    def outside(self, slots=1, workers='outside', step='command: [touch, ran]', days=3):
        self.generate(10)
        for day in range(1, days + 1):
            self.load(f'2024-01-{day:02}')
        self.write('pipelines/outside.yaml', f'''
pipeline: outside
sources: {{devices: {{table: ../dataset/devices, partition: event_time}}}}
schedule: {{max_active_runs: {slots}, workers: {workers}}}
steps: [{{id: work, {step}}}]
late_data: {{concurrency: {slots}}}
''')
        self.served = self.serve(pipelines='pipelines')
        self.me = self.admin(self.served)
        self.stream = Stream(self.me, last_id='0')

    def claim(self, body=None, **options):
        return self.me.post(OUTSIDE + '/claims', body, **options)

    def report(self, what, claim, expect=200, **body):
        return self.me.post(f'{OUTSIDE}/runs/{claim["run_id"]}/{what}', {'token': claim['token'], **body}, expect=expect)

    def run_of(self, run=FIRST):
        return self.me.get(f'{OUTSIDE}/runs/{run}')

    def claimable(self, body=None):
        """What the next claim gives: late data is claimable once its commit was seen."""
        return self.until(lambda: self.claim(body), 'there is something to claim')

    def test_claim_work_done(self):
        self.outside(slots=2)
        self.until(lambda: self.run_of()['waiting_for'] == 'a worker outside that claims it', 'the server leaves it')
        shown, = self.lines('claim', 'pipelines/outside.yaml', '--partition', '2024-01-02', '--as', 'by hand')
        claim, = self.claim({'as': 'airflow', 'lease': '2h'})
        self.assertEqual(list(claim), SHAPE)
        self.assertEqual(list(claim), list(shown[0]))
        self.assertEqual((claim['run_id'], claim['partition'], claim['try_number'], claim['token'], claim['steps']),
                         (FIRST, {'event_time': '2024-01-01'}, 1, 1, ['work']))
        self.assertEqual(claim['sources'], {'devices': {'table': str(self.folder.resolve() / 'dataset/devices'), 'version': 2}})
        run = self.run_of()
        self.assertEqual((run['state'], run['waiting_for']),
                         ('running', 'outside worker airflow until ' + claim['lease_expires']))
        self.assertEqual(self.claim({'limit': 5}), [])
        renewed = self.report('renew', claim, lease='3h')
        self.assertEqual(list(renewed), ['run_id', 'token', 'lease_expires'])
        self.assertGreater(renewed['lease_expires'], claim['lease_expires'])
        done = self.report('done', claim)
        self.assertEqual(done, {'run_id': FIRST, 'token': 1, 'state': 'success', 'repeated': False, 'note': ''})
        self.assertEqual(self.report('done', claim)['repeated'], True)
        self.assertFalse((self.folder / 'pipelines/ran').exists(), 'the server started a step')
        self.report('done', shown[0])
        self.load('2024-01-01')
        late, = self.claimable()
        self.assertEqual((late['kind'], late['partition'], late['sources']['devices']['version']),
                         ('backfill', {'event_time': '2024-01-01'}, 3))
        self.report('done', late)
        self.assertEqual(self.me.get(OUTSIDE + '/partitions/' + at('event_time=2024-01-01'))['processed']['versions'],
                         {'devices': 3})

    def test_who_has_lost_the_claim_changes_nothing(self):
        self.outside()
        claim, = self.claimable()
        wrong = {**claim, 'token': claim['token'] + 1}
        for what in ('renew', 'done', 'fail'):
            problem = self.report(what, wrong, expect=409)
            self.assertEqual((problem['type'], problem['status']), ('urn:latecomer:conflict', 409))
            self.report(what, {**claim, 'run_id': 'none'}, expect=404)
            self.me.post(f'{OUTSIDE}/runs/{FIRST}/{what}', {}, expect=400)
            self.me.post(f'{OUTSIDE}/runs/{FIRST}/{what}', {'token': '1'}, expect=400)
        self.assertEqual(self.run_of()['state'], 'running')
        given_back = self.report('fail', claim, message='no disk left', give_back=True)
        self.assertEqual(given_back['state'], 'queued')
        again, = self.claimable()
        self.assertEqual((again['run_id'], again['try_number']), (FIRST, 2))
        self.assertGreater(again['token'], claim['token'])
        self.report('done', claim, expect=409)  # the first worker, late
        self.assertEqual(self.report('fail', again, message='<b>still none</b>')['state'], 'failed')
        self.assertIn('no disk left', self.run_of()['tries'][0]['message'])
        self.me.post(f'{OUTSIDE}/runs/{FIRST}/cancel', expect=200)

    def test_what_is_no_claim_is_refused(self):
        self.outside()
        self.claimable({'partition': 'event_time=2024-01-01'})
        for body in ({'limit': 0}, {'lease': 'long'}, {'lease': '9999d'}, {'as': 'a\nb'}, {'as': ' a'}, {'other': 1},
                     {'partition': 'other=1'}):
            self.claim(body, expect=400)
        self.me.post('/pipelines/none/claims', expect=404)
        self.me.post('/users', {'name': 'vera', 'password': 'vera-password', 'role': 'viewer'}, expect=201)
        vera = Client(self.served.port, 'vera', 'vera-password')
        vera.post(OUTSIDE + '/claims', expect=403)

    def test_claimers_at_once_never_get_the_same(self):
        self.outside(slots=4, days=13)
        seen = []
        while len(seen) < 12:
            got, clients = [], [self.admin(self.served) for _ in range(4)]
            threads = [threading.Thread(target=lambda me=me: got.extend(me.post(OUTSIDE + '/claims', {'limit': 2})))
                       for me in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(len({claim['run_id'] for claim in got}), len(got), got)
            self.assertLessEqual(len(got), 4, 'more than max_active_runs')
            for claim in got:
                self.report('done', claim)
            seen += [claim['run_id'] for claim in got]
        self.assertEqual(sorted(seen), [f'scheduled_2024-01-{day:02}' for day in range(1, 13)])

    def test_a_claim_whose_answer_was_lost_is_asked_for_again(self):
        self.outside(slots=2)
        self.claimable({'partition': 'event_time=2024-01-01'})
        key = {'Idempotency-Key': 'dag-run-1'}
        first = self.claim(headers=key)
        self.assertEqual([claim['run_id'] for claim in first], ['scheduled_2024-01-02'])
        self.assertEqual(self.claim(headers=key), first)
        self.assertEqual(self.claim(), [])

    def test_done_looks_for_the_commit_of_a_sql_step(self):
        self.outside(step="sql: {query: 'SELECT count(*) AS n FROM devices', into: ../dataset/counts}")
        claim, = self.claimable()
        self.assertEqual([(o['step'], o['txn_version']) for o in claim['outputs']], [('work', claim['token'])])
        problem = self.report('done', claim, expect=422)
        self.assertEqual(problem['type'], 'urn:latecomer:run_failed')
        self.assertEqual(self.run_of()['state'], 'running')

    def test_who_claimed_and_reported_stands_in_the_audit_log(self):
        self.outside()
        claim, = self.claimable({'as': 'airflow'})
        self.claim()
        self.report('done', {**claim, 'token': 9}, expect=409)
        self.report('done', claim)
        entries = [(e['user'], e['action'], e['run_id'], e['outcome']) for e in self.me.get('/audit')['items']]
        self.assertEqual([e for e in entries if e[1] in ('claim', 'done')],
                         [('dedp', 'done', FIRST, 'ok'), ('dedp', 'done', FIRST, 'failed'), ('dedp', 'claim', FIRST, 'ok')])

    def test_renewals_stand_in_the_audit_log_once(self):
        self.outside()
        claim, = self.claimable()
        for _ in range(3):
            self.report('renew', claim, lease='2h')
            self.report('renew', {**claim, 'token': 9}, lease='2h', expect=409)
        self.report('renew', claim, lease='300d')
        entries = [e for e in self.me.get('/audit')['items'] if e['action'] == 'renew']
        self.assertEqual([(e['user'], e['run_id'], e['outcome'], e['detail'].split(',')[:2]) for e in reversed(entries)],
                         [('dedp', FIRST, 'ok', ['token 1', ' lease 2h']),
                          ('dedp', FIRST, 'failed', [f'token 9: no claim of {FIRST} has token 9; nothing was changed']),
                          ('dedp', FIRST, 'ok', ['token 1', ' lease 300d'])])

    def test_the_airflow_providers_client_speaks_to_it(self):
        sys.path.insert(0, str(SOURCE / 'airflow/src'))
        from airflow.providers.latecomer.client.server import Server
        self.outside()
        token = self.me.post('/me/tokens', {'name': 'airflow', 'scope': 'operator'}, expect=201)['token']
        client = Server(f'http://127.0.0.1:{self.served.port}', token)
        self.assertIn('dedp', client.about())
        waiting = self.until(lambda: client.waiting('outside'), 'something waits')
        self.assertIn(('event_time=2024-01-01', 'due'), [(one.name, one.kind) for one in waiting])
        claim, = client.claim('outside', worker='airflow', partition='2024-01-01', first_run=True)
        self.assertEqual(client.held_by('outside', 'airflow'), [{'run_id': FIRST, 'token': claim['token']}])
        client.renew('outside', claim)
        self.assertEqual(client.done('outside', claim)['state'], 'success')
        self.until(lambda: client.partition('outside', '2024-01-01').decision == 'up_to_date', 'it is up to date')

    def test_run_leaves_an_outside_pipeline_alone_too(self):
        self.outside()
        self.assertEqual(self.served.stop(), 0)
        said = self.ok('run', 'pipelines/outside.yaml')
        self.assertIn(f'{FIRST} waits for a worker outside that claims it', said)
        self.assertFalse((self.folder / 'pipelines/ran').exists())


class FirstRunStory(ServerStory):
    def many(self, days=102):
        rows = ''.join(json.dumps({'day': f'2024-{1 + day // 28:02}-{1 + day % 28:02}', 'n': day}) + '\n' for day in range(days))
        self.write('rows.json', rows)
        self.ok('load', 'many', 'rows.json', '--partition-by', 'day')
        self.write('pipelines/many.yaml', 'pipeline: many\nsources: {many: {table: ../many, partition: day}}\n'
                                          'steps: [{id: work, command: ["true"]}]\n')

    def summary(self):
        return self.me.get('/pipelines')['items'][0]

    def serve_many(self, *options):
        served = self.serve(*options, pipelines='pipelines')
        self.me = self.admin(served)
        return served

    def test_a_long_first_run_waits_until_somebody_resumes_it(self):
        self.many()
        served = self.serve_many()
        asked = self.until(lambda: (one := self.summary())['paused'] and one, 'it asks')
        self.assertEqual((asked['first_run_partitions'], asked['health']), (101, 'paused'))
        self.assertEqual(self.me.get('/pipelines/many/grid')['runs'], [])
        event, = [e for e in self.me.get('/pipelines/many/events')['items'] if e['what'] == 'pipeline.paused']
        self.assertIn('would process 101 partitions', json.dumps(event))
        self.assertEqual(self.me.post('/pipelines/many/claims'), [])
        self.assertEqual(served.stop(), 0)  # the question outlives the server, and is asked once
        self.serve_many()
        self.until(lambda: self.summary()['first_run_partitions'] == 101, 'it still waits')
        stream = Stream(self.me)
        self.me.post('/pipelines/many/resume')
        stream.wait_run('scheduled_2024-01-01', 'success')
        stream.wait_run('scheduled_2024-01-02', 'success')
        self.assertEqual((self.summary()['paused'], self.summary()['first_run_partitions']), (False, None))

    def test_yes_and_a_short_first_run_begin_at_once(self):
        self.many()
        self.serve_many('--yes')
        Stream(self.me, last_id='0').wait_run('scheduled_2024-01-01', 'success')
        self.assertFalse(self.summary()['paused'])

    def test_a_hundred_begin_at_once(self):
        self.many(days=101)
        self.serve_many()
        Stream(self.me, last_id='0').wait_run('scheduled_2024-01-01', 'success')
        self.assertFalse(self.summary()['paused'])


class WatchEveryStory(ServerStory):
    def test_each_table_has_an_interval_of_its_own(self):
        self.generate(10)
        for name, every in (('often', ''), ('seldom', ', watch_every: 1h')):
            self.ok('load', name, 'dataset/input/dataset.json', '--partition', 'event_time=2024-01-01')
            self.write(f'pipelines/{name}.yaml', f'pipeline: {name}\nschedule: {{ready: manual}}\n'
                       f'sources: {{it: {{table: ../{name}, partition: event_time{every}}}}}\n'
                       'steps: [{id: work, command: ["true"]}]\n')
        me = self.admin(self.serve(pipelines='pipelines'))
        versions = lambda: {t['location'].rsplit('/')[-1]: t['version'] for t in me.get('/tables')['items']}
        self.until(lambda: versions() == {'often': 0, 'seldom': 0}, 'both are seen at the start')
        for version in range(1, 4):
            for name in ('seldom', 'often'):
                self.ok('load', name, 'dataset/input/dataset.json', '--partition', 'event_time=2024-01-01')
            self.until(lambda: versions()['often'] == version, 'the one is seen soon')
            self.assertEqual(versions()['seldom'], 0)

    def test_what_one_pipeline_has_seen_of_a_table_the_other_one_knows(self):
        self.generate(10)
        for day in ('2024-01-01', '2024-01-02'):
            self.load(day)
        for name, every in (('often', ''), ('seldom', ', watch_every: 1h')):
            self.write(f'pipelines/{name}.yaml', f'pipeline: {name}\nsteps: [{{id: work, command: ["true"]}}]\n'
                       f'sources: {{devices: {{table: ../dataset/devices, partition: event_time{every}}}}}\n')
        me = self.admin(self.serve(pipelines='pipelines'))
        states = lambda name: {run['run_id']: run['state'] for run in me.get(f'/pipelines/{name}/grid')['runs']}
        for name in ('often', 'seldom'):
            self.until(lambda: states(name) == {'scheduled_2024-01-01': 'success'}, f'{name} ran')
        self.load('2024-01-01')
        for name in ('often', 'seldom'):
            self.until(lambda: states(name).get('backfill_2024-01-01_v2') == 'success', f'{name} took the late data')


if __name__ == '__main__':
    unittest.main()
