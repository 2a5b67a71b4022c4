#!/usr/bin/env python3
"""Check the shape of the code base: layers, length, bans, dead files.

usage: check.py [ROOT]      prints path:line: [rule] message; exit code 1 when there is any
"""
import pathlib
import sys

import rules
from tree import Tree


def main() -> int:
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    tree = Tree(root)
    count = 0
    for rule in rules.ALL:
        for path, line, message in rule(tree):
            print(f'{path}:{line}: [{rule.__name__}] {message}')
            count += 1
    print(f'structure: {len(rules.ALL)} rules, {len(tree.paths)} files, {count} findings')
    return 1 if count or not tree.paths else 0


if __name__ == '__main__':
    sys.exit(main())
