#!/usr/bin/env python3
"""The ledger in PostgreSQL: the contract of every ledger, and schedulers that share one. CTest runs the same.

usage: postgresql_test.py     LATECOMER names the program; ledger_test is beside it in the build tree
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import postgres

ROOT = pathlib.Path(__file__).resolve().parents[2]
LATECOMER = pathlib.Path(os.environ.get('LATECOMER', ROOT / 'build/release/src/cli/latecomer')).resolve()


def contract():
    """Whether all tests of the ledger that need a server passed."""
    server = postgres.Server().start()
    try:
        with tempfile.NamedTemporaryFile('w') as address:
            address.write(server.url() + '\n')
            address.flush()
            done = subprocess.run([LATECOMER.parents[1] / 'ledger/ledger_test', '--gtest_filter=OnPostgres*', '--gtest_brief=1'],
                                  env={**os.environ, 'LATECOMER_TEST_POSTGRES': address.name}, text=True, capture_output=True)
    finally:
        server.remove()
    print(done.stdout + done.stderr)
    passed = re.search(r'^\[  PASSED  \] (\d+) test', done.stdout, re.MULTILINE)
    # A filter that meets nothing is no success, and neither is a test that left itself out.
    return done.returncode == 0 and passed is not None and int(passed[1]) > 0 and 'SKIPPED' not in done.stdout


def story():
    environment = {**os.environ, 'LATECOMER': str(LATECOMER), 'LATECOMER_SOURCE': str(ROOT), 'PYTHONDONTWRITEBYTECODE': '1',
                   'STORY_DUCKDB': str(ROOT / '.deps/duckdb/duckdb')}
    return subprocess.run([sys.executable, '-m', 'unittest', '-v', 'shared_ledger_story'], cwd=ROOT / 'tests/scenario',
                          env=environment).returncode == 0


results = [contract(), story()]
sys.exit(0 if all(results) else 1)
