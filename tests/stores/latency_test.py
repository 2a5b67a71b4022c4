#!/usr/bin/env python3
"""A plan over 1,000 new commits asks for each once, and for many at the same time. What that makes where each request
takes longer: script/bench stores.

usage: latency_test.py STORE LATECOMER
"""
import pathlib
import sys
import tempfile
import unittest

import new_commits
import services

STORE, LATECOMER = sys.argv[1:3] if len(sys.argv) > 2 else ('', '')
COMMITS, AT_ONCE, DELAY = 1000, 64, 0.030


class Latency(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = services.by_name(STORE).start()
        self.addCleanup(self.store.stop)
        self.commits = new_commits.NewCommits(self.store, LATECOMER, pathlib.Path(folder.name), COMMITS)

    def test_a_plan_over_a_thousand_new_commits(self):
        # Each request is held back a while, so that those that could be on their way at once are.
        with services.Door(self.store.port, delay=DELAY) as door:
            _, said = self.commits.plan(door.port)
        self.assertIn('2024-01-05', said)
        self.assertLess(door.requests, COMMITS + 20)
        self.assertGreaterEqual(door.most_at_once, AT_ONCE // 2)


if __name__ == '__main__':
    unittest.main(argv=[sys.argv[0], '-v'])
