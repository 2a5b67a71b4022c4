"""The static late data integrator: with each day the two days before it are loaded again, whether they changed or not.

Simple, and wasteful; for sources that don't say what changed. The look-back stands in the pipeline file.
"""
from datetime import timedelta

import pendulum
from devices_work import count_devices

from airflow.providers.latecomer.operators.claim import LatecomerClaimOperator
from airflow.providers.latecomer.operators.done import LatecomerDoneOperator, claim_is_held
from airflow.providers.latecomer.sensors.late_partitions import LatecomerPartitionSensor
from airflow.sdk import DAG, CronDataIntervalTimetable, task

PIPELINE = 'devices_loader_static.yaml'

with DAG(
        'devices_loader_static',
        schedule=CronDataIntervalTimetable('@daily', timezone='UTC'),
        start_date=pendulum.datetime(2024, 1, 1),
        end_date=pendulum.datetime(2024, 1, 2),
        catchup=True,
        max_active_runs=1,
        default_args={'retries': 3, 'retry_delay': timedelta(minutes=1)},
        tags=['late-data'],
):
    file_to_load_sensor = LatecomerPartitionSensor(
        task_id='file_to_load_sensor', pipeline=PIPELINE, partition='{{ ds }}', deferrable=True, poke_interval=60)
    claim_current_partition = LatecomerClaimOperator(
        task_id='claim_current_partition', pipeline=PIPELINE, partition='{{ ds }}', depends_on_past=True)
    load_current_file = task(
        task_id='load_current_file', execution_timeout=timedelta(minutes=10),
        pre_execute=claim_is_held(PIPELINE, 'claim_current_partition'),
    )(count_devices).expand(claim=claim_current_partition.output)
    record_current = LatecomerDoneOperator.partial(
        task_id='record_current', pipeline=PIPELINE, work='load_current_file').expand(claim=claim_current_partition.output)

    # The claim of the day has queued its look-back.
    generate_backfilling_runs = LatecomerClaimOperator(
        task_id='generate_backfilling_runs', pipeline=PIPELINE, only='late', limit=50, trigger_rule='all_done')
    integrate_late_data = task(
        task_id='integrate_late_data', execution_timeout=timedelta(minutes=10), max_active_tis_per_dagrun=1,
        pre_execute=claim_is_held(PIPELINE, 'generate_backfilling_runs'),
    )(count_devices).expand(claim=generate_backfilling_runs.output)
    record_backfills = LatecomerDoneOperator.partial(
        task_id='record_backfills', pipeline=PIPELINE, work='integrate_late_data',
    ).expand(claim=generate_backfilling_runs.output)

    file_to_load_sensor >> claim_current_partition >> generate_backfilling_runs
