#!/usr/bin/env python3
"""Hold `latecomer` against tables written by other programs, where these are there.

usage: golden_test.py LATECOMER [--golden DIR]

DIR (default ../shared/golden beside the work tree) has the tables, the truth about each, and the checker that compares.
Without it the test says what it leaves out, and passes: small_tables_test.py stays.
"""
import argparse, pathlib, subprocess, sys


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('latecomer')
    parser.add_argument('--golden', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[3] / 'shared' / 'golden')
    args = parser.parse_args()
    checker = args.golden / 'check.py'
    if not checker.exists():
        print(f'left out: {args.golden} is not there, so no tables of other writers are compared with')
        return 0
    return subprocess.run([sys.executable, str(checker), args.latecomer, '--golden', str(args.golden)]).returncode


if __name__ == '__main__':
    sys.exit(main())
