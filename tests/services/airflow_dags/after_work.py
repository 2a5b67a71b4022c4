"""The report stands after the work, in a mapped group of tasks; what fails stays failed. Used by airflow_test.py alone."""
import pendulum

from airflow.providers.latecomer.operators.claim import LatecomerClaimOperator
from airflow.providers.latecomer.operators.done import LatecomerDoneOperator
from airflow.sdk import DAG, task, task_group

PIPELINE = 'devices_loader.yaml'


@task
def work(claim: dict):
    from devices_work import count_devices
    if claim['partition']['event_time'] == '2024-01-02':
        raise ValueError('no such luck')
    return count_devices(claim)


@task_group
def build(claim: dict):
    work(claim) >> LatecomerDoneOperator(
        task_id='record', pipeline=PIPELINE, claim=claim, give_back=False, trigger_rule='all_done')


with DAG('after_work', schedule=None, start_date=pendulum.datetime(2024, 1, 1), catchup=False):
    claims = LatecomerClaimOperator(task_id='claims', pipeline=PIPELINE, limit=5)
    build.expand(claim=claims.output)
