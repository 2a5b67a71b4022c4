"""The server under a thousand watchers and a hundred requests a second. usage: run.py BINARY [--small] [--into FOLDER]"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from measure import ROOT, Row, write_report


class Server:
    """`latecomer serve --demo` on a copy of the examples with three days loaded."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        shutil.copytree(ROOT / 'examples', folder / 'examples')
        pipeline = folder / 'examples/devices/pipeline.yaml'
        pipeline.write_text(''.join(line for line in pipeline.read_text().splitlines(True) if not line.startswith('  end:')))
        self.call('generate', 'devices', '--rows', 100, '--late-rows', '70%', '--seed', 7, '-o', 'dataset/input/dataset.json')
        for day in range(1, 29):
            self.load(day)
        self.process = subprocess.Popen([binary, 'serve', '--pipelines', 'examples/devices', '--demo', '--port', '0'],
                                        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(re.search(r':(\d+)/', self.process.stdout.readline())[1])
        status, session, headers = self.ask('POST', '/api/v1/session', {'name': 'dedp', 'password': 'dedp'})
        self.cookie = headers['Set-Cookie'].split(';')[0]
        self.csrf = session['csrf_token']
        while self.get('/api/v1/pipelines/devices_loader/grid?state=success')['runs'][26:] == []:
            threading.Event().wait(0.2)

    def call(self, *arguments):
        subprocess.run([self.binary, *map(str, arguments)], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def load(self, day):
        self.call('load', 'dataset/devices', 'dataset/input/dataset.json', '--partition', f'event_time=2024-01-{day:02}')

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {'Content-Type': 'application/json', **(headers or {})})
        response = connection.getresponse()
        content = json.loads(response.read() or b'null')
        connection.close()
        return response.status, content, response.headers

    def get(self, path):
        return self.ask('GET', path, headers={'Cookie': self.cookie})[1]

    def status(self, name):
        return next(line.split()[1] for line in pathlib.Path(f'/proc/{self.process.pid}/status').read_text().splitlines()
                    if line.startswith(name + ':'))

    def threads(self):
        """Without that of Arrow's allocator, which every command has."""
        names = [task.joinpath('comm').read_text().strip() for task in pathlib.Path(f'/proc/{self.process.pid}/task').iterdir()]
        return len(names) - names.count('jemalloc_bg_thd')

    def memory_mib(self):
        return int(self.status('VmRSS')) / 1024

    def cpu_s(self):
        fields = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def visible_after_ms(self, times):
        """From an action's request to its event on a stream."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        connection.request('GET', '/api/v1/events', headers={'Cookie': self.cookie})
        stream, seen = connection.getresponse(), []
        for i in range(times):
            start = time.perf_counter()
            path = f'/api/v1/pipelines/devices_loader/{"pause" if i % 2 == 0 else "resume"}'
            assert self.ask('POST', path, {}, {'Cookie': self.cookie, 'X-CSRF-Token': self.csrf})[0] == 200
            while b'pipeline.' not in stream.readline():
                pass
            seen.append((time.perf_counter() - start) * 1000)
        connection.close()
        return seen

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def under_load(server, streams, rate, seconds):
    before = server.memory_mib()
    load = subprocess.Popen([sys.executable, str(HERE / 'load.py'), str(server.port), server.cookie, '--streams', str(streams),
                             '--rate', str(rate), '--seconds', str(seconds)], stdout=subprocess.PIPE, text=True)
    assert load.stdout.readline() == 'ready\n', 'the streams could not be opened'
    cpu, begin, peak, ended = server.cpu_s(), time.perf_counter(), [0.0], threading.Event()

    def look():
        while not ended.wait(0.5):
            peak[0] = max(peak[0], server.memory_mib())
    threading.Thread(target=look, daemon=True).start()
    server.load(1)  # late data meanwhile: a run, with its events to every stream
    seen = json.loads(load.stdout.readline())
    ended.set()
    load.wait()
    seen.update(cpu=(server.cpu_s() - cpu) / (time.perf_counter() - begin), before_mib=before,
                peak_mib=max(peak[0], server.memory_mib()), threads=server.threads())
    return seen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('binary', type=pathlib.Path)
    parser.add_argument('--small', action='store_true')
    parser.add_argument('--into', type=pathlib.Path, default=ROOT / 'bench/results')
    options = parser.parse_args()
    streams, rate, seconds = (20, 20, 3) if options.small else (1000, 100, 60)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(options.binary.resolve(), pathlib.Path(folder))
        try:
            quiet = under_load(server, 1, rate, max(3, seconds // 4))
            full = under_load(server, streams, rate, seconds)
            visible = server.visible_after_ms(4 if options.small else 20)
        finally:
            server.stop()
    assert full['streams_alive'] == streams and full['wrong'] == 0, full
    grown = (full['peak_mib'] - full['before_mib']) * 1024 / streams
    write_report(options.into, 'server', 'The server under load', f'''{streams:,} live event streams and {rate} requests a second for {seconds} s, eight
kinds of requests in turn, each sent at its time whether or not those before were answered. `script/bench server` makes this page.''', [
        Row('answer to a request, 99th percentile', f'{full["p50_ms"]:.1f} ms median', f'one stream: {quiet["p99_ms"]:.1f} ms',
            full['p99_ms'], 'ms', at_most=50),
        Row('requests that went wrong, and streams that ended', f'{full["requests"]:,} requests', '–',
            full['wrong'] + streams - full['streams_alive'], '', at_most=0.5),
        Row('memory of the whole server', f'{full["before_mib"]:.0f} MiB before', '–', full['peak_mib'], 'MiB', at_most=256),
        Row('of it for each stream', '', '–', grown, 'KiB', at_most=64),
        Row('share of one core', f'one stream: {quiet["cpu"]:.0%}', '–', full['cpu'] * 100, '%', at_most=100),
        Row('threads', '', '–', full['threads'], '', at_most=4),
        Row('from an action to its event on a stream', f'longest {max(visible):.0f} ms', '–', statistics.median(visible), 'ms',
            at_most=300)])


if __name__ == '__main__':
    main()
