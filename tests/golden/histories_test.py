#!/usr/bin/env python3
"""One history in every state its log can be in, each answer held against the truth, and the live files against delta-rs.

feature (plain, deletion vectors, renamed columns) × checkpoint (none, classic, parts, V2 in JSON, V2 in Parquet) × where it
stands × log (whole, cleaned) × hint (right, missing, stale, garbage).

usage: histories_test.py LATECOMER [PYTHON]      PYTHON has deltalake and pyarrow (`script/bootstrap --test` makes one)
"""
import itertools
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

import delta_history
from delta_history import History

LATECOMER = None
KINDS = ('none', 'classic', 'parts', 'v2json', 'v2parquet')
MIDDLE, END = 4, 9
HINTS = ('right', 'missing', 'stale', 'garbage')


def call(*arguments):
    return subprocess.run([LATECOMER, *map(str, arguments)], capture_output=True, text=True, timeout=60)


class Histories(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def states_of(self, feature, kind):
        """Yields (name, table, first version whose state can be known, first commit that is left)."""
        history = History(feature)
        for at, log_state, hint in itertools.product((MIDDLE, END), ('whole', 'cleaned'), HINTS):
            if kind == 'none' and (at, log_state) != (END, 'whole'):
                continue
            table = self.root / f'{feature}-{kind}-{at}-{log_state}-{hint}'
            log = history.write_to(table)
            says = delta_history.write_checkpoint(history, log, at, kind)
            if hint == 'right' and says:
                (log / '_last_checkpoint').write_text(json.dumps(says))
            elif hint == 'stale':
                (log / '_last_checkpoint').write_text(json.dumps({'version': 1, 'size': 1}))
            elif hint == 'garbage':
                (log / '_last_checkpoint').write_text('{"version":')
            first = 0
            if log_state == 'cleaned':
                first = at
                for version in range(at):
                    (log / f'{version:020}.json').unlink()
            yield history, table, first
            shutil.rmtree(table)

    def check_changes(self, history, table, first):
        done = call('changes', table, '--output', 'json')
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([line['version'] for line in lines], list(range(first, len(history.commits))))
        for line in lines:
            got = {tuple(p['partition'].items()): [p['files_added'], p['files_removed'], p['rows_added'], p['rows_removed'],
                                                   p['data_change']] for p in line['partitions']}
            want = history.changes[line['version']]
            if first > 0 and line['version'] == first:
                # The state before is gone: what a remove doesn't say can't be looked up.
                got, want = set(got), set(want)
            self.assertEqual(got, want, f'version {line["version"]}')

    def check_snapshots(self, history, table, first):
        for version in sorted({first, MIDDLE, 6, END}):
            if version < first:
                done = call('partitions', table, '--at', version)
                self.assertEqual(done.returncode, 5, done.stdout + done.stderr)
                continue
            done = call('partitions', table, '--at', version, '--files', '--output', 'json')
            self.assertEqual(done.returncode, 0, done.stderr)
            got = sorted((pathlib.Path(line['path']).name, tuple(line['partition'].items()), line['rows'])
                         for line in map(json.loads, done.stdout.splitlines()))
            want = sorted((urllib.parse.unquote(path), partition, rows)
                          for (path, _), (partition, rows) in history.states[version].items())
            self.assertEqual(got, want, f'at {version}')

    def check_delta_rs(self, history, table, version):
        import deltalake
        files = deltalake.DeltaTable(str(table), version=version).file_uris()
        self.assertEqual(sorted(urllib.parse.unquote(uri).split('/')[-1] for uri in files),
                         sorted(urllib.parse.unquote(path) for path, _ in history.states[version]))

    def test_every_state_gives_the_truth(self):
        tables = 0
        for feature, kind in itertools.product(delta_history.PROTOCOL_FEATURES, KINDS):
            for history, table, first in self.states_of(feature, kind):
                with self.subTest(table=table.name):
                    self.check_changes(history, table, first)
                    self.check_snapshots(history, table, first)
                    if not table.name.endswith(('stale', 'garbage')):  # which delta-rs doesn't take for hints
                        self.check_delta_rs(history, table, END)
                    tables += 1
        self.assertEqual(tables, 3 * (4 + 4 * 16))


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    LATECOMER = delta_history.program_and_python()
    unittest.main()
