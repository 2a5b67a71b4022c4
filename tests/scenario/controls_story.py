"""Retries, failures, cancel, pause, mark, adopt, held changes, and two schedulers at once."""
from story import PIPELINE, Story

COMMANDS = '''
pipeline: commands
sources:
  devices: {{table: dataset/devices, partition: event_time, cadence: day}}
schedule: {{start: 2024-01-01, ready: next_partition, max_active_runs: {slots}}}
steps:
{steps}
late_data: {{{late}}}
'''


class Controls(Story):
    def commands(self, steps, slots=1, late='concurrency: 1'):
        self.write('pipeline.yaml', COMMANDS.format(steps=steps, slots=slots, late=late))
        return 'pipeline.yaml'

    def test_failed_step_fails_the_run_loses_nothing_and_can_be_cleared(self):
        self.load_three_days()
        pipeline = self.commands('  - id: work\n    command: [test, -e, allowed]\n'
                                 '  - id: after\n    command: ["true"]\n    needs: [work]')
        done = self.call('run', pipeline)
        self.assertEqual(done.returncode, 8, done.stderr)
        self.assertIn('latecomer clear', done.stderr)
        self.assertEqual(set(self.states(pipeline).values()), {'failed'})
        plan = {e['partition']['event_time']: e for e in self.lines('plan', pipeline)}
        self.assertEqual(plan['2024-01-01']['decision'], 'failed')
        run, = [r for r in self.lines('show', pipeline) if r['run_id'] == 'scheduled_2024-01-01']
        steps = {s['step']: s['state'] for s in run['tries'][0]['steps']}
        self.assertEqual((steps['work'], steps['after'], steps['record']), ('failed', 'upstream_failed', 'upstream_failed'))
        # A failed cause does not start again by itself.
        self.assertEqual(self.call('run', pipeline).returncode, 0)
        self.write('allowed', '')
        for name in ('scheduled_2024-01-01', 'scheduled_2024-01-02'):
            self.ok('clear', pipeline, name)
        self.ok('run', pipeline)
        self.assertEqual(set(self.states(pipeline).values()), {'success'})

    def test_late_data_of_a_failed_backfill_is_not_lost(self):
        self.load_three_days()
        pipeline = self.commands('  - id: work\n    command: [test, -e, allowed]')
        self.write('allowed', '')
        self.ok('run', pipeline)
        (self.folder / 'allowed').unlink()
        self.load('2024-01-01')
        self.assertEqual(self.call('run', pipeline).returncode, 8)
        entry, = [e for e in self.lines('plan', pipeline) if e['partition']['event_time'] == '2024-01-01']
        self.assertEqual((entry['decision'], entry['blocking_run']), ('failed', 'backfill_2024-01-01_v3'))
        # New late data is a new cause and starts by itself; it covers the failed one's changes too.
        self.write('allowed', '')
        self.load('2024-01-01')
        self.ok('run', pipeline)
        why, = self.lines('explain', pipeline, '2024-01-01')
        self.assertEqual(why['processed']['versions'], {'devices': 4})

    def test_retries_and_values_reach_the_command(self):
        self.load_three_days()
        script = 'echo "$LATECOMER_PARTITION_EVENT_TIME {{ sources.devices.version }} {{ run.kind }}"; mkdir seen'
        pipeline = self.commands(
            f'  - id: work\n    command: \'{script}\'\n    shell: true\n    retries: 1\n    retry_delay: 10ms\n'
            '  - id: literal\n    command: [echo, "$(touch pwned); {{ partition.event_time }}"]')
        self.write('seen/x', '')
        done = self.call('run', pipeline)
        self.assertEqual(done.returncode, 8)
        logs = self.ok('logs', pipeline, 'scheduled_2024-01-01')
        self.assertEqual(logs.count('2024-01-01 2 scheduled'), 2, logs)
        self.assertIn('$(touch pwned); 2024-01-01', logs)
        self.assertFalse((self.folder / 'pwned').exists())

    def test_pause_holds_everything_until_resumed(self):
        self.load_three_days()
        pipeline = self.commands('  - id: work\n    command: ["true"]')
        self.ok('run', pipeline)
        self.ok('pause', pipeline)
        self.load('2024-01-01')
        self.ok('run', pipeline)
        self.assertEqual(len(self.states(pipeline)), 2)
        self.ok('pause', pipeline, '--resume')
        self.ok('run', pipeline)
        self.assertEqual(self.states(pipeline)['backfill_2024-01-01_v3'], 'success')

    def test_mark_success_records_and_mark_failed_withdraws(self):
        self.load_three_days()
        pipeline = self.commands('  - id: work\n    command: ["false"]')
        self.call('run', pipeline)
        self.ok('mark', pipeline, 'scheduled_2024-01-01', 'success', '--note', 'done elsewhere')
        plan = {e['partition']['event_time']: e['decision'] for e in self.lines('plan', pipeline, '--all')}
        self.assertEqual(plan['2024-01-01'], 'up_to_date')
        self.ok('mark', pipeline, 'scheduled_2024-01-01', 'failed')
        plan = {e['partition']['event_time']: e['decision'] for e in self.lines('plan', pipeline, '--all')}
        self.assertEqual(plan['2024-01-01'], 'failed')

    def test_adopt_takes_over_what_another_system_processed(self):
        self.load_three_days()
        self.write('_last_processed_version', '2\n')
        self.load('2024-01-01')
        self.ok('adopt', PIPELINE, '--from-file', '_last_processed_version', '--to', '2024-01-02')
        plan = {e['partition']['event_time']: e['decision'] for e in self.lines('plan', PIPELINE, '--all')}
        self.assertEqual((plan['2024-01-01'], plan['2024-01-02']), ('process', 'up_to_date'))

    def test_too_late_is_held_until_released(self):
        self.load_three_days()
        pipeline = self.commands('  - id: work\n    command: ["true"]', late='allowed_lateness: 30d')
        self.ok('run', pipeline)
        self.load('2024-01-01')
        self.assertIn('nothing to do', self.ok('run', pipeline))
        held, = self.lines('plan', pipeline, '--held')
        self.assertEqual((held['decision'], held['rule']), ('held', 'allowed_lateness'))
        self.ok('release', pipeline, '2024-01-01')
        self.ok('run', pipeline)
        self.assertEqual(self.states(pipeline)['backfill_2024-01-01_v3'], 'success')

    def test_two_schedulers_share_the_work_and_do_nothing_twice(self):
        self.generate(10)
        for day in range(1, 13):
            self.load(f'2024-01-{day:02}')
        pipeline = self.commands('  - id: work\n    command: "echo {{ run.id }} >> done.txt"\n    shell: true', slots=4)
        both = [self.start('run', pipeline) for _ in range(2)]
        for process in both:
            _, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, err)
        done = (self.folder / 'done.txt').read_text().split()
        self.assertEqual(sorted(done), [f'scheduled_2024-01-{day:02}' for day in range(1, 12)])
