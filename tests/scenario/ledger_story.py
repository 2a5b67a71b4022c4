"""The ledger itself is lost, copied, put back, taken over: what was processed is not processed again."""
import shutil

from story import PIPELINE, Story

LEDGER = 'examples/devices/.latecomer'


class LedgerUpkeep(Story):
    def setUp(self):
        super().setUp()
        pipeline = self.folder / PIPELINE
        pipeline.write_text(pipeline.read_text().replace('retries: 2', 'retries: 0'))  # a refused write stays refused
        self.load_three_days()
        self.ok('run', PIPELINE)

    def lose(self):
        shutil.rmtree(self.folder / LEDGER)

    def due(self):
        return {entry['partition']['event_time']: entry['decision'] for entry in self.lines('plan', PIPELINE)
                if entry['decision'] in ('process', 'failed')}

    def test_a_lost_ledger_is_rebuilt_from_the_outputs(self):
        self.load('2024-01-01')
        self.ok('run', PIPELINE)
        before = self.version('dataset/devices_by_type')
        self.lose()
        refused = self.call('ledger', 'rebuild', PIPELINE)
        self.assertEqual(refused.returncode, 7, refused.stderr)
        self.assertIn('--take-over', refused.stderr)
        rebuilt, = self.lines('ledger', 'rebuild', PIPELINE, '--take-over')
        self.assertEqual(rebuilt['recorded'], ['event_time=2024-01-01', 'event_time=2024-01-02'])
        self.assertEqual(len(rebuilt['took_over']), 1)
        self.assertEqual(self.due(), {})
        self.ok('run', PIPELINE)
        self.assertEqual(self.version('dataset/devices_by_type'), before)
        # And late data is found from there on, and may be written.
        self.load('2024-01-02')
        self.assertEqual(self.due(), {'2024-01-02': 'process'})
        self.ok('run', PIPELINE)
        self.assertEqual(self.version('dataset/devices_by_type'), before + 1)
        again, = self.lines('ledger', 'rebuild', PIPELINE, '--take-over')
        self.assertEqual((again['recorded'], again['kept']), ([], 2))

    def test_late_data_that_was_not_processed_before_the_loss_is_late_after_it(self):
        self.load('2024-01-01')
        self.lose()
        self.ok('ledger', 'rebuild', PIPELINE, '--take-over')
        self.assertEqual(self.due(), {'2024-01-01': 'process'})
        self.ok('run', PIPELINE)
        self.assertEqual(self.due(), {})

    def test_without_rebuild_another_ledger_is_refused_by_the_outputs(self):
        before = self.version('dataset/devices_by_type')
        self.lose()
        done = self.call('run', PIPELINE)
        self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
        self.assertIn('was written for another ledger', done.stdout + done.stderr)
        self.assertIn('latecomer ledger rebuild', self.ok('logs', PIPELINE, 'scheduled_2024-01-01'))
        self.assertEqual(self.version('dataset/devices_by_type'), before)
        # It isn't too late for that.
        rebuilt, = self.lines('ledger', 'rebuild', PIPELINE, '--take-over')
        self.assertEqual(rebuilt['recorded'], ['event_time=2024-01-01', 'event_time=2024-01-02'])
        self.assertEqual(self.due(), {})

    def test_the_ledger_that_was_taken_over_from_can_no_longer_write(self):
        kept = self.folder / 'kept'
        shutil.copytree(self.folder / LEDGER, kept)
        self.lose()
        self.ok('ledger', 'rebuild', PIPELINE, '--take-over')
        self.load('2024-01-01')
        self.ok('run', PIPELINE)
        before = self.version('dataset/devices_by_type')
        self.load('2024-01-01')
        done = self.call('run', PIPELINE, '--ledger', f'sqlite:{kept}/ledger.db')
        self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
        self.assertEqual(self.version('dataset/devices_by_type'), before)

    def test_an_old_copy_put_back_is_brought_up_by_the_outputs(self):
        self.ok('ledger', 'backup', 'copy.db', '--ledger', f'sqlite:{LEDGER}/ledger.db')
        self.load('2024-01-01')
        self.ok('run', PIPELINE)
        before = self.version('dataset/devices_by_type')
        restored, = self.lines('ledger', 'restore', 'copy.db', '--ledger', f'sqlite:{LEDGER}/ledger.db')
        self.assertTrue((self.folder / restored['kept']).exists())
        # Known to the copy: two runs. Not known: the backfill.
        self.assertEqual(len(self.states()), 2)
        self.assertEqual(self.due(), {'2024-01-01': 'process'})
        rebuilt, = self.lines('ledger', 'rebuild', PIPELINE)
        self.assertEqual((rebuilt['recorded'], rebuilt['kept']), (['event_time=2024-01-01'], 1))
        self.assertEqual(self.due(), {})
        self.load('2024-01-01')
        self.ok('run', PIPELINE)
        self.assertEqual(self.version('dataset/devices_by_type'), before + 1)

    def test_an_old_copy_put_back_without_more_costs_work_and_loses_nothing(self):
        self.ok('ledger', 'backup', 'copy.db', '--ledger', f'sqlite:{LEDGER}/ledger.db')
        self.load('2024-01-01')
        self.ok('run', PIPELINE)
        rows = self.output_rows()
        self.ok('ledger', 'restore', 'copy.db', '--ledger', f'sqlite:{LEDGER}/ledger.db')
        self.ok('run', PIPELINE)
        self.assertEqual(self.output_rows(), rows)
        self.assertEqual(self.due(), {})
        self.ok('ledger', 'check', '--ledger', f'sqlite:{LEDGER}/ledger.db')

    def test_a_ledger_that_another_process_is_making_is_an_empty_one_to_who_only_looks(self):
        other = ('--ledger', f'sqlite:{self.folder}/other/ledger.db')
        without = self.lines('plan', PIPELINE, *other)
        file = self.write('other/ledger.db', '')  # the file is there, its schema not yet
        self.assertEqual(self.lines('plan', PIPELINE, *other), without)
        self.assertEqual(self.lines('runs', PIPELINE, *other), [])
        self.assertEqual(file.read_bytes(), b'')

    def test_a_ledger_that_took_over_needs_to_be_told_but_once(self):
        self.lose()
        self.ok('ledger', 'rebuild', PIPELINE, '--take-over')
        again, = self.lines('ledger', 'rebuild', PIPELINE)
        self.assertEqual((again['recorded'], again['took_over'], again['kept']), ([], [], 2))

    def test_versions_of_a_table_that_is_another_one_now_prove_nothing(self):
        self.lose()
        shutil.rmtree(self.folder / 'dataset/devices')
        self.load('2024-01-01')
        self.load('2024-01-03')
        rebuilt, = self.lines('ledger', 'rebuild', PIPELINE, '--take-over')
        # Built from version 2, and there are but two commits: to be built again.
        self.assertEqual((rebuilt['recorded'], rebuilt['ahead']), ([], ['event_time=2024-01-01']))
        self.assertEqual(rebuilt['without_source'], ['event_time=2024-01-02'])
        self.assertEqual(self.due(), {'2024-01-01': 'process'})
        rows = self.output_rows()
        self.ok('run', PIPELINE)
        self.assertEqual(self.output_rows()['2024-01-02'], rows['2024-01-02'])
        self.assertEqual(self.due(), {})

    def test_a_pipeline_without_sql_steps_says_what_to_do(self):
        self.write('command.yaml', 'pipeline: command\n'
                   'sources: {devices: {table: dataset/devices, partition: event_time, cadence: day}}\n'
                   'steps: [{id: work, command: ["true"]}]\n')
        done = self.call('ledger', 'rebuild', 'command.yaml')
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn('latecomer adopt', done.stderr)
