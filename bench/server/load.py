"""Holds many live event streams and asks a server at a steady rate; prints one JSON object of what it saw.

usage: load.py PORT COOKIE --streams N --rate R --seconds S
"""
import argparse
import asyncio
import json
import time

PATHS = ('/api/v1/pipelines', '/api/v1/pipelines/devices_loader/grid?limit=50', '/api/v1/pipelines/devices_loader/plan',
         '/api/v1/pipelines/devices_loader/runs/latest', '/api/v1/pipelines/devices_loader/partitions',
         '/api/v1/session', '/api/v1/audit?limit=20', '/api/v1/tables')


class Load:
    def __init__(self, options):
        self.options, self.times, self.events, self.alive = options, [], 0, 0
        self.wrong = []  # what went wrong, each with its path
        self.idle = []

    async def connect(self):
        return await asyncio.open_connection('127.0.0.1', self.options.port)

    def request(self, path, more=''):
        return f'GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {self.options.cookie}\r\n{more}\r\n'.encode()

    async def watch(self, begun):
        reader, writer = await self.connect()
        writer.write(self.request('/api/v1/events'))
        await reader.readuntil(b'event: hello')
        self.alive += 1
        begun.set()
        try:
            while line := await reader.readline():
                self.events += line.startswith(b'event: change')
        finally:
            self.alive -= 1
            writer.close()

    async def ask(self, path):
        start = time.perf_counter()
        try:
            try:
                await self.exchange(path, self.idle.pop() if self.idle else await self.connect())
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                # The server ends connections that were idle for 30 s, which may cross with a request: as any client of
                # HTTP does, that is asked again. An answer that broke off is wrong.
                if getattr(error, 'partial', b''):
                    raise
                await self.exchange(path, await self.connect())
        except (OSError, asyncio.IncompleteReadError) as error:
            self.wrong.append(f'{path}: {error!r}')
        self.times.append(time.perf_counter() - start)

    async def exchange(self, path, connection):
        reader, writer = connection
        writer.write(self.request(path))
        head = await reader.readuntil(b'\r\n\r\n')
        length = next(int(line.split(b':')[1]) for line in head.lower().split(b'\r\n') if line.startswith(b'content-length'))
        await reader.readexactly(length)
        if not head.startswith(b'HTTP/1.1 200'):
            self.wrong.append(f'{path}: {head.splitlines()[0].decode()}')
        self.idle.append(connection)

    async def run(self):
        streams = []
        for _ in range(self.options.streams):
            begun = asyncio.Event()
            streams.append(asyncio.create_task(self.watch(begun)))
            await begun.wait()
        print('ready', flush=True)
        begin, asked = time.perf_counter(), []
        clock = asyncio.get_running_loop()
        start, total = clock.time(), self.options.rate * self.options.seconds
        last = asyncio.Event()

        def ask(i):
            asked.append(asyncio.create_task(self.ask(PATHS[i % len(PATHS)])))
            if len(asked) == total:
                last.set()
        # Each at its time, whether or not those before were answered: a slow answer can't slow down the questions.
        for i in range(total):
            clock.call_at(start + i / self.options.rate, ask, i)
        await last.wait()
        await asyncio.gather(*asked)
        took = time.perf_counter() - begin
        alive = self.alive
        for stream in streams:
            stream.cancel()
        self.times.sort()
        at = lambda share: self.times[min(len(self.times) - 1, int(share * len(self.times)))] * 1000
        return {'requests': len(self.times), 'wrong': len(self.wrong), 'why': self.wrong[:20], 'streams_alive': alive, 'events': self.events,
                'rate': len(self.times) / took, 'p50_ms': at(0.5), 'p99_ms': at(0.99), 'max_ms': self.times[-1] * 1000}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('port', type=int)
    parser.add_argument('cookie')
    parser.add_argument('--streams', type=int, default=1000)
    parser.add_argument('--rate', type=int, default=100)
    parser.add_argument('--seconds', type=int, default=60)
    print(json.dumps(asyncio.run(Load(parser.parse_args()).run())))


if __name__ == '__main__':
    main()
