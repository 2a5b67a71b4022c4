"""Changing a pipeline: what goes on by itself, what needs a person's word, and what an older definition built."""
import json

from story import Story

PIPELINE = 'plain.yaml'
DAYS = ('2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04')


class Definition(Story):
    def setUp(self):
        super().setUp()
        self.put_days('events')

    def put(self, table, day, value):
        self.write(f'{table}.json', json.dumps({'v': value}) + '\n')
        self.ok('load', table, f'{table}.json', '--partition', f'event_time={day}')

    def put_days(self, table):
        for number, day in enumerate(DAYS):
            self.put(table, day, number)

    def define(self, sources='events: {table: events, partition: event_time}', query='SELECT v FROM events', into='out',
               more=''):
        self.write(PIPELINE, f'pipeline: plain\nsources:\n  {sources}\n{more}'
                             f'steps:\n  - id: build\n    sql: {{query: "{query}", into: {into}}}\n'
                             'late_data: {allowed_lateness: 36500d}\n')

    def processed(self):
        self.define()
        self.ok('run', PIPELINE)
        self.assertEqual(len(self.states(PIPELINE)), 3)

    def plan(self):
        return {tuple(e['partition'].values())[0]: (e['decision'], e['late']) for e in self.lines('plan', PIPELINE)}

    def refused(self, *arguments):
        done = self.call(*arguments)
        self.assertEqual(done.returncode, 7, done.stdout + done.stderr)
        return done.stderr

    def test_a_new_query_makes_nothing_late_and_what_is_older_is_said(self):
        self.processed()
        self.assertNotIn('note:', self.call('plan', PIPELINE).stderr)
        self.define(query='SELECT v + 10 AS v FROM events')
        for _ in range(2):  # before the first run by the new definition, and after it
            shown = self.call('plan', PIPELINE)
            self.assertIn('3 built by an older definition of plain', shown.stderr)
            self.assertIn('clear', shown.stderr)
            self.assertEqual(self.plan(), {'2024-01-04': ('waiting', False)})
            self.ok('run', PIPELINE)
        self.put('events', '2024-01-01', 7)
        self.ok('run', PIPELINE)
        self.assertIn('2 built by an older definition', self.call('plan', PIPELINE).stderr)
        cleared = self.lines('clear', PIPELINE, '--older-definition', '--from', '2024-01-03')
        self.assertEqual([line['run_id'] for line in cleared], ['scheduled_2024-01-03'])
        self.ok('run', PIPELINE)
        cleared = self.lines('clear', PIPELINE, '--older-definition')
        self.assertEqual([line['run_id'] for line in cleared], ['scheduled_2024-01-02'])
        self.ok('run', PIPELINE)
        self.assertNotIn('note:', self.call('plan', PIPELINE).stderr)
        self.assertIn('nothing to clear', self.ok('clear', PIPELINE, '--older-definition'))

    def test_a_new_source_counts_as_seen(self):
        self.put_days('users')
        self.processed()
        self.define('events: {table: events, partition: event_time}\n  users: {table: users, partition: event_time}',
                    'SELECT events.v FROM events, users')
        self.assertEqual(self.plan(), {'2024-01-04': ('waiting', False)})
        self.ok('run', PIPELINE)
        self.assertEqual(len(self.states(PIPELINE)), 3)
        self.put('users', '2024-01-02', 9)
        self.assertEqual(self.plan()['2024-01-02'], ('process', True))
        self.ok('run', PIPELINE)
        self.assertEqual(self.states(PIPELINE)['backfill_2024-01-02_v4'], 'success')

    def test_a_new_source_whose_table_is_to_come_has_all_of_it_to_process(self):
        self.processed()
        self.define('events: {table: events, partition: event_time}\n  later: {table: later, mapping: all, partition: event_time}',
                    'SELECT events.v FROM events, later')
        self.call('run', PIPELINE)
        self.put('later', '2024-01-01', 9)
        self.assertEqual({decision for decision, late in self.plan().values() if late}, {'process'})

    def test_a_renamed_source_keeps_what_is_late(self):
        self.processed()
        self.put('events', '2024-01-01', 7)
        self.define('things: {table: events, partition: event_time}', 'SELECT v FROM things')
        self.assertEqual(self.plan(), {'2024-01-01': ('process', True), '2024-01-04': ('waiting', False)})
        self.ok('run', PIPELINE)
        why, = self.lines('explain', PIPELINE, '2024-01-02')
        self.assertEqual(why['processed']['versions'], {'things': 3})

    def window(self, query='SELECT v FROM events'):
        self.define('events: {table: events, partition: event_time, mapping: {window: 1}}', query)

    def test_another_mapping_waits_for_accept(self):
        self.processed()
        self.window()
        for command in ('plan', 'run', 'explain'):
            arguments = (command, PIPELINE) + (('2024-01-01',) if command == 'explain' else ())
            self.assertIn('sources.events.mapping (identity, now window: 1)', self.refused(*arguments))
        self.refused('hold', PIPELINE, '2024-01-01', '--reason', 'why')
        accepted, = self.lines('accept', PIPELINE)
        # The first day has no day before it, so it is made of what it was.
        self.assertEqual((accepted['late'], accepted['kept'], accepted['gone']), (2, 1, 0))
        self.assertEqual({day for day, (_, late) in self.plan().items() if late}, {'2024-01-02', '2024-01-03'})
        self.ok('run', PIPELINE)
        self.assertEqual(self.output_rows('out'), {'2024-01-01': 1, '2024-01-02': 2, '2024-01-03': 2})
        self.refused('accept', PIPELINE)
        self.assertEqual(self.plan(), {'2024-01-04': ('waiting', False)})

    def test_as_processed_takes_what_is_there(self):
        self.processed()
        self.put('events', '2024-01-01', 7)
        self.window()
        accepted, = self.lines('accept', PIPELINE, '--as-processed')
        self.assertEqual((accepted['late'], accepted['kept']), (0, 3))
        self.assertEqual(self.plan(), {'2024-01-04': ('waiting', False)})
        self.ok('run', PIPELINE)
        self.assertEqual(len(self.states(PIPELINE)), 3)

    def test_as_changed_makes_everything_late(self):
        self.processed()
        self.window()
        accepted, = self.lines('accept', PIPELINE, '--as-changed')
        self.assertEqual((accepted['late'], accepted['kept']), (3, 0))
        self.ok('run', PIPELINE)
        self.assertEqual(len([run for run in self.states(PIPELINE) if run.startswith('backfill')]), 3)

    def test_into_another_table_everything_is_made_again(self):
        self.processed()
        self.define(into='elsewhere')
        self.assertIn('`into` of step build', self.refused('run', PIPELINE))
        self.ok('accept', PIPELINE)
        self.ok('run', PIPELINE)
        self.assertEqual(self.output_rows('elsewhere'), self.output_rows('out'))

    def test_other_outputs_take_the_place_of_those_before(self):
        self.processed()
        self.ok('clear', PIPELINE)  # a queued run of a day, which will be no output
        self.define('events: {table: events, partition: event_time, mapping: {rollup: month}}', into='months')
        accepted, = self.lines('accept', PIPELINE)
        self.assertEqual((accepted['gone'], accepted['cancelled']), (3, ['scheduled_2024-01-03']))
        self.assertEqual(self.plan(), {'2024-01': ('waiting', False)})
        self.put('events', '2024-02-01', 1)
        self.ok('run', PIPELINE)
        self.assertEqual(self.output_rows('months'), {'2024-01': 4})
        self.assertEqual(self.states(PIPELINE)['scheduled_2024-01'], 'success')

    def test_nothing_processed_needs_no_word(self):
        self.define()
        self.ok('hold', PIPELINE, '2024-01-01', '--reason', 'makes the pipeline known')
        self.ok('release', PIPELINE, '2024-01-01')
        self.window()
        self.ok('run', PIPELINE)
        self.assertEqual(self.output_rows('out')['2024-01-02'], 2)

    def test_back_to_the_old_definition_is_no_change(self):
        self.processed()
        self.window()
        self.refused('run', PIPELINE)
        self.define()
        self.assertEqual(self.plan(), {'2024-01-04': ('waiting', False)})
        self.ok('run', PIPELINE)
