"""Work that takes longer than the lease; the lease is renewed beside it. Used by airflow_test.py alone."""
from datetime import timedelta

import pendulum

from airflow.providers.latecomer.operators.claim import LatecomerClaimOperator
from airflow.providers.latecomer.operators.done import LatecomerDoneOperator
from airflow.sdk import DAG, task

PIPELINE = 'devices_loader.yaml'


@task
def work(claim: dict, gate: str):
    from devices_work import count_devices
    with open(gate):  # a pipe: until somebody opens its other end
        return count_devices(claim)


with DAG('kept_lease', schedule=None, start_date=pendulum.datetime(2024, 1, 1), catchup=False):
    claims = LatecomerClaimOperator(task_id='claims', pipeline=PIPELINE, lease=timedelta(seconds=3))
    work.partial(gate="{{ var.value.gate }}").expand(claim=claims.output)
    LatecomerDoneOperator.partial(
        task_id='record', pipeline=PIPELINE, work='work', lease=timedelta(seconds=3), poll_interval=0.5,
    ).expand(claim=claims.output)
