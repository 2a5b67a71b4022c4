"""Dynamic and concurrent: a run begins when days are due or late, and processes up to four of them at a time.

No date of Airflow's says which days: latecomer does. A day that fails stays `failed` until somebody clears it in
latecomer or new data comes for it; given back, it would come round again at once.
"""
from datetime import timedelta

import pendulum
from devices_work import count_devices

from airflow.providers.latecomer.operators.claim import LatecomerClaimOperator
from airflow.providers.latecomer.operators.done import LatecomerDoneOperator, claim_is_held
from airflow.providers.latecomer.sensors.late_partitions import LatecomerLatePartitionsSensor
from airflow.sdk import DAG, task

PIPELINE = 'devices_loader_concurrent.yaml'

with DAG(
        'devices_loader_concurrent',
        schedule='@continuous',
        start_date=pendulum.datetime(2024, 1, 1),
        catchup=False,
        max_active_runs=1,
        default_args={'retries': 3, 'retry_delay': timedelta(minutes=1)},
        tags=['late-data'],
):
    late_data_sensor = LatecomerLatePartitionsSensor(
        task_id='late_data_sensor', pipeline=PIPELINE, only=None, deferrable=True, poke_interval=60)
    get_late_data_and_mark_as_in_progress = LatecomerClaimOperator(
        task_id='get_late_data_and_mark_as_in_progress', pipeline=PIPELINE, limit=20)
    process_devices = task(
        task_id='process_devices', execution_timeout=timedelta(minutes=10), max_active_tis_per_dag=4,
        pre_execute=claim_is_held(PIPELINE, 'get_late_data_and_mark_as_in_progress'),
    )(count_devices).expand(claim=get_late_data_and_mark_as_in_progress.output)
    mark_partitions_as_processed = LatecomerDoneOperator.partial(
        task_id='mark_partitions_as_processed', pipeline=PIPELINE, work='process_devices', give_back=False,
    ).expand(claim=get_late_data_and_mark_as_in_progress.output)
    late_data_sensor >> get_late_data_and_mark_as_in_progress
