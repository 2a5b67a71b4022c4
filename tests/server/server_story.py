"""What the stories of the server share: a running `latecomer serve`, a client with a session, a live stream."""
import http.client
import json
import re
import signal
import sys
import threading
import time
from urllib.parse import quote

sys.path.insert(0, __file__.rsplit('/', 2)[0] + '/scenario')
from story import SOURCE, Story  # noqa: E402

DEADLINE = 60  # seconds until something that must happen counts as missing


class Client:
    """One user's session, over one connection at a time."""

    def __init__(self, port, user=None, password=None, prefix=''):
        self.port, self.prefix, self.headers = port, prefix, {}
        if user is not None:
            status, session, headers = self.raw('POST', '/api/v1/session', {'name': user, 'password': password})
            assert status == 200, session
            self.headers = {'Cookie': headers['Set-Cookie'].split(';')[0], 'X-CSRF-Token': session['csrf_token']}

    def raw(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=DEADLINE)
        sent = {**self.headers, **(headers or {})}
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault('Content-Type', 'application/json')
        connection.request(method, self.prefix + path, body=data, headers=sent)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        kind = response.headers.get('Content-Type', '')
        value = json.loads(content) if 'json' in kind and content else content.decode('utf-8', 'replace')
        return response.status, value, response.headers

    def get(self, path, expect=200):
        status, value, _ = self.raw('GET', '/api/v1' + path)
        assert status == expect, (path, status, value)
        return value

    def post(self, path, body=None, expect=200, headers=None):
        status, value, _ = self.raw('POST', '/api/v1' + path, body or {}, headers)
        assert status == expect, (path, status, value)
        return value


class Stream:
    """Server-sent events, read by a thread of its own."""

    def __init__(self, client, last_id=None, query=''):
        self.events, self.last_id, self.ended = [], last_id, False
        self.changed = threading.Condition()
        self.connection = http.client.HTTPConnection('127.0.0.1', client.port, timeout=DEADLINE)
        headers = {**client.headers, **({'Last-Event-ID': last_id} if last_id else {})}
        self.connection.request('GET', client.prefix + '/api/v1/events' + query, headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        event = {}
        try:
            while line := self.response.readline():
                text = line.decode().rstrip('\n')
                name, _, value = text.partition(': ')
                if name in ('event', 'data', 'id'):
                    event[name] = value
                elif not text and event:
                    with self.changed:
                        self.last_id = event.get('id', self.last_id)
                        if 'event' in event:
                            self.events.append((event['event'], json.loads(event['data'])))
                        self.changed.notify_all()
                    event = {}
        except (OSError, ValueError, AttributeError):
            pass
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait(self, wanted, what, after=0):
        """The first event that fits, of those after so many."""
        with self.changed:
            found = self.changed.wait_for(lambda: next((e for e in self.events[after:] if wanted(*e)), None), DEADLINE)
        assert found, f'no event: {what}; there were {[(n, d.get("what", d)) for n, d in self.events]}'
        return found[1]

    def wait_run(self, run_prefix, state, after=0):
        return self.wait(lambda name, data: name == 'change' and data['run_id'].startswith(run_prefix) and
                         data['what'].startswith('run.') and data['what'].endswith('→' + state),
                         f'{run_prefix} {state}', after)['run_id']

    def wait_end(self):
        with self.changed:
            assert self.changed.wait_for(lambda: self.ended, DEADLINE), 'the stream goes on'


class Served:
    """A running server."""

    def __init__(self, story, *arguments, pipelines='examples/devices'):
        self.process = story.start('serve', '--pipelines', pipelines, '--port', '0', '--watch-every', '100ms',
                                   *arguments)
        line = self.process.stdout.readline()
        match = re.search(r'://[^ ]*:(\d+)(/.*)', line)
        assert match, line + self.process.stderr.read()
        self.port, self.prefix = int(match[1]), match[2].strip().rstrip('/')
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.log = []
        threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True).start()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)


class ServerStory(Story):
    def serve(self, *arguments, **options):
        return Served(self, '--demo', *arguments, **options)

    def admin(self, served):
        return Client(served.port, 'dedp', 'dedp', served.prefix)

    def until(self, check, what):
        """What `check` gives once it gives something; for what no event tells of."""
        end = time.monotonic() + DEADLINE
        pause = threading.Event()
        while time.monotonic() < end:
            if value := check():
                return value
            pause.wait(0.02)
        self.fail(f'in vain: {what}')

    def pipeline_file(self):
        return self.folder / 'examples/devices/pipeline.yaml'


def at(path):
    return quote(path, safe='')
