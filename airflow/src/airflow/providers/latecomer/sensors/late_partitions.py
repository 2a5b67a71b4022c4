"""Sensors: late partitions wait; one partition is ready."""
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.latecomer.client.base import DUE, LATE
from airflow.providers.latecomer.client.errors import LatecomerError
from airflow.providers.latecomer.errors import task_error
from airflow.providers.latecomer.hooks.latecomer import LatecomerHook
from airflow.providers.latecomer.triggers.latecomer import LatePartitionsTrigger, PartitionTrigger, partition_event
from airflow.sdk import BaseSensorOperator, PokeReturnValue, conf
from airflow.sdk.exceptions import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from airflow.providers.latecomer.client.base import Client
    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger


class _LatecomerSensor(BaseSensorOperator):
    """What both sensors share: a look, and handing it over to a trigger when deferrable."""

    def __init__(self, *, pipeline: str, latecomer_conn_id: str = LatecomerHook.default_conn_name,
                 deferrable: bool = conf.getboolean('operators', 'default_deferrable', fallback=False),
                 poke_interval: timedelta | float = 60, **kwargs: Any):
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.pipeline = pipeline
        self.latecomer_conn_id = latecomer_conn_id
        self.deferrable = deferrable

    def look(self, client: 'Client') -> dict[str, Any] | None:
        raise NotImplementedError

    def trigger(self) -> 'BaseTrigger':
        raise NotImplementedError

    def result(self, event: dict[str, Any]) -> Any:
        raise NotImplementedError

    def poke(self, context: 'Context') -> PokeReturnValue:
        try:
            event = self.look(LatecomerHook(self.latecomer_conn_id).get_conn())
        except LatecomerError as error:
            raise task_error(error) from error
        return PokeReturnValue(event is not None, self.result(event) if event is not None else None)

    def execute(self, context: 'Context') -> Any:
        if not self.deferrable:
            return super().execute(context)
        first = self.poke(context)
        if first.is_done:
            return first.xcom_value
        self.defer(trigger=self.trigger(), method_name='execute_complete', timeout=timedelta(seconds=self.timeout))

    def execute_complete(self, context: 'Context', event: dict[str, Any] | None = None) -> Any:
        if event is None:
            raise AirflowException('the trigger ended without a word')
        if 'error' in event:
            raise AirflowException(event['error'])
        return self.result(event)


class LatecomerLatePartitionsSensor(_LatecomerSensor):
    """Waits until partitions can be claimed, and returns their names.

    :param pipeline: the pipeline file (command line) or id (server)
    :param only: `late` (default): partitions whose data came late; `due`: those whose turn it is; None: either
    :param deferrable: wait in the triggerer instead of in a worker
    """

    template_fields = ('pipeline',)

    def __init__(self, *, only: str | None = LATE, **kwargs: Any):
        super().__init__(**kwargs)
        if only not in (LATE, DUE, None):
            raise ValueError(f'only={only!r}: it is {LATE!r}, {DUE!r} or None')
        self.only = only

    def look(self, client: 'Client') -> dict[str, Any] | None:
        names = [waiting.name for waiting in client.waiting(self.pipeline) if self.only in (None, waiting.kind)]
        return {'partitions': names} if names else None

    def trigger(self) -> LatePartitionsTrigger:
        return LatePartitionsTrigger(latecomer_conn_id=self.latecomer_conn_id, pipeline=self.pipeline,
                                     poll_interval=self.poke_interval, only=self.only)

    def result(self, event: dict[str, Any]) -> list[str]:
        self.log.info('waiting: %s', ', '.join(event['partitions']))
        return event['partitions']


class LatecomerPartitionSensor(_LatecomerSensor):
    """Waits until one partition is complete and can be claimed; ends as well when nothing is to be done for it (any
    more). Fails when a rule or a person holds it, or its run failed: that doesn't change by waiting.

    :param partition: `2024-01-01` or `column=value`; templated, so `{{ ds }}`
    """

    template_fields = ('pipeline', 'partition')

    def __init__(self, *, partition: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.partition = partition

    def look(self, client: 'Client') -> dict[str, Any] | None:
        return partition_event(client.partition(self.pipeline, self.partition))

    def trigger(self) -> PartitionTrigger:
        return PartitionTrigger(latecomer_conn_id=self.latecomer_conn_id, pipeline=self.pipeline,
                                poll_interval=self.poke_interval, partition=self.partition)

    def result(self, event: dict[str, Any]) -> str:
        self.log.info('%s: %s', self.partition, event['reason'])
        if event['decision'] in ('held', 'failed'):
            raise AirflowFailException(f'{self.partition} is {event["decision"]}: {event["reason"]}')
        return event['decision']
