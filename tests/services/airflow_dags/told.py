"""A DAG that does what a run of latecomer's tells it to. Used by airflow_dag_steps.py alone."""
import pathlib

import pendulum

from airflow.sdk import DAG, task


@task
def work(dag_run=None):
    from devices_work import count_devices
    told = dag_run.conf['latecomer']
    with open(dag_run.conf['seen'], 'a') as seen:
        seen.write(f"{told['partition']['event_time']} {told['token']}\n")
    if gate := dag_run.conf.get('gate'):
        with open(gate):  # a pipe: until somebody opens its other end
            pass
    if dag_run.conf.get('mode') == 'fail':
        raise ValueError('no space left on the disk')
    if dag_run.conf.get('mode') != 'idle':
        count_devices({**told, 'outputs': [told['output']]})
    pathlib.Path(dag_run.conf['seen'] + '.done').touch()


@task
def after():
    pass


with DAG('told', schedule=None, start_date=pendulum.datetime(2024, 1, 1), catchup=False):
    work() >> after()
