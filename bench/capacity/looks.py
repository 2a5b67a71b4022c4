"""What looking at tables in an object store takes: requests of one look, and how many looks a server makes."""
import contextlib
import os
import pathlib
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault('LATECOMER_DEPS', str(ROOT / '.deps'))
sys.path.insert(0, str(ROOT / 'tests/stores'))

import new_commits
import services

TABLES_OF_A_PIPELINE = 10
DELAY_S = 0.030
PIPELINE = '''pipeline: {name}
sources:
{sources}
schedule: {{start: 2024-01-01, end: 2024-01-05, ready: manual}}
steps:
  - {{id: s, command: ["true"]}}
late_data: {{detect: changes, allowed_lateness: 36500d}}
'''
SOURCE = '  t{number}: {{table: "{table}", partition: day, cadence: day}}'


def put(store, objects):
    """Over the protocol: what the tests' server is given past it has no ETag, which each look would read again."""
    from pyarrow import fs
    s3 = fs.S3FileSystem(endpoint_override=f'127.0.0.1:{store.port}', scheme='http', access_key=store.key, secret_key=store.secret,
                         region='us-east-1')
    for name, text in objects.items():
        with s3.open_output_stream(f'tables/{name}') as out:
            out.write(text.encode())


def of_one_look(binary, folder):
    """Requests by method: of a plan without news, and what ten new commits add to it."""
    with services.by_name('s3') as store:
        commits = new_commits.NewCommits(store, binary, folder, 0, put)

        def plan():
            with services.Door(store.port) as door:
                commits.plan(door.port)
            return door.methods
        plan()
        quiet = plan()
        put(store, {f't/_delta_log/{v:020}.json': new_commits.commit(v) for v in range(1, 11)})
        return quiet, plan() - quiet


def cpu_s(process):
    """Processor time that it has taken so far."""
    fields = pathlib.Path(f'/proc/{process.pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


@contextlib.contextmanager
def serving(binary, folder, watch_every, environment):
    server = subprocess.Popen([binary, 'serve', '--pipelines', 'pipelines', '--port', '0', '--watch-every', watch_every, '--demo'],
                              cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        yield server
    finally:
        server.terminate()
        server.wait()


class Fleet:
    """Pipelines of ten tables each, each table of its own."""

    def __init__(self, store, binary, folder, pipelines):
        self.store, self.binary, self.folder = store, binary, folder
        self.sources = pipelines * TABLES_OF_A_PIPELINE
        (folder / 'pipelines').mkdir(parents=True)
        for number in range(pipelines):
            tables = [f'p{number}/t{i}' for i in range(TABLES_OF_A_PIPELINE)]
            put(store, {f'{table}/_delta_log/{0:020}.json': new_commits.commit(0) for table in tables})
            sources = '\n'.join(SOURCE.format(number=i, table=f'{store.uri}/{table}') for i, table in enumerate(tables))
            (folder / f'pipelines/p{number}.yaml').write_text(PIPELINE.format(name=f'p{number}', sources=sources))

    def looks(self, watch_every, delay, seconds):
        """Looks a second of a server, once it has seen each table, and processor time of each in ms."""
        with services.Door(self.store.port, delay=delay) as door:
            environment = {**services.clean_environment(), 'HOME': str(self.folder), **self.store.environment(door.port)}
            with serving(self.binary, self.folder, watch_every, environment) as server:
                self._settled(server, door)
                before, spent = door.methods.copy(), cpu_s(server)
                threading.Event().wait(seconds)
                made, spent = door.methods.copy() - before, cpu_s(server) - spent
        if set(made) - {'HEAD', 'LIST'}:
            sys.exit(f'bench: looks without news also made {dict(made)}')
        return made['LIST'] / seconds, 1000 * spent / made['LIST']

    def _settled(self, server, door):
        """Each table is read once at first; then nothing but looks."""
        idle = threading.Event()
        for _ in range(600):
            gets = door.methods['GET']
            idle.wait(2)
            if server.poll() is not None:
                sys.exit('bench: the server ended')
            if door.methods['GET'] == gets and door.methods['LIST'] > 2 * self.sources:
                return
        sys.exit('bench: the server never saw all tables')


def of_a_server(binary, folder, pipelines, seconds):
    """(sources, looks a second at one look each two seconds, the most at 30 ms a request, ms of processor time a look)"""
    with services.by_name('s3') as store:
        fleet = Fleet(store, binary, folder, pipelines)
        wanted, _ = fleet.looks('2s', 0.0, seconds)
        most, cost_ms = fleet.looks('100ms', DELAY_S, seconds)
    return fleet.sources, wanted, most, cost_ms


def of_idle_pipelines(binary, folder, pipelines, seconds):
    """Processor time in ms that a server takes for each pipeline and second in which nothing is due."""
    (folder / 'pipelines').mkdir(parents=True)
    for number in range(pipelines):
        log = folder / f't{number}/_delta_log'
        log.mkdir(parents=True)
        (log / f'{0:020}.json').write_text(new_commits.commit(0))
        source = SOURCE.format(number=0, table=f'../t{number}')
        (folder / f'pipelines/p{number}.yaml').write_text(PIPELINE.format(name=f'p{number}', sources=source))
    environment = {**services.clean_environment(), 'HOME': str(folder)}
    with serving(binary, folder, '1h', environment) as server:
        idle = threading.Event()
        idle.wait(5 + pipelines / 20)  # to register them and to see their tables
        spent = cpu_s(server)
        idle.wait(seconds)
        if server.poll() is not None:
            sys.exit('bench: the server ended')
        return 1000 * (cpu_s(server) - spent) / seconds / pipelines
