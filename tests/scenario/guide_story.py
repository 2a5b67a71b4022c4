"""The commands of the user guide, chapter by chapter, as they stand there.

What a chapter leaves to its reader (a run's id, a table's name) is put in; what needs a service is played by the tests
that PLAYED_ELSEWHERE names. A chapter that is in neither fails.
"""
import gzip
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import unittest

from story import BINARY, PIPELINE, SOURCE, Story

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'server'))
from server_story import Client, Served  # noqa: E402

GUIDE = SOURCE / 'docs/user-guide'
PROGRAMS = ('latecomer', 'curl', 'post', 'api=', 'script/', 'cmake', 'pip', 'createdb', 'export', 'kubectl', 'helm', 'docker',
            'airflow', 'mkdir', 'cp')
COMMAND = re.compile(r' {4}(?:\$ )?((?:[A-Z_]+=\S+ )*(?:' + '|'.join(PROGRAMS) + r').*)')
# Chapter → the test that plays its commands, or that nothing does and the chapter says so.
PLAYED_ELSEWHERE = {
    'airflow': 'tests/services/airflow_test.py', 'containers': 'tests/services/kubernetes_test.py',
    'kubernetes': 'tests/services/kubernetes_test.py', 'object-stores': 'tests/stores/story_test.py',
    'shared-ledger': 'tests/scenario/shared_ledger_story.py', 'spark': 'tests/services/spark_test.py',
}
CHAIN = {'clean': ('devices', 'SELECT type, version FROM devices'),
         'counted': ('clean', 'SELECT type, count(*) AS devices FROM clean GROUP BY ALL')}


def blocks(chapter):
    """Its commands without what is said of them, each run of lines a list. Of fenced blocks, none."""
    found, fenced, inside = [], False, False
    for line in (GUIDE / f'{chapter}.md').read_text().splitlines():
        fenced ^= line.startswith('```')
        match = None if fenced else COMMAND.fullmatch(line)
        if match:
            if not inside:
                found.append([])
            found[-1].append(re.sub(r' {2,}#.*', '', match[1]))
        inside = bool(match)
    return found


class Guide(Story):
    def setUp(self):
        super().setUp()
        self.write('bin/latecomer', f'#!/bin/sh\nexec {shlex.quote(BINARY)} "$@"\n').chmod(0o755)

    def scene(self):
        """Three days that were loaded, and a pipeline beside them that processes the first two."""
        for name in ('dataset', '.latecomer', 'pipelines'):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self.load_three_days()
        shutil.copy(self.folder / 'examples/devices/devices.sql', self.folder)
        self.write('pipeline.yaml', (self.folder / PIPELINE).read_text().replace('../../', ''))

    def play(self, block, code=0, stdin='', **instead):
        """`instead`: what stands in for a word of the page."""
        script = '\n'.join(block)
        for word, other in instead.items():
            self.assertRegex(script, rf'\b{word}\b')
            script = re.sub(rf'\b{word}\b', lambda _: other, script)
        environment = {**self.environment(), 'PATH': f'{self.folder}/bin:/usr/bin:/bin'}
        done = subprocess.run(['bash', '-euo', 'pipefail', '-c', script], cwd=self.folder, env=environment, input=stdin,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, code, script + '\n' + done.stdout + done.stderr)
        return done.stdout

    def test_each_chapter_with_commands_is_played(self):
        mine = {name.removeprefix('test_').removesuffix('_chapter').replace('_', '-') for name in dir(self)
                if name.endswith('_chapter')}
        chapters = {path.stem for path in GUIDE.glob('*.md') if blocks(path.stem)}
        self.assertEqual(chapters, mine | PLAYED_ELSEWHERE.keys())
        for chapter, test in PLAYED_ELSEWHERE.items():
            self.assertIn(f'{chapter}.md', (SOURCE / test).read_text())

    def test_README_chapter(self):
        build, wheel, first, adopt, look = blocks('README')
        self.assertEqual((build[0], wheel[0]), ('script/bootstrap', 'script/wheel'))  # tests/install plays these
        self.scene()
        said = self.play([one.replace('path/to/table', 'dataset/devices') for one in first])
        self.assertIn('scheduled_2024-01-02', said)
        said = self.play(look[:3] + look[4:5], RUN='latest')
        self.assertIn('2024-01-01', said)
        self.play(look[3:4] + look[5:])
        for command, newest in zip(adopt, ('41', '_last_processed_version')):
            self.scene()
            self.write('_last_processed_version', '2')
            self.play([command.replace(newest, '2') if newest == '41' else command])
            self.assertIn('nothing to do', self.ok('run', 'pipeline.yaml'))

    def test_cascades_chapter(self):
        self.scene()
        for name, (source, query) in CHAIN.items():
            self.write(f'pipelines/{name}.yaml', f'''
pipeline: {name}
sources: {{{source}: {{table: ../dataset/{source}, partition: event_time}}}}
schedule: {{start: 2024-01-01, end: 2024-01-02, ready: {{delay: 1h}}}}
steps: [{{id: make, sql: {{query: "{query}", into: ../dataset/{name}}}}}]
''')
        block, = blocks('cascades')
        self.play(block)
        self.assertEqual(self.output_rows('dataset/counted').keys(), {'2024-01-01', '2024-01-02'})

    def test_generate_chapter(self):
        self.play(sum(blocks('generate'), []), **{'1000000': '20000'})
        self.assertEqual(len((self.folder / 'dataset/input/dataset.json').read_text().splitlines()), 100)
        self.assertGreater(len(self.output_rows('dataset/devices')), 1)
        text = (GUIDE / 'generate.md').read_text()
        self.write('own.yaml', re.search(r'^ {4}entity:(?:.*\n)+?(?=\n\S)', text, re.MULTILINE)[0].replace('\n    ', '\n')[4:])
        rows = self.ok('generate', '--spec', 'own.yaml').splitlines()
        self.assertEqual(len(rows), 1000)
        self.assertIn('"browser":"firefox"', ''.join(rows))

    def test_load_chapter(self):
        fixed, split = blocks('load')
        self.generate()
        said = self.play(fixed)
        self.assertRegex(said, r'^loaded 100 rows into dataset/devices, event_time=2024-01-01: version 0, 1 file, ')
        for name in ('visits.csv', 'day1.parquet', 'day2.parquet'):
            self.ok('generate', 'devices', '--event-time', 'event_time', '--current', '2024-01-02', '--late-rows', '50%', '-o', name)
        with gzip.open(self.folder / 'visits.csv.gz', 'wt') as packed:
            packed.write((self.folder / 'visits.csv').read_text())
        self.play(split)
        self.assertEqual(sum(self.output_rows('dataset/visits').values()), 300)

    def test_lateness_chapter(self):
        self.scene()
        block, = blocks('lateness')
        self.assertIn('late_data:', self.play(block))

    def test_ledger_chapter(self):
        care, rebuild, take_over = blocks('ledger')
        self.scene()
        self.ok('run', 'pipeline.yaml')
        self.play(care + rebuild)
        self.assertIn('nothing to do', self.ok('run', 'pipeline.yaml'))
        shutil.rmtree(self.folder / '.latecomer')
        self.play(take_over)
        self.assertIn('nothing to do', self.ok('run', 'pipeline.yaml'))

    def test_pipeline_file_chapter(self):
        for command in sum(blocks('pipeline-file'), []):
            self.scene()
            self.ok('run', 'pipeline.yaml')
            path = self.folder / 'pipeline.yaml'
            path.write_text(path.read_text().replace('dataset/devices_by_type', 'dataset/elsewhere'))
            self.assertEqual(self.call('plan', 'pipeline.yaml').returncode, 7)
            self.play([command])
            late = len(self.lines('plan', 'pipeline.yaml'))
            self.assertEqual(late, 0 if '--as-processed' in command else 2, command)

    def test_vanished_history_chapter(self):
        for command in sum(blocks('vanished-history'), []):
            self.scene()
            self.ok('run', 'pipeline.yaml')
            shutil.rmtree(self.folder / 'dataset/devices')
            for day in (1, 2, 3):
                self.load(f'2024-01-0{day}')
            self.assertEqual(self.call('plan', 'pipeline.yaml').returncode, 5)
            self.play([command])
            late = len(self.lines('plan', 'pipeline.yaml'))
            self.assertEqual(late, 0 if '--as-processed' in command else 2, command)

    def test_steering_chapter(self):
        preview, hold, ask = blocks('steering')
        self.scene()
        path = self.folder / 'pipeline.yaml'
        path.write_text(path.read_text().replace('retries: 2', 'retries: 0').replace('file: devices.sql', 'query: "SELECT 1/0 + \'x\'"'))
        self.call('run', 'pipeline.yaml')
        shown = self.play(preview)
        self.assertRegex(shown, r'(?m)^RUN +STATE +RUNS AGAIN +KEPT +READS +NOTE')
        self.assertIn('left alone: ', shown)
        self.scene()
        self.assertIn('the vendor sends it again on Monday', self.play(hold[:3]))
        self.play(hold[3:], code=3)  # nothing is held by that rule
        self.ok('run', 'pipeline.yaml')
        self.play(ask)
        self.assertEqual(len([run for run in self.states('pipeline.yaml') if run.startswith('manual_2024-01-02')]), 1)

    def test_server_chapter(self):
        serve, demo, users, ask = blocks('server')
        self.scene()
        self.write('DIR/pipeline.yaml', (self.folder / 'pipeline.yaml').read_text().replace('dataset/', '../dataset/').replace(
            'file: devices', 'file: ../devices'))
        self.play([f'{users[0]} --password-stdin', users[2]], stdin='a long password\n')
        self.play([f'{users[1]} --password-stdin'], stdin='another password\n')
        served = self.served(serve[0])
        client = Client(served.port, 'ada', 'another password')
        token = client.post('/me/tokens', {'name': 'guide', 'scope': 'viewer'}, expect=201)['token']
        command = ask[0].replace('lct_…', token).replace('8080', str(served.port))
        self.assertIn('"devices_loader"', self.play([command]))
        self.assertEqual(served.stop(), 0)
        self.play(['latecomer users add other --role admin --pipelines DIR --password-stdin'], stdin='for the last admin stays\n')
        self.play(users[3:])
        self.served(demo[0])

    def served(self, command):
        """The server that a command of the page starts, at a port that is free."""
        words = shlex.split(command)
        self.assertEqual(words[:3], ['latecomer', 'serve', '--pipelines'])
        return Served(self, *words[4:], pipelines=words[3])

    def test_web_ui_chapter(self):
        self.scene()
        (command,), = blocks('web-ui')
        served = self.served(command)
        status, page, _ = Client(served.port).raw('GET', '/')
        self.assertEqual(status, 200)
        self.assertIn('This build has no web UI' if os.environ.get('STORY_WITHOUT_WEB') else '<html', page)
        self.assertTrue(Client(served.port, 'dedp', 'dedp').get('/pipelines')['items'])

    def test_outside_workers_chapter(self):
        commands, define, requests = blocks('outside-workers')
        self.scene()
        path = self.folder / 'pipeline.yaml'
        path.write_text(re.sub(r'sql:\n.*\n.*\n', 'command: ["true"]\n', path.read_text()))
        claim, renew, done, fail = commands
        for report in (done, fail):
            self.play([claim])
            run = self.lines('runs', 'pipeline.yaml')[-1]['run_id']
            words = {'RUN': run, 'T': '1'}
            self.play([renew], **words)
            self.play([report.replace('TEXT', shlex.quote('no disk left'))], **words)
            self.assertEqual(self.states('pipeline.yaml')[run], 'failed' if report is fail else 'success')

    def test_outside_workers_over_http(self):
        commands, define, requests = blocks('outside-workers')
        self.scene()
        self.write('DIR/pipeline.yaml', f'''
pipeline: devices_loader
sources: {{devices: {{table: ../dataset/devices, partition: event_time}}}}
schedule: {{start: 2024-01-01, end: 2024-01-02, workers: outside, max_active_runs: 9}}
steps: [{{id: work, command: ["true"]}}]
''')
        served = self.served('latecomer serve --pipelines DIR --demo')
        token = Client(served.port, 'dedp', 'dedp').post('/me/tokens', {'name': 'w', 'scope': 'operator'}, expect=201)['token']
        define = [one.replace('8080', str(served.port)) for one in define]

        def ask(*lines, run='none'):
            return self.play([f'TOKEN={token} run={run}', *define, *lines])
        claims = []
        for _ in range(200):
            claims = json.loads(ask(requests[0]))
            if claims:
                break
        self.assertEqual([claim['token'] for claim in claims], [1, 1])
        for claim, report in zip(claims, requests[2:]):
            ask(*(one.replace('"token": 3', '"token": 1') for one in (requests[1], report)), run=claim['run_id'])
        states = {run['run_id']: run['state'] for run in self.lines('runs', 'DIR/pipeline.yaml')}
        self.assertEqual(sorted(states.values()), ['queued', 'success'])


if __name__ == '__main__':
    unittest.main()
