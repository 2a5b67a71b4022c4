#!/usr/bin/env python3
"""latecomer.py, which Spark jobs import, with stand-ins for Spark that write down what they are asked.

usage: spark_helper_test.py SOURCE_FOLDER
"""
import json
import os
import pathlib
import sys
import tempfile
import types
import unittest

SOURCE = pathlib.Path(sys.argv.pop(1))
sys.path.insert(0, str(SOURCE / 'src/executor/spark'))

import latecomer

JOB = {
    'format': 1, 'pipeline': 'p', 'step': 's', 'partition': {'day': '2024-01-01', 'country': None}, 'token': 7,
    'sources': {'devices': {'table': 'file:///t', 'version': 3, 'where': "`day` = '2024-01-01'"}},
    'output': {'table': 'file:///o', 'replace_where': 'W', 'txn_app_id': 'latecomer/p/x/s', 'txn_version': 7,
               'user_metadata': '{}', 'partition': [
                   {'name': 'day', 'type': 'DATE', 'condition': 'D', 'value': '2024-01-01'},
                   {'name': 'country', 'type': 'STRING', 'condition': 'C', 'value': None}]},
}


class Recorder:
    """Every call gives the recorder itself and is written down."""

    def __init__(self, columns=()):
        self.columns, self.calls = list(columns), []

    def __getattr__(self, name):
        if name in ('read', 'write'):
            return self
        def called(*arguments, **named):
            self.calls.append((name, *arguments, *sorted(named.items())))
            return self
        return called


class Literal:
    def __init__(self, value):
        self.value = value

    def cast(self, kind):
        return f'CAST({self.value} AS {kind})'


class HelperTest(unittest.TestCase):
    def test_in_a_cluster_the_environment_holds_the_job(self):
        os.environ['LATECOMER_JOB_JSON'] = json.dumps(JOB)
        self.addCleanup(os.environ.pop, 'LATECOMER_JOB_JSON')
        before = os.environ.pop('LATECOMER_JOB', None)
        self.assertEqual(latecomer.job().token, 7)
        if before is not None:
            os.environ['LATECOMER_JOB'] = before

    def setUp(self):
        functions = types.SimpleNamespace(lit=Literal, expr=lambda text: text)
        modules = {'pyspark': types.ModuleType('pyspark'), 'pyspark.sql': types.SimpleNamespace(functions=functions)}
        before = {name: sys.modules.get(name) for name in modules}
        sys.modules.update(modules)
        self.addCleanup(lambda: [sys.modules.pop(name) if old is None else sys.modules.update({name: old})
                                 for name, old in before.items()])
        self.job = self.job_of(JOB)

    def job_of(self, content):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name, 'job.json')
        path.write_text(json.dumps(content))
        return latecomer.job(str(path))

    def test_reads_the_pinned_version_and_only_the_runs_rows(self):
        spark = Recorder()
        self.job.read(spark, 'devices')
        self.assertEqual(spark.calls, [('format', 'delta'), ('option', 'versionAsOf', 3), ('load', 'file:///t'),
                                       ('where', "`day` = '2024-01-01'")])
        with self.assertRaises(KeyError):
            self.job.read(spark, 'device')

    def test_writes_one_partition_with_the_token(self):
        frame = Recorder(['type', 'devices'])
        self.job.write(frame, mergeSchema='true')
        self.assertEqual(frame.calls, [
            ('withColumn', 'day', 'CAST(2024-01-01 AS DATE)'), ('withColumn', 'country', 'CAST(None AS STRING)'),
            ('format', 'delta'), ('mode', 'overwrite'), ('partitionBy', 'day', 'country'),
            ('options', ('mergeSchema', 'true')), ('option', 'replaceWhere', 'W'),
            ('option', 'txnAppId', 'latecomer/p/x/s'), ('option', 'txnVersion', 7), ('option', 'userMetadata', '{}'),
            ('save', 'file:///o')])

    def test_partition_columns_that_are_given_must_agree(self):
        frame = Recorder(['type', 'DAY'])
        self.job.write(frame)
        self.assertTrue(frame.calls[0][1].startswith('CASE WHEN D THEN true ELSE raise_error('), frame.calls[0])
        self.assertEqual([call[1] for call in frame.calls if call[0] == 'withColumn'], ['country'])

    def test_options_never_take_the_place_of_the_tokens(self):
        frame = Recorder()
        self.job.write(frame, txnVersion=99, replaceWhere='true')
        names = [call for call in frame.calls if call[0] in ('option', 'options')]
        self.assertEqual(names[0][0], 'options', 'what comes later wins')
        self.assertIn(('option', 'txnVersion', 7), names)

    def test_a_step_without_an_output_writes_nothing(self):
        with self.assertRaisesRegex(ValueError, 'step s declares no table'):
            self.job_of({**JOB, 'output': None}).write(Recorder())

    def test_without_latecomer(self):
        before = os.environ.pop('LATECOMER_JOB', None)
        if before is not None:
            self.addCleanup(os.environ.__setitem__, 'LATECOMER_JOB', before)
        with self.assertRaisesRegex(RuntimeError, 'LATECOMER_JOB is not set'):
            latecomer.job()


if __name__ == '__main__':
    unittest.main()
