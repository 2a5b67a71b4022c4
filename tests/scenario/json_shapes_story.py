"""The JSON that commands print, held against golden files: a name that changes or goes breaks someone's script.

What differs from run to run (times, sizes, paths, ids) is replaced by the name of its kind. After a wanted change,
UPDATE_SHAPES=1 writes the files anew; docs/formats/cli-json.md is then changed with them.
"""
import json
import os
import pathlib
import re
import shutil

from story import PIPELINE, Story

SHAPES = pathlib.Path(__file__).parent / 'shapes'
VOLATILE = (
    (re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z'), '<time>'),
    (re.compile(r'\d{8}T\d{6}\.\d{3}Z'), '<time>'),
    (re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'), '<uuid>'),
    (re.compile(r'[0-9a-f]{32,64}'), '<hash>'),
    (re.compile(r'\d+ d( \d+ h)?'), '<duration>'),
    (re.compile(r'allowed_lateness: \d+d( *)'), 'allowed_lateness: <duration> '),
)
# Members whose numbers come from the clock or from the compression.
NUMBERS = ('bytes', 'bytes_added', 'bytes_removed', 'lateness_seconds', 'token', 'event')


def stable(value, folder, member=''):
    if isinstance(value, dict):
        return {name: stable(inner, folder, member if member in NUMBERS else name) for name, inner in value.items()}
    if isinstance(value, list):
        return [stable(inner, folder, member) for inner in value]
    if isinstance(value, str):
        # An interval's ends are fixed by the partition and stay.
        if member in ('interval_start', 'interval_end'):
            return value
        if member == 'by':
            return '<user>' if value else value
        value = value.replace(str(folder.resolve()), '<folder>').replace(str(folder), '<folder>')
        for pattern, name in VOLATILE:
            value = pattern.sub(name, value)
        return value
    if member in NUMBERS or member.endswith(('_seconds', '_ms')):
        return '<number>' if value else value
    return value


class JsonShapes(Story):
    maxDiff = None

    def shape(self, name, *arguments):
        lines = [stable(line, self.folder) for line in self.lines(*arguments)]
        self.assertTrue(lines, name)
        found = ''.join(json.dumps(line, indent=1, ensure_ascii=False) + '\n' for line in lines)
        path = SHAPES / f'{name}.json'
        if os.environ.get('UPDATE_SHAPES'):
            path.write_text(found)
        self.assertEqual(found, path.read_text())

    def test_each_command(self):
        devices = 'dataset/devices'
        self.load_three_days()
        self.shape('validate', 'validate', PIPELINE)
        self.shape('load', 'load', devices, 'dataset/input/dataset.json', '--partition', 'event_time=2024-01-04')
        self.shape('run', 'run', PIPELINE)
        self.load('2024-01-01')
        self.shape('changes', 'changes', devices)
        self.shape('changes-summary', 'changes', devices, '--summary')
        self.shape('partitions', 'partitions', devices)
        self.shape('partitions-files', 'partitions', devices, '--files')
        self.shape('lateness', 'lateness', devices)
        self.shape('plan', 'plan', PIPELINE)
        self.shape('plan-all', 'plan', PIPELINE, '--all')
        self.shape('explain', 'explain', PIPELINE, '2024-01-01')
        self.shape('clear', 'clear', PIPELINE)
        self.ok('run', PIPELINE)
        self.shape('runs', 'runs', PIPELINE)
        self.shape('show', 'show', PIPELINE, 'scheduled_2024-01-02')
        self.shape('mark', 'mark', PIPELINE, 'scheduled_2024-01-02', 'failed')
        self.shape('version', 'version')

    def test_steering(self):
        self.load_three_days()
        self.ok('run', PIPELINE)
        self.shape('clear-preview', 'clear', PIPELINE, '--past', '--only-failed', '--dry-run')
        self.shape('request-preview', 'run', PIPELINE, '--partition', '2024-01-01..2024-01-02', '--dry-run')
        self.ok('clear', PIPELINE)
        self.shape('cancel', 'cancel', PIPELINE, 'latest')
        self.shape('note', 'note', PIPELINE, 'latest', 'why')
        self.shape('pause', 'pause', PIPELINE)
        self.shape('undo-list', 'undo', PIPELINE, '--list')
        self.shape('undo', 'undo', PIPELINE)
        self.shape('hold', 'hold', PIPELINE, '2024-01-03', '--reason', 'why')
        self.shape('release', 'release', PIPELINE, '2024-01-03')

    def test_outside_workers(self):
        self.load_three_days()
        ticket = ('scheduled_2024-01-01', '--token', 1)
        self.shape('claim', 'claim', PIPELINE, '--as', 'airflow')
        self.shape('claim-none', 'claim', PIPELINE)
        self.shape('renew', 'renew', PIPELINE, *ticket)
        self.shape('run-outside', 'run', PIPELINE)
        self.shape('fail', 'fail', PIPELINE, *ticket, '--message', 'no disk left')
        self.shape('show-outside', 'show', PIPELINE, ticket[0])
        self.write('command.yaml', 'pipeline: command\n'
                   'sources: {devices: {table: dataset/devices, partition: event_time, cadence: day}}\n'
                   'schedule: {start: 2024-01-01}\n'
                   'steps: [{id: work, command: ["true"]}]\n')
        self.ok('claim', 'command.yaml')
        self.shape('done', 'done', 'command.yaml', *ticket)

    def test_a_table_that_is_another_one(self):
        self.load_three_days()
        self.ok('run', PIPELINE)
        shutil.rmtree(self.folder / 'dataset/devices')
        self.load('2024-01-01')
        self.shape('accept', 'accept', PIPELINE)

    def test_a_definition_that_makes_other_outputs(self):
        self.load_three_days()
        self.ok('run', PIPELINE)
        path = self.folder / PIPELINE
        path.write_text(path.read_text().replace('devices_by_type', 'types'))
        self.shape('accept-definition', 'accept', PIPELINE)

    def test_an_error(self):
        done = self.call('changes', 'nowhere', '--output', 'json')
        self.assertEqual(sorted(json.loads(done.stderr)['error']), ['file', 'hint', 'kind', 'line', 'message'])
