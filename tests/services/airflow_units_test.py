#!/usr/bin/env python3
"""Parts of the provider that need Airflow's classes, but none of its processes.

Run by `script/test --services airflow_units` with the Python of .deps/airflow.
"""
import asyncio
import datetime
import json
import os
import pathlib
import re
import sys
import tempfile
import types
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'airflow/src'))
_home = tempfile.TemporaryDirectory(prefix='latecomer-airflow-units-')  # removed when Python ends
os.environ.update(AIRFLOW_HOME=_home.name, AIRFLOW__CORE__LOAD_EXAMPLES='False', AIRFLOW__CORE__UNIT_TEST_MODE='True')

import airflow  # noqa: E402  the installed package, which our folder adds to
from airflow.providers.latecomer.client.base import PartitionState, Waiting  # noqa: E402
from airflow.providers.latecomer.client.errors import ClaimLost, LatecomerError  # noqa: E402
from airflow.providers.latecomer.get_provider_info import get_provider_info  # noqa: E402
from airflow.providers.latecomer.hooks.latecomer import LatecomerHook, _base_url  # noqa: E402
from airflow.providers.latecomer.operators.claim import LatecomerClaimOperator, worker_name  # noqa: E402
from airflow.providers.latecomer.operators.done import LatecomerDoneOperator, task_ids_of  # noqa: E402
from airflow.providers.latecomer.sensors.late_partitions import LatecomerPartitionSensor  # noqa: E402
from airflow.providers.latecomer.triggers.latecomer import (  # noqa: E402
    MOST_TRIES, LatePartitionsTrigger, LeaseTrigger, PartitionTrigger, partition_event)
from airflow.sdk import DAG, Connection, task  # noqa: E402
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException  # noqa: E402

CLAIM = {'pipeline': 'p', 'run_id': 'backfill_1', 'token': 4}
HOOK = 'airflow.providers.latecomer.hooks.latecomer.LatecomerHook'


def instance(**more):
    return types.SimpleNamespace(**{'dag_id': 'd', 'run_id': 'r', 'task_id': 't', 'map_index': -1, **more})


class Units(unittest.TestCase):
    def client(self, **answers):
        """Stands in for either client, in tasks and in triggers."""
        client = mock.Mock(**{f'{name}.side_effect' if callable(answer) or isinstance(answer, (Exception, list)) else
                              f'{name}.return_value': answer for name, answer in answers.items()})
        for patched in (mock.patch(f'{HOOK}.get_conn', return_value=client),
                        mock.patch(f'{HOOK}.aget_conn', mock.AsyncMock(return_value=client))):
            patched.start()
            self.addCleanup(patched.stop)
        return client

    def states(self, **states):
        for module in ('operators.done', 'triggers.latecomer'):
            patched = mock.patch(f'airflow.providers.latecomer.{module}.states_of_work', return_value=states)
            patched.start()
            self.addCleanup(patched.stop)

    # ----- the package

    def test_provider_info_is_what_airflow_asks_for(self):
        import jsonschema
        schema = json.loads((pathlib.Path(airflow.__path__[0]).parent / 'airflow/provider_info.schema.json').read_text())
        info = get_provider_info()
        jsonschema.validate(info, schema)
        from importlib import import_module
        for kind in ('operators', 'sensors', 'hooks', 'triggers'):
            for module in info[kind][0]['python-modules']:
                import_module(module)
        for name in [info['connection-types'][0]['hook-class-name'], *info['extra-links']]:
            module, _, cls = name.rpartition('.')
            self.assertTrue(hasattr(import_module(module), cls), name)

    def test_the_dag_of_the_user_guide(self):
        guide = (ROOT / 'docs/user-guide/airflow.md').read_text()
        names = {}
        exec(re.search(r'```python\n(.*?)```', guide, re.DOTALL)[1], names)
        dag = names['claims'].dag
        self.assertEqual({task_id: sorted(dag.get_task(task_id).downstream_task_ids) for task_id in dag.task_ids},
                         {'claims': ['build', 'record'], 'build': [], 'record': []})
        self.assertIsNotNone(dag.get_task('build').partial_kwargs['pre_execute'])

    # ----- connections

    def test_addresses(self):
        for host, scheme, port, expected in (('h', None, 80, 'http://h:80'), ('h', 'https', None, 'https://h'),
                                             ('https://h/below/', None, 8443, 'https://h:8443/below'),
                                             ('http://h:1', None, 2, 'http://h:1'), ('http://[::1]', None, 3, 'http://[::1]:3')):
            connection = Connection(conn_id='c', conn_type='latecomer', host=host, schema=scheme, port=port)
            self.assertEqual(_base_url(connection), expected)

    def test_a_connection_may_only_name_a_program_called_latecomer(self):
        with mock.patch.object(LatecomerHook, 'get_connection', return_value=Connection(
                conn_id='c', conn_type='latecomer', extra=json.dumps({'binary': '/bin/sh'}))):
            with self.assertRaises(LatecomerError):
                LatecomerHook('c').get_conn()
            self.assertEqual(LatecomerHook('c').test_connection()[0], False)

    def test_without_a_connection_only_the_default_one_is_done_without(self):
        with mock.patch.object(LatecomerHook, 'get_connection', side_effect=RuntimeError('no such connection')):
            self.assertIsNone(LatecomerHook().ui_url())
            with self.assertRaisesRegex(RuntimeError, 'no such connection'):
                LatecomerHook('another').ui_url()

    # ----- claims

    def test_a_worker_s_name_is_the_same_in_each_try_and_fits(self):
        self.assertEqual(worker_name({'ti': instance(map_index=3, try_number=1)}), 'airflow d/r/t[3]')
        long = worker_name({'ti': instance(run_id='x' * 300)})
        self.assertLessEqual(len(long), 200)
        self.assertNotEqual(long, worker_name({'ti': instance(run_id='x' * 301)}))

    def test_a_claim_first_gives_back_what_its_last_try_left(self):
        client = self.client(held_by=[[{'run_id': 'left', 'token': 1}]], claim=[[CLAIM | {
            'partition': {}, 'sources': {}, 'lease_expires': ''}]])
        with DAG('d', schedule=None):
            operator = LatecomerClaimOperator(task_id='t', pipeline='p')
        self.assertEqual(operator.execute({'ti': instance()})[0]['run_id'], 'backfill_1')
        names = [call[0] for call in client.method_calls]
        self.assertEqual(names, ['held_by', 'fail', 'claim'])
        self.assertTrue(client.fail.call_args.kwargs['give_back'])

    def test_the_lease_is_the_longest_timeout_downstream(self):
        client = self.client(held_by=[[]], claim=[[]])
        hour = datetime.timedelta(hours=1)
        with DAG('d', schedule=None):
            claims = LatecomerClaimOperator(task_id='claims', pipeline='p')
            task(task_id='short', execution_timeout=hour / 2)(lambda claim: None).expand(claim=claims.output)
            long = task(task_id='long', execution_timeout=hour)(lambda claim: None).expand(claim=claims.output)
            long >> task(task_id='none')(lambda: None)()
        claims.execute({'ti': instance()})
        self.assertEqual(client.claim.call_args.kwargs['lease'], hour)

    def test_what_may_pass_is_tried_again_and_the_rest_is_not(self):
        for kind, expected in (('unreachable', AirflowException), ('io', AirflowException), ('invalid_file', AirflowFailException)):
            self.client(held_by=LatecomerError(kind, 'what'))
            with self.assertRaises(AirflowException) as caught:
                LatecomerClaimOperator(task_id='t', pipeline='p').execute({'ti': instance()})
            self.assertIs(type(caught.exception), expected)

    def test_arguments_that_make_no_sense(self):
        for wrong in ({'only': 'soon'}, {'limit': 0}, {'only': 'late', 'partition': '2024-01-01'}):
            with self.assertRaises(ValueError):
                LatecomerClaimOperator(task_id='t', pipeline='p', **wrong)

    # ----- reports

    def report(self, states, **answers):
        client = self.client(done={'state': 'success', 'note': ''}, fail={'state': 'queued', 'note': ''}, **answers)
        self.states(**states)
        operator = LatecomerDoneOperator(task_id='t', pipeline='p', claim=CLAIM, work=list(states))
        try:
            return client, operator.execute({'ti': instance()})
        except AirflowException as error:
            return client, type(error)

    def test_all_that_became_of_the_work(self):
        for states, done, failed, ends in (
                ({'a': 'success', 'b': 'success'}, 1, None, 'success'),
                ({'a': 'success', 'b': 'failed'}, 0, True, AirflowFailException),
                ({'a': 'upstream_failed'}, 0, True, AirflowFailException),
                ({'a': 'success', 'b': 'skipped'}, 0, True, AirflowSkipException),
                ({'a': 'failed', 'b': 'skipped'}, 0, True, AirflowFailException)):
            with self.subTest(states):
                client, end = self.report(states)
                self.assertEqual((client.done.call_count, end), (done, ends))
                if failed is not None:
                    self.assertEqual(client.fail.call_args.kwargs, {'give_back': failed})

    def test_a_lost_claim_fails_for_good(self):
        _, end = self.report({'a': 'success'})
        self.client(done=ClaimLost('conflict', 'taken over'))
        with self.assertRaisesRegex(AirflowFailException, 'taken over.*clear the task that claims'):
            LatecomerDoneOperator(task_id='t', pipeline='p', claim=CLAIM, work='a').execute({'ti': instance()})

    def test_no_work_is_an_error(self):
        with DAG('d', schedule=None):
            operator = LatecomerDoneOperator(task_id='t', pipeline='p', claim=CLAIM)
        with self.assertRaisesRegex(AirflowFailException, 'no work'):
            operator.execute({'ti': instance()})

    def test_work_may_be_named_in_each_way(self):
        with DAG('d', schedule=None):
            decorated = task(task_id='one')(lambda: None)()
            mapped = task(task_id='two')(lambda x: None).expand(x=[1])
            operator = LatecomerClaimOperator(task_id='three', pipeline='p')
        self.assertEqual(task_ids_of([decorated, mapped, operator, 'four']), ['one', 'two', 'three', 'four'])

    # ----- waiting

    def event(self, trigger, most=50):
        """What a trigger fires, looking again at once; None when it still waits after `most` looks."""
        looks = 0

        async def soon(_):
            nonlocal looks
            looks += 1
            if looks > most:
                raise asyncio.CancelledError

        async def first():
            async for fired in trigger.run():
                return fired.payload
        with mock.patch('airflow.providers.latecomer.triggers.latecomer.asyncio.sleep', soon):
            try:
                return asyncio.run(first())
            except asyncio.CancelledError:
                return None

    def common(self):
        return {'latecomer_conn_id': 'c', 'pipeline': 'p', 'poll_interval': 1}

    def test_triggers_come_back_from_their_arguments(self):
        for trigger in (LatePartitionsTrigger(**self.common(), only='due'), PartitionTrigger(**self.common(), partition='x'),
                        LeaseTrigger(**self.common(), claim=CLAIM, lease_seconds=3, work={'task_ids': ['a']})):
            path, arguments = trigger.serialize()
            module, _, name = path.rpartition('.')
            again = getattr(sys.modules[module], name)(**json.loads(json.dumps(arguments)))
            self.assertEqual(again.serialize(), (path, arguments))

    def test_the_sensor_s_trigger_waits_for_its_kind(self):
        late, due = Waiting('day=1', 'late', ''), Waiting('day=2', 'due', '')
        self.client(waiting=[[], [due], [late, due]])
        self.assertEqual(self.event(LatePartitionsTrigger(**self.common())), {'partitions': ['day=1']})

    def test_a_short_outage_is_waited_out_and_a_long_one_told(self):
        passing = LatecomerError('unreachable', 'away')
        self.client(waiting=[passing] * (MOST_TRIES - 1) + [[Waiting('day=1', 'late', '')]])
        self.assertIn('partitions', self.event(LatePartitionsTrigger(**self.common())))
        self.client(waiting=passing)
        self.assertEqual(self.event(LatePartitionsTrigger(**self.common()))['kind'], 'unreachable')
        client = self.client(waiting=LatecomerError('invalid_file', 'line 3'))
        self.assertEqual(self.event(LatePartitionsTrigger(**self.common()))['error'], 'line 3')
        self.assertEqual(client.waiting.call_count, 1)

    def test_a_lease_is_renewed_at_a_third_and_a_lost_one_told(self):
        self.states(a='running')
        client = self.client(renew={})
        clock = iter(range(1000))
        with mock.patch('airflow.providers.latecomer.triggers.latecomer.time',
                        types.SimpleNamespace(monotonic=lambda: next(clock))):
            self.assertIsNone(self.event(LeaseTrigger(**self.common(), claim=CLAIM, lease_seconds=30, work={}), most=60))
        self.assertGreater(client.renew.call_count, 5)
        self.assertLess(client.renew.call_count, 12)
        self.client(renew=ClaimLost('conflict', 'cancelled'))
        self.assertEqual(self.event(LeaseTrigger(**self.common(), claim=CLAIM, lease_seconds=30, work={})), {'lost': 'cancelled'})

    def test_what_ends_the_wait_for_a_partition(self):
        for decision, claimable, ends in (('process', True, True), ('open', True, True), ('open', False, False),
                                          ('waiting', False, False), ('up_to_date', False, True), ('ignored', False, True),
                                          ('held', False, True), ('failed', False, True)):
            self.assertEqual(partition_event(PartitionState(decision, 'why', claimable)) is not None, ends, decision)
        sensor = LatecomerPartitionSensor(task_id='t', pipeline='p', partition='2024-01-01')
        self.assertEqual(sensor.execute_complete({}, {'decision': 'process', 'reason': ''}), 'process')
        for decision in ('held', 'failed'):
            with self.assertRaisesRegex(AirflowFailException, 'why'):
                sensor.execute_complete({}, {'decision': decision, 'reason': 'why'})


if __name__ == '__main__':
    unittest.main()
