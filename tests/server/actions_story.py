"""What people do through the API: each action with its preview, its effect, its entry in the audit log, and its undo."""
import unittest

from server_story import Client, ServerStory, Stream, at

DEVICES = '/pipelines/devices_loader'
FIRST = '/partitions/' + at('event_time=2024-01-01')
RUN = DEVICES + '/runs/scheduled_2024-01-01'


class ActionsStory(ServerStory):
    def setUp(self):
        super().setUp()
        self.load_three_days()
        self.served = self.serve()
        self.me = self.admin(self.served)
        self.stream = Stream(self.me, last_id='0')
        self.stream.wait_run('scheduled_2024-01-02', 'success')

    def state(self, run='scheduled_2024-01-01'):
        return self.me.get(f'{DEVICES}/runs/{run}')['state']

    def add_rule(self, rule):
        before = self.me.get(DEVICES)['definition_hash']
        self.pipeline_file().write_text(self.pipeline_file().read_text() + f'  {rule}\n')
        self.until(lambda: self.me.get(DEVICES)['definition_hash'] != before, 'the rule is read')

    def test_clear_shows_what_it_affects_and_does_that(self):
        preview = self.me.post(RUN + '/clear', {'dry_run': True, 'future': True})
        self.assertEqual((preview['dry_run'], preview['action_id'], preview['total_runs']), (True, None, 2))
        self.assertEqual([run['run_id'] for run in preview['runs']], ['scheduled_2024-01-01', 'scheduled_2024-01-02'])
        self.assertEqual(self.me.get(RUN)['tries'][1:], [])  # nothing happened
        seen = len(self.stream.events)
        done = self.me.post(RUN + '/clear', {'confirmed': preview['fingerprint'], 'future': True, 'note': 'once more'})
        self.assertEqual(done['total_runs'], 2)
        self.assertFalse(done['undoable'])
        self.until(lambda: all(len(self.me.get(f'{DEVICES}/runs/scheduled_2024-01-0{day}')['tries']) == 2 and
                               self.state(f'scheduled_2024-01-0{day}') == 'success' for day in (1, 2)), 'both ran again')
        for day in (1, 2):  # the stream tells it too, if later than the answers
            self.stream.wait_run(f'scheduled_2024-01-0{day}', 'success', after=seen)
        self.assertEqual(self.me.get(RUN)['note'], 'once more')
        self.me.post(f'/actions/{done["action_id"]}/undo', expect=409)

    def test_what_was_shown_is_what_is_done(self):
        preview = self.me.post(RUN + '/clear', {'dry_run': True})
        self.me.post(RUN + '/mark', {'state': 'failed'})
        self.me.post(RUN + '/clear', {'confirmed': preview['fingerprint'], 'future': True}, expect=409)

    def test_a_mark_can_be_taken_back(self):
        marked = self.me.post(RUN + '/mark', {'state': 'failed', 'note': 'wrong input'})
        self.assertTrue(marked['undoable'])
        self.assertEqual((self.state(), self.me.get(DEVICES + FIRST)['processed']), ('failed', None))
        undone = self.me.post(f'/actions/{marked["action_id"]}/undo')
        self.assertEqual(undone['action'], 'undo')
        self.assertEqual(self.state(), 'success')
        self.assertEqual(self.me.get(DEVICES + FIRST)['processed']['versions'], {'devices': 2})
        self.me.post(f'/actions/{marked["action_id"]}/undo', expect=409)
        entries = {entry['id']: entry for entry in self.me.get('/audit')['items']}
        self.assertEqual(entries[marked['action_id']]['undone_by'], undone['action_id'])

    def test_pause_holds_everything_until_resumed(self):
        paused = self.me.post(DEVICES + '/pause', {'note': 'maintenance'})
        self.load('2024-01-01')
        self.stream.wait(lambda name, _: name == 'table', 'the commit is seen')
        summary = self.me.get('/pipelines')['items'][0]
        self.assertEqual((summary['paused'], summary['health'], summary['late']), (True, 'paused', 1))
        self.assertEqual(len(self.me.get(DEVICES + '/grid')['runs']), 2)
        self.me.post(f'/actions/{paused["action_id"]}/undo')
        self.stream.wait_run('backfill_2024-01-01', 'success')
        self.assertEqual(self.me.get('/pipelines')['items'][0]['paused'], False)

    def test_a_hold_keeps_late_data_back_until_it_is_released(self):
        held = self.me.post(DEVICES + FIRST + '/hold', {'reason': 'upstream is being repaired'})
        self.assertTrue(held['undoable'])
        self.load('2024-01-01')
        self.stream.wait(lambda name, _: name == 'table', 'the commit is seen')
        entry = self.until(lambda: (found := self.me.get(DEVICES + '/plan?decision=held')['items']) and found[0], 'it is held')
        self.assertIn('upstream is being repaired', entry['reason'])
        self.assertEqual(self.me.get(DEVICES + FIRST)['state'], 'held')
        self.me.post(DEVICES + FIRST + '/release', {'dry_run': True})
        self.me.post(DEVICES + FIRST + '/release')
        self.stream.wait_run('backfill_2024-01-01', 'success')
        self.me.post(DEVICES + FIRST + '/release', expect=404)
        self.me.post(DEVICES + '/partitions/' + at('event_time=soon') + '/hold', {'reason': 'a typing error'}, expect=400)

    def test_all_that_a_rule_holds_is_released_after_a_look(self):
        self.add_rule('min_rows: 1000000')
        for day in ('2024-01-01', '2024-01-02'):
            self.load(day)
        find = DEVICES + '/plan?rule=min_rows'
        plan = self.until(lambda: len((found := self.me.get(find))['items']) == 2 and found, 'both are held')
        self.assertEqual([(entry['decision'], entry['rule'], entry['releasable']) for entry in plan['items']],
                         [('held', 'min_rows', True)] * 2)
        self.assertIn({'rule': 'min_rows', 'partitions': 2, 'releasable': 2}, plan['rules'])
        self.assertEqual(self.me.get(DEVICES + '/plan?rule=settle,future,max_backfills')['items'], [])
        self.me.get(DEVICES + '/plan?rule=other', expect=400)
        shown = self.me.post(DEVICES + '/release', {'rule': 'min_rows', 'dry_run': True})
        self.assertEqual(shown['partitions'], ['event_time=2024-01-01', 'event_time=2024-01-02'])
        self.assertEqual(len(self.me.get(find)['items']), 2)  # nothing happened
        self.me.post(DEVICES + '/release', {'rule': 'min_rows', 'confirmed': 'another'}, expect=409)
        for body, status in (({}, 400), ({'rule': 'none'}, 400), ({'rule': 'settle'}, 404), ({'rule': 'hold'}, 404)):
            self.me.post(DEVICES + '/release', body, expect=status)
        done = self.me.post(DEVICES + '/release', {'rule': 'min_rows', 'confirmed': shown['fingerprint']})
        self.assertTrue(done['undoable'])
        for day in ('2024-01-01', '2024-01-02'):
            self.stream.wait_run('backfill_' + day, 'success')
        entry = next(entry for entry in self.me.get('/audit')['items'] if entry['id'] == done['action_id'])
        self.assertEqual((entry['action'], entry['pipeline'], entry['detail']),
                         ('release', 'devices_loader', '2 partitions that min_rows held are let go'))

    def test_the_release_of_a_rule_is_taken_back(self):
        self.me.post(DEVICES + '/pause')
        self.add_rule('settle: {quiet: 1d}')
        self.load('2024-01-01')
        waits = lambda: self.me.get(DEVICES + '/plan?rule=settle')['items']
        self.until(waits, 'it waits')
        done = self.me.post(DEVICES + '/release', {'rule': 'settle'})
        self.until(lambda: not waits(), 'it is let go')
        self.me.post(f'/actions/{done["action_id"]}/undo')
        self.until(waits, 'it waits again')

    def test_what_an_older_definition_built_is_cleared_after_a_look(self):
        self.assertEqual(self.me.get(DEVICES + '/plan')['older_definition'], 0)
        self.add_rule('min_rows: 2')
        self.until(lambda: self.me.get(DEVICES + '/plan')['older_definition'] == 2, 'the definition is read')
        shown = self.me.post(DEVICES + '/clear', {'older_definition': True, 'dry_run': True})
        self.assertEqual([run['run_id'] for run in shown['runs']], ['scheduled_2024-01-01', 'scheduled_2024-01-02'])
        one = {'older_definition': True, 'from': '2024-01-01T00:00:00Z', 'to': '2024-01-02T00:00:00Z', 'dry_run': True}
        self.assertEqual([run['run_id'] for run in self.me.post(DEVICES + '/clear', one)['runs']], ['scheduled_2024-01-01'])
        for body in ({}, {'only_failed': True}, {'older_definition': 'yes'}, {'from': 'soon'}):
            self.me.post(DEVICES + '/clear', body, expect=400)
        self.me.post(DEVICES + '/clear', {'older_definition': True, 'confirmed': shown['fingerprint'], 'note': 'anew'})
        self.until(lambda: self.me.get(DEVICES + '/plan')['older_definition'] == 0, 'both are built anew')
        self.assertEqual(self.me.get(RUN)['note'], 'anew')

    def test_trigger_runs_a_partition_or_a_range(self):
        shown = self.me.post(DEVICES + '/trigger', {'partition': 'event_time=2024-01-02', 'dry_run': True})
        self.assertEqual([run['partition'] for run in shown['runs']], ['2024-01-02'])
        self.me.post(DEVICES + '/trigger', {'partition': 'event_time=2024-01-02'})
        self.stream.wait_run('manual_2024-01-02', 'success')
        many = self.me.post(DEVICES + '/trigger', {'from': '2024-01-01T00:00:00Z', 'to': '2024-01-03T00:00:00Z', 'dry_run': True})
        self.assertEqual([run['partition'] for run in many['runs']], ['2024-01-01', '2024-01-02'])
        for body in ({}, {'partition': 'event_time=2024-01-02', 'from': '2024-01-01T00:00:00Z'},
                     {'partition': 'event_time=soon'}, {'partition': 'other=1'}):
            self.me.post(DEVICES + '/trigger', body, expect=400)

    def test_a_note_comes_and_goes(self):
        self.me.post(RUN + '/note', {'note': 'looked at it'})
        changed = self.me.post(RUN + '/note', {'note': 'fine'})
        self.assertEqual(self.me.get(RUN)['note'], 'fine')
        self.me.post(f'/actions/{changed["action_id"]}/undo')
        self.assertEqual(self.me.get(RUN)['note'], 'looked at it')

    def test_a_repeated_request_gives_the_first_answer_and_happens_once(self):
        key = {'Idempotency-Key': 'a1'}
        first = self.me.post(RUN + '/note', {'note': 'one'}, headers=key)
        again = self.me.post(RUN + '/note', {'note': 'one'}, headers=key)
        self.assertEqual(first, again)
        self.me.post(RUN + '/note', {'note': 'two'}, headers=key, expect=422)
        notes = [entry for entry in self.me.get('/audit')['items'] if entry['action'] == 'note']
        self.assertEqual(len(notes), 1)

    def test_who_did_what_stands_in_the_audit_log(self):
        self.me.post('/users', {'name': 'otto', 'password': 'otto-password', 'role': 'operator'}, expect=201)
        otto = Client(self.served.port, 'otto', 'otto-password')
        otto.post(DEVICES + '/pause', {'note': 'lunch'})
        entry = otto.get('/audit')['items'][0]
        self.assertEqual((entry['user'], entry['role'], entry['via'], entry['action'], entry['pipeline'], entry['outcome']),
                         ('otto', 'operator', 'session', 'pause', 'devices_loader', 'ok'))
        self.assertIn('lunch', entry['detail'])
        otto.get('/users', expect=403)

    def test_users_are_made_on_the_command_line_too(self):
        import subprocess
        from story import BINARY
        done = subprocess.run([BINARY, 'users', 'add', 'vera', '--password-stdin', '--pipelines', 'examples/devices'],
                              cwd=self.folder, env=self.environment(), input='vera-password\n', capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        vera = Client(self.served.port, 'vera', 'vera-password')
        vera.post(DEVICES + '/pause', expect=403)
        self.ok('users', 'remove', 'vera', '--pipelines', 'examples/devices')
        vera.get('/me', expect=401)


if __name__ == '__main__':
    unittest.main()
