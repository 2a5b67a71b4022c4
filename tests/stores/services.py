"""Object stores for tests, each a real server on a free port of 127.0.0.1 in a folder of its own."""
import asyncio
import base64
import collections
import email.utils
import hmac
import http.client
import json
import os
import pathlib
import queue
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

DEPS = pathlib.Path(os.environ['LATECOMER_DEPS'])
# Of whatever the machine's own cloud settings are, nothing reaches a test.
CLOUD = re.compile(r'(AWS|AZURE|GOOGLE|CLOUDSDK|GCE|STORAGE_EMULATOR|LATECOMER|HTTPS?_PROXY|https?_proxy|NO_PROXY|no_proxy)')


def clean_environment():
    return {name: value for name, value in os.environ.items() if not CLOUD.match(name)}


class Server:
    """A program that runs until `stop`. Subclasses say how it is started, and how its port is learnt."""
    start_limit = 120.0

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='latecomer-store-'))
        self.process = None
        self.lines = []
        self._found = queue.Queue()

    def command(self):
        raise NotImplementedError

    def needed(self):
        """Path of what must be installed, and how that is done."""
        raise NotImplementedError

    port_pattern = None

    def start(self):
        path, how = self.needed()
        if not path.exists():
            raise RuntimeError(f'{path.name} is missing: {how}')
        self.process = subprocess.Popen([*map(str, self.command())], cwd=self.folder, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env=clean_environment())
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.port = self._found.get(timeout=self.start_limit)
        except queue.Empty:
            self.port = None
        if self.port is None:
            said = ''.join(self.lines[-20:])
            self.stop()
            raise RuntimeError(f'{type(self).__name__} did not start:\n{said}')
        return self

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if match := self.port_pattern.search(line):
                self._found.put(int(match[1]))
        self._found.put(None)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self._reader.join(timeout=10)
            self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class S3Proxy(Server):
    """S3, checking signatures, with its objects as files below `data`."""
    name = 's3'
    is_tree = True
    port_pattern = re.compile(r'Started .*\{127\.0\.0\.1:(\d+)\}')
    key, secret = 'local-identity', 'local-credential'
    uri = 's3://tables'

    def needed(self):
        return DEPS / 's3proxy/s3proxy.jar', '`script/bootstrap --test` fetches it'

    def command(self):
        self.data = self.folder / 'data'
        (self.data / 'tables').mkdir(parents=True)
        (self.folder / 's3proxy.conf').write_text(
            's3proxy.endpoint=http://127.0.0.1:0\ns3proxy.authorization=aws-v2-or-v4\n'
            f's3proxy.identity={self.key}\ns3proxy.credential={self.secret}\n'
            f'jclouds.provider=filesystem-nio2\njclouds.filesystem.basedir={self.data}\n')
        java = shutil.which('java')
        if java is None:
            raise RuntimeError('java is missing, which s3proxy runs on: `script/bootstrap --test` installs it')
        return [java, '-Xmx256m', '-XX:TieredStopAtLevel=1', '-jar', self.needed()[0], '--properties', 's3proxy.conf']

    def environment(self, port=None):
        return {'AWS_ENDPOINT_URL': f'http://127.0.0.1:{port or self.port}', 'AWS_ACCESS_KEY_ID': self.key,
                'AWS_SECRET_ACCESS_KEY': self.secret, 'AWS_REGION': 'us-east-1'}

    def delta_rs_options(self):
        return {**self.environment(), 'AWS_ALLOW_HTTP': 'true', 'aws_conditional_put': 'etag'}

    def put(self, objects):
        """Name in the bucket → text, past the protocol."""
        for name, text in objects.items():
            path = self.data / 'tables' / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def remove(self, uri):
        """As somebody's vacuum would."""
        (self.data / uri.removeprefix('s3://')).unlink()

    missing_uri = 's3://no-such-bucket'
    secrets = (secret,)
    # Settings that don't work, what is said, and what must not be.
    wrong_settings = (
        ({'AWS_SECRET_ACCESS_KEY': 'wrong-secret'}, 'takes the signature for wrong', 'wrong-secret'),
        ({'AWS_ACCESS_KEY_ID': 'nobody'}, "doesn't know the access key", secret),
        ({'AWS_ACCESS_KEY_ID': '', 'AWS_EC2_METADATA_DISABLED': 'true'}, 'there are no AWS credentials', secret),
    )


def free_port():
    """For servers that can't say which one they chose: it is free now."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Azurite(Server):
    """Azure Blob Storage, checking signatures, in memory. The account is the emulator's, known to everybody."""
    name = 'azure'
    is_tree = False
    port_pattern = re.compile(r'successfully listen\w* \w+ http://127\.0\.0\.1:(\d+)')
    account = 'devstoreaccount1'
    key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
    uri = 'az://tables'
    missing_uri = 'az://no-such-container'
    secrets = (key,)

    def needed(self):
        return DEPS / 'azurite/node_modules/azurite/dist/src/blob/main.js', '`script/bootstrap --azure` installs it'

    def command(self):
        node = shutil.which('node')
        if node is None:
            raise RuntimeError('node is missing, which azurite runs on')
        return [node, self.needed()[0], '--blobHost', '127.0.0.1', '--blobPort', free_port(), '--inMemoryPersistence',
                '--disableTelemetry', '--skipApiVersionCheck', '--silent']

    def start(self):
        super().start()
        self.request('PUT', '/tables?restype=container')
        return self

    def connection(self, port=None, key=None):
        return (f'DefaultEndpointsProtocol=http;AccountName={self.account};AccountKey={key or self.key};'
                f'BlobEndpoint=http://127.0.0.1:{port or self.port}/{self.account};')

    def environment(self, port=None):
        return {'AZURE_STORAGE_CONNECTION_STRING': self.connection(port)}

    @property
    def wrong_settings(self):
        wrong = base64.b64encode(b'wrong key').decode()
        # Azure itself says AuthenticationFailed here, azurite AuthorizationFailure.
        return (({'AZURE_STORAGE_CONNECTION_STRING': self.connection(key=wrong)}, 'the store denies access', wrong),
                ({'AZURE_STORAGE_CONNECTION_STRING': '', 'AZURE_STORAGE_ACCOUNT': self.account,
                  'AZURE_POD_IDENTITY_AUTHORITY_HOST': f'http://127.0.0.1:{free_port()}'},
                 'there are no Azure credentials', self.key))

    def delta_rs_options(self):
        return {'azure_storage_account_name': self.account, 'azure_storage_account_key': self.key,
                'azure_storage_endpoint': f'http://127.0.0.1:{self.port}/{self.account}', 'azure_allow_http': 'true'}

    def request(self, method, target, body=b'', headers=()):
        """Signed by the shared key."""
        path, _, query = target.partition('?')
        named = {'x-ms-date': email.utils.formatdate(usegmt=True), 'x-ms-version': '2021-08-06', **dict(headers)}
        resource = ''.join(f'\n{name}:{urllib.parse.unquote(value)}' for name, _, value in
                           sorted(part.partition('=') for part in query.split('&')) if name)
        text = '\n'.join([method, '', '', str(len(body) or ''), '', *[''] * 7, '']) + ''.join(
            f'{name}:{named[name]}\n' for name in sorted(named)) + f'/{self.account}/{self.account}{path}{resource}'
        signature = base64.b64encode(hmac.digest(base64.b64decode(self.key), text.encode(), 'sha256')).decode()
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        connection.request(method, f'/{self.account}{target}', body or None,
                           {**named, 'Authorization': f'SharedKey {self.account}:{signature}', 'Content-Length': str(len(body))})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        assert answer.status < 300, (answer.status, said)

    def put(self, objects):
        for name, text in objects.items():
            self.request('PUT', '/tables/' + urllib.parse.quote(name), text.encode(), {'x-ms-blob-type': 'BlockBlob'}.items())

    def remove(self, uri):
        self.request('DELETE', '/' + urllib.parse.quote(uri.removeprefix('az://')))


class FakeGcs(Server):
    """Google Cloud Storage in memory; asks for no credentials."""
    name = 'gcs'
    is_tree = False
    port_pattern = re.compile(r'server started at http://127\.0\.0\.1:(\d+)')
    uri = 'gs://tables'
    missing_uri = 'gs://no-such-bucket'
    secrets = ()
    wrong_settings = ()

    def needed(self):
        return DEPS / 'fake-gcs-server/fake-gcs-server', '`script/bootstrap --gcs` builds it'

    def command(self):
        port = free_port()
        return [self.needed()[0], '-scheme', 'http', '-host', '127.0.0.1', '-port', port, '-public-host', f'127.0.0.1:{port}',
                '-external-url', f'http://127.0.0.1:{port}', '-backend', 'memory', '-log-level', 'info']

    def start(self):
        super().start()
        self.request('POST', '/storage/v1/b', json.dumps({'name': 'tables'}).encode())
        return self

    def environment(self, port=None):
        return {'STORAGE_EMULATOR_HOST': f'127.0.0.1:{port or self.port}'}

    def delta_rs_options(self):
        account = {'gcs_base_url': f'http://127.0.0.1:{self.port}', 'disable_oauth': True, 'client_email': '',
                   'private_key': '', 'private_key_id': ''}
        return {'google_service_account_key': json.dumps(account), 'allow_http': 'true'}

    def request(self, method, target, body=b''):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        connection.request(method, target, body)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        assert answer.status < 300, (answer.status, said)

    def put(self, objects):
        for name, text in objects.items():
            self.request('POST', '/upload/storage/v1/b/tables/o?uploadType=media&name=' + urllib.parse.quote(name, safe=''),
                         text.encode())

    def remove(self, uri):
        name = uri.removeprefix('gs://tables/')
        self.request('DELETE', '/storage/v1/b/tables/o/' + urllib.parse.quote(name, safe=''))


class Door:
    """Forwards connections to a port as a network does: holds back what a client sends for a while, and loses the
    answer to each `lose_every`th request, which was heard. Counts requests, also by method, and how many were on their way
    at once."""

    def __init__(self, port, delay=0.0, lose_every=0):
        self._target, self._delay, self._lose_every = port, delay, lose_every
        self.lost = 0
        self.requests = 0
        self.methods = collections.Counter()  # a GET that lists is LIST, in S3's words
        self.most_at_once = 0
        self._under_way = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        door = self

        class Inner(asyncio.Protocol):
            def __init__(self, outer):
                self.outer = outer

            def connection_made(self, transport):
                self.transport = transport

            def data_received(self, data):
                if self.outer.waiting:
                    self.outer.waiting = False
                    door._under_way -= 1
                    if self.outer.loses:
                        door.lost += 1
                        self.outer.transport.abort()
                        self.transport.abort()
                        return
                self.outer.transport.write(data)

            def connection_lost(self, _):
                self.outer.transport.close()

        class Outer(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport = transport
                self.waiting = self.loses = False
                self.inner = None
                self.early = []
                door._loop.create_task(self.reach())

            async def reach(self):
                _, self.inner = await door._loop.create_connection(lambda: Inner(self), '127.0.0.1', door._target)
                for data in self.early:
                    self.inner.transport.write(data)

            def data_received(self, data):
                if began := re.match(rb'(GET|HEAD|PUT|POST|DELETE) (\S*)', data):
                    door.requests += 1
                    door.methods['LIST' if b'list-type=2' in began[2] else began[1].decode()] += 1
                    door._under_way += 1
                    door.most_at_once = max(door.most_at_once, door._under_way)
                    self.waiting = True
                    self.loses = door._lose_every > 0 and door.requests % door._lose_every == 0
                door._loop.call_later(door._delay, self.forward, data)

            def forward(self, data):
                if self.inner is None:
                    self.early.append(data)
                else:
                    self.inner.transport.write(data)

            def connection_lost(self, _):
                if self.inner is not None:
                    self.inner.transport.close()

        server = self._loop.run_until_complete(self._loop.create_server(Outer, '127.0.0.1', 0, backlog=256))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()


def by_name(name):
    return {kind.name: kind for kind in (S3Proxy, Azurite, FakeGcs)}[name]()


def now():
    return time.perf_counter()
