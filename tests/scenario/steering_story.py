"""What a person does to runs: previews, ranges, single steps, marks, holds, notes, requests, and taking it back."""
import json

from story import Story

PIPELINE = 'plain.yaml'
PLAIN = '''
pipeline: plain
sources:
  devices: {table: dataset/devices, partition: event_time, cadence: day}
schedule: {start: 2024-01-01}
steps:
  - id: types
    sql: {query: 'SELECT type, count(*) AS n FROM devices GROUP BY ALL', into: dataset/types}
'''

STEPS = '''
pipeline: steps
sources:
  devices: {table: dataset/devices, partition: event_time, cadence: day}
schedule: {start: 2024-01-01, max_active_runs: 2}
steps:
  - id: types
    sql: {query: 'SELECT type, count(*) AS n FROM devices GROUP BY ALL', into: dataset/types}
  - id: gate
    needs: types
    shell: true
    command: 'echo {{ run.id }} >> gates; test ! -e closed'
  - id: versions
    needs: gate
    sql: {query: 'SELECT version, count(*) AS n FROM devices GROUP BY ALL', into: dataset/versions}
'''


class Steering(Story):
    def setUp(self):
        super().setUp()
        self.load_three_days()
        self.load('2024-01-04')
        self.write(PIPELINE, PLAIN)

    def states(self, pipeline=PIPELINE):
        return super().states(pipeline)

    def steps(self, run='latest'):
        """step → state, of the newest try"""
        shown, = self.lines('show', 'pipeline.yaml', run)
        return {s['step']: s['state'] for s in shown['tries'][-1]['steps'] if s['map_index'] is None}

    def affected(self, *arguments):
        return {line['run_id']: line for line in self.lines(*arguments)}

    def test_a_preview_lists_exactly_what_is_cleared_then(self):
        self.ok('run', PIPELINE)
        arguments = ('clear', PIPELINE, 'scheduled_2024-01-02', '--future')
        shown = self.affected(*arguments, '--dry-run')
        self.assertEqual(sorted(shown), ['scheduled_2024-01-02', 'scheduled_2024-01-03'])
        self.assertEqual(set(self.states().values()), {'success'}, 'a preview writes nothing')
        done = self.affected(*arguments, '--note', 'the vendor fixed it')
        self.assertEqual(sorted(done), sorted(shown))
        self.assertTrue(all(line['done'] for line in done.values()))
        self.assertEqual([r['run_id'] for r in self.lines('runs', PIPELINE) if r['note']], sorted(shown))
        self.assertEqual(self.call('clear', PIPELINE, 'scheduled_2024-01-02').returncode, 7)
        self.ok('run', PIPELINE)
        self.assertEqual([r['tries'] for r in self.lines('runs', PIPELINE)], [1, 2, 2])
        # What is left alone is said, and a range without anything to clear is no error.
        left = self.lines('clear', PIPELINE, '--from', '2024-01-01', '--to', '2024-01-03', '--only-failed')
        self.assertEqual({line['untouched'] for line in left}, {'is success'})
        self.assertIn('nothing to clear', self.ok('clear', PIPELINE, '--from', '2025-01-01'))

    def test_a_failed_step_is_tried_again_and_what_succeeded_is_kept(self):
        self.write('pipeline.yaml', STEPS)
        self.write('closed', '')
        self.assertEqual(self.call('run', 'pipeline.yaml').returncode, 8)
        (self.folder / 'closed').unlink()
        before = self.version('dataset/types')
        shown = self.affected('clear', 'pipeline.yaml', 'scheduled_2024-01-01', '--only-failed')
        self.assertEqual(shown['scheduled_2024-01-01']['kept'], ['types'])
        self.load('2024-01-01')  # not for this try: keeping a step keeps the versions
        self.call('run', 'pipeline.yaml')
        self.assertEqual(self.states('pipeline.yaml')['scheduled_2024-01-01'], 'success')
        run, = self.lines('show', 'pipeline.yaml', 'scheduled_2024-01-01')
        self.assertEqual(run['tries'][1]['versions'], {'devices': 3})
        kept, = [s for s in run['tries'][1]['steps'] if s['step'] == 'types']
        self.assertEqual(kept['message'], 'kept from try 1')
        # The late data of meanwhile got a run of its own, which wrote `types` again.
        self.assertEqual(self.states('pipeline.yaml')['backfill_2024-01-01_v4'], 'success')
        self.assertEqual(self.version('dataset/types'), before + 1)
        # Now another run built the partition; single steps of the old one make no sense any more.
        shown = self.affected('clear', 'pipeline.yaml', 'scheduled_2024-01-01', '--step', 'versions', '--dry-run')
        self.assertEqual(shown['scheduled_2024-01-01']['steps'], ['types', 'gate', 'versions'])
        self.assertIn('backfill_2024-01-01_v4', shown['scheduled_2024-01-01']['note'])

    def test_a_step_with_what_needs_it_or_alone(self):
        self.write('pipeline.yaml', STEPS)
        self.ok('run', 'pipeline.yaml')
        self.ok('clear', 'pipeline.yaml', 'latest', '--step', 'gate', '--no-downstream')
        gates = len((self.folder / 'gates').read_text().split())
        before = (self.version('dataset/types'), self.version('dataset/versions'))
        self.ok('run', 'pipeline.yaml')
        self.assertEqual(len((self.folder / 'gates').read_text().split()), gates + 1)
        self.assertEqual((self.version('dataset/types'), self.version('dataset/versions')), before)
        self.assertEqual(set(self.steps().values()), {'success', 'skipped'})
        # Kept once more: the output's commit is that of the first try.
        self.ok('clear', 'pipeline.yaml', 'latest', '--step', 'versions')
        self.ok('run', 'pipeline.yaml')
        self.assertEqual(self.states('pipeline.yaml')['scheduled_2024-01-03'], 'success')

    def test_a_kept_step_whose_output_was_lost_fails_the_run_by_name(self):
        self.write('pipeline.yaml', STEPS)
        self.ok('run', 'pipeline.yaml')
        self.ok('clear', 'pipeline.yaml', 'latest', '--step', 'versions')
        for path in sorted((self.folder / 'dataset/types/_delta_log').glob('*.json'), reverse=True)[:1]:
            path.unlink()  # the commit of the newest run, as a careless clean-up would
        done = self.call('run', 'pipeline.yaml')
        self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
        run, = self.lines('show', 'pipeline.yaml', 'latest')
        self.assertIn('the commit of step types', run['message'])

    def test_a_marked_step_lets_the_run_go_on(self):
        self.write('pipeline.yaml', STEPS)
        self.write('closed', '')
        self.assertEqual(self.call('run', 'pipeline.yaml').returncode, 8)
        shown = self.affected('mark', 'pipeline.yaml', 'scheduled_2024-01-01', 'success', '--step', 'gate')
        self.assertEqual(shown['scheduled_2024-01-01']['note'], 'the run goes on at the same versions with versions')
        self.ok('run', 'pipeline.yaml')
        self.assertEqual(self.states('pipeline.yaml')['scheduled_2024-01-01'], 'success')
        self.assertEqual(self.output_rows('dataset/versions').keys(), {'2024-01-01'})

    def test_marks_of_a_range_are_undone_one_by_one(self):
        self.ok('run', PIPELINE)
        marked = self.affected('mark', PIPELINE, 'failed', '--from', '2024-01-02', '--to', '2024-01-03')
        plan = {e['partition']['event_time']: e['decision'] for e in self.lines('plan', PIPELINE, '--all')}
        self.assertEqual((plan['2024-01-01'], plan['2024-01-02'], plan['2024-01-03']), ('up_to_date', 'failed', 'failed'))
        self.ok('undo', PIPELINE, marked['scheduled_2024-01-02']['event'])
        plan = {e['partition']['event_time']: e['decision'] for e in self.lines('plan', PIPELINE, '--all')}
        self.assertEqual((plan['2024-01-02'], plan['2024-01-03']), ('up_to_date', 'failed'))
        self.assertEqual(self.call('undo', PIPELINE, marked['scheduled_2024-01-02']['event']).returncode, 7)

    def test_a_held_partition_starts_for_nobody_until_released(self):
        self.ok('hold', PIPELINE, '2024-01-02', '--reason', 'the vendor resends it')
        self.ok('run', PIPELINE)
        self.assertEqual(sorted(self.states()), ['scheduled_2024-01-01', 'scheduled_2024-01-03'])
        held, = self.lines('plan', PIPELINE, '--held')
        self.assertEqual((held['rule'], held['decision']), ('hold', 'held'))
        self.assertIn('the vendor resends it', held['reason'])
        self.assertIn('the vendor resends it', self.ok('explain', PIPELINE, '2024-01-02'))
        # Also when somebody asks for it.
        self.assertIn('holds back: the vendor resends it', self.ok('run', PIPELINE, '--partition', '2024-01-02'))
        self.ok('release', PIPELINE, '2024-01-02')
        self.ok('undo', PIPELINE)
        self.assertEqual(len(self.lines('plan', PIPELINE, '--held')), 1)
        self.ok('release', PIPELINE, '2024-01-02')
        self.ok('run', PIPELINE)
        self.assertEqual(set(self.states().values()), {'success'})
        self.assertEqual(self.call('release', PIPELINE, '2024-01-02').returncode, 3)
        self.assertEqual(self.call('hold', PIPELINE, '2024-01-02', '--reason', ' ').returncode, 2)
        # A name that stands for nothing is a typing error; one whose data is still to come is not.
        for command in (('hold', PIPELINE, 'soon', '--reason', 'why'), ('run', PIPELINE, '--partition', 'soon')):
            refused = self.call(*command)
            self.assertEqual(refused.returncode, 2, command)
            self.assertIn('stands for no interval', refused.stderr)
        self.ok('hold', PIPELINE, '2024-02-01', '--reason', 'month-end')

    def test_ranges_on_request(self):
        self.ok('run', PIPELINE)
        shown = self.lines('run', PIPELINE, '--partition', '2024-01-02..2024-01-03', '--dry-run')
        self.assertEqual([line['partition']['event_time'] for line in shown], ['2024-01-02', '2024-01-03'])
        self.assertEqual(len(self.states()), 3)
        self.ok('run', PIPELINE, '--partition', '2024-01-02..2024-01-03', '--note', 'for finance')
        manual = [r for r in self.lines('runs', PIPELINE) if r['kind'] == 'manual']
        self.assertEqual([(r['state'], r['note']) for r in manual], [('success', 'for finance')] * 2)
        self.assertEqual(self.call('run', PIPELINE, '--partition', '2024-01-05..2024-01-02').returncode, 2)
        self.assertEqual(self.call('run', PIPELINE, '--partition', '2025-01-05..2025-01-06').returncode, 3)

    def test_notes_and_pauses_and_who_did_what(self):
        self.ok('run', PIPELINE)
        self.ok('note', PIPELINE, 'latest', 'looks <b>odd</b>')
        self.ok('pause', PIPELINE)
        listed = self.lines('undo', PIPELINE, '--list')
        self.assertEqual([line['what'] for line in listed], ['pipeline.paused', 'run.noted'])
        self.assertTrue(all(line['by'] for line in listed))
        self.ok('undo', PIPELINE)
        self.assertNotIn('waits', self.ok('run', PIPELINE))
        self.ok('undo', PIPELINE)
        self.assertEqual([r['note'] for r in self.lines('runs', PIPELINE)], ['', '', ''])
        error = json.loads(self.call('undo', PIPELINE, '--output', 'json').stderr)['error']
        self.assertEqual(error['kind'], 'not_found')

    def test_cancel_of_a_range_takes_what_is_queued(self):
        self.ok('run', PIPELINE)
        self.ok('clear', PIPELINE, '--from', '2024-01-01', '--to', '2024-01-03')
        self.assertEqual(len(self.affected('cancel', PIPELINE, '--to', '2024-01-02', '--dry-run')), 2)
        self.ok('cancel', PIPELINE, '--to', '2024-01-02')
        self.assertEqual(list(self.states().values()), ['cancelled', 'cancelled', 'queued'])
        self.assertEqual(self.call('cancel', PIPELINE).returncode, 2)
