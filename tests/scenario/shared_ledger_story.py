"""Schedulers that share a ledger in PostgreSQL: side by side, killed, waking each other, over a restart of the database;
and a ledger that moves there from its file."""
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading

from gated import Gated
from story import PIPELINE, SOURCE, Story

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'services'))
import postgres  # noqa: E402

# A line for each attempt: of which pipeline, which day, with which token.
NOTED = '''
pipeline: {name}
sources:
  devices: {{table: ../dataset/devices, partition: event_time, cadence: day}}
schedule: {{start: 2024-01-01, max_active_runs: 1}}
steps:
  - id: note
    shell: true
    command: 'echo "{name} $LATECOMER_PARTITION_EVENT_TIME $LATECOMER_CLAIM_TOKEN" >> ../attempts'
  - id: write
    needs: note
    sql: {{query: 'SELECT type, version FROM devices', into: ../dataset/{name}}}
'''
SLOW = '''
pipeline: slow
sources:
  devices: {table: dataset/devices, partition: event_time, cadence: day}
schedule: {start: 2024-01-01, end: 2024-01-01, ready: next_partition}
steps:
  - id: work
    shell: true
    command: '%s'
''' % Gated.STEP
DEADLINE = 60


class Shared:
    """Gives each test a schema of its own on a server of its own. Before Story in the bases."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = postgres.Server().start()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        self.schema = 's' + re.sub(r'\W', '_', self.id().rsplit('.', 1)[1])[-40:].lower()
        self.url = self.server.url(schema=self.schema)
        super().setUp()

    def environment(self):
        return {**super().environment(), 'LATECOMER_LEDGER': self.url}

    def psql(self, sql):
        return self.server.psql(f'SET search_path = {self.schema}; {sql}')[1:]

    def wait_until(self, what, condition):
        """Until a condition holds of which nobody tells us."""
        pause = threading.Event()
        for _ in range(DEADLINE * 10):
            if condition():
                return
            pause.wait(0.1)
        self.fail(f'not within {DEADLINE} s: {what}')


class SideBySide(Shared, Story):
    def make_pipelines(self, count):
        self.names = [f'p{number}' for number in range(count)]
        for name in self.names:
            self.write(f'pipelines/{name}.yaml', NOTED.format(name=name))

    def attempts(self):
        return [tuple(line.split()) for line in (self.folder / 'attempts').read_text().splitlines()]

    def test_the_story_of_the_readme_is_the_same_with_a_ledger_in_postgresql(self):
        self.load_three_days()
        self.ok('run', PIPELINE)
        self.load('2024-01-01')
        late, = [entry for entry in self.lines('plan', PIPELINE) if entry['decision'] == 'process']
        self.assertEqual(late['partition'], {'event_time': '2024-01-01'})
        self.ok('run', PIPELINE)
        self.assertEqual(set(self.states().values()), {'success'})
        self.assertEqual(len(self.states()), 3)
        self.assertIn('nothing to do', self.ok('run', PIPELINE))
        self.assertEqual(self.output_rows().keys(), {'2024-01-01', '2024-01-02'})
        self.assertFalse(list(self.folder.glob('**/ledger.db*')))
        self.assertTrue(list(self.folder.glob('examples/devices/.latecomer/logs/**/*.log')))
        self.ok('logs', PIPELINE, 'scheduled_2024-01-01')
        check, = self.lines('ledger', 'check')
        self.assertEqual((check['runs'], check['problems']), (3, []))
        self.assertNotIn(postgres.PASSWORD, json.dumps(check))

    def test_several_schedulers_do_each_run_once(self):
        self.load_three_days()
        self.make_pipelines(6)
        schedulers = [self.start('run', 'pipelines', '--quiet') for _ in range(4)]
        for scheduler in schedulers:
            out, err = scheduler.communicate(timeout=240)
            self.assertEqual(scheduler.returncode, 0, out + err)
        expected = sorted((name, day) for name in self.names for day in ('2024-01-01', '2024-01-02'))
        attempts = self.attempts()
        self.assertEqual(sorted((name, day) for name, day, _ in attempts), expected)
        for name in self.names:
            self.assertEqual(set(self.states(f'pipelines/{name}.yaml').values()), {'success'})
            self.assertEqual(self.version(f'dataset/{name}'), 1, 'one commit for each of two partitions')
        self.assertEqual(self.lines('ledger', 'check')[0]['problems'], [])

    def test_what_is_wrong_is_said_without_the_password(self):
        self.load_three_days()
        secret = 'hunter2'
        cases = {self.server.url(password=secret): 6, self.server.url(database='nowhere'): 3,
                 self.server.url().replace(str(self.server.folder), str(self.folder)): 1,
                 f'postgresql://app:{secret}@h/d?nonsense=1': 2, f'mysql://app:{secret}@h/d': 4}
        for url, code in cases.items():
            for command in (['run', PIPELINE], ['plan', PIPELINE], ['ledger', 'check'], ['runs', PIPELINE]):
                done = self.call(*command, '--ledger', url)
                self.assertEqual(done.returncode, code, (command, done.stdout, done.stderr))
                said = done.stdout + done.stderr
                self.assertNotIn(secret, said)
                self.assertNotIn(postgres.PASSWORD, said)
                self.assertNotIn('Traceback', said)
        for part, instead in (('backup', 'pg_dump'), ('restore', 'pg_restore')):
            done = self.call('ledger', part, 'copy.db')
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn(instead, done.stderr)
        self.ok('run', PIPELINE)
        found = [path for path in self.folder.rglob('*')
                 if path.is_file() and postgres.PASSWORD.encode() in path.read_bytes()]
        self.assertEqual(found, [])
        self.assertNotIn(postgres.PASSWORD, self.ok('ledger', 'export'))

    def test_a_change_by_another_process_wakes_the_server(self):
        self.load_three_days()
        self.ok('run', PIPELINE)
        # It looks at tables once an hour: what it does sooner, it was told of.
        server = self.start('serve', '--pipelines', 'examples/devices', '--port', '0', '--watch-every', '1h')
        self.wait_until('the server listens',
                        lambda: self.psql("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"))
        self.ok('clear', PIPELINE, 'scheduled_2024-01-01', '--yes')
        self.wait_until('the cleared run is done', lambda: self.states() == dict.fromkeys(self.states(), 'success'))
        tries = self.psql('SELECT max(tries) FROM runs')
        self.assertEqual(tries, [['2']])
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=DEADLINE)
        self.assertEqual(server.returncode, 0, err)


class Lost(Shared, Gated):
    def setUp(self):
        super().setUp()
        self.write('pipeline.yaml', SLOW)

    def test_another_scheduler_takes_over_from_a_killed_one(self):
        process, pid = self.begin()
        process.kill()  # and nobody asks after it: it stays in the list of processes
        self.finish_again(pid)
        run, = self.lines('show', 'pipeline.yaml')
        self.assertEqual((run['state'], [t['state'] for t in run['tries']]), ('success', ['lost', 'success']))
        self.assertGreater(run['tries'][1]['token'], run['tries'][0]['token'])
        self.assertEqual((self.folder / 'attempts').read_text().split(), ['started', 'started', 'finished'])

    def test_from_one_on_another_machine_after_its_lease(self):
        process, pid = self.begin('pipeline.yaml', '--lease', '5s')
        process.kill()
        process.wait()
        # As if it had run elsewhere: nobody here can tell whether it lives.
        self.psql("UPDATE claims SET holder = 'elsewhere/boot/pid/1/1'")
        expires = int(self.psql('SELECT expires FROM claims')[0][0])
        self.finish_again(pid)
        granted = self.psql("SELECT max(at) FROM events WHERE what = 'claim.granted'")
        self.assertGreaterEqual(int(granted[0][0]), expires)
        run, = self.lines('show', 'pipeline.yaml')
        self.assertEqual((run['state'], [t['state'] for t in run['tries']]), ('success', ['lost', 'success']))

    def test_a_restart_of_the_database_is_survived(self):
        for how in (signal.SIGINT, signal.SIGQUIT):  # orderly, and as a crash
            with self.subTest(how=how):
                process, _ = self.begin()
                self.server.stop(how)
                self.let_through()  # the step ends while there is no database
                self.server.start()
                out, err = process.communicate(timeout=DEADLINE)
                self.assertEqual(process.returncode, 0, out + err)
                run, = self.lines('show', 'pipeline.yaml')
                self.assertEqual((run['state'], [t['state'] for t in run['tries']]), ('success', ['success']))
                self.assertEqual((self.folder / 'attempts').read_text().split(), ['started', 'finished'])
                (self.folder / 'attempts').unlink()
                self.psql('DROP SCHEMA ' + self.schema + ' CASCADE')


class Guide(Shared, Story):
    """The other commands of docs/user-guide/shared-ledger.md."""

    def environment(self):
        return {**super().environment(), 'LATECOMER_LEDGER': self.server.url(database='ledgers'), 'PGHOST': str(self.server.folder),
                'PGPORT': str(self.server.port), 'PGUSER': postgres.USER, 'PGPASSWORD': postgres.PASSWORD,
                'PATH': f'{self.folder}/bin:{self.server.programs}:{os.environ["PATH"]}'}

    def play(self, *commands):
        script = '\n'.join(commands).replace('postgresql://latecomer@db.example/ledgers', shlex.quote(self.server.url(database='ledgers')))
        done = subprocess.run(['bash', '-euc', script], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, script + done.stdout + done.stderr)
        return done.stdout

    def test_the_beginning_and_a_dump_that_is_put_back(self):
        self.load_three_days()
        self.write('pipelines/devices.yaml', (self.folder / PIPELINE).read_text().replace('../../', '../'))
        shutil.copy(self.folder / 'examples/devices/devices.sql', self.folder / 'pipelines')
        self.write('bin/latecomer', f'#!/bin/sh\nexec {os.environ["LATECOMER"]} "$@"\n').chmod(0o755)
        guide = (SOURCE / 'docs/user-guide/shared-ledger.md').read_text()
        *begin, serve = re.search(r'(?:    .*\n)+', guide)[0].splitlines()
        self.assertEqual((begin[0].split()[0], serve.split()[:2]), ('createdb', ['latecomer', 'serve']))
        self.assertIn('scheduled_2024-01-02', self.play(*begin))
        server = self.start(*serve.split()[1:], '--port', '0')
        self.assertIn('http://127.0.0.1:', server.stdout.readline())
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=DEADLINE)
        self.assertEqual(server.returncode, 0)
        dump, restore = re.findall(r'`(pg_(?:dump|restore) [^`]*)`', guide)
        self.play(dump)
        self.load('2024-01-01')
        self.ok('run', 'pipelines/devices.yaml')
        self.play(restore)
        self.assertEqual(self.lines('ledger', 'check')[0]['problems'], [])
        late, = self.lines('plan', 'pipelines/devices.yaml')
        self.assertEqual((late['partition'], late['decision']), ({'event_time': '2024-01-01'}, 'process'))
        self.ok('run', 'pipelines/devices.yaml')
        self.assertIn('nothing to do', self.ok('run', 'pipelines/devices.yaml'))


class Moved(Shared, Story):
    def at_home(self, *arguments):
        """With the ledger in its file."""
        environment = {k: v for k, v in self.environment().items() if k != 'LATECOMER_LEDGER'}
        done = subprocess.run([os.environ['LATECOMER'], *map(str, arguments)], cwd=self.folder, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_a_ledger_moves_with_all_it_knows_by_the_commands_of_the_guide(self):
        self.load_three_days()
        self.at_home('run', PIPELINE)
        self.load('2024-01-01')
        file = 'sqlite:examples/devices/.latecomer/ledger.db'
        before = self.at_home('ledger', 'export', '--ledger', file)
        guide = (SOURCE / 'docs/user-guide/shared-ledger.md').read_text()
        commands = re.search(r'<!-- moved -->\n((?:    .*\n)+)', guide)[1]
        script = commands.replace('postgresql://latecomer@db.example/ledgers', shlex.quote(self.url)).replace(
            'sqlite:.latecomer/ledger.db', file).replace('pipelines/', PIPELINE)
        self.write('bin/latecomer', f'#!/bin/sh\nexec {os.environ["LATECOMER"]} "$@"\n').chmod(0o755)
        environment = {k: v for k, v in self.environment().items() if k != 'LATECOMER_LEDGER'}
        environment['PATH'] = f'{self.folder}/bin:{os.environ["PATH"]}'
        done = subprocess.run(['bash', '-euc', script], cwd=self.folder, env=environment, capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn(postgres.PASSWORD, done.stdout + done.stderr)
        self.assertIn('the same ledger', done.stdout)
        # The scripted run came after the copy: everything before it is as it was.
        after = self.ok('ledger', 'export')
        old = [line for line in before.splitlines() if '"record":"event"' in line]
        self.assertEqual([line for line in after.splitlines() if '"record":"event"' in line][:len(old)], old)
        self.assertEqual(json.loads(before.splitlines()[0])['id'], json.loads(after.splitlines()[0])['id'])
        self.assertEqual(self.version('dataset/devices_by_type'), 2, 'one commit for the late data, no more')
        self.assertEqual(set(self.states().values()), {'success'})
        again = self.call('ledger', 'copy', self.url, '--ledger', file)
        self.assertEqual(again.returncode, 7, again.stderr)
        self.assertIn('there is a ledger already', again.stderr)
