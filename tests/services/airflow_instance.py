"""A real Airflow for tests: API server, scheduler, DAG processor and triggerer, on SQLite and a free port."""
import base64
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

STARTS_WITHIN_S = 300


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Expired(Exception):
    """The sign-in isn't taken (any more)."""


class Airflow:
    """Lives in `folder`; DAGs are read from `folder`/dags. `site` is put before the installed packages."""

    PARTS = {'api-server': ['api-server', '--host', '127.0.0.1', '--workers', '1'],
             'scheduler': ['scheduler', '--skip-serve-logs'],
             'dag-processor': ['dag-processor'],
             'triggerer': ['triggerer', '--skip-serve-logs']}

    USERS = {'admin': 'admin', 'latecomer': 'user'}

    def __init__(self, folder: pathlib.Path, site: pathlib.Path, environment: dict[str, str]):
        self.folder = folder
        self.port = free_port()
        self.processes: dict[str, subprocess.Popen] = {}
        self._token = ''
        self.passwords = {name: secrets.token_hex(8) for name in self.USERS}
        (folder / 'passwords.json').write_text(json.dumps(self.passwords))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(('AIRFLOW', 'LATECOMER', 'PYTHON'))},
            'HOME': str(folder), 'AIRFLOW_HOME': str(folder), 'PYTHONPATH': str(site), 'PYTHONDONTWRITEBYTECODE': '1',
            'AIRFLOW__CORE__DAGS_FOLDER': str(folder / 'dags'),
            'AIRFLOW__CORE__LOAD_EXAMPLES': 'False',
            'AIRFLOW__CORE__EXECUTOR': 'LocalExecutor',
            'AIRFLOW__CORE__PARALLELISM': '4',
            'AIRFLOW__CORE__FERNET_KEY': base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            'AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS': ','.join(f'{name}:{role}' for name, role in self.USERS.items()),
            'AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE': str(folder / 'passwords.json'),
            # So short that what asks for longer has to sign in again.
            'AIRFLOW__API_AUTH__JWT_EXPIRATION_TIME': '10',
            'AIRFLOW__CORE__EXECUTION_API_SERVER_URL': f'http://127.0.0.1:{self.port}/execution/',
            'AIRFLOW__API__BASE_URL': f'http://127.0.0.1:{self.port}',
            'AIRFLOW__API__SECRET_KEY': secrets.token_hex(16),
            'AIRFLOW__API_AUTH__JWT_SECRET': secrets.token_hex(32),
            'AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL': '5',
            'AIRFLOW__USAGE_DATA_COLLECTION__ENABLED': 'False',
            'NO_COLOR': '1', 'no_proxy': '127.0.0.1',
            **environment}

    # ----- its life

    def start(self, *commands: list[str]) -> None:
        """Starts all parts, after commands of its own that need the database only."""
        (self.folder / 'output').mkdir(exist_ok=True)
        for command in (['db', 'migrate'], *commands):
            self.run(*command)
        for name, arguments in self.PARTS.items():
            port = ['--port', str(self.port)] if name == 'api-server' else []
            with open(self.folder / 'output' / f'{name}.log', 'wb') as log:
                self.processes[name] = subprocess.Popen(
                    [self._program(), *arguments, *port], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self.until('Airflow is healthy', self._healthy, STARTS_WITHIN_S)

    def stop(self) -> None:
        for name in ('scheduler', 'triggerer', 'dag-processor', 'api-server'):
            process = self.processes.pop(name, None)
            if process is None:
                continue
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                pass
            try:  # its workers are in its process group
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def run(self, *arguments: str) -> str:
        done = subprocess.run([self._program(), *arguments], env=self.environment, cwd=self.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise AssertionError(f'airflow {arguments}: {done.stdout[-2000:]}{done.stderr[-2000:]}')
        return done.stdout

    def until(self, what: str, condition, seconds: float = 300):
        """The first true value of `condition()`. Between two looks it waits for a process of Airflow's to die."""
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f'not within {seconds} s: {what}\n{self.tails()}')
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise AssertionError(f'{name} of Airflow ended\n{self.tails()}')
            try:
                self.processes['scheduler'].wait(timeout=0.3)
            except subprocess.TimeoutExpired:
                pass

    def tails(self) -> str:
        """The end of what its processes and the newest tasks said, for a failure's message."""
        tasks = sorted((self.folder / 'logs').rglob('attempt=*.log'), key=lambda file: file.stat().st_mtime)[-12:]
        told = [f'--- {file.relative_to(self.folder)}\n{_messages(file)[-3000:]}' for file in tasks]
        return '\n'.join(told + [f'--- {file.name}\n{file.read_text(errors="replace")[-1500:]}'
                                 for file in sorted((self.folder / 'output').glob('*.log'))])

    # ----- its API

    def call(self, method: str, path: str, body=None):
        try:
            return self._call(method, path, body)
        except Expired:
            self._token = ''
            self._token = self._call('POST', '/auth/token', {
                'username': 'admin', 'password': self.passwords['admin']})['access_token']
            return self._call(method, path, body)

    def _call(self, method: str, path: str, body=None):
        request = urllib.request.Request(
            f'http://127.0.0.1:{self.port}{path}', method=method, data=None if body is None else json.dumps(body).encode(),
            headers={'Content-Type': 'application/json', **({'Authorization': f'Bearer {self._token}'} if self._token else {})})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 401:
                raise Expired(error.read()) from None
            raise AssertionError(f'{method} {path}: {error.code} {error.read()[:1000]!r}') from None

    def _healthy(self) -> bool:
        try:
            health = self.call('GET', '/api/v2/monitor/health')
        except OSError:
            return False
        if any((health.get(part) or {}).get('status') != 'healthy' for part in ('scheduler', 'triggerer', 'dag_processor')):
            return False
        return True

    def unpause(self, dag: str) -> None:
        self.until(f'{dag} is parsed', lambda: dag in [one['dag_id'] for one in self.call('GET', '/api/v2/dags?limit=200')['dags']])
        self.call('PATCH', f'/api/v2/dags/{dag}', {'is_paused': False})

    def trigger(self, dag: str) -> str:
        return self.call('POST', f'/api/v2/dags/{dag}/dagRuns', {'logical_date': None})['dag_run_id']

    def runs(self, dag: str) -> list[dict]:
        return self.call('GET', f'/api/v2/dags/{dag}/dagRuns?order_by=run_after&limit=200')['dag_runs']

    def ended(self, dag: str, run: str, seconds: float = 300) -> dict:
        """The run, once it is over."""
        path = f'/api/v2/dags/{dag}/dagRuns/{quoted(run)}'
        return self.until(f'{run} of {dag} ended', lambda: (
            found if (found := self.call('GET', path))['state'] in ('success', 'failed') else None), seconds)

    def tasks(self, dag: str, run: str) -> dict[str, str]:
        """task, or task[index] → state"""
        found = self.call('GET', f'/api/v2/dags/{dag}/dagRuns/{quoted(run)}/taskInstances?limit=200')['task_instances']
        return {one['task_id'] + (f'[{one["map_index"]}]' if one['map_index'] >= 0 else ''): one['state'] for one in found}

    def returned(self, dag: str, run: str, task: str):
        path = f'/api/v2/dags/{dag}/dagRuns/{quoted(run)}/taskInstances/{task}/xcomEntries/return_value?deserialize=true'
        return self.call('GET', path)['value']

    def links(self, dag: str, run: str, task: str, index: int = -1) -> dict[str, str | None]:
        path = f'/api/v2/dags/{dag}/dagRuns/{quoted(run)}/taskInstances/{task}/links?map_index={index}'
        return self.call('GET', path)['extra_links']

    def clear(self, dag: str, run: str, *tasks, **options) -> None:
        """`tasks` are ids, or [id, map index]; all without any."""
        body = {'dry_run': False, 'only_failed': False, 'reset_dag_runs': True, 'dag_run_id': run, **options}
        if tasks:
            body['task_ids'] = list(tasks)
        self.call('POST', f'/api/v2/dags/{dag}/clearTaskInstances', body)

    def log_of(self, dag: str, run: str, task: str) -> str:
        """What all tries of a task said."""
        files = (self.folder / 'logs' / f'dag_id={dag}' / f'run_id={run}').glob(f'task_id={task}/**/*.log')
        return '\n'.join(file.read_text() for file in sorted(files))

    @staticmethod
    def _program() -> str:
        return str(pathlib.Path(sys.executable).parent / 'airflow')


def _messages(log: pathlib.Path) -> str:
    """What a task's log says from warnings up, with the exceptions."""
    said = []
    for line in log.read_text(errors='replace').splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            said.append(line)
            continue
        if entry.get('level') not in ('info', 'debug'):
            details = entry.get('error_detail') or [{}]
            said.append(f'{entry.get("event")} {details[0].get("exc_type", "")} {details[0].get("exc_value", "")}')
    return '\n'.join(said)


def quoted(text: str) -> str:
    return urllib.parse.quote(text, safe='')
