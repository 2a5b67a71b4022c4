"""Reading logs and loading rows, each beside its yardstick. usage: run.py BINARY [--small] [--into FOLDER]"""
import argparse
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import make_tables
from measure import ROOT, Row, in_turn, run, run_python, seconds, write_report


@dataclasses.dataclass
class Sizes:
    commits: int = 100_000
    many_commits: int = 1_000_000
    few_commits: int = 1_000
    checkpoint_files: int = 1_000_000
    rows: int = 5_000_000
    times: int = 7


SMALL = Sizes(commits=500, many_commits=1_000, few_commits=100, checkpoint_files=2_000, rows=5_000, times=1)
PIPELINE = '''pipeline: bench
sources:
  devices: {table: table, partition: event_time, cadence: day}
schedule: {start: 2024-01-01, ready: {delay: 0s}}
steps:
  - id: nothing
    command: ["true"]
late_data: {detect: changes, allowed_lateness: 36500d, max_backfills: 100000}
'''


class LogBench:
    def __init__(self, binary, sizes, work):
        self.binary, self.sizes, self.work = binary, sizes, work
        self.rows = []

    def say(self, text):
        print(f'bench: {text}', flush=True)

    def latecomer(self, *arguments, **options):
        return run([self.binary, *arguments], **options)

    def to_file(self, *arguments):
        with open(self.work / 'output', 'wb') as output:
            return self.latecomer(*arguments, output=output)

    def against_bare_loop(self):
        n = self.sizes.commits
        self.say(f'a log of {n:,} commits')
        table = self.work / 'commits'
        make_tables.commits(table, 0, n)
        reader = self.work / 'read_files'
        subprocess.run(['cc', '-O2', '-pthread', '-o', reader, HERE / 'read_files.c'], check=True)
        threads = len(os.sched_getaffinity(0))
        bare = lambda: run([reader, table / '_delta_log', n, threads])
        summary = lambda: self.to_file('changes', table, '--summary')
        for name, ours, most in ((f'`changes --summary` over {n:,} commits', summary, 1.3),
                                 (f'`changes --output json` of the same', lambda: self.to_file('changes', table, '--output', 'json'), 1.6)):
            pairs = in_turn(ours, bare, self.sizes.times)
            self.rows.append(Row(name, seconds(pairs.our_wall()), f'bare C loop, {threads} threads: {seconds(pairs.their_wall())}',
                                 pairs.ratio, '×', at_most=most))
        delta_rs = run_python('import deltalake', f'deltalake.DeltaTable({str(table)!r})')
        ours = summary()
        self.rows.append(Row('`changes --summary` of the same', seconds(ours.wall_s),
                             f'delta-rs opening the table: {seconds(delta_rs.wall_s)}, {delta_rs.peak_mib:,.0f} MiB',
                             delta_rs.wall_s / ours.wall_s, '×', at_least=50))
        shutil.rmtree(table)

    def pipeline_of(self, commits):
        """A pipeline that has seen all of a table but its last ten commits."""
        folder = self.work / f'plan-{commits}'
        make_tables.commits(folder / 'table', 0, commits, partitions=100)
        (folder / 'pipeline.yaml').write_text(PIPELINE)
        self.latecomer('adopt', 'pipeline.yaml', '--at-version', commits - 1, cwd=folder)
        make_tables.commits(folder / 'table', commits, commits + 10, partitions=100)
        return folder

    def new_commits_only(self):
        few, many = self.sizes.few_commits, self.sizes.many_commits
        self.say(f'a log of {many:,} commits')
        small, large = self.pipeline_of(few), self.pipeline_of(many)
        plan = lambda folder: lambda: self.latecomer('plan', 'pipeline.yaml', cwd=folder)
        pairs = in_turn(plan(large), plan(small), 3 * self.sizes.times)
        self.rows.append(Row(f'`plan` after 10 new commits on {many:,}', seconds(pairs.our_wall()),
                             f'on {few:,} commits: {seconds(pairs.their_wall())}', pairs.ratio, '×', at_most=1.2))
        scan = self.to_file('changes', large / 'table', '--summary')
        self.rows.append(Row(f'memory of `changes --summary` over {many:,} commits', seconds(scan.wall_s), '–',
                             scan.peak_mib, 'MiB', at_most=128))
        shutil.rmtree(small)
        shutil.rmtree(large)

    def first_contact(self):
        files = self.sizes.checkpoint_files
        self.say(f'checkpoints of {files:,} files')
        classic, sidecars = self.work / 'classic', self.work / 'sidecars'
        make_tables.checkpoint(classic, files)
        make_tables.checkpoint(sidecars, files, sidecars=32)
        name = f'{1:020}.checkpoint.parquet'
        read = (f'pq.read_table({str(classic / "_delta_log" / name)!r}, columns=["add.path", "add.partitionValues", '
                '"add.size", "add.stats"])')
        partitions = lambda table, cpus=None: lambda: self.latecomer('partitions', table, cpus=cpus)
        pairs = in_turn(partitions(classic), lambda: run_python('import pyarrow.parquet as pq', read), self.sizes.times)
        self.rows.append(Row(f'first contact through a checkpoint of {files:,} files', seconds(pairs.our_wall()),
                             f'pyarrow reading the same columns: {seconds(pairs.their_wall())}', pairs.ratio, '×', at_most=1.3))
        cpu = {min(os.sched_getaffinity(0))}
        pairs = in_turn(partitions(sidecars, cpu), partitions(sidecars), self.sizes.times)
        self.rows.append(Row('V2 checkpoint with 32 sidecars, 2 threads', seconds(pairs.their_wall()),
                             f'itself on 1 thread: {seconds(pairs.our_wall())}', pairs.ratio, '×', at_least=1.7))
        shutil.rmtree(classic)
        shutil.rmtree(sidecars)

    def loading(self):
        n = self.sizes.rows
        self.say(f'{n:,} JSON rows')
        rows, table, copy = self.work / 'rows.json', self.work / 'loaded', self.work / 'copy.parquet'
        self.latecomer('generate', 'devices', '--rows', n, '--seed', 7, '-o', rows)

        def ours():
            shutil.rmtree(table, ignore_errors=True)
            return self.latecomer('load', table, rows, '--partition', 'event_time=2024-01-01')

        columns = "{'type': 'VARCHAR', 'full_name': 'VARCHAR', 'version': 'VARCHAR'}"
        sql = (f"COPY (SELECT * FROM read_json('{rows}', format='newline_delimited', columns={columns})) "
               f"TO '{copy}' (FORMAT parquet, COMPRESSION snappy)")
        duckdb = lambda: run([ROOT / '.deps/duckdb/duckdb', '-no-init', '-c', sql])
        pairs = in_turn(ours, duckdb, min(self.sizes.times, 5))
        self.rows.append(Row(f'`load` of {n:,} JSON rows', seconds(pairs.our_wall()),
                             f'DuckDB, JSON to Parquet: {seconds(pairs.their_wall())}', pairs.ratio, '×', at_most=1.2))
        self.rows.append(Row('memory of that load', '', '–', pairs.our_peak(), 'MiB', at_most=512))

    def demo_plan(self):
        self.say('the demo table')
        folder = self.work / 'demo'
        shutil.copytree(ROOT / 'examples', folder / 'examples')
        call = lambda *arguments: self.latecomer(*arguments, cwd=folder)
        call('generate', 'devices', '--rows', 100, '--seed', 7, '-o', 'dataset.json')
        for day in ('2024-01-01', '2024-01-02', '2024-01-03'):
            call('load', 'dataset/devices', 'dataset.json', '--partition', f'event_time={day}')
        call('run', 'examples/devices/pipeline.yaml')
        call('load', 'dataset/devices', 'dataset.json', '--partition', 'event_time=2024-01-01')
        plan = lambda: call('plan', 'examples/devices/pipeline.yaml')
        pairs = in_turn(plan, lambda: run(['true']), 3 * self.sizes.times)
        self.rows.append(Row('the whole `plan` command on the demo table', seconds(pairs.our_wall()),
                             f'starting `true`: {seconds(pairs.their_wall())}', pairs.our_wall() * 1000, 'ms', at_most=60))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('binary', type=pathlib.Path)
    parser.add_argument('--small', action='store_true', help='small sizes, to see that it works')
    parser.add_argument('--into', type=pathlib.Path, default=ROOT / 'bench/results')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='latecomer-bench-') as work:
        bench = LogBench(arguments.binary.resolve(), SMALL if arguments.small else Sizes(), pathlib.Path(work))
        for part in (bench.against_bare_loop, bench.new_commits_only, bench.first_contact, bench.loading, bench.demo_plan):
            part()
    write_report(arguments.into, 'log', 'Reading logs and loading rows',
                 'The cost of change detection is set against reading the same bytes; `script/bench log` makes this page.',
                 bench.rows)


if __name__ == '__main__':
    main()
