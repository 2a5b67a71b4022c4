"""Attempts to get where one shouldn't: other paths, other content, other users, other hosts."""
import pathlib
import socket
import unittest

from server_story import Client, ServerStory, Stream, at

DEVICES = '/pipelines/devices_loader'
NASTY = '<img src=x onerror=alert(1)>\'";--\r\nX-Injected: 1\u202e$(touch pwned)`touch pwned`'


class SafetyStory(ServerStory):
    def setUp(self):
        super().setUp()
        self.load_three_days()

    def raw_answer(self, port, text):
        with socket.create_connection(('127.0.0.1', port), timeout=30) as connection:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            answer = b''
            while piece := connection.recv(65536):
                answer += piece
        return answer

    def test_paths_lead_nowhere_else(self):
        served = self.serve()
        me = self.admin(served)
        secret = self.write('examples/devices/.latecomer/secret.txt', 'top secret')
        self.assertTrue(secret.exists())
        for path in ('/../secret.txt', '/..%2f..%2fetc/passwd', '/assets/..%2f..%2f.latecomer/ledger.db', '//etc/passwd',
                     '/.latecomer/ledger.db', '/%2e%2e/%2e%2e/etc/passwd', '/assets/%00index.html'):
            status, text, _ = me.raw('GET', path)
            self.assertNotIn('root:', str(text), path)
            self.assertNotIn('SQLite', str(text), path)
            self.assertIn(status, (200, 404), path)  # 200: the page of the UI
            if status == 200:
                self.assertIn('latecomer', str(text))
        for run in ('..', '../../..', 'scheduled_2024-01-01/../../secret.txt', "x' OR '1'='1", NASTY):
            me.get(f'{DEVICES}/runs/{at(run)}', expect=404)
            me.get(f'{DEVICES}/runs/{at(run)}/logs?step=process_devices', expect=404)
        me.get(f'/pipelines/{at(NASTY)}', expect=404)
        me.get(f'{DEVICES}/partitions/{at(NASTY)}', expect=400)

    def test_a_log_outside_of_the_folder_of_logs_is_not_shown(self):
        served = self.serve()
        me = self.admin(served)
        Stream(me, last_id='0').wait_run('scheduled_2024-01-01', 'success')
        log = next(pathlib.Path(self.folder).glob('examples/devices/.latecomer/logs/**/process_devices/1.log'))
        log.unlink()
        log.symlink_to('/etc/passwd')
        me.get(f'{DEVICES}/runs/scheduled_2024-01-01/logs?step=process_devices', expect=404)
        me.get(f'{DEVICES}/runs/scheduled_2024-01-01/logs/download?step=process_devices', expect=404)

    def test_text_stays_text(self):
        served = self.serve()
        me = self.admin(served)
        Stream(me, last_id='0').wait_run('scheduled_2024-01-02', 'success')
        noted = me.post(f'{DEVICES}/runs/scheduled_2024-01-01/note', {'note': NASTY})
        self.assertTrue(noted['undoable'])
        status, run, headers = me.raw('GET', f'/api/v1{DEVICES}/runs/scheduled_2024-01-01')
        self.assertEqual((status, run['note']), (200, NASTY))
        self.assertEqual(headers['Content-Type'], 'application/json')
        self.assertEqual(headers['X-Content-Type-Options'], 'nosniff')
        self.assertNotIn('X-Injected', headers)
        for path in (f'/pipelines?search={at(NASTY)}', f'/audit?user={at(NASTY)}', f'/audit?action={at(NASTY)}'):
            self.assertEqual(me.get(path)['items'], [])
        me.post(f'{DEVICES}/partitions/{at("event_time=2024-01-01")}/hold', {'reason': NASTY})
        events = me.get(f'{DEVICES}/events?partition={at("event_time=2024-01-01")}')['items']
        self.assertIn(NASTY, [event['detail'].get('reason') for event in events])
        self.assertFalse(list(self.folder.rglob('pwned')))

    def test_requests_that_are_none_are_refused(self):
        served = self.serve()
        port = served.port
        self.assertIn(b' 400 ', self.raw_answer(port, b'NONSENSE\r\n\r\n')[:20] + b' 400 ')
        self.assertIn(b' 431 ', self.raw_answer(port, b'GET / HTTP/1.1\r\nHost: localhost\r\nA: ' + b'x' * 20000 + b'\r\n\r\n'))
        large = b'POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n'
        self.assertIn(b' 413 ', self.raw_answer(port, large + b'x' * 100))
        client = Client(port)
        for body in (b'{', b'[]', b'{"name": 1}', b'\xff', b'[' * 100000, b'{"name": "a", "password": "b", "more": 1}'):
            status, problem, headers = client.raw('POST', '/api/v1/session', body)
            self.assertEqual((status, headers['Content-Type']), (400, 'application/problem+json'), body[:50])
            self.assertEqual(problem['status'], 400)
        self.assertEqual(client.raw('POST', '/api/v1/session', b'a=b', {'Content-Type': 'text/plain'})[0], 415)
        self.assertEqual(client.raw('GET', '/api/v1/none')[0], 404)
        status, _, headers = client.raw('DELETE', '/api/v1/pipelines')
        self.assertEqual((status, headers['Allow']), (405, 'GET'))

    def test_headers_that_protect_are_on_every_answer(self):
        served = self.serve()
        client = Client(served.port)
        for path in ('/', '/pipelines/x', '/api/v1/server', '/api/v1/me', '/healthz', '/assets/none.js'):
            headers = client.raw('GET', path)[2]
            self.assertEqual(headers['X-Frame-Options'], 'DENY', path)
            policy = headers['Content-Security-Policy']
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn('unsafe', policy)
        self.assertEqual(client.raw('GET', '/api/v1/server', headers={'Host': 'evil.example'})[0], 403)

    def test_a_public_address_needs_a_user_and_never_the_demos(self):
        arguments = ('serve', '--pipelines', 'examples/devices', '--port', '0', '--host', '0.0.0.0')
        done = self.call(*arguments)
        self.assertEqual(done.returncode, 2)
        self.assertIn('latecomer users add', done.stderr)
        self.assertEqual(self.call(*arguments, '--demo').returncode, 2)
        self.serve().stop()  # makes the demo's user
        self.assertEqual(self.call(*arguments).returncode, 2)

    def test_secrets_are_nowhere(self):
        served = self.serve()
        me = self.admin(served)
        made = me.post('/me/tokens', {'name': 'ci', 'scope': 'viewer'}, expect=201)
        cookie = me.headers['Cookie'].split('=')[1]
        Client(served.port).raw('GET', '/api/v1/me', headers={'Authorization': 'Bearer ' + made['token']})
        served.stop()
        for path in self.folder.rglob('*'):
            if path.is_file():
                content = path.read_bytes()
                self.assertNotIn(made['token'].encode(), content, path)
                self.assertNotIn(cookie.encode(), content, path)
        self.assertNotIn(made['token'], ''.join(served.log))
        exported = self.ok('ledger', 'export', '--ledger', 'examples/devices/.latecomer/ledger.db')
        self.assertNotIn('argon2id', exported)

    def test_sign_out_ends_the_session_and_its_streams(self):
        served = self.serve()
        me = self.admin(served)
        stream = Stream(me)
        stream.wait(lambda name, _: name == 'hello', 'hello')
        self.assertEqual(me.raw('DELETE', '/api/v1/session')[0], 204)
        stream.wait_end()
        me.get('/me', expect=401)

    def test_it_lives_under_a_prefix(self):
        served = self.serve('--prefix', '/late/comer/')
        self.assertEqual(served.prefix, '/late/comer')
        self.assertEqual(Client(served.port).raw('GET', '/api/v1/server')[0], 404)
        me = self.admin(served)
        self.assertEqual(len(me.get('/pipelines')['items']), 1)
        self.assertEqual(me.raw('GET', '/healthz')[0], 200)


if __name__ == '__main__':
    unittest.main()
