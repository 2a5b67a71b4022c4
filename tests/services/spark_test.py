#!/usr/bin/env python3
"""`spark:` steps with the real Spark: what they write, what is noticed, and that nothing of them stays.

Run by `script/test --services spark` with the Python of .deps/peers and the program in $LATECOMER.
"""
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get('LATECOMER', str(ROOT / 'build/release/src/cli/latecomer'))
PYTHON_EXAMPLE = 'examples/devices_spark/pipeline.yaml'
SQL_EXAMPLE = 'examples/devices_spark/sql.yaml'

DEFAULTS = '''
spark.jars.ivy {folder}/ivy
spark.local.dir {folder}/scratch
spark.driver.bindAddress 127.0.0.1
spark.driver.host 127.0.0.1
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
spark.ui.showConsoleProgress false
spark.executor.heartbeatInterval 60s
spark.network.timeout 600s
'''

# Succeeds when both tables hold the same rows of a day: latecomer itself reads what Spark wrote.
COMPARE = '''
pipeline: compare_{name}
sources:
  by_spark: {{table: dataset/{name}, partition: event_time}}
  by_sql: {{table: dataset/devices_by_type, partition: event_time}}
schedule: {{end: {end}, ready: {{delay: 1h}}}}
steps:
  - id: compare
    sql:
      into: dataset/same_{name}
      query: |
        WITH a AS (FROM by_spark SELECT type, version, devices, event_time),
             b AS (FROM by_sql SELECT type, version, devices, event_time)
        SELECT CASE WHEN (SELECT count(*) FROM ((FROM a EXCEPT ALL FROM b) UNION ALL (FROM b EXCEPT ALL FROM a))) = 0
                    THEN (SELECT count(*) FROM a) ELSE error('the rows differ') END AS rows_compared
late_data: {{allowed_lateness: 36500d}}
'''

# A later claim's commit comes between the job's start and its write.
OVERTAKEN = '''
import json
import latecomer
from pyspark.sql import SparkSession, functions

job = latecomer.job()
spark = SparkSession.builder.getOrCreate()
rows = job.read(spark, 'devices').groupBy('type', 'version').agg(functions.count('*').alias('devices'))
try:
    job.write(rows.withColumn('event_time', functions.lit('2024-01-09').cast('date')))
except Exception as error:
    print('refused:', 'another partition than the run' in str(error))
later = latecomer.job()
later.output['txn_version'] += 1
later.output['user_metadata'] = json.dumps({'latecomer': {'ledgerId': 'x', 'runId': 'later', 'try': 1, 'vector': {}}})
later.write(rows.limit(1))
job.write(rows)
'''

# Never ends; says when both Java and Python run.
ENDLESS = '''
import pathlib, threading
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(3).count()
pathlib.Path('here').write_text('1')
threading.Event().wait()
'''


class SparkStepTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-spark-'))
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        shutil.copytree(ROOT / 'examples', self.work / 'examples')
        shutil.copytree(ROOT / '.deps/peers/ivy', self.work / 'ivy')
        (self.work / 'spark-defaults.conf').write_text(DEFAULTS.format(folder=self.work))
        import pyspark
        kept = {k: v for k, v in os.environ.items() if not k.startswith(('LATECOMER', 'SPARK', 'PYSPARK'))}
        self.environment = {**kept, 'SPARK_HOME': str(pathlib.Path(pyspark.__file__).parent), 'NO_COLOR': '1',
                            'SPARK_CONF_DIR': str(self.work), 'PYSPARK_PYTHON': sys.executable}

    def call(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], cwd=self.work, env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=1800)

    def ok(self, *arguments):
        done = self.call(*arguments)
        if done.returncode != 0 and arguments[0] == 'run':
            logs = ''.join(path.read_text() for path in sorted(self.work.rglob('logs/**/*.log')))
            self.fail(f'{arguments}\n{done.stdout}{done.stderr}\n{logs[-6000:]}')
        self.assertEqual(done.returncode, 0, f'{arguments}\n{done.stdout}{done.stderr}')
        return done.stdout

    def load(self, *days):
        rows = self.work / 'dataset/input/dataset.json'
        if not rows.exists():
            self.ok('generate', 'devices', '--seed', '7', '-o', str(rows))
        for day in days:
            self.ok('load', 'dataset/devices', str(rows), '--partition', f'event_time={day}')

    def lines(self, *arguments):
        return [json.loads(line) for line in self.ok(*arguments, '--output', 'json').splitlines()]

    def assert_same_as_sql_step(self, table, days):
        """Both tables have the rows that the SQL step makes, in every day."""
        self.ok('run', 'examples/devices/pipeline.yaml')
        file = self.work / f'compare_{table}.yaml'
        file.write_text(COMPARE.format(name=table, end=days[-1]))
        self.ok('run', str(file))
        compared = {p['partition']['event_time']: p['rows'] for p in self.lines('partitions', f'dataset/same_{table}')}
        self.assertEqual(compared, dict.fromkeys(days, 1))

    def changed_example(self, *changes, application=None):
        text = (self.work / PYTHON_EXAMPLE).read_text()
        for old, new in (('retries: 1', 'retries: 0'), *changes):
            self.assertIn(old, text)
            text = text.replace(old, new)
        (self.work / PYTHON_EXAMPLE).write_text(text)
        if application:
            (self.work / 'examples/devices_spark/devices.py').write_text(application)

    def test_the_guide(self):
        """The commands of the user guide, one after the other, and what comes of them."""
        guide = (ROOT / 'docs/user-guide/spark.md').read_text()
        commands = re.findall(r'^    latecomer (.+)$', guide, re.MULTILINE)
        self.assertGreater(len(commands), 5)
        for command in commands:
            self.ok(*command.split())
        states = {run['run_id']: run['state'] for run in self.lines('runs', PYTHON_EXAMPLE)}
        self.assertEqual(states, {'scheduled_2024-01-01': 'success', 'scheduled_2024-01-02': 'success',
                                  'backfill_2024-01-01_v3': 'success'})
        self.assertIn('nothing to do', self.ok('run', PYTHON_EXAMPLE))
        self.assert_same_as_sql_step('devices_by_type_spark', ('2024-01-01', '2024-01-02'))
        # Each commit replaced one day, and says from which versions.
        changes = self.lines('changes', 'dataset/devices_by_type_spark')
        self.assertEqual([[p['partition']['event_time'] for p in change['partitions']] for change in changes],
                         [['2024-01-01'], ['2024-01-02'], ['2024-01-01']])
        for file in self.work.rglob('ledger.db*'):
            file.unlink()
        rebuilt, = self.lines('ledger', 'rebuild', PYTHON_EXAMPLE, '--take-over')
        self.assertEqual(len(rebuilt['recorded']), 2)
        self.assertIn('nothing to do', self.ok('run', PYTHON_EXAMPLE))

    def test_a_jar_of_the_guides_scala(self):
        """The guide's Scala lines as a program, compiled by the compiler that Spark itself brings."""
        import pyspark
        guide = (ROOT / 'docs/user-guide/spark.md').read_text()
        lines = re.search(r'```scala\n(.*?)```', guide, re.DOTALL)[1]
        folder = self.work / 'examples/devices_spark'
        (folder / 'Devices.scala').write_text('import org.apache.spark.sql.SparkSession\nobject Devices { def main(words: Array[String]): Unit = {\n'
                                              f'val spark = SparkSession.builder.getOrCreate()\n{lines}spark.stop()\n}} }}\n')
        jars = str(pathlib.Path(pyspark.__file__).parent / 'jars/*')
        compiled = subprocess.run(['java', '-cp', jars, 'scala.tools.nsc.Main', '-classpath', ':'.join(glob.glob(jars + '.jar')),
                                   '-d', folder / 'devices.jar', folder / 'Devices.scala'],
                                  capture_output=True, text=True, timeout=600)
        self.assertEqual(compiled.returncode, 0, compiled.stdout + compiled.stderr)
        self.changed_example(('application: devices.py', 'application: devices.jar\n      class: Devices'))
        self.load('2024-01-01', '2024-01-02', '2024-01-03')
        self.ok('run', PYTHON_EXAMPLE)
        self.assertEqual(set(run['state'] for run in self.lines('runs', PYTHON_EXAMPLE)), {'success'})
        # The same numbers of types as in the rows, in both days and in one commit each.
        rows = [json.loads(line)['type'] for line in (self.work / 'dataset/input/dataset.json').read_text().splitlines()]
        self.assertEqual({p['partition']['event_time']: p['rows'] for p in self.lines('partitions', 'dataset/devices_by_type_spark')},
                         dict.fromkeys(('2024-01-01', '2024-01-02'), len(set(rows))))
        self.assertIn('nothing to do', self.ok('run', PYTHON_EXAMPLE))

    def test_a_query(self):
        text = (self.work / SQL_EXAMPLE).read_text()
        (self.work / SQL_EXAMPLE).write_text(text.replace('end: 2024-01-02', 'end: 2024-01-01'))
        sql = self.work / 'examples/devices_spark/devices.sql'
        # A value in a literal, and a text that Spark would replace.
        sql.write_text(sql.read_text().replace(
            'FROM devices', "FROM devices WHERE event_time = '{{ partition.event_time }}' AND '${env:HOME}' LIKE '$%'"))
        self.load('2024-01-01', '2024-01-02', '2024-01-03')
        self.ok('run', SQL_EXAMPLE)
        self.assert_same_as_sql_step('devices_by_type_spark_sql', ('2024-01-01',))
        self.assertFalse((self.work / 'examples/devices_spark/spark-warehouse').exists())

    def test_a_write_that_spark_leaves_out_is_noticed(self):
        self.changed_example(application=OVERTAKEN)
        self.load('2024-01-01', '2024-01-02')
        done = self.call('run', PYTHON_EXAMPLE)
        self.assertEqual(done.returncode, 8, done.stdout + done.stderr)
        log = self.ok('logs', PYTHON_EXAMPLE, 'scheduled_2024-01-01')
        self.assertIn('refused: True', log)
        self.assertIn('a newer claim wrote this partition', log)
        self.assertIn("Spark left out the job's write", log)
        why, = self.lines('explain', PYTHON_EXAMPLE, '2024-01-01')
        self.assertIsNone(why['processed'])

    def test_partitions_whose_names_mean_something_to_sql(self):
        self.changed_example(('schedule:', 'output:\n  partition: [event_time, country]\nschedule:'),
                             ('end: 2024-01-02', 'end: 2024-01-01'))
        countries = ("a'b\\c", '${env:HOME} "x" `y`', 'de')
        self.load()
        for country in countries:
            partition = 'event_time=2024-01-01/country=' + urllib.parse.quote(country, safe='')
            self.ok('load', 'dataset/devices', 'dataset/input/dataset.json', '--partition', partition)
        rows = lambda: {p['partition']['country']: p['rows'] for p in self.lines('partitions', 'dataset/devices_by_type_spark')}
        for number, country in enumerate(countries[:2]):
            for _ in range(2):  # the second time Spark replaces what is there
                self.ok('run', PYTHON_EXAMPLE, '--partition',
                        'event_time=2024-01-01/country=' + urllib.parse.quote(country, safe=''))
            written = rows()
            self.assertEqual(set(written), set(countries[:number + 1]))
            self.assertEqual(len(set(written.values())), 1)

    def processes(self):
        """Ids of the processes that carry an attempt's folder of ours."""
        mark, found = f'LATECOMER_ATTEMPT_FOLDER={self.work}'.encode(), []
        for entry in pathlib.Path('/proc').iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / 'environ').read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def test_cancel_leaves_no_process(self):
        self.changed_example(application=ENDLESS)
        self.load('2024-01-01', '2024-01-02')
        here = self.work / 'examples/devices_spark/here'
        os.mkfifo(here)
        run = subprocess.Popen([PROGRAM, 'run', PYTHON_EXAMPLE], cwd=self.work, env=self.environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            self.assertEqual(here.read_text(), '1')
            self.assertGreaterEqual(len(self.processes()), 2, 'Java and Python')
            self.ok('cancel', PYTHON_EXAMPLE, 'scheduled_2024-01-01')
            run.communicate(timeout=120)
        finally:
            run.send_signal(signal.SIGKILL)
            run.communicate()
        self.assertEqual(self.processes(), [])
        self.assertEqual(self.lines('runs', PYTHON_EXAMPLE)[0]['state'], 'cancelled')


if __name__ == '__main__':
    unittest.main(warnings='ignore')
