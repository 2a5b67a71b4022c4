"""What the ledger takes for each thing it knows: the constants of docs/capacity.md. usage: run.py BINARY [--small] [--into FOLDER]"""
import argparse
import contextlib
import pathlib
import sqlite3
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'engine'), str(HERE.parent)]

import make_ledgers
from measure import ROOT, Row, run, write_report

PIPELINE = '''pipeline: {name}
sources:
  table: {{table: table, partition: hour, cadence: hour}}
schedule: {{start: 2010-01-01, ready: {{delay: 0s}}}}
steps:
  - {{id: a, command: [/bin/true]}}
late_data: {{detect: changes, allowed_lateness: 36500d}}
'''


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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('binary', type=pathlib.Path)
    parser.add_argument('--small', action='store_true', help='small sizes, to see that it works')
    parser.add_argument('--into', type=pathlib.Path, default=ROOT / 'bench/results')
    arguments = parser.parse_args()
    partitions, pipelines, commits = (2_000, 1, 20) if arguments.small else (20_000, 2, 100)
    with tempfile.TemporaryDirectory(prefix='latecomer-bench-') as work:
        ledger = Ledger(arguments.binary.resolve(), pathlib.Path(work))
        for_table, for_pipeline, for_commit, for_run = measure(ledger, partitions, pipelines, commits)
    row = lambda work, figure, most: Row(work, f'{figure:.0f} B', '–', figure, 'B', at_most=most)
    write_report(arguments.into, 'capacity', 'What the ledger takes',
                 'Bytes of the SQLite ledger that are in use, indices included, after so many more of one thing; '
                 '`script/bench capacity` makes this page, [capacity](../../docs/capacity.md) reckons with it.',
                 [row(f'a partition of a table, {partitions:,} of them', for_table, 512),
                  row('what a pipeline knows of such a partition: processed, and where it lies in time', for_pipeline, 512),
                  row('a commit that changed one partition', for_commit, 1024),
                  row('a run of one step, with its try, five steps, attempt and events', for_run, 6144)])


if __name__ == '__main__':
    main()
