#!/usr/bin/env python3
"""The story of script/demo with its tables in an object store, and what goes wrong there.

usage: story_test.py STORE LATECOMER SOURCE     run by a Python that has delta-rs (`script/bootstrap --test`)
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import services

STORE, LATECOMER, SOURCE = sys.argv[1:4] if len(sys.argv) > 3 else ('', '', '')
PIPELINE = 'examples/devices/pipeline.yaml'
DAYS = ('2024-01-01', '2024-01-02', '2024-01-03')


def setUpModule():
    global store
    store = services.by_name(STORE).start()


def tearDownModule():
    store.stop()


class Story(unittest.TestCase):
    number = 0

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-story-'))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        shutil.copytree(pathlib.Path(SOURCE) / 'examples', self.folder / 'examples')
        Story.number += 1
        self.root = f'{store.uri}/story {Story.number}/k=ä'  # no plain names
        pipeline = self.folder / PIPELINE
        text = pipeline.read_text()
        for table in ('dataset/devices_by_type', 'dataset/devices'):
            text = text.replace(f'../../{table}', f'"{self.root}/{table}"')
        pipeline.write_text(text.replace('retries: 2', 'retries: 0'))
        self.assertEqual(text.count(self.root), 2, text)
        self.settings = store.environment()

    def call(self, *arguments):
        return subprocess.run([LATECOMER, *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
                              env={**services.clean_environment(), 'HOME': str(self.folder), **self.settings},
                              capture_output=True, text=True, timeout=120)

    def ok(self, *arguments):
        done = self.call(*arguments)
        self.assertEqual(done.returncode, 0, f'{arguments}\n{done.stdout}\n{done.stderr}')
        return done.stdout

    def lines(self, *arguments):
        return [json.loads(line) for line in self.ok(*arguments, '--output', 'json').splitlines()]

    def load(self, day):
        self.ok('load', f'{self.root}/dataset/devices', 'input.json', '--partition', f'event_time={day}')

    def load_days(self):
        self.ok('generate', 'devices', '--rows', 100, '--late-rows', '70%', '--seed', 7, '-o', 'input.json')
        for day in DAYS:
            self.load(day)

    def states(self):
        return {run['run_id']: run['state'] for run in self.lines('runs', PIPELINE)}

    def rows_by_delta_rs(self, table):
        import deltalake
        opened = deltalake.DeltaTable(f'{self.root}/{table}', storage_options=store.delta_rs_options())
        return opened.to_pyarrow_table().to_pylist()

    def test_late_partition_and_nothing_else_is_processed_again(self):
        self.load_days()
        self.assertEqual([c['version'] for c in self.lines('changes', f'{self.root}/dataset/devices')], [0, 1, 2])
        self.ok('run', PIPELINE)
        self.assertEqual(self.states(), {'scheduled_2024-01-01': 'success', 'scheduled_2024-01-02': 'success'})
        self.load('2024-01-01')
        plan = self.lines('plan', PIPELINE)
        self.assertEqual([(e['partition'], e['decision'], e['late']) for e in plan],
                         [({'event_time': '2024-01-01'}, 'process', True)])
        self.ok('run', PIPELINE)
        self.assertEqual(self.states(), {'scheduled_2024-01-01': 'success', 'scheduled_2024-01-02': 'success',
                                         'backfill_2024-01-01_v3': 'success'})
        self.assertIn('nothing to do', self.ok('run', PIPELINE))
        totals = {}
        for row in self.rows_by_delta_rs('dataset/devices_by_type'):
            totals[row['event_time']] = totals.get(row['event_time'], 0) + row['devices']
        self.assertEqual(totals, {'2024-01-01': 200, '2024-01-02': 100})
        why, = self.lines('explain', PIPELINE, '2024-01-01')
        self.assertEqual(why['processed']['versions'], {'devices': 3})
        # What was fetched for the query is gone when the step is done.
        self.assertFalse([str(p) for p in self.folder.rglob('*.parquet')])

    def test_clear_of_the_latest_run_detects_and_backfills(self):
        self.load_days()
        self.ok('run', PIPELINE)
        self.load('2024-01-01')
        self.ok('clear', PIPELINE)
        self.ok('run', PIPELINE)
        self.assertEqual(set(self.states().values()), {'success'})
        self.assertEqual(len([run for run in self.states() if run.startswith('backfill_')]), 1)

    def test_the_commands_of_the_guide(self):
        """Those of docs/user-guide/object-stores.md, with this store's own in place of the bucket and the keys."""
        guide = (pathlib.Path(SOURCE) / 'docs/user-guide/object-stores.md').read_text()
        commands = re.findall(r'^    ((?:[A-Z_]+=\S+ )*latecomer .*)$', guide, re.MULTILINE)
        self.assertEqual(len(commands), 3)
        root = f'{store.uri}/guide'
        self.ok('generate', 'devices', '--rows', 10, '-o', 'input.json')
        settings = ' '.join(f"{name}='{value}'" for name, value in self.settings.items())
        given = [command.replace('s3://bucket', root) for command in commands[:2]]
        alone = re.sub(r'^(?:AWS_\w+=\S+ )+', settings + ' ', commands[2].replace('s3://bucket/table', f'{root}/dataset/devices'))
        (self.folder / 'bin').mkdir()
        (self.folder / 'bin/latecomer').symlink_to(pathlib.Path(LATECOMER).resolve())
        base = {'PATH': f'{self.folder}/bin:{os.environ["PATH"]}', 'HOME': str(self.folder), 'NO_COLOR': '1'}
        for script, environment in (('\n'.join(given), {**base, **self.settings}), (alone, base)):
            done = subprocess.run(['bash', '-euc', script], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, script + done.stdout + done.stderr)
            self.assertIn('event_time=2024-01-01', done.stdout)

    def test_a_data_file_that_is_gone_fails_the_step_and_says_so(self):
        self.load_days()
        files = [line['path'] for line in self.lines('partitions', f'{self.root}/dataset/devices', '--files')]
        self.assertEqual(len(files), 3)
        self.assertTrue(all(path.startswith(self.root) for path in files), files)
        store.remove(files[0])
        self.call('run', PIPELINE)
        self.assertIn('failed', self.states().values())
        shown = self.ok('show', PIPELINE, 'scheduled_2024-01-01') + self.ok('logs', PIPELINE, 'scheduled_2024-01-01')
        self.assertIn('this data file of the pinned version is gone', shown)
        self.assertIn(files[0], shown)

    def test_what_is_wrong_is_said_and_no_secret_with_it(self):
        self.load_days()
        elsewhere = self.root.replace(store.uri, store.missing_uri)
        for command in (('changes', f'{elsewhere}/t'), ('load', f'{elsewhere}/t', 'input.json', '--partition', 'a=1')):
            done = self.call(*command)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertRegex(done.stderr, 'no such (bucket|container)', command)
        done = self.call('changes', f'{self.root}/none')
        self.assertEqual(done.returncode, 3)
        self.assertIn('no Delta table', done.stderr)
        for settings, says, hidden in store.wrong_settings:
            self.settings = {**store.environment(), **settings}
            done = self.call('changes', f'{self.root}/dataset/devices')
            self.assertEqual(done.returncode, 6, f'{settings}\n{done.stderr}')
            self.assertIn(says, done.stderr)
            for secret in (hidden, *store.secrets):
                self.assertNotIn(secret, done.stdout + done.stderr)


if __name__ == '__main__':
    unittest.main(argv=[sys.argv[0], '-v'])
