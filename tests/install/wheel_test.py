#!/usr/bin/env python3
"""Packs the installed tree as a wheel, installs it into an empty virtual environment, and uses the program there.

usage: wheel_test.py CMAKE BUILD_FOLDER VERSION
"""
import base64
import csv
import hashlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

CMAKE = BUILD = VERSION = ''
MAKE_WHEEL = pathlib.Path(__file__).resolve().parents[2] / 'script/support/make_wheel.py'
# PEP 600 and auditwheel's policies: what may be asked of a system with glibc 2.35.
ALLOWED = {'GLIBC': (2, 35), 'GLIBCXX': (3, 4, 30), 'CXXABI': (1, 3, 13), 'GCC': (12, 0, 0)}


class WheelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-wheel-')).resolve()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.tree = cls.folder / 'tree'
        subprocess.run([CMAKE, '--install', BUILD, '--prefix', cls.tree, '--strip'], check=True, capture_output=True)
        made = subprocess.run([sys.executable, '-B', MAKE_WHEEL, cls.tree, VERSION, cls.folder], check=True,
                              capture_output=True, text=True)
        cls.wheel = pathlib.Path(made.stdout.strip())
        cls.environment = {'PATH': '/usr/bin:/bin', 'HOME': str(cls.folder)}
        cls.venv = cls.folder / 'empty environment'
        subprocess.run([sys.executable, '-m', 'venv', cls.venv], check=True, capture_output=True)
        cls.pip('install', '--no-index', cls.wheel)
        cls.program = cls.venv / 'bin/latecomer'

    @classmethod
    def pip(cls, *arguments):
        done = subprocess.run([cls.venv / 'bin/python', '-m', 'pip', '--disable-pip-version-check', *arguments],
                              env=cls.environment, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        return done.stdout

    def run_program(self, *arguments, program=None):
        done = subprocess.run([program or self.program, *map(str, arguments)], env=self.environment, cwd=self.folder,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_version_from_an_empty_environment_and_through_a_link(self):
        self.assertIn(VERSION, self.run_program('version'))
        self.assertIn(f'Version: {VERSION}', self.pip('show', 'latecomer'))
        (self.folder / 'bin').mkdir()
        (self.folder / 'bin/latecomer').symlink_to(self.program)  # as tools that install programs apart make it
        self.assertIn(VERSION, self.run_program('version', program=self.folder / 'bin/latecomer'))

    def test_a_sql_step(self):
        work = self.folder / 'work'
        shutil.copytree(self.venv / 'share/latecomer/examples', work / 'examples')
        self.run_program('generate', 'devices', '--rows', 20, '-o', work / 'rows.json')
        for day in ('2024-01-01', '2024-01-02'):
            self.run_program('load', work / 'dataset/devices', work / 'rows.json', '--partition', f'event_time={day}')
        self.run_program('run', work / 'examples/devices/pipeline.yaml')
        self.assertTrue((work / f'dataset/devices_by_type/_delta_log/{0:020}.json').is_file())

    def test_the_libraries_are_those_of_the_wheel(self):
        listed = subprocess.run(['ldd', self.program], env=self.environment, check=True, capture_output=True, text=True).stdout
        self.assertNotIn('not found', listed)
        system = re.compile(r'(?:ld-linux.*|linux-vdso|lib(?:c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+))\.so')
        for line in listed.splitlines():
            name, _, found = line.strip().partition(' => ')
            if not system.match(os.path.basename(name.split()[0])):
                self.assertTrue(os.path.realpath(found.rpartition(' (')[0]).startswith(str(self.venv)), line)

    def test_the_tag_promises_no_older_system_than_the_files_need(self):
        self.assertRegex(self.wheel.name, rf'^latecomer-{re.escape(VERSION)}-py3-none-manylinux_2_\d+_x86_64\.whl$')
        tag = tuple(int(part) for part in re.search(r'manylinux_(\d+)_(\d+)_', self.wheel.name).groups())
        needed = {}
        for file in [self.program, *(self.venv / 'lib/latecomer').glob('*.so*'), self.venv / 'libexec/latecomer/duckdb']:
            listed = subprocess.run(['readelf', '--wide', '--version-info', file], check=True, capture_output=True, text=True).stdout
            for kind, version in re.findall(r'Name: (GLIBC|GLIBCXX|CXXABI|GCC)_([\d.]+)', listed):
                numbers = tuple(int(part) for part in version.split('.'))
                needed[kind] = max(needed.get(kind, (0,)), numbers)
            self.assertNotIn('GLIBC_PRIVATE', listed, f'{file.name} belongs to one glibc')
        self.assertLessEqual(needed['GLIBC'], tag)
        if tag <= ALLOWED['GLIBC']:
            for kind, newest in needed.items():
                self.assertLessEqual(newest, ALLOWED[kind], kind)

    def test_the_record_is_true(self):
        with zipfile.ZipFile(self.wheel) as wheel:
            names = set(wheel.namelist())
            record = f'latecomer-{VERSION}.dist-info/RECORD'
            rows = list(csv.reader(io.StringIO(wheel.read(record).decode())))
            self.assertEqual({row[0] for row in rows}, names)
            for name, digest, size in rows:
                if name != record:
                    content = wheel.read(name)
                    expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()
                    self.assertEqual((digest, size), (f'sha256={expected}', str(len(content))), name)

    def test_what_the_tree_lacks_or_cannot_be_brought_is_refused(self):
        for change in ('lacks', 'private'):
            tree = self.folder / change
            (tree / 'lib/latecomer').mkdir(parents=True)
            (tree / 'bin').mkdir()
            shutil.copy(self.tree / 'bin/latecomer', tree / 'bin')
            if change == 'private':
                resolv = subprocess.run(['ldconfig', '-p'], capture_output=True, text=True, env={'PATH': '/sbin:/usr/sbin'})
                shutil.copy(re.search(r'libresolv\.so\.2 .*x86-64.* => (\S+)', resolv.stdout)[1], tree / 'lib/latecomer')
                shutil.copytree(self.tree / 'lib', tree / 'lib', dirs_exist_ok=True)
            done = subprocess.run([sys.executable, '-B', MAKE_WHEEL, tree, VERSION, self.folder], capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, 'which the tree does not hold' if change == 'lacks' else 'part of one glibc')


if __name__ == '__main__':
    VERSION, BUILD, CMAKE = sys.argv.pop(), sys.argv.pop(), sys.argv.pop()
    unittest.main()
