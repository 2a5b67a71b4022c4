"""What the stories share: a folder of their own, the binary, and the tables they start from."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BINARY = os.environ['LATECOMER']
SOURCE = pathlib.Path(os.environ['LATECOMER_SOURCE'])
PIPELINE = 'examples/devices/pipeline.yaml'


class Story(unittest.TestCase):
    """Runs each test in an empty folder with a copy of the examples."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-story-'))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        shutil.copytree(SOURCE / 'examples', self.folder / 'examples')

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith('LATECOMER')}
        return {**kept, 'HOME': str(self.folder), 'NO_COLOR': '1'}

    def call(self, *arguments, wrapper=(), preexec_fn=None):
        """The finished process, whatever its exit code. `wrapper` is a command that starts it."""
        return subprocess.run([*wrapper, BINARY, *map(str, arguments)], cwd=self.folder, env=self.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                              preexec_fn=preexec_fn)

    def ok(self, *arguments):
        done = self.call(*arguments)
        self.assertEqual(done.returncode, 0, f'{arguments}\n{done.stdout}\n{done.stderr}')
        return done.stdout

    def lines(self, *arguments):
        """Standard output as one JSON value a line."""
        return [json.loads(line) for line in self.ok(*arguments, '--output', 'json').splitlines()]

    def start(self, *arguments, wrapper=()):
        process = subprocess.Popen([*wrapper, BINARY, *map(str, arguments)], cwd=self.folder, env=self.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def generate(self, rows=100):
        self.ok('generate', 'devices', '--rows', rows, '--late-rows', '70%', '--seed', 7, '-o', 'dataset/input/dataset.json')

    def load(self, day):
        return self.ok('load', 'dataset/devices', 'dataset/input/dataset.json', '--partition', f'event_time={day}')

    def load_three_days(self):
        self.generate()
        for day in ('2024-01-01', '2024-01-02', '2024-01-03'):
            self.load(day)

    def states(self, pipeline=PIPELINE):
        """run id → state"""
        return {run['run_id']: run['state'] for run in self.lines('runs', pipeline)}

    def output_rows(self, table='dataset/devices_by_type'):
        """partition → live rows"""
        return {p['partition']['event_time']: p['rows'] for p in self.lines('partitions', table)}

    def version(self, table):
        return self.lines('changes', table)[-1]['version']
