"""The whole story with SIGKILL at random places, in the middle of ledger transactions and output commits too: what comes
out is what the source says, and nothing is processed more often than the kills explain.

KILLS=2000 makes more of them than the few a test has time for; SEED another sequence.
"""
import json
import os
import random
import signal
import subprocess

from story import PIPELINE, Story

KILLS = int(os.environ.get('KILLS', '20'))
SEED = int(os.environ.get('SEED', '1'))
DUCKDB = os.environ['STORY_DUCKDB']
KILL_AT = os.environ['STORY_KILL_AT']
KILLS_IN_A_ROW = 3
SOURCE, OUTPUT = 'dataset/devices', 'dataset/devices_by_type'
LEDGER = 'sqlite:examples/devices/.latecomer/ledger.db'


class Kill(Story):
    def new_world(self, number):
        """A fresh folder with an empty lake."""
        self.doCleanups()
        self.setUp()
        pipeline = self.folder / PIPELINE
        pipeline.write_text(pipeline.read_text().replace('retry_delay: 10s', 'retry_delay: 10ms'))
        self.kills = 0
        self.dice = random.Random(f'{SEED} {number}')

    def load_some(self, *days):
        for day in days:
            rows = f'rows{len(list(self.folder.iterdir()))}.json'
            self.ok('generate', 'devices', '--rows', 30, '--seed', self.dice.randrange(1000), '-o', rows)
            self.ok('load', SOURCE, rows, '--partition', f'event_time={day}')

    def run_under(self, **settings):
        environment = {**self.environment(), 'LD_PRELOAD': KILL_AT, **settings}
        return subprocess.run([os.environ['LATECOMER'], 'run', PIPELINE], cwd=self.folder, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)

    def run_to_the_end(self, calls):
        """Kills a few times, then lets it end by itself."""
        for _ in range(self.dice.randrange(KILLS_IN_A_ROW + 1)):
            settings = {'KILL_AT': str(self.dice.randrange(1, calls + 1))}
            if self.dice.random() < 0.5:
                settings['KILL_AFTER'] = '1'
            done = self.run_under(**settings)
            self.assertIn(done.returncode, (0, -signal.SIGKILL), done.stdout + done.stderr)
            self.kills += done.returncode != 0
        self.ok('run', PIPELINE)

    def rows(self, query):
        done = subprocess.run([DUCKDB, '-json', '-c', query], cwd=self.folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout or '[]')

    def files(self, table, day):
        listed = self.lines('partitions', table, '--files')
        names = [file['path'] for file in listed if file['partition'] == {'event_time': day}]
        return 'read_parquet([' + ', '.join("'" + name.replace("'", "''") + "'" for name in names) + '])'

    def assert_output_is_what_the_source_says(self):
        order = 'ORDER BY ALL'
        for day in ('2024-01-01', '2024-01-02'):
            expected = self.rows('SELECT type, version, count(*) AS devices FROM '
                                 f'{self.files(SOURCE, day)} GROUP BY ALL {order}')
            found = self.rows(f'SELECT type, version, devices FROM {self.files(OUTPUT, day)} {order}')
            self.assertEqual(found, expected, day)
            self.assertTrue(found)

    def count_calls(self):
        """Of a run that does all the work of the story's beginning."""
        self.load_some('2024-01-01', '2024-01-02', '2024-01-03')
        counted = self.folder / 'calls'
        done = self.run_under(KILL_COUNT=str(counted))
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(counted.read_text())

    def play(self, calls):
        self.load_some('2024-01-01', '2024-01-02', '2024-01-03')
        self.run_to_the_end(calls)
        self.load_some('2024-01-01')
        self.run_to_the_end(calls)
        self.load_some('2024-01-02', '2024-01-01')
        self.run_to_the_end(calls)
        self.assert_output_is_what_the_source_says()
        self.assertEqual(self.lines('plan', PIPELINE), [])
        self.ok('ledger', 'check', '--ledger', LEDGER)
        needed = 5  # two intervals, one late partition, then two
        tries = sum(run['tries'] for run in self.lines('runs', PIPELINE))
        self.assertLessEqual(tries, needed + self.kills)
        changed = [commit for commit in self.lines('changes', OUTPUT) if commit['partitions']]
        self.assertLessEqual(len(changed), needed + self.kills)

    def test_killed_anywhere(self):
        self.new_world(0)
        calls = self.count_calls()
        self.assertGreater(calls, 50)
        kills = worlds = 0
        while kills < KILLS:
            worlds += 1
            self.new_world(worlds)
            with self.subTest(world=worlds, seed=SEED):
                self.play(calls)
            kills += self.kills
            if KILLS > 100:
                print(f'{worlds} stories, {kills} kills', flush=True)
