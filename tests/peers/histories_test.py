#!/usr/bin/env python3
"""Histories that Spark writes, crossed with the states a log can be in, read by Spark, delta-rs and latecomer.

Each history (appends, overwrites, deletes with and without deletion vectors, OPTIMIZE, MERGE, RESTORE, renamed columns)
is written with each kind of checkpoint, then its log is put in each state (whole, cleaned behind the checkpoint, hint
missing or stale), and live files and rows per partition are compared. Run by `script/test --peers`.
"""
import collections
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

from spark_test import PROGRAM, ROOT, start_spark

READERS = ROOT / '.deps/venv/bin/python'
CHECKPOINTS = {
    'none': {'delta.checkpointInterval': '1000'},
    'classic': {'delta.checkpointInterval': '3'},
    'v2': {'delta.checkpointInterval': '3', 'delta.checkpointPolicy': 'v2'},
}
FEATURES = {
    'plain': {},
    'vectors': {'delta.enableDeletionVectors': 'true'},
    'mapped': {'delta.columnMapping.mode': 'name', 'delta.minReaderVersion': '2', 'delta.minWriterVersion': '5'},
}
LOGS = ('whole', 'cleaned')
HINTS = ('right', 'missing', 'stale')


class HistoriesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-histories-'))
        cls.addClassCleanup(shutil.rmtree, cls.base)
        cls.spark = start_spark(cls.base)
        cls.addClassCleanup(cls.spark.stop)

    def history(self, name, features, checkpoint):
        """Eight commits, of every kind that changes what is live."""
        path = self.base / name
        properties = ', '.join(f"'{k}' = '{v}'" for k, v in {**FEATURES[features], **CHECKPOINTS[checkpoint]}.items())
        table = f'delta.`{path}`'
        sql = self.spark.sql
        sql(f'CREATE TABLE {table} (id INT, name STRING, day DATE, `a-key` STRING) USING delta '
            f'PARTITIONED BY (day, `a-key`) TBLPROPERTIES ({properties})')
        rows = "SELECT id, concat('n', id) AS name, date_add(date'2024-01-01', cast(id % 3 AS INT)) AS day, {key} AS `a-key` FROM range({a}, {b}) t(id)"
        for a, b, key in ((0, 60, "'x y'"), (60, 120, "'50%/ü'"), (120, 150, 'NULL')):
            sql(f"INSERT INTO {table} " + rows.format(a=a, b=b, key=key))
        sql(f'DELETE FROM {table} WHERE id % 10 = 0 AND day = "2024-01-02"')
        sql(f"UPDATE {table} SET name = 'u' WHERE id BETWEEN 30 AND 35")
        sql(f'OPTIMIZE {table} WHERE day = "2024-01-03"')
        if features == 'mapped':
            sql(f'ALTER TABLE {table} RENAME COLUMN name TO label')
        sql(f'DELETE FROM {table} WHERE day = "2024-01-01"')
        sql(f'RESTORE TABLE {table} TO VERSION AS OF 4')
        sql(f'INSERT OVERWRITE {table} PARTITION (day = date"2024-01-03", `a-key` = "x y") SELECT 1, "one"')
        return path

    def states(self, path):
        """The same table with its log in each state; yields (name, folder)."""
        for log, hint in itertools.product(LOGS, HINTS):
            copy = path.with_name(f'{path.name}-{log}-{hint}')
            shutil.copytree(path, copy)
            folder = copy / '_delta_log'
            for crc in folder.rglob('.*.crc'):
                crc.unlink()
            checkpoints = sorted({int(f.name[:20]) for f in folder.glob('*.checkpoint*')})
            if log == 'cleaned' and checkpoints:
                for commit in folder.glob('*.json'):
                    if commit.name[:20].isdigit() and len(commit.name) == 25 and int(commit.name[:20]) < checkpoints[-1]:
                        commit.unlink()
            last = folder / '_last_checkpoint'
            if hint == 'missing' and last.exists():
                last.unlink()
            elif hint == 'stale' and checkpoints:
                last.write_text(json.dumps({'version': checkpoints[0], 'size': 1}))
            yield f'{log}-{hint}', copy

    def by_latecomer(self, path):
        text = subprocess.run([PROGRAM, 'partitions', path, '--output', 'json'], capture_output=True, text=True, timeout=120)
        self.assertEqual(text.returncode, 0, text.stderr)
        found = {}
        for line in map(json.loads, text.stdout.splitlines()):
            found[tuple(line['partition'].values())] = (line['files'], line['rows'])
        return found

    def by_spark(self, path):
        self.spark.sql('CLEAR CACHE')
        self.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
        from pyspark.sql import functions as f
        frame = self.spark.read.format('delta').load(str(path)).withColumn('file', f.input_file_name())
        rows = frame.groupBy('day', 'a-key').agg(f.countDistinct('file'), f.count('*')).collect()
        return {(str(row[0]), row[1]): (row[2], row[3]) for row in rows}

    def by_delta_rs(self, path):
        code = ('import deltalake, json, sys; t = deltalake.DeltaTable(sys.argv[1]); '
                'print(json.dumps(sorted(t.file_uris())))')
        done = subprocess.run([READERS, '-c', code, path], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr[-500:])
        return {urllib.parse.unquote(uri).split('/')[-1] for uri in json.loads(done.stdout)}

    def files_by_latecomer(self, path):
        text = subprocess.run([PROGRAM, 'partitions', path, '--files', '--output', 'json'], capture_output=True, text=True,
                              timeout=120, check=True).stdout
        return {json.loads(line)['path'].split('/')[-1] for line in text.splitlines()}

    def test_all_readers_agree(self):
        compared = collections.Counter()
        for features, checkpoint in itertools.product(FEATURES, CHECKPOINTS):
            path = self.history(f'{features}-{checkpoint}', features, checkpoint)
            for name, copy in self.states(path):
                with self.subTest(table=f'{features}-{checkpoint}-{name}'):
                    ours = self.by_latecomer(copy)
                    self.assertEqual(ours, self.by_spark(copy))
                    self.assertEqual(self.files_by_latecomer(copy), self.by_delta_rs(copy))
                    compared['tables'] += 1
        print(dict(compared))


if __name__ == '__main__':
    unittest.main()
