"""Pipelines that feed each other: order, diamonds, waiting and saying for what, rings, a folder of them."""
import json

from story import Story

CLEAN = '''
pipeline: clean
sources:
  devices: {table: ../dataset/devices, partition: event_time, cadence: day}
schedule: {start: 2024-01-01, max_active_runs: 2}
steps:
  - id: gate
    shell: true
    command: 'test ! -e ../closed && echo "clean {{ run.id }}" >> ../order.txt'
  - id: write
    needs: gate
    sql: {query: 'SELECT type, version FROM devices', into: ../dataset/clean}
'''

REPORT = '''
pipeline: {name}
sources:
  {source}: {{table: ../dataset/{source}, partition: event_time, cadence: day}}
schedule: {{start: 2024-01-01, max_active_runs: 2{schedule}}}
steps:
  - id: note
    shell: true
    command: 'echo "{name} {{{{ run.id }}}}" >> ../order.txt'
  - id: write
    needs: note
    sql: {{query: 'SELECT count(*) AS n FROM {source}', into: ../dataset/{name}}}
'''

BOTTOM = '''
pipeline: bottom
sources:
  left: {table: ../dataset/left, partition: event_time, cadence: day}
  right: {table: ../dataset/right, partition: event_time, cadence: day}
schedule: {start: 2024-01-01, max_active_runs: 2}
steps:
  - id: note
    shell: true
    command: 'echo "bottom {{ run.id }}" >> ../order.txt'
  - id: write
    needs: note
    sql: {query: 'SELECT l.n AS left_n, r.n AS right_n FROM "left" l, "right" r', into: ../dataset/bottom}
'''


class Cascade(Story):
    def setUp(self):
        super().setUp()
        self.load_three_days()
        self.load('2024-01-04')
        self.write('pipelines/clean.yaml', CLEAN)

    def report(self, name='report', source='clean', schedule=''):
        self.write(f'pipelines/{name}.yaml', REPORT.format(name=name, source=source, schedule=schedule))

    def order(self):
        path = self.folder / 'order.txt'
        lines = path.read_text().split('\n')[:-1] if path.exists() else []
        path.write_text('')
        return [tuple(line.split()) for line in lines]

    def settled(self, pipelines='pipelines'):
        """Nothing is left to do in any of them."""
        return not [e for e in self.lines('plan', pipelines) if e['decision'] not in ('waiting',)]

    def test_a_folder_is_run_to_its_end_and_late_data_goes_down_once(self):
        self.report()
        out = self.ok('run', 'pipelines')
        self.assertIn('report scheduled_2024-01-01  success', out)
        self.assertTrue(self.settled(), self.ok('plan', 'pipelines'))
        self.order()
        self.load('2024-01-01')
        self.ok('run', 'pipelines')
        self.assertEqual([(pipeline, run.split('_')[1]) for pipeline, run in self.order()],
                         [('clean', '2024-01-01'), ('report', '2024-01-01')])

    def test_a_diamond_makes_the_bottom_once(self):
        self.report('left')
        self.report('right')
        self.write('pipelines/bottom.yaml', BOTTOM)
        self.ok('run', 'pipelines')
        self.order()
        self.load('2024-01-01')
        self.ok('run', 'pipelines')
        order = [pipeline for pipeline, _ in self.order()]
        self.assertEqual((order[0], sorted(order[1:3]), order[3:]), ('clean', ['left', 'right'], ['bottom']))
        self.assertTrue(self.settled())

    def test_what_waits_for_upstream_says_for_what(self):
        self.report()
        self.ok('run', 'pipelines')
        self.write('closed', '')
        self.load('2024-01-01')
        # `report` is cleared by a person while its upstream partition is late.
        self.ok('clear', 'pipelines/report.yaml', 'scheduled_2024-01-01')
        out = self.ok('run', 'pipelines/report.yaml')
        self.assertIn('scheduled_2024-01-01 waits for upstream clean: event_time=2024-01-01 is late', out)
        run, = [r for r in self.lines('runs', 'pipelines/report.yaml') if r['state'] == 'queued']
        self.assertIn('upstream clean', run['waiting_for'])
        # Once that failed it still waits, and names the failed run.
        self.assertEqual(self.call('run', 'pipelines').returncode, 8)
        why, = self.lines('explain', 'pipelines/report.yaml', '2024-01-01')
        run, = why['runs']
        self.assertIn('backfill_2024-01-01_v4, which failed', run['waiting_for'])
        (self.folder / 'closed').unlink()
        self.ok('clear', 'pipelines/clean.yaml', 'backfill_2024-01-01_v4')
        self.ok('run', 'pipelines')
        self.assertTrue(self.settled())

    def test_waiting_can_be_switched_off(self):
        self.report(schedule=', wait_for_upstream: false')
        self.ok('run', 'pipelines')
        self.write('closed', '')
        self.load('2024-01-01')
        self.ok('clear', 'pipelines/report.yaml', 'scheduled_2024-01-01')
        self.order()
        self.ok('run', 'pipelines/report.yaml')
        self.assertEqual(self.order(), [('report', 'scheduled_2024-01-01')])

    def test_a_pipeline_whose_file_is_gone_is_not_waited_for(self):
        self.report()
        self.ok('run', 'pipelines')
        self.load('2024-01-01')
        (self.folder / 'pipelines/clean.yaml').unlink()
        self.ok('clear', 'pipelines/report.yaml', 'scheduled_2024-01-01')
        self.order()
        self.ok('run', 'pipelines/report.yaml')
        self.assertEqual(self.order(), [('report', 'scheduled_2024-01-01')])

    def test_rings_are_refused_over_files_and_with_the_ledger(self):
        self.report()
        self.ok('run', 'pipelines')
        ring = REPORT.format(name='ring', source='report', schedule='').replace('into: ../dataset/ring',
                                                                                'into: ../dataset/devices')
        self.write('pipelines/ring.yaml', ring)
        for command in ('validate', 'run', 'plan'):
            done = self.call(command, 'pipelines', '--output', 'json')
            self.assertEqual(done.returncode, 2, done.stdout)
            error = json.loads(done.stderr)['error']
            self.assertIn('in a ring', error['message'])
        # The others are known to the ledger.
        done = self.call('run', 'pipelines/ring.yaml')
        self.assertEqual(done.returncode, 2)
        self.assertIn('in a ring', done.stderr)
        self.assertEqual(self.call('validate', 'pipelines/ring.yaml').returncode, 0)

    def test_one_that_fails_takes_no_other_along(self):
        self.report()
        self.write('pipelines/other.yaml', CLEAN.replace('pipeline: clean', 'pipeline: other')
                   .replace('../dataset/devices', '../dataset/nowhere').replace('dataset/clean', 'dataset/other'))
        done = self.call('run', 'pipelines')
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn('dataset/nowhere', done.stderr)
        self.assertEqual(self.states('pipelines/report.yaml')['scheduled_2024-01-01'], 'success')

    def test_validate_shows_who_waits_for_whom(self):
        self.report()
        self.assertIn('report waits for clean', self.ok('validate', 'pipelines'))
        done = self.call('validate', 'dataset')
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
