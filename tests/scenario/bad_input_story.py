"""Wrong input: a clear message, the documented exit code, and nothing changed."""
import json
import os
import resource
import signal

from story import PIPELINE, Story

# Root may read and write everything; without these two rights it is bound by the mode bits like anyone else.
AS_ANYONE = (['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-dac_override,-dac_read_search', '--']
             if os.geteuid() == 0 else [])


def at_most(size_bytes):
    """Runs in the child: no file of it may grow beyond, which is how a full disk looks to a writer."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))
    return limit


class BadInput(Story):
    def fails(self, code, *arguments):
        done = self.call(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertTrue(done.stderr.startswith('error: ') or done.stderr.startswith('{'), done.stderr)
        return done.stderr

    def pipeline_with(self, old, new):
        path = self.folder / PIPELINE
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))

    def test_unknown_key_names_line_and_nearest(self):
        self.pipeline_with('depends_on_past', 'depend_on_past')
        err = self.fails(2, 'validate', PIPELINE)
        self.assertRegex(err, r'pipeline\.yaml:\d+')
        self.assertIn('depends_on_past', err)

    def test_impossible_date(self):
        self.pipeline_with('start: 2024-01-01', 'start: 2024-02-30')
        self.assertRegex(self.fails(2, 'run', PIPELINE), r'pipeline\.yaml:\d+.*2024-02-30')

    def test_folder_that_is_no_table(self):
        (self.folder / 'dataset/devices').mkdir(parents=True)
        for command in ('changes', 'partitions', 'lateness'):
            self.assertIn('dataset/devices', self.fails(3, command, 'dataset/devices'))
        self.fails(3, 'run', PIPELINE)
        self.fails(3, 'plan', PIPELINE)

    def test_a_location_nothing_is_known_of(self):
        for scheme in ('s3', 'gs', 'abfss'):
            self.assertIn(scheme + '://', self.fails(4, 'changes', 'hdfs://namenode/table'))

    def test_row_that_does_not_parse_commits_nothing(self):
        self.generate(5)
        self.write('bad.json', '{"type":"a"}\n{"type":"b",\n{"type":"c"}\n')
        err = self.fails(2, 'load', 'dataset/devices', 'bad.json', '--partition', 'event_time=2024-01-01')
        self.assertRegex(err, r'bad\.json:2')
        self.assertFalse(list((self.folder / 'dataset').rglob('*.parquet')))
        self.load('2024-01-01')
        self.fails(2, 'load', 'dataset/devices', 'bad.json', '--partition', 'event_time=2024-01-02')
        self.assertEqual(self.version('dataset/devices'), 0)

    def test_errors_as_json(self):
        err = self.fails(3, 'changes', 'nowhere', '--output', 'json')
        error = json.loads(err)['error']
        self.assertEqual(error['kind'], 'not_found')
        self.assertTrue(error['message'])

    def test_unknown_command_and_option(self):
        self.assertIn('changes', self.fails(2, 'chnages'))
        self.assertEqual(self.call('run', PIPELINE, '--frobnicate').returncode, 2)
        self.assertEqual(self.call('configure-backfill', '--wrong').returncode, 2)

    def test_unknown_run_and_partition(self):
        self.load_three_days()
        self.assertIn('has not been run', self.fails(3, 'clear', PIPELINE))
        self.ok('hold', PIPELINE, '2024-01-03', '--reason', 'not yet')
        self.assertIn('has not run yet', self.fails(3, 'clear', PIPELINE))
        self.ok('run', PIPELINE)
        self.assertIn('scheduled_2024-01-02', self.fails(3, 'clear', PIPELINE, 'scheduled_2024-01-2'))
        self.fails(3, 'explain', PIPELINE, '2025-01-01')
        self.fails(7, 'cancel', PIPELINE, 'scheduled_2024-01-02')

    def test_sql_error_names_the_query(self):
        self.load_three_days()
        self.write('examples/devices/devices.sql', 'SELECT typo FROM devices\n')
        self.pipeline_with('retries: 2', 'retries: 0')
        done = self.call('run', PIPELINE)
        self.assertEqual(done.returncode, 8)
        self.assertIn('typo', done.stdout)
        self.assertFalse((self.folder / 'dataset/devices_by_type/_delta_log').exists())


class NoPermission(Story):
    def fails_at(self, path, mode, *arguments):
        before = path.stat().st_mode
        path.chmod(mode)
        self.addCleanup(path.chmod, before)
        done = self.call(*arguments, wrapper=AS_ANYONE)
        path.chmod(before)
        self.assertEqual(done.returncode, 6, done.stdout + done.stderr)
        self.assertIn(path.name, done.stderr)

    def test_a_log_that_cannot_be_read(self):
        self.load_three_days()
        for command in ('changes', 'partitions', 'lateness'):
            self.fails_at(self.folder / 'dataset/devices/_delta_log', 0o000, command, 'dataset/devices')
        self.fails_at(self.folder / 'dataset/devices/_delta_log/00000000000000000001.json', 0o000, 'changes', 'dataset/devices')

    def test_a_table_that_cannot_be_written(self):
        self.load_three_days()
        self.fails_at(self.folder / 'dataset/devices/_delta_log', 0o555,
                      'load', 'dataset/devices', 'dataset/input/dataset.json', '--partition', 'event_time=2024-01-04')
        self.assertEqual(self.version('dataset/devices'), 2)

    def test_a_ledger_that_cannot_be_reached_is_not_an_empty_one(self):
        self.load_three_days()
        self.ok('run', PIPELINE)
        for command in ('run', 'plan', 'runs'):
            self.fails_at(next(self.folder.rglob('.latecomer')), 0o000, command, PIPELINE)
        self.assertEqual(self.ok('run', PIPELINE), 'nothing to do\n')

    def test_a_pipeline_file_that_cannot_be_read(self):
        self.fails_at(self.folder / PIPELINE, 0o000, 'validate', PIPELINE)


class FullDisk(Story):
    def test_a_load_commits_nothing_and_lands_when_repeated(self):
        self.load_three_days()
        self.generate(rows=20000)
        arguments = ('load', 'dataset/devices', 'dataset/input/dataset.json', '--partition', 'event_time=2024-01-04')
        done = self.call(*arguments, preexec_fn=at_most(4096))
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn('too large', done.stderr)
        self.assertEqual(self.version('dataset/devices'), 2)
        self.assertFalse(list((self.folder / 'dataset/devices').rglob('event_time=2024-01-04/*')), 'a partial file is left')
        self.ok(*arguments)
        self.assertEqual(self.output_rows('dataset/devices')['2024-01-04'], 20000)

    def test_a_ledger_that_cannot_grow_loses_no_work(self):
        self.load_three_days()
        done = self.call('run', PIPELINE, preexec_fn=at_most(8192))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('ledger', done.stderr)
        self.ok('run', PIPELINE)
        self.assertEqual(self.output_rows(), {'2024-01-01': 16, '2024-01-02': 16})
