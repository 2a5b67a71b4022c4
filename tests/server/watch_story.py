"""The story of late data, watched through the server: runs finish, late data comes, the partition is processed again."""
import json
import os
import pathlib
import signal
import subprocess
import threading
import unittest

from server_story import Client, ServerStory, Stream, at

DEVICES = '/pipelines/devices_loader'


class WatchStory(ServerStory):
    def test_late_data_is_seen_processed_and_explained(self):
        self.load_three_days()
        served = self.serve()
        me = self.admin(served)
        stream = Stream(me, last_id='0')
        stream.wait_run('scheduled_2024-01-02', 'success')
        self.load('2024-01-01')
        self.assertEqual(stream.wait(lambda name, data: name == 'table' and data['version'] == 3, 'version 3')['pipelines'],
                         ['devices_loader'])
        backfill = stream.wait_run('backfill_2024-01-01', 'success')

        grid = me.get(DEVICES + '/grid')
        self.assertEqual([(run['run_id'], run['kind'], run['state'], run['versions']) for run in grid['runs']],
                         [(backfill, 'backfill', 'success', {'devices': 3}),
                          ('scheduled_2024-01-02', 'scheduled', 'success', {'devices': 2}),
                          ('scheduled_2024-01-01', 'scheduled', 'success', {'devices': 2})])
        self.assertEqual([step['id'] for step in grid['steps']], ['ready', 'detect', 'process_devices', 'record', 'backfill'])
        why = me.get(f'{DEVICES}/runs/{backfill}/why')
        self.assertIn('version 3', why['sentence'])
        self.assertEqual([(c['version'], c['rows_added']) for c in why['changes']], [(3, 100)])
        partition = me.get(f'{DEVICES}/partitions/{at("event_time=2024-01-01")}')
        self.assertEqual(partition['state'], 'complete')
        self.assertEqual([(c['version'], c['covered']) for c in partition['changes']], [(0, True), (3, True)])
        self.assertEqual([run['versions'] for run in partition['runs']], [{'devices': 2}, {'devices': 3}])
        versions = me.get(DEVICES + '/versions')
        marks = {(mark['version'], mark['key']): mark['class'] for mark in versions['marks']}
        self.assertEqual(marks[3, 'event_time=2024-01-01'], 'late')
        self.assertEqual(versions['seen'], 3)
        self.assertEqual({p['key']: p['built_at_version'] for p in versions['partitions']},
                         {'event_time=2024-01-01': 3, 'event_time=2024-01-02': 2, 'event_time=2024-01-03': None})
        run = me.get(f'{DEVICES}/runs/{backfill}')
        self.assertEqual(run['tries'][0]['versions'], {'devices': 3})
        self.assertEqual(run['actions'], ['clear', 'mark_failed', 'retry'])
        summary = me.get('/pipelines')['items'][0]
        self.assertEqual((summary['health'], summary['late'], summary['newest_complete']), ('ok', 0, '2024-01-02'))
        self.assertEqual(me.get(DEVICES + '/lateness')['late']['changes'], 1)
        self.assertEqual(served.stop(), 0)

    def test_a_stream_resumes_without_a_gap_after_a_restart(self):
        self.load_three_days()
        served = self.serve()
        stream = Stream(self.admin(served))
        stream.wait(lambda name, _: name == 'hello', 'hello')
        start = stream.last_id
        self.assertEqual(served.stop(), 0)
        stream.wait_end()
        self.ok('run', 'examples/devices/pipeline.yaml')  # meanwhile
        self.load('2024-01-01')
        self.ok('run', 'examples/devices/pipeline.yaml')
        again = self.serve()
        me = self.admin(again)
        resumed = Stream(me, last_id=start or stream.last_id)
        resumed.wait_run('backfill_2024-01-01', 'success')
        sequences = [data['sequence'] for name, data in resumed.events if name == 'change']
        self.assertEqual(sequences, list(range(sequences[0], sequences[0] + len(sequences))))
        self.assertEqual(Stream(me, last_id='999999').wait(lambda name, _: name == 'reset', 'reset'), {})

    def test_a_definition_that_makes_other_outputs_waits_for_a_word(self):
        self.load_three_days()
        served = self.serve()
        me = self.admin(served)
        stream = Stream(me, last_id='0')
        stream.wait_run('scheduled_2024-01-02', 'success')
        good = self.pipeline_file().read_text()
        self.pipeline_file().write_text(good.replace('devices_by_type', 'types'))
        summary = self.until(lambda: (one := me.get('/pipelines')['items'][0])['problem'] and one, 'it stops')
        self.assertEqual(summary['health'], 'error')
        self.assertIn('latecomer accept', summary['problem'])
        me.post(DEVICES + '/trigger', {'partition': 'event_time=2024-01-02'}, expect=409)
        self.assertEqual(len(me.get(DEVICES + '/grid')['runs']), 2)
        self.ok('accept', self.pipeline_file())
        stream.wait_run('backfill_2024-01-02', 'success')
        self.until(lambda: me.get('/pipelines')['items'][0]['health'] == 'ok', 'it goes on')
        self.assertEqual(set(self.output_rows('dataset/types')), {'2024-01-01', '2024-01-02'})

    def test_a_broken_file_keeps_its_last_good_definition_and_shows_its_line(self):
        self.load_three_days()
        served = self.serve()
        me = self.admin(served)
        stream = Stream(me, last_id='0')
        stream.wait_run('scheduled_2024-01-02', 'success')
        good = self.pipeline_file().read_text()
        line = good.count('\n') + 1
        self.pipeline_file().write_text(good + 'nonsense: true\n')
        stream.wait(lambda name, _: name == 'file', 'the file is read again')
        shown = self.until(lambda: me.get(DEVICES)['file_error'], 'the error is shown')
        self.assertEqual(shown['line'], line)
        self.assertEqual(me.get(DEVICES)['health'], 'error')
        self.load('2024-01-01')
        stream.wait_run('backfill_2024-01-01', 'success')  # it goes on as it was
        self.pipeline_file().write_text(good.replace('pipeline: devices_loader', 'pipeline: devices, renamed\nid: devices_loader'))
        self.until(lambda: me.get(DEVICES)['name'] == 'devices, renamed', 'the new definition is taken')
        self.assertIsNone(me.get(DEVICES)['file_error'])

    def slow_pipeline(self):
        """Its step waits until somebody writes to a pipe."""
        self.load_three_days()
        os.mkfifo(self.folder / 'gate')
        self.write('examples/devices/pipeline.yaml',
                   'pipeline: devices_loader\n'
                   'sources: {devices: {table: ../../dataset/devices, partition: event_time}}\n'
                   'schedule: {end: 2024-01-01}\n'
                   'steps: [{id: slow, command: [sh, -c, "echo waiting; cat ../../gate; echo \'<script>x</script> done\'"]}]\n')

    def test_sigterm_lets_what_runs_finish(self):
        self.slow_pipeline()
        served = self.serve()
        stream = Stream(self.admin(served), last_id='0')
        stream.wait_run('scheduled_2024-01-01', 'running')
        served.process.send_signal(signal.SIGTERM)
        self.until(lambda: any('stopping' in line for line in served.log), 'it drains')
        (self.folder / 'gate').write_text('')
        self.assertEqual(served.process.wait(60), 0)
        self.assertEqual(self.states(), {'scheduled_2024-01-01': 'success'})

    def test_a_second_sigterm_puts_back_what_runs(self):
        self.slow_pipeline()
        served = self.serve()
        stream = Stream(self.admin(served), last_id='0')
        stream.wait_run('scheduled_2024-01-01', 'running')
        served.process.send_signal(signal.SIGTERM)
        self.until(lambda: any('stopping' in line for line in served.log), 'it drains')
        served.process.send_signal(signal.SIGTERM)
        self.assertEqual(served.process.wait(60), 0)
        self.assertEqual(self.states(), {'scheduled_2024-01-01': 'queued'})

    def test_what_a_crash_left_is_taken_up_by_another_server(self):
        self.slow_pipeline()
        served = self.serve()
        stream = Stream(self.admin(served), last_id='0')
        stream.wait_run('scheduled_2024-01-01', 'running')
        served.process.kill()
        served.process.wait(60)
        stream.wait_end()
        again = self.serve()
        me = self.admin(again)
        stream = Stream(me, last_id='0')
        self.until(lambda: me.get(DEVICES + '/runs/scheduled_2024-01-01')['tries'][1:] and
                   me.get(DEVICES + '/runs/scheduled_2024-01-01')['state'] == 'running', 'another try runs')
        (self.folder / 'gate').write_text('')
        stream.wait_run('scheduled_2024-01-01', 'success')
        tries = me.get(DEVICES + '/runs/scheduled_2024-01-01')['tries']
        self.assertEqual([t['state'] for t in tries], ['lost', 'success'])

    def test_four_threads_hold_all_viewers(self):
        self.load_three_days()
        served = self.serve()
        me = self.admin(served)
        streams = [Stream(me, last_id='0') for _ in range(100)]
        self.load('2024-01-01')
        busy = [threading.Thread(target=self.admin, args=(served,)) for _ in range(8)]  # hashes of passwords meanwhile
        for thread in busy:
            thread.start()
        seen = set()
        for stream in streams:
            stream.wait_run('backfill_2024-01-01', 'success')
            seen |= {(task.name, (task / 'comm').read_text().strip())
                     for task in pathlib.Path(f'/proc/{served.process.pid}/task').iterdir()}
        for thread in busy:
            thread.join()
        own = [name for name in seen if name[1] != 'jemalloc_bg_thd']  # Arrow's allocator has that one
        others = int(os.environ.get('STORY_SANITIZERS_THREADS', 0))
        self.assertLessEqual(len(own) - others, 4, sorted(seen))

    def test_two_servers_share_a_ledger_and_see_each_others_work(self):
        self.load_three_days()
        first, second = self.serve(), self.serve()
        one, two = self.admin(first), self.admin(second)
        streams = [Stream(one, last_id='0'), Stream(two, last_id='0')]
        for stream in streams:
            stream.wait_run('scheduled_2024-01-02', 'success')
        self.load('2024-01-01')
        for stream in streams:
            stream.wait_run('backfill_2024-01-01', 'success')
        self.assertEqual(len(one.get(DEVICES + '/grid')['runs']), 3)
        self.assertEqual([first.stop(), second.stop()], [0, 0])

    def test_logs_are_read_in_pieces_searched_and_downloaded(self):
        self.slow_pipeline()
        served = self.serve()
        me = self.admin(served)
        stream = Stream(me, last_id='0')
        stream.wait_run('scheduled_2024-01-01', 'running')
        log = DEVICES + '/runs/scheduled_2024-01-01/logs?step=slow'
        first = self.until(lambda: (piece := me.get(log))['text'] and piece, 'a live log')
        self.assertEqual((first['text'], first['complete']), ('waiting\n', False))
        (self.folder / 'gate').write_text('\x1b[31mred\n')
        stream.wait_run('scheduled_2024-01-01', 'success')
        rest = me.get(f'{log}&offset={first["next_offset"]}')
        self.assertEqual((rest['text'], rest['complete']), ('\x1b[31mred\n<script>x</script> done\n', True))
        beyond = me.get(f'{log}&offset=123456')
        self.assertEqual((beyond['text'], beyond['next_offset']), ('', beyond['size']))
        self.assertEqual(me.get(f'{log}&tail=10')['text'], 'ipt> done\n')
        found = me.get(log.replace('?', '/search?') + '&q=SCRIPT')
        self.assertEqual([hit['text'] for hit in found['items']], ['<script>x</script> done'])
        status, text, headers = me.raw('GET', '/api/v1' + log.replace('?', '/download?'))
        self.assertEqual((status, headers['Content-Type'], headers['X-Content-Type-Options']),
                         (200, 'text/plain; charset=utf-8', 'nosniff'))
        self.assertTrue(headers['Content-Disposition'].startswith('attachment; '))
        self.assertTrue(text.endswith('done\n'))
        me.get(DEVICES + '/runs/scheduled_2024-01-01/logs?step=other', expect=404)

    def test_metrics_are_what_promtool_takes(self):
        self.load_three_days()
        served = self.serve('--open-metrics')
        stream = Stream(self.admin(served), last_id='0')
        stream.wait_run('scheduled_2024-01-02', 'success')
        text = Client(served.port).raw('GET', '/metrics')[1]
        self.assertIn('latecomer_runs{pipeline="devices_loader",kind="scheduled",state="success"} 2', text)
        for name in ('latecomer_late_partitions', 'latecomer_oldest_waiting_seconds', 'latecomer_versions_behind',
                     'latecomer_detection_lag_seconds', 'latecomer_run_seconds_bucket'):
            self.assertIn('\n' + name + '{', text)
        checked = subprocess.run([os.environ['PROMTOOL'], 'check', 'metrics'], input=text, capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ''))


if __name__ == '__main__':
    unittest.main()
