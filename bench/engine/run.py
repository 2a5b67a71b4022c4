"""Planning and running, each beside its yardstick. usage: run.py BINARY GRID-READER SIMULATOR [--small] [--airflow VENV] [--into FOLDER]"""
import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import make_ledgers
from measure import ROOT, Row, in_turn, run, seconds, write_report


@dataclasses.dataclass
class Sizes:
    runs: int = 1_000
    run_times: int = 3
    airflow_runs: int = 50
    partitions: int = 100_000
    few_partitions: int = 1_000
    pipelines: int = 20
    late: int = 10
    plan_times: int = 21
    ledger_runs: int = 1_000_000
    grid_runs: int = 500
    grid_steps: int = 10
    grid_times: int = 21
    seeds: int = 200


SMALL = Sizes(runs=5, run_times=1, partitions=300, few_partitions=100, pipelines=2, late=3, plan_times=1, ledger_runs=200,
              grid_runs=50, grid_times=3, seeds=2)
PIPELINE = '''pipeline: {name}
sources:
  table: {{table: table, partition: hour, cadence: hour}}
schedule: {{start: 2010-01-01, ready: {{delay: 0s}}}}
steps:
  - {{id: a, command: [/bin/true]}}
  - {{id: b, command: [/bin/true], needs: a}}
  - {{id: c, command: [/bin/true], needs: b}}
late_data: {{detect: changes, allowed_lateness: 36500d}}
'''


class EngineBench:
    def __init__(self, binary, grid_reader, simulator, airflow, sizes, work):
        self.binary, self.grid_reader, self.simulator = binary, grid_reader, simulator
        self.airflow, self.sizes, self.work = airflow, sizes, work
        self.rows = []

    def say(self, text):
        print(f'bench: {text}', flush=True)

    def latecomer(self, *arguments, **options):
        return run([self.binary, *arguments], **options)

    def compile(self, name, *flags):
        made = self.work / pathlib.Path(name).stem
        subprocess.run(['cc', '-O2', '-o', made, HERE / name, *flags], check=True)
        return made

    def runs(self):
        n = self.sizes.runs
        self.say(f'{n:,} runs of three steps')
        bare, counter = self.compile('bare_runs.c', '-lsqlite3'), self.compile('count_syncs.c', '-shared', '-fPIC', '-ldl')
        made = self.work / 'runs'
        made.mkdir()

        def ours(before=()):
            # In a new folder each time: where files were removed just now, ext4 makes new ones slowly.
            folder = pathlib.Path(tempfile.mkdtemp(dir=made))
            make_ledgers.commit(folder / 'table', 0, range(n))
            (folder / 'pipeline.yaml').write_text(PIPELINE.format(name='bench'))
            return run([*before, self.binary, 'run', 'pipeline.yaml', '--yes', '--quiet'], cwd=folder)

        counted = self.work / 'syncs'
        ours(('env', f'LD_PRELOAD={counter}', f'COUNT_SYNCS_INTO={counted}'))
        transactions = int(counted.read_text()) / n
        self.rows.append(Row('durable transactions of one such run', f'{transactions:.1f}', '–', transactions, '', at_most=12))

        def theirs():
            for old in self.work.glob('bare.db*'):
                old.unlink()
            return run([bare, self.work / 'bare.db', n, round(transactions)])

        pairs = in_turn(ours, theirs, self.sizes.run_times)
        self.rows.append(Row(f'{n:,} runs of three steps, ledger with `synchronous=FULL`', seconds(pairs.our_wall()),
                             f'three `/bin/true` and {round(transactions)} transactions each: {seconds(pairs.their_wall())}',
                             pairs.ratio, '×', at_most=1.5))
        if self.airflow:
            self.say(f'{self.sizes.airflow_runs} runs of Airflow')
            shown = subprocess.run([sys.executable, HERE / 'airflow_runs.py', self.airflow, self.work / 'airflow',
                                    str(self.sizes.airflow_runs)], check=True, stdout=subprocess.PIPE, text=True)
            of_airflow, mine = float(shown.stdout) / self.sizes.airflow_runs, pairs.our_wall() / n
            self.rows.append(Row('one of those runs', seconds(mine), f'in Airflow, LocalExecutor: {seconds(of_airflow)}',
                                 of_airflow / mine, '×', at_least=100))
        shutil.rmtree(made)

    def planned(self, partitions):
        """A ledger in which pipelines processed so many partitions each; then a commit made some of them late."""
        folder = self.work / f'plan-{partitions}'
        make_ledgers.commit(folder / 'table', 0, range(partitions))
        for number in range(self.sizes.pipelines):
            name = f'p{number}.yaml'
            (folder / name).write_text(PIPELINE.format(name=f'p{number}'))
            self.latecomer('adopt', name, '--at-version', 0, cwd=folder)
            self.latecomer('run', name, '--quiet', cwd=folder)
        late = self.sizes.late
        make_ledgers.commit(folder / 'table', 1, range(0, partitions, partitions // late)[:late])
        return folder

    def plans(self):
        many, few = self.sizes.partitions, self.sizes.few_partitions
        self.say(f'{many:,} partitions of {self.sizes.pipelines} pipelines')
        large, small = self.planned(many), self.planned(few)
        plan = lambda folder: lambda: self.latecomer('plan', 'p0.yaml', cwd=folder)
        pairs = in_turn(plan(large), plan(small), self.sizes.plan_times)
        name = f'`plan`, {many:,} partitions × {self.sizes.pipelines} pipelines in the ledger, {self.sizes.late} late'
        self.rows.append(Row(name, seconds(pairs.our_wall()), '–', pairs.our_wall() * 1000, 'ms', at_most=50))
        self.rows.append(Row('the same', seconds(pairs.our_wall()), f'with {few:,} partitions: {seconds(pairs.their_wall())}',
                             pairs.ratio, '×', at_most=1.2))
        shutil.rmtree(large)
        shutil.rmtree(small)

    def grid(self):
        sizes = self.sizes
        self.say(f'a ledger of {sizes.ledger_runs:,} runs')
        folder = self.work / 'grid'
        make_ledgers.commit(folder / 'table', 0, range(2))
        (folder / 'p.yaml').write_text(PIPELINE.format(name='p'))
        self.latecomer('run', 'p.yaml', '--quiet', cwd=folder)
        ledger = folder / '.latecomer/ledger.db'
        make_ledgers.fill_with_runs(ledger, 'p', sizes.ledger_runs, sizes.grid_steps)
        read = subprocess.run([self.grid_reader, ledger, 'p', str(sizes.grid_runs), str(sizes.grid_times)], check=True,
                              stdout=subprocess.PIPE, text=True)
        microseconds, steps = read.stdout.split()
        if int(steps) < (sizes.grid_runs - 2) * sizes.grid_steps:
            sys.exit(f'bench: the grid has only {steps} steps')
        milliseconds = float(microseconds) / 1000
        self.rows.append(Row(f'a grid of {sizes.grid_runs} runs × {sizes.grid_steps} steps from a ledger of {sizes.ledger_runs:,}',
                             f'{milliseconds:.1f} ms', '–', milliseconds, 'ms', at_most=20))
        shutil.rmtree(folder)

    def simulation(self):
        self.say(f'{self.sizes.seeds} seeds of the simulation')
        shown = subprocess.run([self.simulator, '--seeds', f'1..{self.sizes.seeds}'], check=True, stdout=subprocess.PIPE, text=True)
        steps, looks, transactions = map(int, re.search(
            r'in each second (\d+) steps, (\d+) looks of an engine, (\d+) ledger transactions', shown.stdout).groups())
        self.rows.append(Row(f'simulation, {self.sizes.seeds} seeds of 500 steps: steps in a second of a core '
                             f'({looks:,} looks of an engine, {transactions:,} ledger transactions)',
                             f'{steps:,}', '–', steps, '', at_least=20_000))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('binary', type=pathlib.Path)
    parser.add_argument('grid_reader', type=pathlib.Path)
    parser.add_argument('simulator', type=pathlib.Path)
    parser.add_argument('--small', action='store_true', help='small sizes, to see that it works')
    parser.add_argument('--airflow', type=pathlib.Path, help='a Python environment with Apache Airflow')
    parser.add_argument('--only', choices=('runs', 'plans', 'grid', 'simulation'), help='one part')
    parser.add_argument('--into', type=pathlib.Path, default=ROOT / 'bench/results')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='latecomer-bench-') as work:
        bench = EngineBench(arguments.binary.resolve(), arguments.grid_reader.resolve(),
                            arguments.simulator.resolve(), arguments.airflow, SMALL if arguments.small else Sizes(), pathlib.Path(work))
        for part in ('runs', 'plans', 'grid', 'simulation'):
            if arguments.only in (None, part):
                getattr(bench, part)()
    write_report(arguments.into, 'engine', 'Planning and running',
                 'What a run costs is set against the processes and the durable transactions that it can\'t do without, and '
                 'against Airflow; what a plan costs against one of fewer partitions. `script/bench engine` makes this page.',
                 bench.rows)


if __name__ == '__main__':
    main()
