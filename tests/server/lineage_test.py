"""Lineage events are what OpenLineage's schemas (openlineage/, Apache-2.0, of its specification) say."""
import http.server
import json
import pathlib
import threading
import unittest

import jsonschema
import referencing

from server_story import ServerStory, Stream

SCHEMAS = [json.loads(path.read_text()) for path in (pathlib.Path(__file__).parent / 'openlineage').glob('*.json')]
REGISTRY = referencing.Registry().with_resources(
    [(schema['$id'], referencing.Resource.from_contents(schema)) for schema in SCHEMAS])


def check(value, reference):
    validator = jsonschema.Draft202012Validator({'$ref': reference}, registry=REGISTRY,
                                                format_checker=jsonschema.FormatChecker())
    validator.validate(value)


def facets_of(event):
    yield from event['run']['facets'].values()
    for dataset in event['inputs'] + event['outputs']:
        yield from dataset.get('facets', {}).values()


class LineageTest(ServerStory):
    def check_story(self, events):
        for event in events:
            check(event, event['schemaURL'])
            for facet in facets_of(event):
                check(facet, facet['_schemaURL'])
        kinds = [(e['eventType'], e['run']['facets']['latecomer_partition']['run_id'].split('_v')[0]) for e in events]
        self.assertEqual(kinds, [('START', 'scheduled_2024-01-01'), ('COMPLETE', 'scheduled_2024-01-01'),
                                 ('START', 'scheduled_2024-01-02'), ('COMPLETE', 'scheduled_2024-01-02'),
                                 ('START', 'backfill_2024-01-01'), ('COMPLETE', 'backfill_2024-01-01')])
        self.assertEqual(events[0]['run']['runId'], events[1]['run']['runId'])
        self.assertNotEqual(events[0]['run']['runId'], events[2]['run']['runId'])
        last = events[-1]
        self.assertEqual(last['run']['facets']['latecomer_partition']['partition'], {'event_time': '2024-01-01'})
        self.assertEqual(last['inputs'][0]['facets']['version']['datasetVersion'], '3')
        self.assertTrue(last['outputs'][0]['name'].endswith('dataset/devices_by_type'))

    def play(self, target):
        self.load_three_days()
        served = self.serve('--open-lineage', target)
        stream = Stream(self.admin(served), last_id='0')
        stream.wait_run('scheduled_2024-01-02', 'success')
        self.load('2024-01-01')
        stream.wait_run('backfill_2024-01-01', 'success')
        self.assertEqual(served.stop(), 0)

    def test_to_a_file(self):
        self.play('lineage.jsonl')
        self.check_story([json.loads(line) for line in (self.folder / 'lineage.jsonl').read_text().splitlines()])

    def test_of_runs_that_workers_outside_do(self):
        self.load_three_days()
        text = self.pipeline_file().read_text()
        self.pipeline_file().write_text(text.replace('schedule:', 'schedule:\n  workers: outside', 1))
        served = self.serve('--open-lineage', 'lineage.jsonl')
        me = self.admin(served)
        base = '/pipelines/devices_loader'

        def claim():
            return self.until(lambda: me.post(base + '/claims'), 'there is something to claim')[0]

        def report(what, claimed, **body):
            me.post(f'{base}/runs/{claimed["run_id"]}/{what}', {'token': claimed['token'], **body})

        report('fail', claim(), message='no disk left', give_back=True)
        report('fail', claim(), message='still none')
        me.post(base + '/runs/scheduled_2024-01-01/clear')
        me.post(f'{base}/runs/{claim()["run_id"]}/cancel')
        me.post(base + '/runs/scheduled_2024-01-01/clear')
        me.post(f'{base}/runs/{claim()["run_id"]}/clear')  # while the worker has it
        me.post(base + '/runs/scheduled_2024-01-01/cancel')  # it waits now, and its last try has ended already
        self.assertEqual(served.stop(), 0)
        events = [json.loads(line) for line in (self.folder / 'lineage.jsonl').read_text().splitlines()]
        for event in events:
            check(event, event['schemaURL'])
        self.assertEqual([(e['eventType'], e['run']['facets']['latecomer_partition']['try']) for e in events],
                         [('START', 1), ('ABORT', 1), ('START', 2), ('FAIL', 2), ('START', 3), ('ABORT', 3),
                          ('START', 4), ('ABORT', 4)])
        self.assertEqual(len({e['run']['runId'] for e in events}), 4)
        self.assertEqual(events[3]['run']['facets']['errorMessage']['message'], 'outside worker dedp failed: still none')

    def receiver(self, on_refused=lambda: None, refusals=2):
        """The address of a receiver that refuses its first requests, and the list of what it took."""
        received, refused = [], []

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                if len(refused) < refusals:
                    refused.append(body)
                    self.send_response(503)
                    on_refused()
                else:
                    received.append(json.loads(body))
                    self.send_response(201)
                self.end_headers()

            def log_message(self, *_):
                pass

        receiver = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Receiver)
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        self.addCleanup(receiver.server_close)
        self.addCleanup(receiver.shutdown)
        return f'http://127.0.0.1:{receiver.server_port}/api/v1/lineage', received

    def test_to_a_receiver_that_fails_at_first(self):
        target, received = self.receiver()
        self.play(target)
        self.check_story(received)

    def test_an_event_that_waits_for_its_next_try_when_the_server_ends_is_sent(self):
        refused = threading.Event()
        target, received = self.receiver(on_refused=refused.set)
        self.load_three_days()
        served = self.serve('--open-lineage', target)
        self.assertTrue(refused.wait(60))
        self.assertEqual(served.stop(), 0)
        self.assertEqual(received[0]['eventType'], 'START')

    def test_a_receiver_that_is_not_there_holds_up_nothing(self):
        self.play('http://127.0.0.1:1/')
        self.assertEqual(sorted(self.states().values()), ['success'] * 3)


if __name__ == '__main__':
    unittest.main()
