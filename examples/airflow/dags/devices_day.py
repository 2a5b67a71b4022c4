"""Counts one day of devices when latecomer says so: the step of a pipeline (devices_triggered.yaml) is a run of this DAG.

What it shall do stands in the run's conf, as `latecomer`: the partition, the tables with their pinned versions, and the
transaction to write with.
"""
import pendulum

from airflow.sdk import DAG, task


@task
def count(dag_run=None):
    from devices_work import count_devices
    told = dag_run.conf['latecomer']
    return count_devices({**told, 'outputs': [told['output']]})


with DAG('devices_day', schedule=None, start_date=pendulum.datetime(2024, 1, 1), catchup=False, max_active_runs=4):
    count()
