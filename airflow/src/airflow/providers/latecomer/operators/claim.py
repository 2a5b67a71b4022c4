"""LatecomerClaimOperator: late partitions become a list that tasks can be mapped over."""
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.latecomer.client.base import DUE, LATE, claim_of_kind, give_back_all
from airflow.providers.latecomer.client.errors import LatecomerError
from airflow.providers.latecomer.errors import task_error
from airflow.providers.latecomer.hooks.latecomer import LatecomerHook
from airflow.providers.latecomer.links.latecomer import LatecomerPipelineLink
from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from airflow.providers.latecomer.client.base import Claim, Client
    from airflow.sdk import Context

LONGEST_NAME = 200


class LatecomerClaimOperator(BaseOperator):
    """Claims what waits and returns it: a list of dicts with the partition, the pinned versions of its sources and the
    token, an empty one when nothing waits. Map over it with `.expand(claim=claims.output)`, or `.expand_kwargs`
    after a `.map`; Airflow skips tasks that are mapped over an empty list.

    Tried again, or cleared, it first gives back what its last try may have left claimed.

    :param pipeline: the pipeline file (command line) or id (server)
    :param only: `late`: partitions whose data came late; `due`: those whose turn it is; None (default): either
    :param limit: at most so many claims
    :param partition: only this one, as `2024-01-01` or `column=value`; templated, so `{{ ds }}`
    :param lease: how long the work may take. Without one: the longest `execution_timeout` among the tasks downstream,
        and without that what the pipeline file says
    :param first_run: go on where a first run would process more than a hundred intervals
    """

    template_fields = ('pipeline', 'partition')
    operator_extra_links = (LatecomerPipelineLink(),)
    ui_color = '#e3eefb'

    def __init__(self, *, pipeline: str, only: str | None = None, limit: int = 1, partition: str | None = None,
                 lease: timedelta | None = None, first_run: bool = False,
                 latecomer_conn_id: str = LatecomerHook.default_conn_name, **kwargs: Any):
        super().__init__(**kwargs)
        if only not in (LATE, DUE, None):
            raise ValueError(f'only={only!r}: it is {LATE!r}, {DUE!r} or None')
        if limit < 1:
            raise ValueError(f'limit={limit}: it is at least 1')
        if only is not None and partition is not None:
            raise ValueError('give either only or partition')
        self.pipeline = pipeline
        self.only = only
        self.limit = limit
        self.partition = partition
        self.lease = lease
        self.first_run = first_run
        self.latecomer_conn_id = latecomer_conn_id
        self.pipeline_id: str | None = None

    def execute(self, context: 'Context') -> 'list[Claim]':
        worker = worker_name(context)
        try:
            client = LatecomerHook(self.latecomer_conn_id).get_conn()
            for run_id in give_back_all(client, self.pipeline, worker, 'its Airflow task started again'):
                self.log.info('gave back %s, which an earlier try had claimed', run_id)
            claims = self._claim(client, worker)
        except LatecomerError as error:
            raise task_error(error) from error
        for claim in claims:
            self.log.info('claimed %s: %s at %s, token %s, until %s', claim['run_id'], claim['partition'],
                          {name: source['version'] for name, source in claim['sources'].items()}, claim['token'],
                          claim['lease_expires'])
        if not claims:
            self.log.info('nothing to claim')
        self.pipeline_id = claims[0]['pipeline'] if claims else None
        return claims

    def _claim(self, client: 'Client', worker: str) -> 'list[Claim]':
        options: dict[str, Any] = {'worker': worker, 'lease': self.lease or longest_timeout(self),
                                   'first_run': self.first_run}
        if self.only is not None:
            return claim_of_kind(client, self.pipeline, self.only, limit=self.limit, **options)
        return client.claim(self.pipeline, limit=self.limit, partition=self.partition, **options)


def worker_name(context: 'Context') -> str:
    """The name that latecomer shows for the claims of one task instance; the same in each of its tries."""
    ti = context['ti']
    index = f'[{ti.map_index}]' if ti.map_index is not None and ti.map_index >= 0 else ''
    name = f'airflow {ti.dag_id}/{ti.run_id}/{ti.task_id}{index}'
    if len(name.encode()) <= LONGEST_NAME:
        return name
    return f'airflow {hashlib.sha256(name.encode()).hexdigest()}'


def longest_timeout(operator: BaseOperator) -> timedelta | None:
    """The longest `execution_timeout` among the tasks downstream; None when none has any."""
    timeouts = [task.execution_timeout for task in _downstream(operator) if task.execution_timeout]
    return max(timeouts, default=None)


def _downstream(operator: BaseOperator) -> Iterator[BaseOperator]:
    open_tasks, seen = list(operator.downstream_list), set()
    while open_tasks:
        task = open_tasks.pop()
        if task.task_id not in seen:
            seen.add(task.task_id)
            open_tasks += task.downstream_list
            yield task
