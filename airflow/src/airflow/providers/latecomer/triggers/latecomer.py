"""What waits in the triggerer: for late partitions, and for work whose claim has to be kept."""
import asyncio
import datetime
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.providers.latecomer.client.base import LATE, PartitionState
from airflow.providers.latecomer.client.errors import ClaimLost, LatecomerError
from airflow.providers.latecomer.hooks.latecomer import LatecomerHook
from airflow.providers.latecomer.task_states import states_of_work, work_is_over
from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from airflow.providers.latecomer.client.base import Client

MOST_TRIES = 5
"""So often in a row a call may fail for a reason that may pass before the task is told."""


class _LatecomerTrigger(BaseTrigger):
    """Asks again and again in a thread, since both clients block."""

    def __init__(self, *, latecomer_conn_id: str, pipeline: str, poll_interval: float):
        super().__init__()
        self.latecomer_conn_id = latecomer_conn_id
        self.pipeline = pipeline
        self.poll_interval = poll_interval

    def _arguments(self) -> dict[str, Any]:
        return {'latecomer_conn_id': self.latecomer_conn_id, 'pipeline': self.pipeline,
                'poll_interval': self.poll_interval}

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f'{type(self).__module__}.{type(self).__name__}', self._arguments()

    async def look(self, client: 'Client') -> dict[str, Any] | None:
        """What the task is to be told, or None as long as it has to wait."""
        raise NotImplementedError

    async def run(self) -> AsyncIterator[TriggerEvent]:
        failures = 0
        client = None
        while True:
            try:
                client = client or await LatecomerHook(self.latecomer_conn_id).aget_conn()
                event = await self.look(client)
                failures = 0
            except LatecomerError as error:
                failures += 1
                event = None if error.may_pass and failures < MOST_TRIES else {'error': str(error), 'kind': error.kind}
                self.log.warning('%s', error)
            if event is not None:
                yield TriggerEvent(event)
                return
            await asyncio.sleep(self.poll_interval)


class LatePartitionsTrigger(_LatecomerTrigger):
    """Fires when partitions can be claimed: those that are late (`only='late'`), those that are due (`'due'`), or
    either (None). Its event has their names."""

    def __init__(self, *, latecomer_conn_id: str, pipeline: str, poll_interval: float, only: str | None = LATE):
        super().__init__(latecomer_conn_id=latecomer_conn_id, pipeline=pipeline, poll_interval=poll_interval)
        self.only = only

    def _arguments(self) -> dict[str, Any]:
        return {**super()._arguments(), 'only': self.only}

    async def look(self, client: 'Client') -> dict[str, Any] | None:
        found = await asyncio.to_thread(client.waiting, self.pipeline)
        names = [waiting.name for waiting in found if self.only in (None, waiting.kind)]
        return {'partitions': names} if names else None


def partition_event(state: PartitionState) -> dict[str, Any] | None:
    """What a sensor or trigger makes of it; None: go on waiting."""
    ends = state.claimable or state.decision in ('up_to_date', 'ignored', 'held', 'failed')
    return {'decision': state.decision, 'reason': state.reason} if ends else None


class PartitionTrigger(_LatecomerTrigger):
    """Fires when one partition can be claimed, or when there is nothing (more) to wait for: it is processed, held, or
    outside the schedule. Its event has the decision and the reason."""

    def __init__(self, *, latecomer_conn_id: str, pipeline: str, poll_interval: float, partition: str):
        super().__init__(latecomer_conn_id=latecomer_conn_id, pipeline=pipeline, poll_interval=poll_interval)
        self.partition = partition

    def _arguments(self) -> dict[str, Any]:
        return {**super()._arguments(), 'partition': self.partition}

    async def look(self, client: 'Client') -> dict[str, Any] | None:
        return partition_event(await asyncio.to_thread(client.partition, self.pipeline, self.partition))


class LeaseTrigger(_LatecomerTrigger):
    """Keeps a claim while other tasks of the same run do its work: renews the lease in time, and fires when the work
    is over or the claim is lost."""

    def __init__(self, *, latecomer_conn_id: str, pipeline: str, poll_interval: float, claim: dict[str, Any],
                 lease_seconds: float, work: dict[str, Any]):
        super().__init__(latecomer_conn_id=latecomer_conn_id, pipeline=pipeline, poll_interval=poll_interval)
        self.claim = claim
        self.lease_seconds = lease_seconds
        self.work = work
        self._renewed_at: float | None = None

    def _arguments(self) -> dict[str, Any]:
        return {**super()._arguments(), 'claim': self.claim, 'lease_seconds': self.lease_seconds, 'work': self.work}

    async def look(self, client: 'Client') -> dict[str, Any] | None:
        states = await asyncio.to_thread(states_of_work, **self.work)
        if work_is_over(states):
            return {'states': states}
        # At a third of the lease, so that two tries may fail before it runs out.
        if self._renewed_at is None or time.monotonic() - self._renewed_at >= self.lease_seconds / 3:
            try:
                await asyncio.to_thread(client.renew, self.pipeline, self.claim,
                                        datetime.timedelta(seconds=self.lease_seconds))
            except ClaimLost as lost:
                return {'lost': str(lost)}
            self._renewed_at = time.monotonic()
        return None
