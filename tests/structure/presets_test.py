#!/usr/bin/env python3
"""Every preset with settings of its own can be configured, and so can a build without tests.

usage: presets_test.py CMAKE COMPILER
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CMAKE = COMPILER = ''


class PresetsTest(unittest.TestCase):
    def configure(self, *arguments):
        folder = tempfile.mkdtemp(prefix='latecomer-preset-')
        self.addCleanup(shutil.rmtree, folder)
        # Only what CMake itself finds is tried, so any compiler will do: fuzz targets are built with another one.
        done = subprocess.run([CMAKE, '-S', SOURCE, '-B', folder, f'-DCMAKE_CXX_COMPILER={COMPILER}', *arguments],
                              cwd=SOURCE, capture_output=True, text=True, timeout=240)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_preset(self):
        presets = json.loads((SOURCE / 'CMakePresets.json').read_text())['configurePresets']
        names = [preset['name'] for preset in presets if 'LATECOMER_SANITIZE' in preset.get('cacheVariables', {})]
        self.assertIn('fuzz', names)
        for name in names:
            with self.subTest(preset=name):
                self.configure('--preset', name)

    def test_without_tests(self):
        self.configure('-DBUILD_TESTING=OFF', '-G', 'Ninja')


if __name__ == '__main__':
    CMAKE, COMPILER = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
