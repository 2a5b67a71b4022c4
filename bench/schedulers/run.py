"""Schedulers that share a ledger in PostgreSQL. usage: run.py BINARY [--small] [--into FOLDER]"""
import argparse
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / 'engine'), str(HERE.parent.parent / 'tests/services')]

import make_ledgers
import postgres
from measure import Row, seconds, write_report


@dataclasses.dataclass
class Sizes:
    schedulers: int = 4
    pipelines: int = 200
    partitions: int = 1


SMALL = Sizes(schedulers=2, pipelines=4, partitions=2)
PIPELINE = '''pipeline: {name}
sources:
  table: {{table: ../table, partition: hour, cadence: hour}}
schedule: {{start: 2010-01-01, ready: {{delay: 0s}}}}
steps:
  - {{id: note, shell: true, command: 'echo "{name} $LATECOMER_PARTITION_HOUR" >> ../done'}}
late_data: {{detect: changes, allowed_lateness: 36500d}}
'''
# A transaction that returned is on the disk, as it would be in earnest.
IN_EARNEST = {'fsync': 'on', 'full_page_writes': 'on', 'shared_buffers': '256MB'}


class SchedulersBench:
    def __init__(self, binary, sizes, work, server):
        self.binary, self.sizes, self.work, self.server = binary, sizes, work, server
        self.runs = sizes.pipelines * sizes.partitions
        self.rows = []
        make_ledgers.commit(work / 'table', 0, range(sizes.partitions))
        (work / 'pipelines').mkdir()
        for number in range(sizes.pipelines):
            name = f'p{number:03}'
            (work / f'pipelines/{name}.yaml').write_text(PIPELINE.format(name=name))

    def start(self, ledger):
        environment = {**os.environ, 'LATECOMER_LEDGER': ledger}
        return subprocess.Popen([self.binary, 'run', 'pipelines', '--yes', '--quiet'], cwd=self.work, env=environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def finish(self, process):
        _, errors = process.communicate()
        if process.returncode != 0:
            sys.exit(f'bench: a scheduler ended with {process.returncode}: {errors[-2000:]}')

    def all_done(self, count, ledger, kill_one=False):
        """How long so many schedulers take for everything, and how often each run was done."""
        done = self.work / 'done'
        done.unlink(missing_ok=True)
        shutil.rmtree(self.work / 'pipelines/.latecomer', ignore_errors=True)
        begin = time.perf_counter()
        schedulers = [self.start(ledger) for _ in range(count)]
        if kill_one:
            while not done.exists() or len(done.read_text().splitlines()) < self.runs // 3:
                threading.Event().wait(0.05)
            schedulers.pop().kill()
        for scheduler in schedulers:
            self.finish(scheduler)
        spent = time.perf_counter() - begin
        return spent, done.read_text().splitlines()

    def wrong(self, lines, allowed=0):
        """Runs that are missing, or were done more often than the killed scheduler's own may have been."""
        return self.runs - len(set(lines)) + max(0, len(lines) - len(set(lines)) - allowed)

    def measure(self):
        sizes = self.sizes
        what = f'{sizes.pipelines} pipelines × {sizes.partitions} partition' + ('s' if sizes.partitions > 1 else '')
        self.say(f'one scheduler, {what}')
        alone, lines = self.all_done(1, self.server.url(schema='alone'))
        wrong = self.wrong(lines)
        in_file, lines = self.all_done(1, f'sqlite:{self.work}/file/ledger.db')
        wrong += self.wrong(lines)
        self.say(f'{sizes.schedulers} schedulers')
        flushes, commits = self.counters()
        together, lines = self.all_done(sizes.schedulers, self.server.url(schema='together'))
        wrong += self.wrong(lines)
        flushes, commits = (after - before for after, before in zip(self.counters(), (flushes, commits)))
        self.say('one of them killed on the way')
        killed, lines = self.all_done(sizes.schedulers, self.server.url(schema='killed'), kill_one=True)
        wrong += self.wrong(lines, allowed=sizes.pipelines)  # what it ran at that moment is run again
        for schema in ('alone', 'together', 'killed'):
            self.check(schema)
        name = f'{what}, {sizes.schedulers} schedulers'
        self.rows += [
            Row(name, seconds(together), f'one scheduler: {seconds(alone)}', together / alone, '×', at_most=1),
            Row(f'{what}, one scheduler', seconds(alone), f'with a file: {seconds(in_file)}', alone / in_file, '×', at_most=3),
            Row(f'{name}, one killed on the way', seconds(killed), f'none killed: {seconds(together)}', killed / together, '×',
                at_most=1.5),
            Row('runs missing, or done twice', f'{4 * self.runs:,} runs', '–', wrong, '', at_most=0.5),
            Row('waits for the disk, for each run', f'{commits / self.runs:.0f} transactions, reading ones too', '–',
                flushes / self.runs, '', at_most=15),
        ]

    def counters(self):
        """Flushes of the log, and transactions."""
        flushes = int(self.server.psql('SELECT wal_sync FROM pg_stat_wal')[0][0])
        commits = int(self.server.psql("SELECT xact_commit FROM pg_stat_database WHERE datname = 'postgres'")[0][0])
        return flushes, commits

    def check(self, schema):
        done = subprocess.run([self.binary, 'ledger', 'check', '--ledger', self.server.url(schema=schema)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f'bench: {done.stdout}{done.stderr}')

    def say(self, text):
        print(f'bench: {text}', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('binary', type=pathlib.Path)
    parser.add_argument('--small', action='store_true')
    parser.add_argument('--into', type=pathlib.Path, default=pathlib.Path('bench/results'))
    arguments = parser.parse_args()
    sizes = SMALL if arguments.small else Sizes()
    server = postgres.Server(IN_EARNEST).start()
    try:
        with tempfile.TemporaryDirectory(prefix='latecomer-bench-') as work:
            bench = SchedulersBench(arguments.binary.resolve(), sizes, pathlib.Path(work), server)
            bench.measure()
    finally:
        server.remove()
    write_report(arguments.into, 'schedulers', 'Schedulers that share a ledger',
                 'Each run starts one process. The ledger is in PostgreSQL on the same machine, `fsync` on, which takes its share of '
                 'the same cores. `script/bench schedulers` makes this page.', bench.rows)


if __name__ == '__main__':
    main()
