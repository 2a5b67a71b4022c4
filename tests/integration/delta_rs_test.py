#!/usr/bin/env python3
"""delta-rs reads what latecomer writes: the same rows, after loads and after partitions were replaced.

usage: delta_rs_test.py LATECOMER [PYTHON]     PYTHON has delta-rs (`script/bootstrap --test` makes one)
"""
import collections, gzip, json, os, pathlib, subprocess, sys, tempfile, threading, unittest

LATECOMER = None
SKIPPED = 77

PIPELINE = '''pipeline: counts
sources:
  devices: {table: devices, partition: event_time, cadence: day}
schedule: {start: 2024-01-01, end: 2024-01-02, ready: next_partition}
steps:
  - id: count
    sql: {file: counts.sql, into: counts}
late_data: {detect: changes, allowed_lateness: 36500d}
'''
QUERY = 'SELECT type, count(*) AS devices, max(version) AS newest FROM devices GROUP BY ALL'


def device(i):
    return {'type': ['galaxy', 'pixel', 'iphone'][i % 3], 'full_name': f'Gerät "{i % 7}"', 'version': f'v{i % 5}'}


class DeltaRs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)

    def run_it(self, *args, code=0):
        done = subprocess.run([LATECOMER, *map(str, args)], capture_output=True, text=True, timeout=120, cwd=self.root)
        self.assertEqual(done.returncode, code, f'{args}: {done.stdout}{done.stderr}')
        return done

    def rows(self, table):
        """Rows as sorted JSON texts, by delta-rs; and the table."""
        import deltalake
        opened = deltalake.DeltaTable(str(self.root / table))
        rows = opened.to_pyarrow_table().to_pylist()
        return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows), opened

    def expected(self, rows):
        return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)

    def write(self, name, rows):
        text = ''.join(json.dumps(row, ensure_ascii=False) + '\n' for row in rows)
        path = self.root / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith('.gz') else text.encode())
        return path

    def load_days(self, *days):
        held = []
        for n, day in enumerate(days):
            rows = [device(i + n) for i in range(40 + n)]
            self.run_it('load', 'devices', self.write('in.json', rows), '--partition', f'event_time={day}')
            held += [dict(row, event_time=day) for row in rows]
        return held

    def test_loads(self):
        held = self.load_days('2024-01-01', '2024-01-02', '2024-01-03', '2024-01-01')
        rows, table = self.rows('devices')
        self.assertEqual(rows, self.expected(held))
        self.assertEqual(table.version(), 3)
        self.assertEqual(table.metadata().partition_columns, ['event_time'])
        self.assertEqual([entry['operation'] for entry in table.history()], ['WRITE'] * 4)

    def test_stats_prune_rightly(self):
        self.load_days('2024-01-01', '2024-01-02')
        _, table = self.rows('devices')
        import pyarrow.compute as pc
        found = table.to_pyarrow_dataset().to_table(filter=pc.field('type') == 'pixel').num_rows
        self.assertEqual(found, sum(1 for n in (0, 1) for i in range(40 + n) if device(i + n)['type'] == 'pixel'))

    def test_types_and_split(self):
        import datetime, decimal
        lines = [{'id': i, 'price': i / 4, 'ok': i % 2 == 0, 'note': None if i % 3 else 'x' * 50,
                  'day': f'2024-01-{1 + i % 5:02}'} for i in range(100)]
        self.run_it('load', 't', self.write('in.json.gz', lines), '--partition-by', 'day', '--partition-type', 'day=date')
        rows, table = self.rows('t')
        self.assertEqual(rows, self.expected(dict(r, day=datetime.date.fromisoformat(r['day'])) for r in lines))
        self.assertEqual(table.version(), 0)
        self.assertEqual(len(table.file_uris()), 5)

    def test_special_partition_values(self):
        held = []
        for value in ['a b', 'a/b', 'ü', '100%', 'x:y', "it's", 'a=b', '{c}']:
            self.run_it('load', 's', self.write('in.json', [{'n': 1}]), '--partition', 'p=' + value.replace('%', '%25').replace('/', '%2F'))
            held.append({'n': 1, 'p': value})
        rows, _ = self.rows('s')
        self.assertEqual(rows, self.expected(held))

    def test_csv_and_parquet(self):
        (self.root / 'in.csv').write_text('id,name\n1,"a, b"\n2,\n')
        self.run_it('load', 'c', 'in.csv', '--partition', 'p=1')
        import pyarrow, pyarrow.parquet
        pyarrow.parquet.write_table(pyarrow.table({'id': [3], 'name': ['c']}), self.root / 'in.parquet')
        self.run_it('load', 'c', 'in.parquet', '--partition', 'p=2')
        rows, _ = self.rows('c')
        self.assertEqual(rows, self.expected([{'id': 1, 'name': 'a, b', 'p': '1'}, {'id': 2, 'name': None, 'p': '1'},
                                              {'id': 3, 'name': 'c', 'p': '2'}]))

    def test_what_delta_rs_wrote_is_appended_to(self):
        import deltalake, pyarrow
        deltalake.write_deltalake(str(self.root / 'd'), pyarrow.table({'n': pyarrow.array([1], pyarrow.int32()), 'p': ['1']}),
                                  partition_by=['p'])
        self.run_it('load', 'd', self.write('in.json', [{'n': 2}]), '--partition', 'p=1')
        deltalake.write_deltalake(str(self.root / 'd'), pyarrow.table({'n': pyarrow.array([3], pyarrow.int32()), 'p': ['2']}),
                                  mode='append')
        rows, table = self.rows('d')
        self.assertEqual(rows, self.expected([{'n': 1, 'p': '1'}, {'n': 2, 'p': '1'}, {'n': 3, 'p': '2'}]))
        self.assertEqual(table.version(), 2)

    def test_loaders_at_once(self):
        self.write('in.json', [device(i) for i in range(10)])
        codes = []
        def one():
            codes.append(subprocess.run([LATECOMER, 'load', 'devices', 'in.json', '--partition', 'event_time=2024-01-01'],
                                        cwd=self.root, capture_output=True, timeout=120).returncode)
        threads = [threading.Thread(target=one) for _ in range(6)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        self.assertEqual(codes, [0] * 6)
        rows, table = self.rows('devices')
        self.assertEqual((len(rows), table.version()), (60, 5))

    def counts(self, held):
        groups = collections.defaultdict(list)
        for row in held:
            if row['event_time'] < '2024-01-03':
                groups[row['event_time'], row['type']].append(row['version'])
        return self.expected({'type': t, 'devices': len(v), 'newest': max(v), 'event_time': day} for (day, t), v in groups.items())

    def test_replaced_partitions(self):
        (self.root / 'pipeline.yaml').write_text(PIPELINE)
        (self.root / 'counts.sql').write_text(QUERY)
        held = self.load_days('2024-01-01', '2024-01-02', '2024-01-03')
        self.run_it('run', 'pipeline.yaml')
        rows, table = self.rows('counts')
        self.assertEqual(rows, self.counts(held))
        before = table.version()
        held += self.load_days('2024-01-01')
        self.run_it('run', 'pipeline.yaml')
        rows, table = self.rows('counts')
        self.assertEqual(rows, self.counts(held))
        self.assertEqual(table.version(), before + 1)
        self.assertEqual(len(table.file_uris()), 2)
        self.run_it('run', 'pipeline.yaml')
        self.assertEqual(self.rows('counts')[1].version(), before + 1)


def main():
    global LATECOMER
    arguments = sys.argv[1:]
    LATECOMER = os.path.abspath(arguments[0])
    try:
        import deltalake  # noqa: F401
    except ImportError:
        if len(arguments) > 1 and os.access(arguments[1], os.X_OK) and os.environ.get('LATECOMER_READERS_TRIED') is None:
            os.execve(arguments[1], [arguments[1], '-B', *sys.argv], dict(os.environ, LATECOMER_READERS_TRIED='1'))
        print('left out: delta-rs isn\'t installed (script/bootstrap --test does that)')
        return SKIPPED
    done = unittest.main(argv=[sys.argv[0]], exit=False, verbosity=2)
    return 0 if done.result.wasSuccessful() else 1


if __name__ == '__main__':
    sys.exit(main())
