"""The same shape in Apache Airflow. usage: airflow_runs.py VENV FOLDER RUNS
Starts an API server, a scheduler (LocalExecutor) and a DAG processor on an SQLite database in FOLDER, lets a DAG of
three tasks catch up RUNS daily intervals, and prints the seconds from the first run's start to the last one's end."""
import datetime
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time

DAG = '''import datetime
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG('bench', schedule='@daily', start_date=datetime.datetime(2024, 1, 1), end_date=datetime.datetime{end},
         catchup=True, max_active_runs=4, is_paused_upon_creation=False,
         default_args={{'retries': 5, 'retry_delay': datetime.timedelta(seconds=1)}}):
    BashOperator(task_id='a', bash_command='/bin/true') >> BashOperator(task_id='b', bash_command='/bin/true') >> \\
        BashOperator(task_id='c', bash_command='/bin/true')
'''
PATIENCE_S = 1800


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


def seconds_between(begin, end):
    read = lambda text: datetime.datetime.fromisoformat(str(text))
    return (read(end) - read(begin)).total_seconds()


def wait_a_second(process):
    """True when it ended by itself."""
    try:
        process.wait(1)
        return True
    except subprocess.TimeoutExpired:
        return False


def main():
    venv, folder, runs = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve(), int(sys.argv[3])
    (folder / 'dags').mkdir(parents=True)
    last = datetime.date(2024, 1, 1) + datetime.timedelta(days=runs - 1)
    (folder / 'dags/bench.py').write_text(DAG.format(end=(last.year, last.month, last.day)))
    port = free_port()
    environment = dict(
        os.environ, AIRFLOW_HOME=str(folder), PATH=f'{venv / "bin"}:{os.environ["PATH"]}',
        AIRFLOW__CORE__EXECUTOR='LocalExecutor', AIRFLOW__CORE__PARALLELISM='4', AIRFLOW__CORE__LOAD_EXAMPLES='False',
        AIRFLOW__CORE__DAGS_FOLDER=str(folder / 'dags'), AIRFLOW__API__PORT=str(port), AIRFLOW__API__HOST='127.0.0.1',
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f'http://127.0.0.1:{port}/execution/',
        AIRFLOW__API_AUTH__JWT_SECRET='a secret of this benchmark only, long enough for its algorithm',
        AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL='5')
    log = open(folder / 'airflow.log', 'wb')
    airflow = str(venv / 'bin/airflow')
    subprocess.run([airflow, 'db', 'migrate'], env=environment, stdout=log, stderr=log, check=True)
    parts = (['api-server', '--port', str(port), '--host', '127.0.0.1', '--workers', '1'], ['dag-processor'],
             ['scheduler', '--skip-serve-logs'])
    started = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended below
    try:
        give_up = time.monotonic() + PATIENCE_S
        for part in parts:
            started.append(subprocess.Popen([airflow, *part], env=environment, stdout=log, stderr=log,
                                            start_new_session=True))
            # Tasks of a scheduler whose API server doesn't answer yet fail at once.
            while not answers(port):
                if wait_a_second(started[-1]) or time.monotonic() > give_up:
                    sys.exit(f'airflow_runs: the API server doesn\'t start; see {folder / "airflow.log"}')
        while True:
            ended = wait_a_second(started[-1])
            database = sqlite3.connect(f'file:{folder / "airflow.db"}?mode=ro', uri=True, timeout=30)
            done, begin, end = database.execute(
                "SELECT count(*), min(start_date), max(end_date) FROM dag_run WHERE state = 'success'").fetchone()
            failed, = database.execute("SELECT count(*) FROM dag_run WHERE state = 'failed'").fetchone()
            database.close()
            if done >= runs:
                print(seconds_between(begin, end))
                return
            if time.monotonic() > give_up or ended or failed:
                sys.exit(f'airflow_runs: {done} of {runs} runs done; see {folder / "airflow.log"}')
    finally:
        for part in started:
            if part.poll() is None:
                os.killpg(part.pid, signal.SIGTERM)
        for part in started:
            try:
                part.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(part.pid, signal.SIGKILL)


if __name__ == '__main__':
    main()
