"""What breaks this pattern on Airflow, each as a test with the real binary: it must not break here."""
import os
import signal
import subprocess

from gated import Gated
from story import Story

PIPELINE = '''
pipeline: pattern
sources:
  devices: {{table: dataset/devices, partition: event_time, cadence: day}}
schedule: {{start: 2024-01-01, ready: next_partition, {schedule}}}
steps:
  - id: work
    shell: true
    command: '{command}'
{more}
'''


class Failures(Story):
    """Those that need no gate."""

    def setUp(self):
        super().setUp()
        self.load_three_days()

    def pipeline(self, command, schedule='max_active_runs: 1', more=''):
        self.write('pipeline.yaml', PIPELINE.format(command=command, schedule=schedule, more=more))

    def late(self, day='2024-01-01'):
        entry, = [e for e in self.lines('plan', 'pipeline.yaml', '--all') if e['partition']['event_time'] == day]
        return entry

    def test_a_failed_backfill_keeps_its_late_data_when_the_version_moves_on(self):
        # There the last processed version is one number for the table: the next run moves it past the failed backfill.
        self.pipeline('test ! -e closed')
        self.ok('run', 'pipeline.yaml')
        self.load('2024-01-01')  # version 3
        self.write('closed', '')
        self.assertEqual(self.call('run', 'pipeline.yaml').returncode, 8)
        (self.folder / 'closed').unlink()
        self.load('2024-01-04')  # version 4 makes 2024-01-03 due, and is processed
        self.ok('run', 'pipeline.yaml')
        self.assertEqual(self.states('pipeline.yaml')['scheduled_2024-01-03'], 'success')
        entry = self.late()
        self.assertEqual((entry['decision'], entry['late'], [c['version'] for c in entry['changes']]),
                         ('failed', True, [3]))
        self.ok('clear', 'pipeline.yaml', 'backfill_2024-01-01_v3')
        self.ok('run', 'pipeline.yaml')
        self.assertEqual(self.late()['decision'], 'up_to_date')

    def test_a_cleared_backfill_reads_what_came_meanwhile_too(self):
        self.pipeline('true')
        self.ok('run', 'pipeline.yaml')
        self.load('2024-01-01')
        self.ok('run', 'pipeline.yaml')
        self.ok('clear', 'pipeline.yaml', 'backfill_2024-01-01_v3')
        self.load('2024-01-01')
        self.assertEqual(self.late()['decision'], 'open')
        self.ok('run', 'pipeline.yaml')
        why, = self.lines('explain', 'pipeline.yaml', '2024-01-01')
        self.assertEqual((why['decision'], why['processed']['versions']), ('up_to_date', {'devices': 4}))
        self.assertEqual(len(why['runs']), 2, 'no third run for what the second one read')

    def test_depends_on_past_with_one_active_run_does_not_dead_lock_when_an_earlier_run_is_cleared(self):
        # There the later run takes the only slot and waits for the earlier one, which waits for the slot.
        for day in ('2024-01-04', '2024-01-05'):
            self.load(day)
        self.pipeline('test ! -e closed && echo {{ partition.event_time }} >> done', 'max_active_runs: 1, depends_on_past: true')
        self.ok('run', 'pipeline.yaml')
        (self.folder / 'done').unlink()
        self.ok('clear', 'pipeline.yaml', 'scheduled_2024-01-04')
        self.ok('clear', 'pipeline.yaml', 'scheduled_2024-01-01')
        self.ok('clear', 'pipeline.yaml', 'scheduled_2024-01-03')
        self.ok('run', 'pipeline.yaml')
        self.assertEqual((self.folder / 'done').read_text().split(), ['2024-01-01', '2024-01-03', '2024-01-04'])
        # One that fails holds those after it back; they use no slot, and say for whom they wait.
        self.write('closed', '')
        self.ok('clear', 'pipeline.yaml', '--from', '2024-01-02', '--to', '2024-01-03')
        self.assertEqual(self.call('run', 'pipeline.yaml').returncode, 8)
        waiting, = [r for r in self.lines('runs', 'pipeline.yaml') if r['state'] == 'queued']
        self.assertEqual(waiting['run_id'], 'scheduled_2024-01-03')
        self.assertIn('scheduled_2024-01-02', waiting['waiting_for'])
        self.assertIn('which is failed', waiting['waiting_for'])

    def test_a_late_partition_that_two_runs_find_starts_once(self):
        # There each of the two runs triggers its own backfill of it.
        self.pipeline('echo {{ run.id }} >> done', 'max_active_runs: 4')
        self.ok('run', 'pipeline.yaml')
        (self.folder / 'done').unlink()
        self.load('2024-01-01')
        for day in ('2024-01-04', '2024-01-05', '2024-01-06'):
            self.load(day)
        both = [self.start('run', 'pipeline.yaml') for _ in range(3)]
        for process in both:
            out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, out + err)
        done = (self.folder / 'done').read_text().split()
        self.assertEqual(sum(run.startswith('backfill_2024-01-01') for run in done), 1, done)
        self.assertEqual(len(done), 4, done)


class Gates(Gated):
    """Those in which something happens while a step runs."""

    def pipeline(self, schedule='end: 2024-01-01', more=''):
        self.write('pipeline.yaml', PIPELINE.format(command=self.STEP, schedule=schedule, more=more))

    def waiting(self, run_prefix):
        """What the run that begins so waits for, once it does."""
        for _ in range(2000):
            for run in self.lines('runs', 'pipeline.yaml'):
                if run['run_id'].startswith(run_prefix) and run['waiting_for']:
                    return run['waiting_for']
        self.fail(f'{run_prefix} never waited')

    def test_a_backfill_and_a_scheduled_run_of_one_partition_do_not_overlap(self):
        self.pipeline('end: 2024-01-01, max_active_runs: 4')
        scheduler, _ = self.begin()
        self.load('2024-01-01')
        other = self.start('run', 'pipeline.yaml', '--partition', '2024-01-01')
        self.assertIn('scheduled_2024-01-01, which processes the same partition', self.waiting('manual_2024-01-01'))
        self.gate.close()
        self.step_started()  # the second one, only now
        self.gate = open(self.folder / 'go', 'wb')
        self.let_through()
        for process in (scheduler, other):
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, out + err)
        first, second = [r for r in self.lines('runs', 'pipeline.yaml') if r['state'] == 'success']
        self.assertLessEqual(first['ended'], second['started'])
        # It read the newest version, so nothing is late any more.
        self.assertEqual(second['versions'], {'devices': 3})
        self.assertEqual([e for e in self.lines('plan', 'pipeline.yaml') if e['late']], [])

    def test_the_run_of_a_killed_worker_fails_at_once(self):
        # There it stays `running` until a heartbeat is missed for minutes.
        self.pipeline()
        scheduler, pid = self.begin()
        os.kill(pid, signal.SIGKILL)
        _, err = scheduler.communicate(timeout=60)
        self.assertEqual(scheduler.returncode, 8, err)
        run, = self.lines('show', 'pipeline.yaml')
        self.assertEqual((run['state'], len(run['tries'])), ('failed', 1))
        self.assertIn('signal', run['message'])

    def test_the_run_of_a_killed_scheduler_is_taken_over_before_its_lease_ends(self):
        self.pipeline()
        scheduler, pid = self.begin()
        scheduler.send_signal(signal.SIGKILL)
        scheduler.wait()
        self.finish_again(pid)
        run, = self.lines('show', 'pipeline.yaml')
        lost, _ = run['tries']
        self.assertEqual((lost['state'], lost['message']), ('lost', 'the scheduler that ran it died'))

    def test_a_killed_scheduler_leaves_no_worker_process_behind(self):
        self.pipeline()
        scheduler, pid = self.begin()
        group = subprocess.run(['ps', '-o', 'pid=', '--ppid', str(pid)], capture_output=True, text=True).stdout.split()
        scheduler.send_signal(signal.SIGKILL)
        scheduler.wait()
        self.finish_again(pid)
        for child in group:
            self.assertFalse(self.alive(int(child)), 'a grandchild lives on')
        self.assertEqual((self.folder / 'attempts').read_text().split(), ['started', 'started', 'finished'])

    def test_the_old_process_of_a_cleared_run_does_not_write_later(self):
        # There the cleared task's process goes on until it notices, and writes beside its successor.
        self.pipeline()
        scheduler, pid = self.begin()
        self.ok('clear', 'pipeline.yaml', 'scheduled_2024-01-01')
        second = self.step_started()  # of the same scheduler, which obeyed
        self.assertNotEqual(pid, second)
        self.assertFalse(self.alive(pid), 'the old process must be dead before the new one starts')
        self.let_through()
        out, err = scheduler.communicate(timeout=60)
        self.assertEqual(scheduler.returncode, 0, out + err)
        run, = self.lines('show', 'pipeline.yaml')
        self.assertEqual([t['state'] for t in run['tries']], ['cancelled', 'success'])
        self.assertGreater(run['tries'][1]['token'], run['tries'][0]['token'])
        self.assertEqual((self.folder / 'attempts').read_text().split(), ['started', 'started', 'finished'])
