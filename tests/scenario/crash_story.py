"""SIGKILL, SIGINT and cancel while work is going on: nothing lost, nothing left behind."""
import signal

from gated import Gated

PIPELINE = '''
pipeline: slow
sources:
  devices: {table: dataset/devices, partition: event_time, cadence: day}
schedule: {start: 2024-01-01, end: 2024-01-01, ready: next_partition}
steps:
  - id: work
    shell: true
    command: '%s'
''' % Gated.STEP


class Crash(Gated):
    def setUp(self):
        super().setUp()
        self.write('pipeline.yaml', PIPELINE)

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
