#!/usr/bin/env python3
"""The image's entry point, outside of an image: Spark's driver arguments come to `latecomer configure-backfill`.

The arguments were recorded from the driver pod that spark-submit 3.5.8 creates for the original job with
`--deploy-mode cluster` on Kubernetes, which is what the Spark operator calls for a SparkApplication.

usage: entrypoint_test.py PROGRAM
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ''
HERE = pathlib.Path(__file__).resolve().parent
ENTRYPOINT = HERE.parents[1] / 'deploy/entrypoint.sh'
RECORDED = json.loads((HERE / 'spark_driver_arguments.json').read_text())
CONFIGURATION = 'backfilling_configuration.json'


class EntryPointTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-entrypoint-'))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / 'bin').mkdir()
        (self.folder / 'bin/latecomer').symlink_to(PROGRAM)
        self.call('generate', 'devices', '--rows', '10', '-o', 'rows.json')
        for day in ('2024-01-01', '2024-01-02', '2024-01-03', '2024-01-01'):
            self.call('load', 'devices', 'rows.json', '--partition', f'event_time={day}')

    def call(self, *arguments, code=0):
        done = subprocess.run(['sh', ENTRYPOINT, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=60,
                              env={'PATH': f'{self.folder}/bin:/usr/bin:/bin', 'HOME': str(self.folder)})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def recorded(self):
        """The recorded arguments, with this test's folder for the one that was mounted."""
        return [argument.replace('/data_for_demo', str(self.folder)) for argument in RECORDED]

    def test_the_recorded_arguments(self):
        (self.folder / '_last_processed_version').write_text('2')
        self.call(*self.recorded())
        self.assertEqual((self.folder / CONFIGURATION).read_text(),
                         '{"partitions":[{"event_time":"2024-01-01"}],"lastProcessedVersion":3}')

    def test_the_other_name_of_the_file_s_option_and_spaces(self):
        arguments = ['--lateDataConfigurationFileName' if argument == '--outputBackfillingFileName' else argument
                     for argument in self.recorded()]
        arguments[arguments.index(CONFIGURATION)] = 'late data $(touch owned) *.json'
        arguments[1:1] = ['--proxy-user', 'somebody', '--conf', 'a=b', '--verbose']
        self.call(*arguments)
        self.assertTrue((self.folder / 'late data $(touch owned) *.json').is_file())
        self.assertFalse((self.folder / 'owned').exists())

    def test_anything_else_is_latecomer_s(self):
        self.assertIn('latecomer', self.call('version'))
        self.call('no-such-command', code=2)

    def test_what_it_does_not_stand_in_for(self):
        self.assertIn('no Spark executor', self.call('executor', code=2))
        self.assertIn('name no application file', self.call('driver', '--class', 'x', code=2))
        self.assertIn('has no value', self.call('driver', '--class', code=2))
        self.assertIn('--currentPartition is missing', self.call('driver', '--class', 'x', 'local:///a.jar', '--partition', 'p', code=2))
        self.call(*self.recorded()[:-1], 'country=x', code=2)  # the command's own exit code comes through


if __name__ == '__main__':
    PROGRAM = os.path.abspath(sys.argv.pop())
    unittest.main()
