"""LatecomerDoneOperator: what became of a claim; and the guard that keeps lost claims from writing."""
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.latecomer.client.errors import ClaimLost, LatecomerError
from airflow.providers.latecomer.errors import task_error
from airflow.providers.latecomer.hooks.latecomer import LatecomerHook
from airflow.providers.latecomer.links.latecomer import LatecomerRunLink
from airflow.providers.latecomer.task_states import states_of_work, work_is_over
from airflow.providers.latecomer.triggers.latecomer import LeaseTrigger
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

if TYPE_CHECKING:
    from airflow.providers.latecomer.client.base import Claim
    from airflow.sdk import Context

DEFAULT_LEASE = timedelta(hours=1)


class LatecomerDoneOperator(BaseOperator):
    """Reports what became of a claim. When all its work succeeded, the partition is recorded as processed at the
    versions of the claim; when some failed, the claim is given back (or the run marked failed) and this task fails
    too; when some was skipped and none failed, the claim is given back and this task is skipped.

    It may stand after the work, with `trigger_rule='all_done'`. Better, it stands beside it, right after the claim:
    then it waits in the triggerer, renews the lease as long as the work goes on, and reports at its end.

    :param pipeline: as in LatecomerClaimOperator
    :param claim: one of the claims: map over them as the work does
    :param work: the tasks that do the work: operators, or their ids as they stand in the DAG; of mapped ones the
        instance with the same map index counts. Default: all tasks directly upstream but the claim itself
    :param lease: how long the claim lasts without being renewed. Default: the longest `execution_timeout` of the
        tasks of the work, else an hour
    :param give_back: on failure let the next claim have the partition (default), or else leave the run `failed` until
        somebody clears it in latecomer or new data comes for it
    :param poll_interval: how often the trigger looks whether the work is over, in seconds
    """

    template_fields = ('pipeline', 'claim')
    operator_extra_links = (LatecomerRunLink(),)
    ui_color = '#e3f6e8'

    def __init__(self, *, pipeline: str, claim: 'Claim', work: 'str | BaseOperator | Sequence[Any] | None' = None,
                 lease: timedelta | None = None, give_back: bool = True, poll_interval: float = 5,
                 latecomer_conn_id: str = LatecomerHook.default_conn_name, **kwargs: Any):
        super().__init__(**kwargs)
        self.pipeline = pipeline
        self.claim = claim
        self.work = None if work is None else task_ids_of(work)
        self.lease = lease
        self.give_back = give_back
        self.poll_interval = poll_interval
        self.latecomer_conn_id = latecomer_conn_id

    def execute(self, context: 'Context') -> str:
        work = self._work(context)
        states = states_of_work(**work)
        if work_is_over(states):
            return self._report(states)
        self.log.info('%s is at work; its claim is kept meanwhile', ', '.join(work['task_ids']))
        self.defer(method_name='execute_complete', trigger=LeaseTrigger(
            latecomer_conn_id=self.latecomer_conn_id, pipeline=self.pipeline, poll_interval=self.poll_interval,
            claim={key: self.claim[key] for key in ('run_id', 'token')},
            lease_seconds=self._lease(work['task_ids']).total_seconds(), work=work))

    def execute_complete(self, context: 'Context', event: dict[str, Any] | None = None) -> str:
        if event is None:
            raise AirflowException('the trigger ended without a word')
        if 'lost' in event:
            raise AirflowFailException(event['lost'])
        if 'error' in event:
            raise AirflowException(event['error'])
        return self._report(event['states'])

    def _work(self, context: 'Context') -> dict[str, Any]:
        ti = context['ti']
        task_ids = self.work
        if task_ids is None:
            task_ids = sorted(task.task_id for task in self.upstream_list if _class_name(task) != 'LatecomerClaimOperator')
        if not task_ids:
            raise AirflowFailException(f'{self.task_id} has no work to report: name it with work=, or put it upstream')
        index = ti.map_index if ti.map_index is not None else -1
        return {'dag_id': ti.dag_id, 'run_id': ti.run_id, 'task_ids': task_ids, 'map_index': index}

    def _lease(self, task_ids: list[str]) -> timedelta:
        if self.lease is not None:
            return self.lease
        timeouts = [self.dag.get_task(task_id).execution_timeout for task_id in task_ids]
        return max((timeout for timeout in timeouts if timeout), default=DEFAULT_LEASE)

    def _report(self, states: dict[str, str | None]) -> str:
        try:
            client = LatecomerHook(self.latecomer_conn_id).get_conn()
            if all(state == 'success' for state in states.values()):
                answer = client.done(self.pipeline, self.claim)
                self.log.info('%s is recorded as processed%s', self.claim['run_id'], _note(answer))
                return answer['state']
            told = ', '.join(f'{task_id} is {state}' for task_id, state in sorted(states.items()) if state != 'success')
            skipped = all(state in ('success', 'skipped') for state in states.values())
            answer = client.fail(self.pipeline, self.claim, told, give_back=self.give_back or skipped)
        except ClaimLost as lost:
            raise AirflowFailException(f'{lost}. To process the partition, clear the task that claims') from lost
        except LatecomerError as error:
            raise task_error(error) from error
        what = f'{self.claim["run_id"]} is {answer["state"]} again{_note(answer)}: {told}'
        raise (AirflowSkipException if skipped else AirflowFailException)(what)


def task_ids_of(work: Any) -> list[str]:
    """Ids of tasks given as ids, operators, or what a decorated function returned."""
    if isinstance(work, str):
        return [work]
    if isinstance(work, Sequence):
        return [task_id for one in work for task_id in task_ids_of(one)]
    return [getattr(work, 'operator', work).task_id]


def claim_is_held(pipeline: str, claims_of: str, *, lease: timedelta | None = None,
                  latecomer_conn_id: str = LatecomerHook.default_conn_name) -> 'Callable[[Context], None]':
    """A `pre_execute` for the tasks of the work: renews the claim, and fails the task before it does anything when the
    claim is over. So a task that somebody clears months later can't write old rows over newer ones.

    :param claims_of: id of the task that claimed; of its list the element with the task's map index is meant
    :param lease: default: the task's `execution_timeout`, else what the pipeline file says
    """
    def check(context: 'Context') -> None:
        ti, task = context['ti'], context['task']
        claims = ti.xcom_pull(task_ids=claims_of)
        claim = claims[ti.map_index if ti.map_index is not None and ti.map_index >= 0 else 0]
        assert_held(pipeline, claim, lease=lease or task.execution_timeout, latecomer_conn_id=latecomer_conn_id)
    return check


def assert_held(pipeline: str, claim: 'Claim', *, lease: timedelta | None = None,
                latecomer_conn_id: str = LatecomerHook.default_conn_name) -> None:
    """The same from inside a task."""
    try:
        LatecomerHook(latecomer_conn_id).get_conn().renew(pipeline, claim, lease)
    except ClaimLost as lost:
        raise AirflowFailException(f'{lost}. To process the partition, clear the task that claims') from lost
    except LatecomerError as error:
        raise task_error(error) from error


def _class_name(task: Any) -> str:
    return getattr(task, 'task_type', type(task).__name__)


def _note(answer: dict) -> str:
    return f' ({answer["note"]})' if answer.get('note') else ''
