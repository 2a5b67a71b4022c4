"""The constants of docs/capacity.md: what the ledger takes for each thing it knows, what a run takes, what looking at tables
in an object store takes. usage: run.py BINARY [--small] [--into FOLDER]"""
import argparse
import contextlib
import dataclasses
import pathlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'engine'), str(HERE.parent), str(HERE.parent.parent / 'tests/services')]

import looks
import make_ledgers
import postgres
from measure import ROOT, Row, run, write_report


@dataclasses.dataclass
class Sizes:
    partitions: int = 20_000
    pipelines: int = 2
    commits: int = 100
    runs: int = 300
    times: int = 11
    looking: int = 6  # pipelines of ten tables
    seconds: int = 20


SMALL = Sizes(partitions=2_000, pipelines=1, commits=20, runs=5, times=3, looking=1, seconds=4)

PIPELINE = '''pipeline: {name}
sources:
  table: {{table: table, partition: hour, cadence: hour}}
schedule: {{start: 2010-01-01, ready: {{delay: 0s}}}}
steps:
  - {{id: a, command: [/bin/true]}}
late_data: {{detect: changes, allowed_lateness: 36500d}}
'''
THREE_STEPS = PIPELINE.replace('late_data', "  - {{id: b, command: [/bin/true], needs: a}}\n  - {{id: c, command: [/bin/true], needs: b}}\nlate_data")


class Ledger:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder

    def commit(self, version, hours):
        make_ledgers.commit(self.folder / 'table', version, hours)

    def adopt(self, name):
        """A new pipeline on the table, with all partitions processed."""
        (self.folder / f'{name}.yaml').write_text(PIPELINE.format(name=name))
        run([self.binary, 'adopt', f'{name}.yaml', '--at-version', '0'], cwd=self.folder)
        self.run(name)

    def run(self, name):
        run([self.binary, 'run', f'{name}.yaml', '--quiet', '--yes'], cwd=self.folder)

    def bytes_in_use(self):
        with contextlib.closing(sqlite3.connect(self.folder / '.latecomer/ledger.db')) as database:
            database.execute('PRAGMA wal_checkpoint(TRUNCATE)')
            value = lambda name: database.execute(f'PRAGMA {name}').fetchone()[0]
            return (value('page_count') - value('freelist_count')) * value('page_size')


def measure(ledger, partitions, pipelines, commits):
    """Bytes for each partition of a table, of a pipeline, for each commit of one partition, and for each run of one step."""
    ledger.commit(0, range(partitions))
    ledger.adopt('first')
    with_first = ledger.bytes_in_use()
    for number in range(pipelines):
        ledger.adopt(f'p{number}')
    for_pipeline = (ledger.bytes_in_use() - with_first) / pipelines / partitions
    for_table = with_first / partitions - for_pipeline
    before = ledger.bytes_in_use()
    for version in range(1, commits + 1):
        ledger.commit(version, [version])
    ledger.run('first')  # reads the commits, and makes a run for each
    after_first = ledger.bytes_in_use()
    ledger.run('p0')  # the commits are known; the runs are its own
    for_run = (ledger.bytes_in_use() - after_first) / commits
    return for_table, for_pipeline, (after_first - before) / commits - for_run, for_run


def in_postgres(ledger):
    """Bytes of the same ledger's tables and indices there."""
    server = postgres.Server().start()
    try:
        run([ledger.binary, 'ledger', 'copy', server.url(), '--ledger', 'sqlite:.latecomer/ledger.db'], cwd=ledger.folder)
        return int(server.psql("SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND "
                               "relnamespace = 'latecomer'::regnamespace")[0][0])
    finally:
        server.remove()


def plan_ms(ledger, sizes):
    """A plan, with the start of the program, when ten partitions are late among all of them."""
    run([ledger.binary, 'run', 'first.yaml', '--quiet', '--yes'], cwd=ledger.folder)
    ledger.commit(sizes.commits + 1, range(0, sizes.partitions, sizes.partitions // 10)[:10])
    plan = lambda: run([ledger.binary, 'plan', 'first.yaml'], cwd=ledger.folder)
    plan()
    return 1000 * statistics.median(plan().wall_s for _ in range(sizes.times))


def a_run(binary, work, runs):
    """Processor time of one run of three steps that do nothing, their processes included, in ms; and its durable transactions."""
    counter, counted = work / 'count_syncs', work / 'syncs'
    subprocess.run(['cc', '-O2', '-shared', '-fPIC', '-o', counter, HERE.parent / 'engine/count_syncs.c', '-ldl'], check=True)

    def once(before=()):
        folder = pathlib.Path(tempfile.mkdtemp(dir=work))
        make_ledgers.commit(folder / 'table', 0, range(runs))
        (folder / 'pipeline.yaml').write_text(THREE_STEPS.format(name='three'))
        return run([*before, binary, 'run', 'pipeline.yaml', '--yes', '--quiet'], cwd=folder)
    once(('env', f'LD_PRELOAD={counter}', f'COUNT_SYNCS_INTO={counted}'))
    return 1000 * statistics.median(once().cpu_s for _ in range(3)) / runs, int(counted.read_text()) / runs


def ledger_rows(binary, work, sizes):
    ledger = Ledger(binary, work)
    ledger.folder.mkdir()
    for_table, for_pipeline, for_commit, for_run = measure(ledger, sizes.partitions, sizes.pipelines, sizes.commits)
    in_file, there = ledger.bytes_in_use(), in_postgres(ledger)
    plan = plan_ms(ledger, sizes)
    row = lambda what, figure, most: Row(what, f'{figure:.0f} B', '–', figure, 'B', at_most=most)
    return [row(f'a partition of a table, {sizes.partitions:,} of them', for_table, 512),
            row('what a pipeline knows of such a partition: processed, and where it lies in time', for_pipeline, 512),
            row('a commit that changed one partition', for_commit, 1024),
            row('a run of one step, with its try, five steps, attempt and events', for_run, 6144),
            Row('this ledger in PostgreSQL', f'{there / 2**20:.1f} MiB', f'in SQLite: {in_file / 2**20:.1f} MiB',
                there / in_file, '×', at_most=3),
            Row(f'`plan`, {sizes.partitions:,} partitions, 10 late, with the start of the program', f'{plan:.0f} ms', '–', plan,
                'ms', at_most=50)]


def run_rows(binary, work, sizes):
    work.mkdir()
    cpu, transactions = a_run(binary, work, sizes.runs)
    return [Row('processor time of a run of three steps that do nothing', f'{cpu:.1f} ms', '–', cpu, 'ms', at_most=20),
            Row('its durable transactions', f'{transactions:.1f}', '–', transactions, '', at_most=12)]


def look_rows(binary, work, sizes):
    work.mkdir()
    named = lambda counted: ', '.join(f'{number} {method}' for method, number in sorted(counted.items()))
    quiet, more = looks.of_one_look(binary, work)
    sources, wanted, most, cost_ms = looks.of_a_server(binary, work / 'fleet', sizes.looking, sizes.seconds)
    idle_ms = looks.of_idle_pipelines(binary, work / 'idle', 10 * sizes.looking, sizes.seconds)
    limit = 1 / (2 * looks.DELAY_S)
    return [Row('requests of a look without news, S3', named(quiet), '–', quiet.total(), '', at_most=2),
            Row('and with ten new commits, more', named(more), '–', more.total(), '', at_most=13),
            Row(f'looks a second of a server, {sources} tables every 2 s', f'{wanted:.1f}', f'formula: {sources / 2:.1f}',
                wanted / (sources / 2), '×', at_most=1.1),
            Row('looks a second that a server can make, each request 30 ms later', f'{most:.1f}', f'formula: {limit:.1f}',
                most / limit, '×', at_least=0.8),
            Row('processor time of such a look', f'{cost_ms:.2f} ms', '–', cost_ms, 'ms', at_most=5),
            Row(f'processor time of a pipeline without anything to do, each second, {10 * sizes.looking} of them', f'{idle_ms:.3f} ms',
                '–', idle_ms, 'ms', at_most=1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('binary', type=pathlib.Path)
    parser.add_argument('--small', action='store_true', help='small sizes, to see that it works')
    parser.add_argument('--into', type=pathlib.Path, default=ROOT / 'bench/results')
    arguments = parser.parse_args()
    sizes, binary = SMALL if arguments.small else Sizes(), arguments.binary.resolve()
    with tempfile.TemporaryDirectory(prefix='latecomer-bench-') as name:
        work = pathlib.Path(name)
        rows = ledger_rows(binary, work / 'ledger', sizes) + run_rows(binary, work / 'runs', sizes) + look_rows(
            binary, work / 'looks', sizes)
    write_report(arguments.into, 'capacity', 'What capacity is reckoned with',
                 'Bytes of the SQLite ledger that are in use, indices included, after so many more of one thing; what a run takes; '
                 'what looking at tables in an object store takes (s3proxy, on the same cores). `script/bench capacity` makes this '
                 'page, [capacity](../../docs/capacity.md) reckons with it.', rows)


if __name__ == '__main__':
    main()
