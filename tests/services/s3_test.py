#!/usr/bin/env python3
"""Tables on S3 (s3proxy): the contract of every store, the story, and the cost of a slow network (tests/stores). CTest runs
the same.

usage: s3_test.py     LATECOMER names the program; storage_test is beside it in the build tree
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'stores'))
import all_of_one

sys.exit(all_of_one.run('s3'))
