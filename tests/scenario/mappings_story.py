"""Several sources and mappings: windows, roll-ups, lookups, on real tables with real runs."""
import json

from story import Story

DAYS = ('2024-01-30', '2024-01-31', '2024-02-01', '2024-02-02')


class Mappings(Story):
    def put(self, table, day, values):
        """Appends rows {v: …} to one day of a table."""
        self.write(f'{table}.json', ''.join(json.dumps({'v': v}) + '\n' for v in values))
        self.ok('load', table, f'{table}.json', '--partition', f'event_time={day}')

    def put_days(self, table, days=DAYS):
        for number, day in enumerate(days):
            self.put(table, day, [number + 1])

    def pipeline(self, name, sources, sql, extra=''):
        self.write(f'{name}.yaml', f'pipeline: {name}\nsources:\n{sources}{extra}'
                                   f'steps:\n  - id: count\n    sql:\n      query: {json.dumps(sql)}\n      into: out_{name}\n'
                                   'late_data:\n  allowed_lateness: 36500d\n')
        return f'{name}.yaml'

    def outputs(self, table):
        """partition → its single row"""
        return {tuple(p['partition'].values())[0]: p['rows'] for p in self.lines('partitions', table)}

    def decisions(self, pipeline):
        return {tuple(e['partition'].values())[0]: e['decision'] for e in self.lines('plan', pipeline)}

    def built_from(self, pipeline, partition):
        why, = self.lines('explain', pipeline, partition)
        return why['processed'] and why['processed']['versions']


class RollUp(Mappings):
    def test_days_are_rolled_up_into_months(self):
        self.put_days('days')
        pipeline = self.pipeline('months', '  days: {table: days, partition: event_time, mapping: {rollup: month}}\n',
                                 'SELECT DISTINCT v FROM days')
        self.assertIn('output 2024-01-01 is made from 2024-01-01 to 2024-01-31', self.ok('validate', pipeline))
        self.assertEqual(self.decisions(pipeline), {'2024-01': 'process', '2024-02': 'waiting'})
        self.ok('run', pipeline)
        self.assertEqual(self.outputs('out_months'), {'2024-01': 2})
        # A day of January that comes late touches January alone, as one output.
        self.put('days', '2024-01-15', [7, 8])
        plan, = [e for e in self.lines('plan', pipeline) if e['decision'] == 'process']
        self.assertEqual((plan['partition'], plan['late'], [c['partition'] for c in plan['changes']]),
                         ({'event_time': '2024-01'}, True, [{'event_time': '2024-01-15'}]))
        self.ok('run', pipeline)
        self.assertEqual(self.outputs('out_months'), {'2024-01': 4})
        self.assertEqual(self.states(pipeline), {'scheduled_2024-01': 'success', 'backfill_2024-01_v4': 'success'})
        self.assertIn('nothing to do', self.ok('run', pipeline))

    def test_the_output_may_have_columns_of_its_own(self):
        self.put_days('days')
        pipeline = self.pipeline('months', '  days: {table: days, partition: event_time, mapping: {rollup: month}}\n',
                                 "SELECT count(*) AS n, '{{ partition.month }}' AS label FROM days",
                                 'output:\n  partition: {columns: [month], format: "%Y%m"}\n')
        self.ok('run', pipeline)
        self.assertEqual(self.outputs('out_months'), {'202401': 1})


class Window(Mappings):
    def test_a_change_touches_the_days_whose_window_reaches_it(self):
        self.put_days('days')
        pipeline = self.pipeline('last_three', '  days: {table: days, partition: event_time, mapping: {window: 2}}\n',
                                 'SELECT v FROM days')
        self.ok('run', pipeline)
        self.assertEqual(self.outputs('out_last_three'), {'2024-01-30': 1, '2024-01-31': 2, '2024-02-01': 3})
        self.put('days', '2024-01-31', [9])
        self.assertEqual(self.decisions(pipeline),
                         {'2024-01-31': 'process', '2024-02-01': 'process', '2024-02-02': 'waiting'})
        self.ok('run', pipeline)
        self.assertEqual(self.outputs('out_last_three'), {'2024-01-30': 1, '2024-01-31': 3, '2024-02-01': 4})
        self.assertIn('nothing to do', self.ok('run', pipeline))


class TwoSources(Mappings):
    SOURCES = ('  devices: {table: devices, partition: event_time}\n'
               '  users: {table: users, partition: event_time}\n')

    def test_each_source_has_its_own_version_and_both_make_late(self):
        self.put_days('devices')
        self.put_days('users', DAYS[:2])
        pipeline = self.pipeline('joined', self.SOURCES, 'SELECT d.v, u.v AS w FROM devices d LEFT JOIN users u ON true')
        # Complete is what both say is complete.
        self.assertEqual(self.decisions(pipeline), {'2024-01-30': 'process', '2024-01-31': 'waiting',
                                                    '2024-02-01': 'waiting', '2024-02-02': 'waiting'})
        waiting = [e for e in self.lines('plan', pipeline) if e['decision'] == 'waiting']
        self.assertIn('waits until a later partition exists in users', waiting[0]['reason'])
        self.ok('run', pipeline)
        self.assertEqual(self.built_from(pipeline, '2024-01-30'), {'devices': 3, 'users': 1})
        self.put('users', '2024-01-30', [5, 6])
        self.put('devices', '2024-01-30', [4])
        self.ok('run', pipeline)
        self.assertEqual(self.built_from(pipeline, '2024-01-30'), {'devices': 4, 'users': 2})
        self.assertEqual(self.outputs('out_joined'), {'2024-01-30': 6})
        causes = {run['cause'] for run in self.lines('runs', pipeline)}
        self.assertIn('devices@4,users@2', causes)
        info = self.lines('changes', 'out_joined')[-1]
        log = (self.folder / f'out_joined/_delta_log/{info["version"]:020}.json').read_text()
        self.assertIn('"devices":4', log)
        self.assertIn('"users":2', log)

    def test_a_lookup_is_pinned_and_never_makes_late(self):
        self.put_days('devices')
        self.put('prices', '2024-01-01', [10])
        self.put('prices', '2024-01-02', [20, 21])
        pipeline = self.pipeline('priced', '  devices: {table: devices, partition: event_time}\n'
                                           '  prices: {table: prices, partition: event_time, mapping: latest}\n'
                                           '  history: {table: prices, mapping: all}\n',
                                 'SELECT p.v, (SELECT count(*) FROM history) AS n FROM devices d, prices p')
        self.ok('run', pipeline)
        self.assertEqual(self.outputs('out_priced'), {day: 2 for day in DAYS[:3]})
        self.assertEqual(self.built_from(pipeline, '2024-01-30'), {'devices': 3, 'history': 1, 'prices': 1})

    def test_what_does_not_fit_is_refused_with_what_to_write_instead(self):
        bad = self.pipeline('bad', '  a: {table: a, partition: t}\n'
                                   '  b: {table: b, partition: t, cadence: hour}\n', 'SELECT 1 AS x')
        done = self.call('validate', bad)
        self.assertEqual(done.returncode, 2)
        self.assertIn('bad.yaml:4:6: sources.b: identity needs source and output of one cadence', done.stderr)
        self.assertIn('mapping: {rollup: day}', done.stderr)
