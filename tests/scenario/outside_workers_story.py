"""Workers outside: claim, renew, done, fail. Nobody gets a partition twice, and nobody reports what isn't theirs."""
import json
import os
import random
import re
import shutil
import subprocess
import unittest

from story import BINARY, PIPELINE, SOURCE, Story

COMMANDS = '''
pipeline: outside
sources:
  devices: {{table: dataset/devices, partition: event_time, cadence: day}}
schedule: {{start: 2024-01-01, ready: next_partition, max_active_runs: {slots}}}
steps:
  - id: work
    command: [touch, ran]
    timeout: 2h
  - id: after
    command: [touch, ran]
    needs: [work]
late_data: {{concurrency: {slots}}}
'''
FIRST = 'scheduled_2024-01-01'


class OutsideWorkers(Story):
    def pipeline(self, days=3, slots=1):
        self.generate(10)
        for day in range(1, days + 1):
            self.load(f'2024-01-{day:02}')
        self.write('pipeline.yaml', COMMANDS.format(slots=slots))
        return 'pipeline.yaml'

    def claim(self, pipeline, *options):
        claims, = self.lines('claim', pipeline, *options)
        return claims

    def report(self, command, pipeline, claim, *options):
        return self.call(command, pipeline, claim['run_id'], '--token', claim['token'], *options)

    def reported(self, command, pipeline, claim, *options):
        done = self.report(command, pipeline, claim, *options, '--output', 'json')
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def refused(self, code, command, pipeline, claim, *options):
        before = self.ledger(pipeline)
        done = self.report(command, pipeline, claim, *options, '--output', 'json')
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(self.ledger(pipeline), before, 'a refused report changed the ledger')
        return json.loads(done.stderr)['error']

    def ledger(self, pipeline):
        folder = (self.folder / pipeline).parent
        return self.ok('ledger', 'export', '--ledger', f'sqlite:{folder}/.latecomer/ledger.db')

    def processed(self, pipeline, partition='2024-01-01'):
        why, = self.lines('explain', pipeline, partition)
        return why['processed'] and why['processed']['versions']

    def steps(self, pipeline, run=FIRST):
        shown, = self.lines('show', pipeline, run)
        return [{step['step']: step['state'] for step in one['steps']} for one in shown['tries']]

    def tearDown(self):
        for ledger in self.folder.rglob('ledger.db'):
            self.ok('ledger', 'check', '--ledger', f'sqlite:{ledger}')

    def test_claim_work_done(self):
        pipeline = self.pipeline()
        claim, = self.claim(pipeline, '--as', 'airflow')
        self.assertEqual(claim['partition'], {'event_time': '2024-01-01'})
        self.assertEqual(claim['sources'], {'devices': {'table': str(self.folder.resolve() / 'dataset/devices'), 'version': 2}})
        self.assertEqual((claim['run_id'], claim['try_number'], claim['token']), (FIRST, 1, 1))
        self.assertEqual((claim['steps'], claim['outputs']), (['work', 'after'], []))
        self.assertEqual(self.steps(pipeline), [{'ready': 'success', 'detect': 'success', 'work': 'deferred',
                                                 'after': 'deferred', 'record': 'waiting', 'backfill': 'skipped'}])
        self.load('2024-01-01')  # comes after the pin
        self.assertEqual(self.claim(pipeline), [])
        self.assertIn(f'waits for outside worker airflow until {claim["lease_expires"]}', self.ok('runs', pipeline))
        self.assertIn('waits for  outside worker airflow until', self.ok('show', pipeline, FIRST))
        self.assertIn(f'{FIRST} waits for outside worker airflow until', self.ok('explain', pipeline, '2024-01-01'))
        self.assertIn(f'{FIRST} waits for outside worker airflow until', self.ok('plan', pipeline))
        done = self.reported('done', pipeline, claim)
        self.assertEqual((done['state'], done['repeated']), ('success', False))
        self.assertEqual(self.processed(pipeline), {'devices': 2})
        self.assertEqual(self.steps(pipeline), [{'ready': 'success', 'detect': 'success', 'work': 'success',
                                                 'after': 'success', 'record': 'success', 'backfill': 'skipped'}])
        self.assertFalse((self.folder / 'ran').exists(), 'a claim started a step')
        # The late row is the next cause, after the other interval that is due.
        found = [claim for _ in range(3) for claim in self.claim(pipeline) if self.reported('done', pipeline, claim)]
        self.assertEqual([c['run_id'] for c in found], ['scheduled_2024-01-02', 'backfill_2024-01-01_from_2024-01-02_'
                                                        + found[1]['run_id'].rpartition('_')[2]])
        self.assertEqual(self.processed(pipeline), {'devices': 3})
        self.assertEqual(self.ok('claim', pipeline), 'nothing to claim\n')

    def test_claimers_at_once_never_get_the_same(self):
        days = 12
        pipeline = self.pipeline(days + 1, slots=3)
        seen, rounds = [], 0
        while len(seen) < days:
            rounds += 1
            self.assertLess(rounds, 4 * days)
            workers = [self.start('claim', pipeline, '--limit', 2, '--as', f'w{i}', '--output', 'json') for i in range(4)]
            got = []
            for process in workers:
                out, err = process.communicate(timeout=120)
                self.assertEqual(process.returncode, 0, err)
                got += json.loads(out)
            self.assertEqual(len({c['run_id'] for c in got}), len(got), got)
            self.assertLessEqual(len(got), 3, 'more than max_active_runs')
            self.assertGreater(len(got), 0)
            for process in [self.start('done', pipeline, c['run_id'], '--token', c['token']) for c in got]:
                _, err = process.communicate(timeout=120)
                self.assertEqual(process.returncode, 0, err)
            seen += [c['run_id'] for c in got]
        self.assertEqual(sorted(seen), [f'scheduled_2024-01-{day:02}' for day in range(1, days + 1)])

    def test_run_leaves_a_live_claim_alone_and_ends(self):
        pipeline = self.pipeline(4, slots=2)
        claim, = self.claim(pipeline, '--as', 'airflow')
        said = self.ok('run', pipeline)
        self.assertIn(f'{FIRST} is with outside worker airflow until {claim["lease_expires"]}', said)
        self.assertEqual(self.states(pipeline), {FIRST: 'running', 'scheduled_2024-01-02': 'success',
                                                 'scheduled_2024-01-03': 'success'})
        again, = [r for r in self.lines('run', pipeline) if r['run_id'] == FIRST]
        self.assertIn('outside worker airflow', again['waiting_for'])
        # The same name is no proof: another worker of that name doesn't get it either.
        self.assertEqual(self.claim(pipeline, '--as', 'airflow'), [])
        self.assertEqual(self.reported('done', pipeline, claim)['state'], 'success')
        self.assertIn('nothing to do', self.ok('run', pipeline))

    def test_run_and_claimers_share_the_work(self):
        pipeline = self.pipeline(13, slots=4)
        scheduler = self.start('run', pipeline)
        claims = [claim for _ in range(3) for claim in self.claim(pipeline, '--as', 'w')]
        for claim in claims:
            self.assertEqual(self.reported('done', pipeline, claim)['state'], 'success')
        _, err = scheduler.communicate(timeout=120)
        self.assertEqual(scheduler.returncode, 0, err)
        self.ok('run', pipeline)
        runs = self.lines('runs', pipeline)
        self.assertEqual({(r['state'], r['tries']) for r in runs}, {('success', 1)}, runs)
        self.assertEqual(len(runs), 12)

    def test_a_lease_that_ran_out_is_taken_over(self):
        pipeline = self.pipeline()
        late, = self.claim(pipeline, '--as', 'slow', '--lease', 0)
        next_one, = self.claim(pipeline, '--as', 'quick')
        self.assertEqual((next_one['run_id'], next_one['try_number']), (FIRST, 2))
        self.assertGreater(next_one['token'], late['token'])
        for command in ('done', 'fail', 'renew'):
            error = self.refused(7, command, pipeline, late)
            self.assertIn('taken over by outside worker quick', error['message'])
        self.assertEqual(self.processed(pipeline), None)
        self.assertEqual([s['work'] for s in self.steps(pipeline)], ['cancelled', 'deferred'])
        self.reported('done', pipeline, next_one)
        self.refused(7, 'done', pipeline, late)

    def test_a_late_report_and_a_takeover_at_once_have_one_winner(self):
        days = 8
        pipeline = self.pipeline(days + 1)
        for day in range(1, days + 1):
            late, = self.claim(pipeline, '--lease', 0)
            self.assertEqual(late['run_id'], f'scheduled_2024-01-0{day}')
            both = [('done', pipeline, late['run_id'], '--token', late['token']), ('claim', pipeline, '--output', 'json')]
            both = [self.start(*command) for command in (both if day % 2 else reversed(both))]
            said = {process.args[1]: (*process.communicate(timeout=120), process.returncode) for process in both}
            self.assertIn(said['done'][2], (0, 7), said)
            self.assertEqual(said['claim'][2], 0, said)
            claims = json.loads(said['claim'][0])
            if said['done'][2] == 7:
                self.assertEqual([c['run_id'] for c in claims], [late['run_id']], said)
                self.assertIsNone(self.processed(pipeline, late['partition']['event_time']))
                self.reported('done', pipeline, claims[0])
            else:
                self.assertNotIn(late['run_id'], [c['run_id'] for c in claims], said)
                for claim in claims:  # of the next day: its turn comes in the next round
                    self.reported('fail', pipeline, claim, '--give-back')
            self.assertEqual(self.processed(pipeline, late['partition']['event_time']), {'devices': days})

    def test_run_takes_over_what_ran_out(self):
        pipeline = self.pipeline()
        late, = self.claim(pipeline, '--as', 'slow', '--lease', '0s')
        self.assertIn('the lease of outside worker slow ran out; it is tried again', self.ok('run', pipeline))
        self.assertTrue((self.folder / 'ran').exists())
        self.refused(7, 'done', pipeline, late)
        shown, = self.lines('show', pipeline, FIRST)
        self.assertEqual([one['state'] for one in shown['tries']], ['lost', 'success'])
        # The scheduler's own token is no outside worker's claim, but what it recorded is recorded.
        self.refused(7, 'fail', pipeline, {'run_id': FIRST, 'token': late['token'] + 1})

    def test_late_reports_count_while_nobody_took_it(self):
        for command, state in (('done', 'success'), ('fail', 'failed')):
            with self.subTest(command):
                self.setUp()
                pipeline = self.pipeline()
                late, = self.claim(pipeline, '--lease', 0)
                done = self.reported(command, pipeline, late)
                self.assertEqual((done['state'], done['repeated']), (state, False))
                self.assertEqual(self.processed(pipeline), {'devices': 2} if command == 'done' else None)

    def test_late_reports_count_even_when_it_is_queued_again(self):
        for command, options, state in (('done', (), 'success'), ('fail', (), 'failed'), ('fail', ('--give-back',), 'queued')):
            with self.subTest(command, options=options):
                self.setUp()
                pipeline = self.pipeline()
                late, = self.claim(pipeline, '--as', 'slow', '--lease', 0)
                # Asks for another partition, so this one goes back to the queue and nobody takes it.
                self.assertEqual(self.claim(pipeline, '--partition', '2024-01-02'), [])
                self.assertEqual(self.states(pipeline)[FIRST], 'queued')
                self.assertIn('queued again', self.refused(7, 'renew', pipeline, late)['message'])
                done = self.reported(command, pipeline, late, *options)
                self.assertEqual((done['state'], done['repeated']), (state, False))
                self.assertEqual(self.processed(pipeline), {'devices': 2} if command == 'done' else None)
                self.assertTrue(self.reported(command, pipeline, late, *options)['repeated'])

    def test_reports_may_be_repeated(self):
        pipeline = self.pipeline()
        claim, = self.claim(pipeline)
        self.assertFalse(self.reported('done', pipeline, claim)['repeated'])
        before = self.ledger(pipeline)
        again = self.reported('done', pipeline, claim)
        self.assertEqual((again['state'], again['repeated']), ('success', True))
        self.assertIn('recorded already at', again['note'])
        self.assertEqual(self.ledger(pipeline), before)
        for command in ('fail', 'renew'):
            self.assertIn('ended as success', self.refused(7, command, pipeline, claim)['message'])
        # Also when the run went on to another try meanwhile.
        self.ok('clear', pipeline, FIRST)
        self.claim(pipeline)
        self.assertTrue(self.reported('done', pipeline, claim)['repeated'])
        self.assertEqual(self.states(pipeline)[FIRST], 'running')

    def test_fail_then_clear_then_claim_again(self):
        pipeline = self.pipeline()
        claim, = self.claim(pipeline, '--as', 'airflow')
        failed = self.reported('fail', pipeline, claim, '--message', 'no disk left')
        self.assertEqual((failed['state'], failed['repeated']), ('failed', False))
        before = self.ledger(pipeline)
        self.assertTrue(self.reported('fail', pipeline, claim, '--give-back')['repeated'])
        self.assertEqual(self.ledger(pipeline), before)
        self.assertIn('ended as failed', self.refused(7, 'done', pipeline, claim)['message'])
        self.assertIn('outside worker airflow failed: no disk left', self.ok('runs', pipeline))
        self.assertEqual(self.steps(pipeline)[0]['work'], 'failed')
        self.assertEqual(self.steps(pipeline)[0]['record'], 'upstream_failed')
        plan = {e['partition']['event_time']: e['decision'] for e in self.lines('plan', pipeline)}
        self.assertEqual(plan['2024-01-01'], 'failed')
        self.ok('clear', pipeline, FIRST)
        again, = self.claim(pipeline)
        self.assertEqual((again['run_id'], again['try_number']), (FIRST, 2))
        self.assertGreater(again['token'], claim['token'])
        self.reported('done', pipeline, again)

    def test_give_back_goes_to_the_next(self):
        pipeline = self.pipeline()
        claim, = self.claim(pipeline)
        self.assertEqual(self.reported('fail', pipeline, claim, '--give-back')['state'], 'queued')
        self.assertTrue(self.reported('fail', pipeline, claim, '--give-back')['repeated'])
        self.assertIn(f'{FIRST} is queued for it and will read', self.ok('plan', pipeline))
        self.write(pipeline, COMMANDS.format(slots=1).replace('{start:', '{workers: outside, start:'))
        self.assertIn(f'{FIRST} is queued for it, waits for a worker outside that claims it and will', self.ok('plan', pipeline))
        again, = self.claim(pipeline)
        self.assertEqual((again['run_id'], again['try_number']), (FIRST, 2))
        self.refused(7, 'done', pipeline, claim)
        self.reported('done', pipeline, again)
        self.assertEqual(self.processed(pipeline), {'devices': 2})

    def test_a_lease_grows_and_never_shrinks(self):
        pipeline = self.pipeline()
        claim, = self.claim(pipeline, '--lease', '10m')
        renewed = self.reported('renew', pipeline, claim, '--lease', '1m')
        self.assertEqual(renewed['lease_expires'], claim['lease_expires'])
        longer = self.reported('renew', pipeline, claim, '--lease', '5h')
        self.assertGreater(longer['lease_expires'], claim['lease_expires'])
        self.assertIn(f'until {longer["lease_expires"]}', self.ok('runs', pipeline))
        # One that ran out while nobody looked is its holder's still.
        self.ok('clear', pipeline, FIRST)
        claim, = self.claim(pipeline, '--lease', 0)
        self.reported('renew', pipeline, claim)
        self.assertEqual(self.claim(pipeline), [])

    def test_wrong_tickets(self):
        pipeline = self.pipeline()
        for command in ('renew', 'done', 'fail'):
            self.assertEqual(self.call(command, pipeline, FIRST, '--token', 1).returncode, 3, 'no ledger yet')
        claim, = self.claim(pipeline)
        for command in ('renew', 'done', 'fail'):
            for token in (0, claim['token'] + 1, -1, 2**62):
                self.refused(7, command, pipeline, {**claim, 'token': token})
            error = self.refused(3, command, pipeline, {**claim, 'run_id': 'scheduled_2024-01-09'})
            self.assertEqual(error['kind'], 'not_found')
            self.assertEqual(self.call(command, pipeline, FIRST).returncode, 2, 'no token')
            self.assertEqual(self.call(command, pipeline, FIRST, '--token', 'x').returncode, 2)
        for options in (['--limit', '0'], ['--lease', 'soon'], ['--lease', '-1h'], ['--lease', '9999d'],
                        ['--as', 'two\nlines'], ['--as', ' '], ['--partition', 'country=x']):
            self.assertEqual(self.call('claim', pipeline, *options).returncode, 2, options)
        self.assertEqual(self.claim(pipeline, '--partition', '2031-01-01'), [])

    def test_what_a_person_ends_is_over(self):
        pipeline = self.pipeline()
        claim, = self.claim(pipeline)
        self.assertEqual(self.call('mark', pipeline, FIRST, 'success').returncode, 7)
        self.ok('cancel', pipeline, FIRST)
        for command in ('renew', 'done', 'fail'):
            self.assertIn('ended as cancelled', self.refused(7, command, pipeline, claim)['message'])
        self.ok('clear', pipeline, FIRST)
        self.assertIn('ended as cancelled', self.refused(7, 'done', pipeline, claim)['message'])

    def test_a_scheduler_s_run_is_no_outside_worker_s(self):
        pipeline = self.pipeline()
        self.write('pipeline.yaml', (self.folder / 'pipeline.yaml').read_text().replace(
            '[touch, ran]', '[sh, -c, "touch ran; while [ ! -e go ]; do :; done"]'))
        scheduler = self.start('run', pipeline)
        for line in scheduler.stdout:
            if 'work running' in line:
                break
        for command in ('renew', 'done', 'fail'):
            self.assertIn("a scheduler's", self.refused(7, command, pipeline, {'run_id': FIRST, 'token': 1})['message'])
        self.assertEqual(self.claim(pipeline), [])
        self.write('go', '')
        scheduler.communicate(timeout=60)
        self.assertEqual(scheduler.returncode, 0)

    def test_paused_or_many(self):
        pipeline = self.pipeline(5, slots=3)
        self.ok('claim', pipeline, '--partition', '2024-01-04')
        self.ok('pause', pipeline)
        self.assertIn('waits for the pipeline to be resumed', self.ok('claim', pipeline))
        self.ok('pause', pipeline, '--resume')
        claims = self.claim(pipeline, '--limit', 99)
        self.assertEqual([c['run_id'] for c in claims], [f'scheduled_2024-01-0{day}' for day in (1, 2, 3)])
        for claim in claims:
            self.reported('done', pipeline, claim)
        self.assertEqual([c['run_id'] for c in self.claim(pipeline, '--limit', 99)], ['scheduled_2024-01-04'])

    def test_an_output_of_ours_has_to_carry_the_token(self):
        self.load_three_days()
        claim, = self.claim(PIPELINE)
        output, = claim['outputs']
        self.assertEqual(output['txn_app_id'], 'latecomer/devices_loader/event_time=2024-01-01/process_devices')
        self.assertEqual(output['txn_version'], claim['token'])
        error = self.refused(8, 'done', PIPELINE, claim)
        self.assertIn('is not in its output', error['message'])
        self.commit(output['table'], output['txn_app_id'], output['txn_version'] - 1)
        self.refused(8, 'done', PIPELINE, claim)
        self.commit(output['table'], output['txn_app_id'], output['txn_version'])
        self.assertEqual(self.reported('done', PIPELINE, claim)['state'], 'success')
        # The next claim's token is above what the output has seen, also with a new ledger.
        self.commit(output['table'], output['txn_app_id'], 41)
        for file in (self.folder / 'examples/devices/.latecomer').glob('ledger.db*'):
            file.unlink()
        again, = self.claim(PIPELINE)
        self.assertEqual((again['run_id'], again['token']), (FIRST, 42))

    @unittest.skipUnless(shutil.which('jq'), 'the loop reads JSON with jq')
    def test_the_loop_in_the_guide_works(self):
        guide = (SOURCE / 'docs/user-guide/outside-workers.md').read_text()
        self.write('loop.sh', re.search(r'```bash\n(.*?)```', guide, re.DOTALL)[1])
        self.write('build_day.sh', '#!/bin/sh\necho "$@" >>built\n[ "$1" != 2024-01-03 ] || exit 5\n').chmod(0o755)
        self.write('bin/latecomer', f'#!/bin/sh\nexec {BINARY} "$@"\n').chmod(0o755)
        pipeline = self.pipeline(4, slots=2)
        loops = [subprocess.Popen(['bash', 'loop.sh', pipeline], cwd=self.folder, stdout=subprocess.DEVNULL,
                                  env={**self.environment(), 'PATH': f'{self.folder}/bin:{os.environ["PATH"]}'})
                 for _ in range(2)]
        self.assertEqual([loop.wait(timeout=120) for loop in loops], [0, 0])
        self.assertEqual(sorted((self.folder / 'built').read_text().splitlines()),
                         [f'2024-01-0{day} 3' for day in (1, 2, 3)])
        states = self.states(pipeline)
        self.assertEqual([states[f'scheduled_2024-01-0{day}'] for day in (1, 2, 3)], ['success', 'success', 'failed'])
        self.assertIn('build_day.sh ended with exit code 5', self.ok('runs', pipeline))

    def test_anything_in_any_order(self):
        """A walk through what workers and people may do, beside a model of who may report."""
        for seed in range(3):
            with self.subTest(seed=seed):
                self.setUp()
                self.walk(random.Random(seed), self.pipeline(4, slots=2))

    def walk(self, dice, pipeline):
        tickets = []  # every claim there ever was
        newest = {}   # partition → token of its newest grant
        ended = {}    # (run, token) → 'done', 'fail', or 'over' when a person or a scheduler ended it
        for _ in range(45):
            what = dice.choices(['claim', 'done', 'fail', 'renew', 'load', 'clear', 'cancel', 'run'],
                                [6, 6, 3, 2, 5, 3, 1, 1])[0]
            ticket = dice.choice(dice.choice([tickets, tickets[-2:]])) if tickets else None
            if what == 'claim':
                for claim in self.claim(pipeline, '--limit', 2, '--lease', dice.choice(['0', '1h'])):
                    self.assertGreater(claim['token'], newest.get(claim['partition']['event_time'], 0))
                    newest[claim['partition']['event_time']] = claim['token']
                    tickets.append(claim)
            elif what == 'load':
                self.load(f'2024-01-0{dice.randint(1, 4)}')
            elif what == 'run':
                self.ok('run', pipeline)
                for run in self.lines('runs', pipeline):
                    for one in self.lines('show', pipeline, run['run_id'])[0]['tries']:
                        day = run['partition']['event_time']
                        newest[day] = max(newest.get(day, 0), one['token'])
            elif ticket is None:
                continue
            elif what in ('clear', 'cancel'):
                if self.call(what, pipeline, ticket['run_id']).returncode == 0:
                    for other in tickets:
                        if other['run_id'] == ticket['run_id']:
                            ended.setdefault((other['run_id'], other['token']), 'over')
            else:
                self.reports(what, pipeline, ticket, newest, ended)

    def reports(self, what, pipeline, ticket, newest, ended):
        key, day = (ticket['run_id'], ticket['token']), ticket['partition']['event_time']
        is_newest = newest[day] == ticket['token']
        before = self.processed(pipeline, day)
        done = self.report(what, pipeline, ticket, '--output', 'json')
        if what == 'renew':
            self.assertTrue(done.returncode == 7 or (is_newest and key not in ended), (done, ended))
            return
        if ended.get(key) == what:
            self.assertTrue(json.loads(done.stdout)['repeated'])
        elif is_newest and key not in ended:
            self.assertEqual((done.returncode, json.loads(done.stdout)['repeated']), (0, False), done)
            ended[key] = what
            if what == 'done':
                self.assertEqual(self.processed(pipeline, day), {'devices': ticket['sources']['devices']['version']})
                return
        else:
            self.assertEqual(done.returncode, 7, (done, ended))
        self.assertEqual(self.processed(pipeline, day), before)

    def commit(self, table, app_id, version):
        """What a worker's Delta writer leaves behind, without rows."""
        log = self.folder / table / '_delta_log'
        log.mkdir(parents=True, exist_ok=True)
        number = len(list(log.glob('*.json')))
        actions = [{'commitInfo': {'timestamp': 1700000000000 + number, 'operation': 'WRITE'}},
                   {'txn': {'appId': app_id, 'version': version}}]
        if number == 0:
            schema = {'type': 'struct', 'fields': [{'name': 'event_time', 'type': 'date', 'nullable': True, 'metadata': {}}]}
            actions += [{'protocol': {'minReaderVersion': 1, 'minWriterVersion': 2}},
                        {'metaData': {'id': 'f3a1', 'format': {'provider': 'parquet', 'options': {}},
                                      'schemaString': json.dumps(schema), 'partitionColumns': ['event_time'],
                                      'configuration': {}}}]
        (log / f'{number:020}.json').write_text(''.join(json.dumps(a) + '\n' for a in actions))
