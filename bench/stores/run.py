"""A plan over new commits in an object store. usage: run.py BINARY [--small] [--into FOLDER]"""
import argparse
import dataclasses
import os
import pathlib
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / 'tests/stores')]
os.environ.setdefault('LATECOMER_DEPS', str(HERE.parent.parent / '.deps'))

import new_commits
import services
from measure import Row, seconds, write_report

AT_ONCE, DELAY, SHARE = 64, 0.030, 1.5


@dataclasses.dataclass
class Sizes:
    commits: int = 1000
    times: int = 7


SMALL = Sizes(commits=100, times=3)


def measure(name, binary, sizes, folder):
    """Plans through two doors before the same store in turn; one holds each request back by 30 ms."""
    store = services.by_name(name).start()
    try:
        commits = new_commits.NewCommits(store, binary, folder, sizes.commits)
        with services.Door(store.port) as near, services.Door(store.port, delay=DELAY) as far:
            commits.plan(near.port)
            commits.plan(far.port)
            requests = far.requests
            print(f'bench: {name}: {requests} requests, {far.most_at_once} at once', flush=True)
            pairs = [(commits.plan(near.port)[0], commits.plan(far.port)[0]) for _ in range(sizes.times)]
    finally:
        store.stop()
    near_s, far_s = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
    more_ms = 1000 * statistics.median(late - early for early, late in pairs)
    what = f'`plan` over {sizes.commits:,} new commits, {name}'
    return [Row(f'{what}, 30 ms added to each request', seconds(far_s), f'none added: {seconds(near_s)}', more_ms, 'ms more',
                at_most=round(SHARE * sizes.commits / AT_ONCE * DELAY * 1000)),
            Row(f'{what}, requests', f'{requests}, {far.most_at_once} at once', f'{sizes.commits:,} commits',
                requests / sizes.commits, '×', at_most=1.2)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('binary', type=pathlib.Path)
    parser.add_argument('--small', action='store_true')
    parser.add_argument('--into', type=pathlib.Path, default=pathlib.Path('bench/results'))
    arguments = parser.parse_args()
    sizes = SMALL if arguments.small else Sizes()
    rows = []
    for name in ('s3', 'azure', 'gcs'):
        path, how = services.by_name(name).needed()
        if not path.exists():
            print(f'bench: {name} is left out: {path.name} is missing: {how}', flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix='latecomer-bench-') as work:
            rows += measure(name, arguments.binary.resolve(), sizes, pathlib.Path(work))
    write_report(arguments.into, 'stores', 'Plans on object stores',
                 'The store and what delays its requests run on the same cores: s3proxy, azurite, fake-gcs-server. Allowed beyond the '
                 'time without delay are one and a half times the delays of commits read 64 at once. `script/bench stores` makes this '
                 'page.', rows)


if __name__ == '__main__':
    main()
