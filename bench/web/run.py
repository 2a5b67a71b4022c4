"""The web UI on the real program in headless Chromium. usage: run.py BINARY [--small] [--into FOLDER]"""
import argparse
import gzip
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from measure import ROOT, Row, write_report


def measured(binary):
    """What the browser tests that measure say: times in ms by what they measured."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / 'measures'
        subprocess.run([ROOT / 'script/web', 'e2e', '--project', 'story', '--grep', '@measure'], check=True,
                       env={**os.environ, 'LATECOMER': str(binary), 'MEASURES': str(file)}, stdout=subprocess.DEVNULL)
        return {line['what']: line['times'] for line in map(json.loads, file.read_text().splitlines())}


def first_view_bytes():
    """Compressed, what a browser loads for the first view of a grid."""
    dist = ROOT / 'web/dist'
    manifest = json.loads((dist / '.vite/manifest.json').read_text())
    files, left = set(), ['index.html']
    while left:
        chunk = manifest[left.pop()]
        if chunk['file'] in files:
            continue
        files |= {chunk['file'], *chunk.get('css', [])}
        left += chunk.get('imports', [])
    return sum(len(gzip.compress((dist / file).read_bytes())) for file in files)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('binary', type=pathlib.Path)
    parser.add_argument('--small', action='store_true')  # these sizes are what the target is about
    parser.add_argument('--into', type=pathlib.Path, default=ROOT / 'bench/results')
    options = parser.parse_args()
    times = measured(options.binary.resolve())
    find = lambda begin: next(value for what, value in times.items() if what.startswith(begin))
    view, answered, action = find('first view of the grid'), find('of that'), find('an action')
    write_report(options.into, 'web', 'The web UI in a browser', '''Headless Chromium on the real program, on the machine it serves from; a new, empty
cache each time. `script/bench web` makes this page.''', [
        Row('first view of the grid of 2,000 runs of 20 steps, from navigation', f'longest of {len(view)}: {max(view):.0f} ms',
            f'the runs were there after {statistics.median(answered):.0f} ms', statistics.median(view), 'ms', at_most=1000),
        Row('what is loaded for it, compressed', '', '–', first_view_bytes() / 1000, 'kB', at_most=350),
        Row("from the answer to an action to another viewer's page", f'longest of {len(action)}: {max(action):.0f} ms', '–',
            statistics.median(action), 'ms', at_most=300)])


if __name__ == '__main__':
    main()
