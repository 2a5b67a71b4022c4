"""A PostgreSQL server for tests: a cluster of its own in a temporary folder, reached through a socket in it.

As a program, the start and the end of the one that tests of a ctest run share:
  postgres.py start FILE   writes the address into FILE; the server ends with the calling program at the latest
  postgres.py stop FILE
"""
import os
import pathlib
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

USER = 'app'
PASSWORD = 'of the tests'
PATIENCE = 60
# Nothing of it has to survive a power cut.
SETTINGS = {'fsync': 'off', 'full_page_writes': 'off', 'shared_buffers': '32MB', 'max_connections': '100',
            'log_min_messages': 'warning'}
ADVICE = 'PostgreSQL is not installed: run script/bootstrap --test, or apt-get install postgresql-15'


class MissingError(Exception):
    """PostgreSQL's programs aren't there."""


def programs():
    """The folder of initdb and postgres, of the newest version there is."""
    places = list(pathlib.Path('/usr/lib/postgresql').glob('*/bin'))
    places.sort(key=lambda place: int(place.parent.name) if place.parent.name.isdigit() else 0, reverse=True)
    on_path = shutil.which('postgres')
    if on_path:
        places.append(pathlib.Path(on_path).resolve().parent)
    for place in places:
        if (place / 'initdb').exists() and (place / 'postgres').exists():
            return place
    raise MissingError(ADVICE)


def owner():
    """Whom the server runs as: it refuses to be root's. Arguments for subprocess."""
    if os.geteuid() != 0:
        return {}
    for name in ('postgres', 'nobody'):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {'user': entry.pw_uid, 'group': entry.pw_gid, 'extra_groups': []}
    raise MissingError('PostgreSQL cannot run as root, and there is no user postgres or nobody')


class Server:
    """Made, but not started. `settings` add to what the server is told; with `tcp` it also listens on 127.0.0.1."""

    def __init__(self, settings=None, tcp=False):
        self.programs = programs()
        self.settings = {**SETTINGS, **(settings or {})}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-pg-'))
        self.process = None
        self.port = 5432  # of a socket in a folder of its own: a name like any other
        if tcp:
            with socket.socket() as free:
                free.bind(('127.0.0.1', 0))
                self.port = free.getsockname()[1]
        self.settings.update({'listen_addresses': '127.0.0.1' if tcp else '', 'port': str(self.port),
                              'unix_socket_directories': str(self.folder)})
        self._make()

    def _make(self):
        self.folder.chmod(0o755)
        who = owner()
        if who:
            os.chown(self.folder, who['user'], who['group'])
        password = self.folder / 'password'
        password.write_text(PASSWORD)
        if who:
            os.chown(password, who['user'], who['group'])
        made = subprocess.run([self.programs / 'initdb', '-D', self.folder / 'data', '-U', USER, '--pwfile', password,
                               '-A', 'scram-sha-256', '-E', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'],
                              cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE, **who)
        if made.returncode != 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise RuntimeError(f'initdb failed: {made.stderr}')

    def start(self):
        options = [part for name, value in self.settings.items() for part in ('-c', f'{name}={value}')]
        with open(self.folder / 'log', 'a') as log:
            self.process = subprocess.Popen([self.programs / 'postgres', '-D', self.folder / 'data', *options],
                                            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, **owner())
        ready = [self.programs / 'pg_isready', '-q', '-h', self.folder, '-p', str(self.port), '-t', str(PATIENCE)]
        for _ in range(PATIENCE * 20):
            if subprocess.run(ready).returncode == 0:
                return self
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            break
        raise RuntimeError('the server did not start:\n' + (self.folder / 'log').read_text())

    def stop(self, how=signal.SIGINT):
        """SIGINT: breaks off what is under way. SIGQUIT: as a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE)
        self.process = None

    def remove(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database='postgres', password=PASSWORD, **options):
        secret = f':{password.replace(" ", "%20")}' if password else ''
        more = ''.join(f'&{name}={value}' for name, value in options.items())
        return f'postgresql://{USER}{secret}@/{database}?host={self.folder}&port={self.port}{more}'

    def psql(self, sql, database='postgres'):
        """Rows as lists of texts."""
        done = subprocess.run([self.programs / 'psql', '-X', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-h',
                               self.folder, '-p', str(self.port), '-U', USER, '-c', sql, database],
                              env={**os.environ, 'PGPASSWORD': PASSWORD}, capture_output=True, text=True,
                              timeout=PATIENCE)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [line.split('\t') for line in done.stdout.splitlines()]


def _serve(server, file, caller):
    """Until told to end, or the program that wanted the server is gone."""
    told, tell = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(tell, b'.'))
    poll = select.poll()
    for descriptor in (told, caller, os.pidfd_open(server.process.pid)):
        poll.register(descriptor, select.POLLIN)
    poll.poll()
    server.remove()
    pathlib.Path(file).unlink(missing_ok=True)


def _start(file):
    caller = os.pidfd_open(os.getppid())
    _stop(file)  # of a run that was killed
    ready, say = os.pipe()
    if os.fork() != 0:
        os.close(say)
        with os.fdopen(ready) as answer:
            said = answer.read()
        if said != 'ready':
            sys.exit(said or 'the server did not start')
        return
    os.setsid()
    os.close(ready)
    try:
        server = Server()
    except (MissingError, RuntimeError) as error:
        os.write(say, str(error).encode())
        os._exit(1)
    try:
        server.start()
        pathlib.Path(file).write_text(f'{server.url()}\n{os.getpid()}\n')
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        os.write(say, b'ready')
        os.close(say)
        _serve(server, file, caller)
    except BaseException as error:
        os.write(say, str(error).encode())
        server.remove()
    os._exit(0)


def _stop(file):
    try:
        pid = int(pathlib.Path(file).read_text().splitlines()[1])
        if b'postgres.py' in pathlib.Path(f'/proc/{pid}/cmdline').read_bytes():
            process = os.pidfd_open(pid)
            os.kill(pid, signal.SIGTERM)
            select.select([process], [], [], PATIENCE)
    except (OSError, ValueError, IndexError):
        pass


if __name__ == '__main__':
    if len(sys.argv) != 3 or sys.argv[1] not in ('start', 'stop'):
        sys.exit(__doc__)
    (_start if sys.argv[1] == 'start' else _stop)(sys.argv[2])
