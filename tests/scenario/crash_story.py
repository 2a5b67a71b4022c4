"""SIGKILL, SIGINT and cancel while work is going on: nothing lost, nothing left behind."""
import os
import pathlib
import signal

from story import Story

PIPELINE = '''
pipeline: slow
sources:
  devices: {table: dataset/devices, partition: event_time, cadence: day}
schedule: {start: 2024-01-01, end: 2024-01-01, ready: next_partition}
steps:
  - id: work
    shell: true
    command: 'echo $$ > here; echo started >> attempts; cat go > /dev/null; echo finished >> attempts'
'''


class Crash(Story):
    def setUp(self):
        super().setUp()
        self.load_three_days()
        self.write('pipeline.yaml', PIPELINE)
        os.mkfifo(self.folder / 'here')
        os.mkfifo(self.folder / 'go')

    def step_started(self):
        """Waits until an attempt says that it is there; returns its process id."""
        return int((self.folder / 'here').read_text())

    def begin(self):
        """A run whose step waits at the pipe; returns the scheduler and the step's process id."""
        process = self.start('run', 'pipeline.yaml')
        pid = self.step_started()
        self.gate = open(self.folder / 'go', 'wb')
        self.addCleanup(self.gate.close)
        return process, pid

    @staticmethod
    def alive(pid):
        try:
            return pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
        except FileNotFoundError:
            return False

    def finish_again(self, pid):
        """Runs the pipeline once more, to its end; the first attempt's process must be gone by then."""
        process = self.start('run', 'pipeline.yaml')
        self.step_started()
        self.assertFalse(self.alive(pid))
        reached = os.open(self.folder / 'go', os.O_WRONLY)  # waits until the step reads
        os.close(reached)
        self.gate.close()  # it sees the end when every writer is gone
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, out + err)

    def test_a_killed_scheduler_loses_nothing_and_leaves_no_process(self):
        process, pid = self.begin()
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.finish_again(pid)
        run, = self.lines('show', 'pipeline.yaml')
        self.assertEqual((run['state'], [t['state'] for t in run['tries']]), ('success', ['lost', 'success']))
        self.assertGreater(run['tries'][1]['token'], run['tries'][0]['token'])

    def test_ctrl_c_twice_ends_the_step_and_queues_the_run_again(self):
        process, pid = self.begin()
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertIn('back to the queue', err)
        self.assertFalse(self.alive(pid))
        self.assertEqual(self.states('pipeline.yaml'), {'scheduled_2024-01-01': 'queued'})
        self.finish_again(pid)
        self.assertEqual(self.states('pipeline.yaml'), {'scheduled_2024-01-01': 'success'})

    def test_cancel_from_elsewhere_ends_the_step(self):
        process, pid = self.begin()
        self.ok('cancel', 'pipeline.yaml', 'scheduled_2024-01-01')
        process.communicate(timeout=60)
        self.assertFalse(self.alive(pid))
        self.assertEqual(self.states('pipeline.yaml'), {'scheduled_2024-01-01': 'cancelled'})
        self.assertNotIn('finished', (self.folder / 'attempts').read_text())
