#!/usr/bin/env python3
"""A plan over 1,000 new commits asks for each once, and for many at the same time. What 30 ms added to each request
make of it is printed beside what is to be reached: one and a half times 1,000 / 64 of them, over the plan without.

usage: latency_test.py STORE LATECOMER
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import services

STORE, LATECOMER = sys.argv[1:3] if len(sys.argv) > 2 else ('', '')
COMMITS, AT_ONCE, DELAY, SHARE = 1000, 64, 0.030, 1.5
PIPELINE = '''pipeline: p
sources:
  t: {{table: "{table}", partition: day, cadence: day}}
schedule: {{start: 2024-01-01, end: 2024-01-05, ready: manual}}
steps:
  - {{id: s, command: ["true"]}}
late_data: {{detect: changes, allowed_lateness: 36500d}}
'''


def commit(version):
    """One file for one of five days; version 0 also makes the table."""
    day = f'2024-01-0{version % 5 + 1}'
    info = {'timestamp': 1704067200000 + version * 1000, 'operation': 'WRITE', 'operationParameters': {}}
    lines = [{'commitInfo': info}]
    if version == 0:
        schema = {'type': 'struct', 'fields': [{'name': n, 'type': 'string', 'nullable': True, 'metadata': {}}
                                               for n in ('v', 'day')]}
        lines += [{'protocol': {'minReaderVersion': 1, 'minWriterVersion': 2}},
                  {'metaData': {'id': 'f0000000-0000-4000-8000-000000000001', 'format': {'provider': 'parquet', 'options': {}},
                                'schemaString': json.dumps(schema), 'partitionColumns': ['day'], 'configuration': {},
                                'createdTime': 1704067200000}}]
    lines.append({'add': {'path': f'day={day}/{version}.parquet', 'partitionValues': {'day': day}, 'size': 1000,
                          'modificationTime': 1704067200000, 'dataChange': True, 'stats': '{"numRecords":10}'}})
    return ''.join(json.dumps(line) + '\n' for line in lines)


class Latency(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.store = services.by_name(STORE).start()
        self.addCleanup(self.store.stop)
        self.table = f'{self.store.uri}/t'

    def call(self, port, *arguments):
        environment = {**services.clean_environment(), 'HOME': str(self.folder), **self.store.environment(port)}
        began = services.now()
        done = subprocess.run([LATECOMER, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True,
                              timeout=120)
        took = services.now() - began
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return took, done.stdout

    def test_a_plan_over_a_thousand_new_commits(self):
        self.store.put({f't/_delta_log/{0:020}.json': commit(0)})
        (self.folder / 'p.yaml').write_text(PIPELINE.format(table=self.table))
        self.call(None, 'run', 'p.yaml', '--quiet')
        self.store.put({f't/_delta_log/{v:020}.json': commit(v) for v in range(1, COMMITS + 1)})
        with services.Door(self.store.port, delay=DELAY) as door:
            without, _ = self.call(None, 'plan', 'p.yaml')
            slowly, said = self.call(door.port, 'plan', 'p.yaml')
        self.assertIn('2024-01-05', said)
        print(f'{COMMITS} new commits: {without:.2f} s; with {DELAY * 1000:.0f} ms added to each request {slowly:.2f} s, '
              f'to reach {without + SHARE * COMMITS / AT_ONCE * DELAY:.2f} s; {door.requests} requests, '
              f'{door.most_at_once} at once')
        self.assertLess(door.requests, COMMITS + 20)
        self.assertGreaterEqual(door.most_at_once, AT_ONCE // 2)


if __name__ == '__main__':
    unittest.main(argv=[sys.argv[0], '-v'])
