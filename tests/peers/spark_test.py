#!/usr/bin/env python3
"""Spark with Delta Lake reads what `latecomer load` and a SQL step wrote, and latecomer reads what Spark wrote.

Run by `script/test --peers` with the Python of .deps/peers and the program in $LATECOMER.
"""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
JARS = ROOT / '.deps/peers/ivy/jars'
PROGRAM = os.environ.get('LATECOMER', str(ROOT / 'build/release/src/cli/latecomer'))
DAYS = ('2024-01-01', '2024-01-02', '2024-01-03')


def start_spark(folder: pathlib.Path):
    from pyspark.sql import SparkSession
    settings = {
        'spark.jars': ','.join(str(jar) for jar in sorted(JARS.glob('*.jar'))),
        'spark.sql.extensions': 'io.delta.sql.DeltaSparkSessionExtension',
        'spark.sql.catalog.spark_catalog': 'org.apache.spark.sql.delta.catalog.DeltaCatalog',
        'spark.sql.session.timeZone': 'UTC',
        'spark.sql.shuffle.partitions': '2',
        'spark.sql.warehouse.dir': str(folder / 'warehouse'),
        'spark.local.dir': str(folder / 'spark'),
        'spark.driver.extraJavaOptions': f'-Dderby.system.home={folder}',
        'spark.driver.bindAddress': '127.0.0.1',
        'spark.driver.host': '127.0.0.1',
        'spark.ui.enabled': 'false',
        'spark.ui.showConsoleProgress': 'false',
    }
    builder = SparkSession.builder.master('local[2]').appName('peers')
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel('ERROR')
    return spark


class SparkTest(unittest.TestCase):
    """One story; each test starts where the table was loaded for three days and two were processed."""

    @classmethod
    def setUpClass(cls):
        cls.base = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-peers-'))
        cls.addClassCleanup(shutil.rmtree, cls.base)
        cls.spark = start_spark(cls.base)
        cls.addClassCleanup(cls.spark.stop)

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(dir=self.base))
        shutil.copytree(ROOT / 'examples', self.work / 'examples')
        self.rows = self.work / 'rows.json'
        self.latecomer('generate', 'devices', '--rows', '200', '--seed', '3', '-o', str(self.rows))
        for day in DAYS:
            self.load(day)
        self.latecomer('run', 'examples/devices/pipeline.yaml')

    def latecomer(self, *arguments: str) -> str:
        done = subprocess.run([PROGRAM, *arguments], cwd=self.work, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, f'{arguments}: {done.stdout}{done.stderr}')
        return done.stdout

    def load(self, day: str):
        self.latecomer('load', 'dataset/devices', str(self.rows), '--partition', f'event_time={day}')

    def table(self, name: str):
        return self.spark.read.format('delta').load(str(self.work / 'dataset' / name))

    def counted_by_spark(self) -> collections.Counter:
        """What the SQL step should have written, worked out by Spark over the input table."""
        from pyspark.sql import functions as f
        rows = self.table('devices').where(f.col('event_time') < DAYS[2]).groupBy('event_time', 'type', 'version')
        return collections.Counter(tuple(str(v) for v in row) for row in rows.agg(f.count('*')).collect())

    def written_by_step(self) -> collections.Counter:
        rows = self.table('devices_by_type').select('event_time', 'type', 'version', 'devices')
        return collections.Counter(tuple(str(v) for v in row) for row in rows.collect())

    def test_rows_of_load(self):
        lines = [json.loads(line) for line in self.rows.read_text().splitlines()]
        expected = collections.Counter(
            (day, line['type'], line['full_name'], line['version']) for day in DAYS for line in lines)
        table = self.table('devices').select('event_time', 'type', 'full_name', 'version')
        self.assertEqual(collections.Counter(tuple(str(v) for v in row) for row in table.collect()), expected)

    def test_rows_of_a_sql_step(self):
        self.assertEqual(self.written_by_step(), self.counted_by_spark())
        self.assertEqual({row[0] for row in self.written_by_step()}, set(DAYS[:2]))

    def test_late_rows_written_by_spark(self):
        before = self.written_by_step()
        late = self.table('devices').where(f"event_time = '{DAYS[0]}'").limit(30).collect()
        schema = self.table('devices').schema
        self.spark.createDataFrame(late, schema).write.format('delta').mode('append').save(
            str(self.work / 'dataset/devices'))
        plan = self.latecomer('plan', 'examples/devices/pipeline.yaml')
        self.assertIn('30', plan)
        self.latecomer('run', 'examples/devices/pipeline.yaml')
        self.assertEqual(self.written_by_step(), self.counted_by_spark())
        self.assertNotEqual(self.written_by_step(), before)
        self.assertIn('nothing to do', self.latecomer('run', 'examples/devices/pipeline.yaml'))

    def test_compaction_by_spark_is_not_late_data(self):
        self.load(DAYS[0])
        self.latecomer('run', 'examples/devices/pipeline.yaml')
        self.spark.sql(f"OPTIMIZE delta.`{self.work / 'dataset/devices'}`")
        self.assertIn('nothing to do', self.latecomer('run', 'examples/devices/pipeline.yaml'))

    def test_spark_reads_history_and_appends_to_the_output(self):
        from delta.tables import DeltaTable
        versions = DeltaTable.forPath(self.spark, str(self.work / 'dataset/devices_by_type')).history().count()
        self.assertEqual(versions, 2)
        path = str(self.work / 'dataset/devices_by_type')
        self.table('devices_by_type').limit(1).write.format('delta').mode('append').save(path)
        self.assertEqual(self.table('devices_by_type').count(), len(self.counted_by_spark()) + 1)


if __name__ == '__main__':
    unittest.main(warnings='ignore')
