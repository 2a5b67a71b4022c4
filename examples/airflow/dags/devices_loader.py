"""The devices loader of the "late data integrator", one run a day, with its tasks; latecomer takes the Spark job's place.

Left branch: the day itself, once the next day's partition shows that it is complete. Right branch: past days that got
late data. Both claim what they process, so that a day is never processed twice at once, and what fails waits for the
next run. The two files that the Spark job and its DAG kept are still written, for whoever reads them.
"""
from datetime import timedelta

import pendulum
from devices_work import count_devices

from airflow.providers.latecomer.operators.claim import LatecomerClaimOperator
from airflow.providers.latecomer.operators.done import LatecomerDoneOperator, claim_is_held
from airflow.providers.latecomer.operators.spark_job import (
    LatecomerConfigureBackfillOperator, LatecomerUpdateLastProcessedOperator)
from airflow.providers.latecomer.sensors.late_partitions import LatecomerPartitionSensor
from airflow.sdk import DAG, CronDataIntervalTimetable, TriggerRule, task

PIPELINE = 'devices_loader.yaml'
DATASET = "{{ var.value.get('devices_dataset', '/data') }}"
CONFIGURATION = 'backfilling_configuration.json'

with DAG(
        'devices_loader',
        schedule=CronDataIntervalTimetable('@daily', timezone='UTC'),
        start_date=pendulum.datetime(2024, 1, 1),
        end_date=pendulum.datetime(2024, 1, 2),
        catchup=True,
        max_active_runs=1,
        default_args={'retries': 3, 'retry_delay': timedelta(minutes=1)},
        tags=['late-data'],
):
    # The day itself; the days in their order.
    next_partition_sensor = LatecomerPartitionSensor(
        task_id='next_partition_sensor', pipeline=PIPELINE, partition='{{ ds }}', deferrable=True, poke_interval=60)
    claim_current_partition = LatecomerClaimOperator(
        task_id='claim_current_partition', pipeline=PIPELINE, partition='{{ ds }}', depends_on_past=True)
    process_devices = task(
        task_id='process_devices', execution_timeout=timedelta(minutes=10), depends_on_past=True,
        pre_execute=claim_is_held(PIPELINE, 'claim_current_partition'),
    )(count_devices).expand(claim=claim_current_partition.output)
    record_devices = LatecomerDoneOperator.partial(
        task_id='record_devices', pipeline=PIPELINE, work='process_devices').expand(claim=claim_current_partition.output)
    next_partition_sensor >> claim_current_partition

    # Past days that got late data, one after the other. A failed one holds up no later day.
    backfilling_configuration_creation_job = LatecomerConfigureBackfillOperator(
        task_id='backfilling_configuration_creation_job', output_location=DATASET, table=f'{DATASET}/devices',
        file_name=CONFIGURATION, current_partition='event_time={{ ds }}')
    # After the claim of the day, since it is that which looks for late days.
    generate_backfilling_arguments = LatecomerClaimOperator(
        task_id='generate_backfilling_arguments', pipeline=PIPELINE, only='late', limit=50,
        trigger_rule=TriggerRule.ALL_DONE)
    backfill_past_partitions = task(
        task_id='backfill_past_partitions', execution_timeout=timedelta(minutes=10), max_active_tis_per_dagrun=1,
        pre_execute=claim_is_held(PIPELINE, 'generate_backfilling_arguments'),
    )(count_devices).expand(claim=generate_backfilling_arguments.output)
    record_backfills = LatecomerDoneOperator.partial(
        task_id='record_backfills', pipeline=PIPELINE, work='backfill_past_partitions',
    ).expand(claim=generate_backfilling_arguments.output)
    [backfilling_configuration_creation_job, claim_current_partition] >> generate_backfilling_arguments

    # As there: moves on whatever became of the backfills. What failed is in the ledger, and is not lost.
    update_last_processed_versions = LatecomerUpdateLastProcessedOperator(
        task_id='update_last_processed_versions', output_location=DATASET, file_name=CONFIGURATION,
        trigger_rule=TriggerRule.ALL_DONE)
    [record_devices, record_backfills] >> update_last_processed_versions
