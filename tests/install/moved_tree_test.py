#!/usr/bin/env python3
"""Installs into a folder, moves it, and uses the program from its new place.

usage: moved_tree_test.py CMAKE BUILD_FOLDER VERSION
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CMAKE = BUILD = VERSION = ''
# The runtimes of C and C++, which each Debian has.
SYSTEM = re.compile(r'(?:ld-linux.*|linux-vdso|lib(?:c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+))\.so')


class MovedTreeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-install-')).resolve()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        first = cls.folder / 'first'
        subprocess.run([CMAKE, '--install', BUILD, '--prefix', first], check=True, capture_output=True)
        cls.tree = cls.folder / 'elsewhere' / 'latecomer tree'
        cls.tree.parent.mkdir()
        first.rename(cls.tree)
        cls.program = cls.tree / 'bin/latecomer'
        # Nothing of the builder's machine: no PATH to a duckdb, no library path.
        cls.environment = {'PATH': '/usr/bin:/bin', 'HOME': str(cls.folder)}

    def run_program(self, *arguments: str) -> str:
        done = subprocess.run([self.program, *arguments], env=self.environment, cwd=self.folder, capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_version(self):
        self.assertIn(VERSION, self.run_program('version'))

    def test_no_library_is_sought_where_the_user_stands(self):
        planted = self.folder / 'planted'
        planted.mkdir()
        for file in (self.tree / 'lib/latecomer').glob('*.so*'):
            (planted / file.name).write_text('no library')
        for program in (self.program, pathlib.Path(BUILD) / 'src/cli/latecomer'):
            done = subprocess.run([program, 'version'], env=self.environment, cwd=planted, capture_output=True, text=True,
                                  timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_libraries_come_from_the_tree(self):
        listed = subprocess.run(['ldd', self.program], env=self.environment, check=True, capture_output=True, text=True).stdout
        self.assertNotIn('not found', listed)
        for line in listed.splitlines():
            name, _, place = line.strip().partition(' => ')
            if not SYSTEM.match(os.path.basename(name.split()[0])):
                self.assertTrue(os.path.realpath(place.split(' (')[0]).startswith(
                    os.path.realpath(self.tree / 'lib/latecomer') + '/'), line)

    def test_libraries_loaded_later_come_from_the_tree_too(self):
        nobody = {'AWS_ENDPOINT_URL': 'http://127.0.0.1:1', 'AWS_ACCESS_KEY_ID': 'a', 'AWS_SECRET_ACCESS_KEY': 'b'}
        pipeline = str(self.tree / 'share/latecomer/examples/devices/pipeline.yaml')
        for library, arguments in (('libcurl.so.4', ['changes', 's3://bucket/table']),
                                   ('libpq.so.5', ['runs', pipeline, '--ledger', 'postgresql://nobody@127.0.0.1:1/none'])):
            with self.subTest(library):
                done = subprocess.run([self.program, *arguments], env=self.environment | nobody | {'LD_DEBUG': 'files'},
                                      cwd=self.folder, capture_output=True, text=True, timeout=120)
                self.assertNotEqual(done.returncode, 127, done.stderr)
                loaded = {os.path.basename(path): path for path in re.findall(r'calling init: (\S.*)', done.stderr)}
                self.assertIn(library, loaded)
                for name, path in loaded.items():
                    if not SYSTEM.match(name):
                        self.assertTrue(os.path.realpath(path).startswith(os.path.realpath(self.tree / 'lib/latecomer') + '/'), path)

    def test_a_table_on_a_disk_needs_neither(self):
        (log := self.folder / 'table/_delta_log').mkdir(parents=True)
        (log / f'{0:020}.json').write_text(
            '{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}\n'
            '{"metaData":{"id":"a","format":{"provider":"parquet"},"partitionColumns":[],"configuration":{},'
            '"schemaString":"{\\"type\\":\\"struct\\",\\"fields\\":[]}"}}\n')
        for command in ('changes', 'partitions'):
            done = subprocess.run([self.program, command, log.parent], env=self.environment | {'LD_DEBUG': 'files'},
                                  capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotRegex(done.stderr, r'calling init: .*lib(curl|pq)\.so', command)

    def test_nothing_of_the_build_is_named(self):
        listed = subprocess.run(['readelf', '-d', self.program], check=True, capture_output=True, text=True).stdout
        self.assertIn('$ORIGIN/../lib/latecomer', listed)
        self.assertNotIn(BUILD, listed)

    def test_a_sql_step_uses_the_duckdb_of_the_tree(self):
        work = self.folder / 'work'
        shutil.copytree(self.tree / 'share/latecomer/examples', work / 'examples')
        rows, table = str(work / 'dataset/input.json'), str(work / 'dataset/devices')
        self.run_program('generate', 'devices', '--rows', '20', '-o', rows)
        for day in ('2024-01-01', '2024-01-02'):
            self.run_program('load', table, rows, '--partition', f'event_time={day}')
        duckdb = self.tree / 'libexec/latecomer/duckdb'
        pipeline = str(work / 'examples/devices/pipeline.yaml')
        duckdb.rename(seen := self.folder / 'duckdb')
        # It also knows the one of the build, so a trace of the call is what tells.
        calls = self.folder / 'calls'
        duckdb.write_text(f'#!/bin/sh\necho "$0" >>"{calls}"\nexec "{seen}" "$@"\n')
        duckdb.chmod(0o755)
        self.run_program('run', pipeline)
        self.assertEqual(set(calls.read_text().split('\n')) - {''}, {str(duckdb)})
        self.assertTrue((work / f'dataset/devices_by_type/_delta_log/{0:020}.json').is_file())


if __name__ == '__main__':
    VERSION, BUILD, CMAKE = sys.argv.pop(), sys.argv.pop(), sys.argv.pop()
    unittest.main()
