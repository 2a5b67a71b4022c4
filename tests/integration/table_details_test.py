#!/usr/bin/env python3
"""Details of the tables that latecomer writes, by delta-rs and pyarrow: bounds, types, partition values, what a replacement
removes.

usage: table_details_test.py LATECOMER SOURCE [PYTHON]     PYTHON has delta-rs (`script/bootstrap --test` makes one)
"""
import collections
import datetime
import decimal
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import deltalake
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError:
    if len(sys.argv) > 3 and os.access(sys.argv[3], os.X_OK):
        os.execv(sys.argv[3], [sys.argv[3], '-B', *sys.argv[:3]])
    print("left out: delta-rs isn't installed (script/bootstrap --test does that)")
    sys.exit(77)

BINARY = os.path.abspath(sys.argv[1])
SOURCE = pathlib.Path(sys.argv[2])
DEVICES = 'dataset/input/dataset.json'


def counted(rows):
    """A multiset of rows: the order doesn't count, how often each stands there does."""
    return collections.Counter(tuple(sorted(row.items())) for row in rows)


class DeltaRs(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-delta-rs-'))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def call(self, *arguments):
        environment = {k: v for k, v in os.environ.items() if not k.startswith('LATECOMER')}
        return subprocess.run([BINARY, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, env={**environment, 'HOME': str(self.folder)})

    def ok(self, *arguments):
        done = self.call(*arguments)
        self.assertEqual(done.returncode, 0, f'{arguments}\n{done.stdout}\n{done.stderr}')
        return done.stdout

    def write_rows(self, name, rows):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(''.join(json.dumps(row) + '\n' for row in rows))
        return name

    def open(self, name):
        return deltalake.DeltaTable(str(self.folder / name))

    def rows(self, name):
        return pa.table(self.open(name).to_pyarrow_table()).to_pylist()

    def actions(self, name, version):
        text = (self.folder / name / f'_delta_log/{version:020}.json').read_text()
        return [json.loads(line) for line in text.splitlines()]

    def generate(self):
        self.ok('generate', 'devices', '--rows', 100, '--late-rows', '70%', '--seed', 7, '-o', DEVICES)
        return [json.loads(line) for line in (self.folder / DEVICES).read_text().splitlines()]


class Load(DeltaRs):
    def test_every_type(self):
        rows = [{'s': 'ü' * 40, 'l': 2**62, 'd': 1.5, 'b': True, 'p': 'x'},
                {'s': '', 'l': -1, 'd': -0.25, 'b': False, 'p': 'x'},
                {'s': None, 'l': None, 'd': None, 'b': None, 'p': 'x'}]
        self.ok('load', 't', self.write_rows('rows.json', rows), '--partition-by', 'p')
        self.assertEqual(counted(self.rows('t')), counted(rows))
        types = {field.name: field.type.type for field in self.open('t').schema().fields}
        self.assertEqual(types, {'s': 'string', 'l': 'long', 'd': 'double', 'b': 'boolean', 'p': 'string'})
        stats = json.loads(next(a['add'] for a in self.actions('t', 0) if 'add' in a)['stats'])
        self.assertEqual(stats['numRecords'], 3)
        self.assertEqual(stats['nullCount'], {'s': 1, 'l': 1, 'd': 1, 'b': 1})
        self.assertEqual((stats['minValues']['l'], stats['maxValues']['l']), (-1, 2**62))
        self.assertLessEqual(len(stats['maxValues']['s']), 33)
        self.assertGreaterEqual(stats['maxValues']['s'], rows[0]['s'])

    def test_partition_values_of_all_sorts(self):
        values = ['a b', 'a/b', '50%', 'a%2Fb', 'ü', 'x=y', "it's", 'q"q', '#?&', None, ':', 'back\\slash', '日本', ' lead']
        rows = [{'id': i, 'p': value} for i, value in enumerate(values)]
        self.ok('load', 't', self.write_rows('rows.json', rows), '--partition-by', 'p')
        self.assertEqual(counted(self.rows('t')), counted(rows))
        self.ok('load', 't', 'rows.json', '--partition-by', 'p')
        self.assertEqual(counted(self.rows('t')), counted(rows + rows))
        self.assertEqual(len({tuple(f.items()) for f in self.open('t').partitions()}), len(values))

    def test_parquet_of_many_types(self):
        table = pa.table({
            'day': pa.array([datetime.date(2024, 1, 1), None]),
            'money': pa.array([decimal.Decimal('12.30'), decimal.Decimal('-0.01')], pa.decimal128(10, 2)),
            'at': pa.array([datetime.datetime(2024, 1, 1, 5, tzinfo=datetime.timezone.utc), None], pa.timestamp('us', 'UTC')),
            'small': pa.array([1, -2], pa.int8()),
            'raw': pa.array([b'\x00\xff', b''], pa.binary()),
            'f': pa.array([float('nan'), 1.5], pa.float32()),
        })
        pq.write_table(table, self.folder / 'rows.parquet')
        self.ok('load', 't', 'rows.parquet', '--partition', 'p=1', '--partition-type', 'p=integer')
        read = pa.table(self.open('t').to_pyarrow_table())
        for name in ('day', 'money', 'at', 'small', 'raw'):
            self.assertEqual(read[name].to_pylist(), table[name].to_pylist(), name)
        self.assertEqual(read['p'].to_pylist(), [1, 1])
        stats = json.loads(next(a['add'] for a in self.actions('t', 0) if 'add' in a)['stats'])
        self.assertNotIn('f', stats['maxValues'], 'a maximum that leaves NaN out would hide the row')



class Replace(DeltaRs):
    """The output of a pipeline's SQL step: partitions replaced, each in one commit."""
    PIPELINE = 'examples/devices/pipeline.yaml'

    def setUp(self):
        super().setUp()
        shutil.copytree(SOURCE / 'examples', self.folder / 'examples')
        self.input = self.generate()
        for day in ('2024-01-01', '2024-01-02', '2024-01-03'):
            self.load(day)

    def load(self, day):
        self.ok('load', 'dataset/devices', DEVICES, '--partition', f'event_time={day}')

    def expected(self, day, times):
        groups = collections.Counter((row['type'], row['version']) for row in self.input)
        return [{'type': t, 'version': v, 'devices': n * times, 'event_time': day} for (t, v), n in groups.items()]

    def test_a_late_partition_is_replaced_and_read_the_same(self):
        self.ok('run', self.PIPELINE)
        output = 'dataset/devices_by_type'
        self.assertEqual(counted(self.rows(output)), counted(self.expected('2024-01-01', 1) + self.expected('2024-01-02', 1)))
        self.load('2024-01-01')
        self.ok('run', self.PIPELINE)
        self.assertEqual(counted(self.rows(output)), counted(self.expected('2024-01-01', 2) + self.expected('2024-01-02', 1)))
        table = self.open(output)
        newest = self.actions(output, table.version())
        removed = [action['remove'] for action in newest if 'remove' in action]
        self.assertEqual(len(removed), 1)
        self.assertTrue(removed[0]['dataChange'] and removed[0]['extendedFileMetadata'])
        self.assertEqual(removed[0]['partitionValues'], {'event_time': '2024-01-01'})
        self.assertGreater(removed[0]['size'], 0)
        txn = next(action['txn'] for action in newest if 'txn' in action)
        self.assertRegex(txn['appId'], r'^latecomer/devices_loader/.*2024-01-01.*/process_devices$')
        self.assertEqual(table.transaction_version(txn['appId']), txn['version'])
        info = next(action['commitInfo'] for action in newest if 'commitInfo' in action)
        self.assertEqual(info['latecomer']['vector'], {'devices': 3})
        self.assertFalse(info['isBlindAppend'])
        before = table.version()
        self.ok('run', self.PIPELINE)
        self.assertEqual(self.open(output).version(), before, 'nothing is late, nothing is written')

    def test_delta_rs_goes_on_with_the_table(self):
        self.ok('run', self.PIPELINE)
        table = self.open('dataset/devices_by_type')
        table.create_checkpoint()
        table.optimize.compact()
        self.load('2024-01-02')
        self.load('2024-01-01')
        self.ok('run', self.PIPELINE)
        self.assertEqual(counted(self.rows('dataset/devices_by_type')),
                         counted(self.expected('2024-01-01', 2) + self.expected('2024-01-02', 2)))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
