"""The late-data story from end to end: by plan, by hand, in place of the Spark job, and in the pattern's other forms."""
import json
import re

from story import PIPELINE, Story


class ByPlan(Story):
    def test_late_partition_and_nothing_else_is_processed_again(self):
        self.load_three_days()
        rows = [json.loads(line) for line in (self.folder / 'dataset/input/dataset.json').read_text().splitlines()]
        self.assertEqual(len(rows), 100)
        self.assertEqual({tuple(sorted(row)) for row in rows}, {('full_name', 'type', 'version')})
        names = [p.name for p in (self.folder / 'dataset/devices/event_time=2024-01-01').iterdir()]
        self.assertEqual(len(names), 1)
        self.assertRegex(names[0], r'^part-00000-[0-9a-f-]{36}\.c000\.snappy\.parquet$')

        self.ok('run', PIPELINE)
        self.assertEqual(self.states(), {'scheduled_2024-01-01': 'success', 'scheduled_2024-01-02': 'success'})
        self.assertEqual(set(self.output_rows()), {'2024-01-01', '2024-01-02'})
        for run in self.lines('show', PIPELINE):
            steps = {step['step']: step['state'] for step in run['tries'][-1]['steps']}
            self.assertEqual(steps, {'ready': 'success', 'detect': 'success', 'process_devices': 'success',
                                     'record': 'success', 'backfill': 'skipped'})

        self.load('2024-01-01')
        plan = self.lines('plan', PIPELINE)
        self.assertEqual([(e['partition'], e['decision'], e['late']) for e in plan],
                         [({'event_time': '2024-01-01'}, 'process', True)])
        change, = plan[0]['changes']
        self.assertEqual((change['version'], change['files_added'], change['rows_added']), (3, 1, 100))
        self.assertGreater(change['lateness_seconds'], 0)
        self.assertIn('late because of devices version 3: 1 file, 100 rows', plan[0]['reason'])

        before = self.version('dataset/devices_by_type')
        self.ok('run', PIPELINE)
        self.assertEqual(self.states(), {'scheduled_2024-01-01': 'success', 'scheduled_2024-01-02': 'success',
                                         'backfill_2024-01-01_v3': 'success'})
        written = [c for c in self.lines('changes', 'dataset/devices_by_type') if c['version'] > before]
        self.assertEqual([[p['partition'] for p in c['partitions']] for c in written], [[{'event_time': '2024-01-01'}]])

        why, = self.lines('explain', PIPELINE, '2024-01-01')
        self.assertEqual(why['processed'], {**why['processed'], 'versions': {'devices': 3}, 'run_id': 'backfill_2024-01-01_v3'})
        self.assertEqual([change['version'] for change in why['history']], [0, 3])
        why_not, = self.lines('explain', PIPELINE, '2024-01-02')
        self.assertEqual((why_not['decision'], why_not['processed']['run_id']), ('up_to_date', 'scheduled_2024-01-02'))
        self.assertIn('nothing newer changed it', why_not['reason'])

        version = self.version('dataset/devices_by_type')
        self.assertIn('nothing to do', self.ok('run', PIPELINE))
        self.assertEqual(self.version('dataset/devices_by_type'), version)

    def test_plan_writes_nothing(self):
        self.load_three_days()
        self.ok('plan', PIPELINE)
        self.assertFalse(list(self.folder.rglob('ledger.db')))
        self.ok('run', PIPELINE)
        self.load('2024-01-01')
        ledger, = self.folder.rglob('ledger.db')
        before = ledger.read_bytes()
        self.ok('plan', PIPELINE)
        self.ok('explain', PIPELINE, '2024-01-01')
        self.assertEqual(ledger.read_bytes(), before)


class ByHand(Story):
    def test_clear_of_the_latest_run_detects_and_backfills(self):
        self.load_three_days()
        self.ok('run', PIPELINE)
        self.load('2024-01-01')
        self.ok('clear', PIPELINE)
        self.ok('run', PIPELINE)
        states = self.states()
        backfill, = [run for run in states if run.startswith('backfill_')]
        self.assertRegex(backfill, r'^backfill_2024-01-01_from_2024-01-02_\d{8}T')
        self.assertEqual(set(states.values()), {'success'})
        runs = {run['run_id']: run for run in self.lines('show', PIPELINE)}
        cleared = runs['scheduled_2024-01-02']
        self.assertEqual([t['versions'] for t in cleared['tries']], [{'devices': 2}, {'devices': 3}])
        instances = [s for s in cleared['tries'][-1]['steps'] if s['step'] == 'backfill' and s['map_index'] is not None]
        self.assertEqual([s['child_run'] for s in instances], [backfill])
        child = {s['step']: s['state'] for s in runs[backfill]['tries'][-1]['steps']}
        self.assertEqual((child['detect'], child['backfill']), ('skipped', 'skipped'))
        first = {s['step']: s['state'] for s in runs['scheduled_2024-01-01']['tries'][-1]['steps']}
        self.assertEqual(first['backfill'], 'skipped')


class InPlaceOfTheSparkJob(Story):
    def configure(self, current):
        self.ok('configure-backfill', '--outputLocation', 'job', '--tableFullPath', 'dataset/devices',
                '--outputBackfillingFileName', 'backfilling_configuration.json', '--currentPartition', f'event_time={current}')
        return (self.folder / 'job/backfilling_configuration.json').read_text()

    def update(self):
        self.ok('update-last-processed', '--outputLocation', 'job', '--outputBackfillingFileName',
                'backfilling_configuration.json')
        return (self.folder / 'job/_last_processed_version').read_text()

    def test_the_same_files_in_the_same_format(self):
        self.load_three_days()
        (self.folder / 'job').mkdir()
        self.write('job/_last_processed_version', '2')
        self.assertEqual(self.configure('2024-01-02'), '{"partitions":[],"lastProcessedVersion":2}')
        self.load('2024-01-01')
        self.assertEqual(self.configure('2024-01-02'),
                         '{"partitions":[{"event_time":"2024-01-01"}],"lastProcessedVersion":3}')
        self.assertEqual(self.update().strip(), '3')
        self.assertEqual(self.configure('2024-01-01'), '{"partitions":[],"lastProcessedVersion":3}')


class OtherForms(Story):
    def test_lookback_processes_the_day_before_again_each_time(self):
        self.load_three_days()
        self.ok('run', 'examples/lookback/pipeline.yaml')
        runs = self.states('examples/lookback/pipeline.yaml')
        self.assertEqual(runs['scheduled_2024-01-02'], 'success')
        backfills = [run for run in runs if re.match('backfill_2024-01-01_from_2024-01-02_', run)]
        self.assertEqual(len(backfills), 1)
        self.assertIn('nothing to do', self.ok('run', 'examples/lookback/pipeline.yaml'))

    def test_concurrent_backfills_of_several_partitions(self):
        self.load_three_days()
        pipeline = 'examples/concurrent/pipeline.yaml'
        self.ok('run', pipeline)
        for day in ('2024-01-01', '2024-01-02'):
            self.load(day)
        self.ok('run', pipeline)
        states = self.states(pipeline)
        self.assertEqual({run for run in states if run.startswith('backfill_')},
                         {'backfill_2024-01-01_v3', 'backfill_2024-01-02_v4'})
        self.assertEqual(set(states.values()), {'success'})
        logs = self.ok('logs', pipeline, 'backfill_2024-01-02_v4', '--step', 'announce')
        self.assertIn('2024-01-02 is built from version 4 by backfill_2024-01-02_v4', logs)
