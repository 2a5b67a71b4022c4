"""Rules of a pipeline file on real tables: when intervals are complete, what gets a run, what is held and let go."""
import json
import time

from story import Story

PIPELINE = 'plain.yaml'
DAYS = ('2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04')
LONG = 'allowed_lateness: 36500d'


class Rules(Story):
    def put(self, day, value=1, table='events'):
        self.write('rows.json', json.dumps({'v': value}) + '\n')
        self.ok('load', table, 'rows.json', '--partition', f'event_time={day}')

    def put_days(self, *days):
        for number, day in enumerate(days or DAYS):
            self.put(day, number)

    def define(self, late=LONG, schedule='', mapping='identity', step=None):
        step = step or 'sql: {query: "SELECT count(*) AS n, coalesce(sum(v), 0) AS v FROM events", into: out}'
        self.write(PIPELINE, 'pipeline: plain\n'
                             f'sources:\n  events: {{table: events, partition: event_time, mapping: {mapping}}}\n'
                             f'schedule: {{{schedule}}}\nsteps:\n  - id: build\n    {step}\nlate_data: {{{late}}}\n')

    def plan(self, *more):
        return {e['partition']['event_time']: e for e in self.lines('plan', PIPELINE, *more)}

    def decisions(self, *more):
        return {day: entry['decision'] for day, entry in self.plan(*more).items()}

    def states(self, pipeline=PIPELINE):
        return super().states(pipeline)

    def run_all(self):
        return self.ok('run', PIPELINE)


class Complete(Rules):
    def test_a_cron_line_makes_intervals_complete(self):
        self.put_days()
        self.define(schedule='ready: "0 3 * * *"')
        self.assertIn('ready: at 0 3 * * *', self.ok('validate', PIPELINE))
        # All of them ended long ago, also the newest, which no later partition proves.
        self.assertEqual(set(self.decisions().values()), {'process'})
        self.run_all()
        self.assertEqual(len(self.states()), 4)
        self.define(schedule='ready: "0 3 1 1 *", start: 2024-01-02')  # once a year
        self.put('2030-06-01')
        waits = self.plan()['2030-06-01']
        self.assertIn(waits['rule'], ('ready', 'future'))

    def test_gaps_are_processed_where_the_file_asks_for_it(self):
        self.put_days('2024-01-01', '2024-01-04', '2024-01-05')
        self.define(schedule='start: 2024-01-01')
        self.assertEqual(sorted(self.decisions()), ['2024-01-01', '2024-01-04', '2024-01-05'])
        self.define(schedule='start: 2024-01-01, empty_partitions: run')
        self.run_all()
        self.assertEqual(sorted(self.states()), [f'scheduled_2024-01-0{day}' for day in (1, 2, 3, 4)])
        self.assertEqual(set(self.states().values()), {'success'})
        self.assertEqual(self.output_rows('out'), {f'2024-01-0{day}': 1 for day in (1, 2, 3, 4)})
        self.assertEqual(self.decisions(), {'2024-01-05': 'waiting'})
        # What comes into the gap later is late data.
        self.put('2024-01-03', 9)
        self.assertEqual((self.plan()['2024-01-03']['decision'], self.plan()['2024-01-03']['late']), ('process', True))
        self.run_all()
        self.assertEqual(self.states()['backfill_2024-01-03_v3'], 'success')

    def test_a_gap_of_a_window_sees_the_days_before(self):
        self.put_days('2024-01-01', '2024-01-03', '2024-01-04')
        self.define(schedule='start: 2024-01-01, empty_partitions: run', mapping='{window: 1}',
                    step='sql: {query: "SELECT v FROM events", into: out}')
        self.run_all()
        self.assertEqual(self.output_rows('out'), {'2024-01-01': 1, '2024-01-02': 1, '2024-01-03': 1})

    def test_a_wrong_clock_opens_no_gap(self):
        self.put_days('2024-01-01', '2024-01-02', '2999-01-01')
        self.define(schedule='start: 2024-01-01, empty_partitions: run')
        self.assertEqual(sorted(self.plan('--all')), ['2024-01-01', '2024-01-02', '2999-01-01'])


class WithoutInterval(Rules):
    NOBODY = '__HIVE_DEFAULT_PARTITION__'

    def test_each_key_has_a_run_of_its_own(self):
        self.put_days('2024-01-01', '2024-01-02', self.NOBODY, 'soon')
        self.define()
        self.run_all()
        self.assertEqual(sorted(self.states()), ['scheduled_2024-01-01'])
        self.assertEqual({e['partition']['event_time'] for e in self.lines('plan', PIPELINE, '--held')}, {None, 'soon'})
        self.define(late='no_interval: process, ' + LONG)
        self.run_all()
        self.assertEqual(sorted(self.states()), ['scheduled_2024-01-01', 'scheduled_null', 'scheduled_soon'])
        self.assertEqual(set(self.states().values()), {'success'})
        self.assertEqual(self.output_rows('out'), {'2024-01-01': 1, None: 1, 'soon': 1})
        self.put('soon', 5)
        self.run_all()
        self.assertEqual(self.states()['backfill_soon_v4'], 'success')
        self.assertIn('nothing to do', self.run_all())


class Failed(Rules):
    def test_a_failed_cause_starts_again_after_its_time(self):
        self.put_days()
        self.define(late='retry_failed_after: 1s, ' + LONG, schedule='end: 2024-01-01',
                    step='command: "test -e repaired"\n    shell: true')
        self.assertEqual(self.call('run', PIPELINE).returncode, 8)
        self.assertEqual(self.states(), {'scheduled_2024-01-01': 'failed'})
        self.write('repaired', '')
        deadline = time.monotonic() + 30
        while self.decisions().get('2024-01-01') == 'failed' and time.monotonic() < deadline:
            pass  # each look takes its time
        self.assertEqual(self.decisions()['2024-01-01'], 'process')
        self.run_all()
        self.assertEqual(self.states(), {'scheduled_2024-01-01': 'success'})
        run, = self.lines('runs', PIPELINE)
        self.assertEqual(run['tries'], 2)

    def test_a_failed_cause_waits_for_its_time(self):
        self.put_days()
        self.define(late='retry_failed_after: 30d, ' + LONG, schedule='end: 2024-01-01', step='command: ["false"]')
        self.assertEqual(self.call('run', PIPELINE).returncode, 8)
        self.assertIn('retry_failed_after', self.plan()['2024-01-01']['reason'])
        self.run_all()
        run, = self.lines('runs', PIPELINE)
        self.assertEqual((run['state'], run['tries']), ('failed', 1))


class Following(Rules):
    CUMULATIVE = ('command: "test -e out_{{ partition.event_time }} && echo again >> log; '
                  'echo {{ partition.event_time }} >> order; touch out_{{ partition.event_time }}"\n    shell: true')

    def order(self):
        return (self.folder / 'order').read_text().split()

    def test_what_follows_is_processed_again_in_order(self):
        self.put_days()
        self.define(late='propagate: following, order: newest_first, ' + LONG, schedule='depends_on_past: true',
                    step=self.CUMULATIVE)
        self.run_all()
        self.assertEqual(self.order(), ['2024-01-01', '2024-01-02', '2024-01-03'])
        self.put('2024-01-01', 7)
        self.assertEqual({day for day, e in self.plan().items() if e['late']}, {'2024-01-01'})
        self.run_all()
        self.assertEqual(self.order()[3:], ['2024-01-01', '2024-01-02', '2024-01-03'])
        self.assertEqual(set(self.states().values()), {'success'})
        causes = {r['run_id']: r['cause'] for r in self.lines('runs', PIPELINE) if r['kind'] == 'backfill'}
        self.assertEqual(sorted(set(causes.values()) - {'events@4'}), sorted(
            'following:' + run for run in causes if '2024-01-03' not in run))
        self.assertIn('nothing to do', self.run_all())
        # Also when a person had it made again, and from there on only.
        self.ok('clear', PIPELINE, 'scheduled_2024-01-02')
        self.run_all()
        self.assertEqual(self.order()[6:], ['2024-01-02', '2024-01-03'])
        self.assertIn('nothing to do', self.run_all())


class Held(Rules):
    def held(self):
        return {e['partition']['event_time']: e['rule'] for e in self.lines('plan', PIPELINE, '--held')}

    def check(self, rule, late, *, schedule='', change='2024-01-01', ready=True):
        """What `rule` holds is listed with it, stays until it is released, and goes then."""
        self.assertEqual(self.held(), {change: rule})
        self.run_all()
        self.assertEqual(self.held(), {change: rule}, 'a run lets nothing go')
        released, = self.lines('release', PIPELINE, change)
        self.assertEqual(released['rule'], rule)
        self.assertEqual(self.held(), {})
        self.run_all()
        self.assertEqual(self.decisions('--all')[change], 'up_to_date')
        self.assertEqual(self.call('release', PIPELINE, change).returncode, 3)

    def processed(self, late, **more):
        self.put_days()
        self.define(late=late, **more)
        self.run_all()

    def test_late_data(self):
        for rule, late in (('allowed_lateness', 'allowed_lateness: 1d'), ('frozen_before', 'frozen_before: 2024-01-02'),
                           ('min_rows', 'min_rows: 5'), ('settle', 'settle: 100d'), ('detect', 'detect: off')):
            with self.subTest(rule):
                self.setUp()
                self.processed(LONG)
                self.define(late=late if 'allowed' in late else f'{late}, {LONG}')
                self.put('2024-01-01', 7)
                self.check(rule, late)

    def test_many_from_one_commit(self):
        self.processed('max_backfills: 1, ' + LONG)
        self.write('rows.json', ''.join(json.dumps({'v': 1, 'event_time': day}) + '\n' for day in DAYS[:2]))
        self.ok('load', 'events', 'rows.json', '--partition-by', 'event_time')
        self.assertEqual(self.held(), {'2024-01-01': 'mass_change', '2024-01-02': 'mass_change'})
        self.ok('release', PIPELINE, '2024-01-02')
        self.run_all()
        self.assertEqual(self.held(), {'2024-01-01': 'mass_change'})
        self.check('mass_change', LONG)

    def test_all_that_one_rule_holds(self):
        self.processed('max_backfills: 1, ' + LONG)
        self.write('rows.json', ''.join(json.dumps({'v': 1, 'event_time': day}) + '\n' for day in DAYS[:3]))
        self.ok('load', 'events', 'rows.json', '--partition-by', 'event_time')
        self.ok('hold', PIPELINE, '2024-01-03', '--reason', 'the vendor resends it')
        self.assertEqual(self.call('release', PIPELINE, '--rule', 'emptied').returncode, 3)
        self.assertEqual(self.call('release', PIPELINE, '--rule', 'hold').returncode, 3)
        self.assertEqual(self.call('release', PIPELINE).returncode, 2)
        self.assertEqual(self.call('release', PIPELINE, '2024-01-01', '--rule', 'mass_change').returncode, 2)
        released = self.lines('release', PIPELINE, '--rule', 'mass_change')
        self.assertEqual([(r['partition']['event_time'], r['rule']) for r in released],
                         [('2024-01-01', 'mass_change'), ('2024-01-02', 'mass_change')])
        self.assertEqual(self.held(), {'2024-01-03': 'hold'}, 'what a person holds stays')
        self.ok('undo', PIPELINE, released[0]['event'])
        self.run_all()
        states = [run for run in self.states() if run.startswith('backfill')]
        self.assertEqual(states, ['backfill_2024-01-02_v4'])

    def test_more_than_may_start_at_once(self):
        self.processed('max_backfills: 1, ' + LONG)
        self.put('2024-01-02', 7)
        self.put('2024-01-01', 7)
        self.assertEqual(self.held(), {'2024-01-02': 'max_backfills'})
        self.ok('release', PIPELINE, '2024-01-02')
        self.assertEqual(self.decisions(), {'2024-01-01': 'process', '2024-01-02': 'process', '2024-01-04': 'waiting'})

    def test_outside_the_schedule(self):
        self.put_days()
        self.define(schedule='start: 2024-01-02')
        self.check('before_start', LONG)

    def test_the_future(self):
        self.put_days()
        self.put('2999-01-01')
        self.define()
        self.check('future', LONG, change='2999-01-01')

    def test_without_an_interval(self):
        self.put_days(*DAYS, 'soon')
        self.define()
        self.check('no_interval', LONG, change='soon')
