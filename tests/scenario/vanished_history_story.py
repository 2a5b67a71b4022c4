"""History that vanished: a cleaned log, a table made anew, one that went backwards. Never a silent skip."""
import json
import shutil

from story import PIPELINE, Story

TABLE = 'dataset/devices'
SECOND = '''
pipeline: second
sources:
  devices: {table: ../../dataset/devices, partition: event_time, cadence: day}
schedule: {start: 2024-01-01, end: 2024-01-02, ready: next_partition}
steps:
  - id: nothing
    command: ["true"]
'''


class VanishedHistory(Story):
    def setUp(self):
        super().setUp()
        self.load_three_days()
        self.ok('run', PIPELINE)

    @property
    def log(self):
        return self.folder / TABLE / '_delta_log'

    def commit_file(self, version):
        return self.log / f'{version:020}.json'

    def actions(self, version):
        return [json.loads(line) for line in self.commit_file(version).read_text().splitlines() if line]

    def write_checkpoint(self):
        """A V2 checkpoint in JSON of the newest version, made without latecomer."""
        live, head, version = {}, {}, -1
        for commit in sorted(self.log.glob('*.json')):
            version = int(commit.stem)
            for action in self.actions(version):
                for kind, body in action.items():
                    if kind == 'add':
                        live[body['path']] = body
                    elif kind == 'remove':
                        live.pop(body['path'], None)
                    elif kind in ('metaData', 'protocol'):
                        head[kind] = body
        head['protocol'] = {'minReaderVersion': 3, 'minWriterVersion': 7, 'readerFeatures': ['v2Checkpoint'],
                            'writerFeatures': ['v2Checkpoint']}
        lines = [{'checkpointMetadata': {'version': version}}, *({k: v} for k, v in head.items()),
                 *({'add': body} for body in live.values())]
        name = f'{version:020}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json'
        (self.log / name).write_text(''.join(json.dumps(line) + '\n' for line in lines))
        return version

    def keep_copy(self):
        copy = self.folder / 'copy'
        shutil.copytree(self.folder / TABLE, copy)
        return copy

    def put_back(self, copy):
        shutil.rmtree(self.folder / TABLE)
        copy.rename(self.folder / TABLE)

    def make_another(self, number=9):
        """The same data files in a log that was written anew, under another table id."""
        actions = self.actions(0)
        for action in actions:
            if 'metaData' in action:
                action['metaData']['id'] = f'00000000-0000-0000-0000-{number:012}'
        self.commit_file(0).write_text(''.join(json.dumps(action) + '\n' for action in actions))
        for commit in self.log.glob('*.json'):
            commit.write_text(commit.read_text() + '\n')

    def assert_stopped(self, pipeline=PIPELINE, why=''):
        for command in ('plan', 'run'):
            done = self.call(command, pipeline)
            self.assertEqual(done.returncode, 5, done.stdout + done.stderr)
            self.assertIn(why, done.stderr)
            self.assertIn('latecomer accept', done.stderr)

    def late(self, pipeline=PIPELINE):
        """partition → the notes of its unseen changes, of what would be processed now"""
        return {entry['partition']['event_time']: [change['note'] for change in entry['changes']]
                for entry in self.lines('plan', pipeline) if entry['decision'] == 'process'}

    def accept(self, *arguments, pipeline=PIPELINE):
        accepted, = self.lines('accept', pipeline, *arguments)
        return accepted

    def runs_since(self, before, pipeline=PIPELINE):
        self.ok('run', pipeline)
        return {run['partition']['event_time'] for run in self.lines('runs', pipeline) if run['run_id'] not in before}

    def test_a_cleaned_log_is_bridged_by_what_partitions_hold(self):
        self.load('2024-01-01')
        self.load('2024-01-04')
        newest = self.write_checkpoint()
        for version in range(newest + 1):
            if version < newest:
                self.commit_file(version).unlink()
        late = self.late()
        self.assertEqual(set(late), {'2024-01-01'})
        self.assertIn('are gone', late['2024-01-01'][0])
        why, = self.lines('explain', PIPELINE, '2024-01-01')
        self.assertTrue(all(change['assumed'] for change in why['changes']), why)
        before = self.states()
        self.assertEqual(self.runs_since(before), {'2024-01-01'})
        self.assertEqual(self.late(), {})
        # Nothing is bridged twice.
        self.assertEqual(self.runs_since(self.states()), set())

    def test_a_table_made_anew_stops_until_it_is_accepted(self):
        shutil.rmtree(self.folder / TABLE)
        for day in ('2024-01-01', '2024-01-02', '2024-01-03'):
            self.load(day)
        self.assert_stopped(why='another table')
        accepted = self.accept()
        self.assertEqual(len(accepted['changed']), 3)
        self.assertEqual(accepted['pipelines'], [{'pipeline': 'devices_loader', 'late': 2, 'kept': 0}])
        self.assertEqual(set(self.late()), {'2024-01-01', '2024-01-02'})
        self.assertEqual(self.runs_since(self.states()), {'2024-01-01', '2024-01-02'})
        # Versions start again; late data is still found.
        self.load('2024-01-01')
        self.assertEqual(set(self.late()), {'2024-01-01'})

    def test_a_table_that_went_backwards_gives_back_what_was_lost(self):
        copy = self.keep_copy()
        self.load('2024-01-01')
        self.ok('run', PIPELINE)
        rows = self.output_rows()
        self.put_back(copy)
        self.assert_stopped(why='went backwards: version 3 was seen, the newest is now 2')
        accepted = self.accept()
        self.assertEqual((accepted['before'], accepted['now']), (3, 2))
        self.assertEqual(accepted['changed'], [{'event_time': '2024-01-01'}])
        self.assertEqual(self.runs_since(self.states()), {'2024-01-01'})
        self.assertEqual(self.output_rows(), rows)  # one row for each kind of device, before and after
        # The new version 3 is not the one that was processed before.
        self.load('2024-01-02')
        self.assertEqual(set(self.late()), {'2024-01-02'})
        self.assertEqual(self.runs_since(self.states()), {'2024-01-02'})
        # Nor is version 4 with the same cause as a run of long ago.
        self.load('2024-01-01')
        self.assertEqual(self.runs_since(self.states()), {'2024-01-01'})

    def test_a_last_commit_written_anew_is_noticed(self):
        copy = self.keep_copy()
        self.load('2024-01-01')
        self.ok('run', PIPELINE)
        self.put_back(copy)
        self.load('2024-01-02')  # version 3 again, with other content
        self.assert_stopped(why='version 3 is not the one that was seen')
        self.assertEqual(self.accept()['changed'],
                         [{'event_time': '2024-01-01'}, {'event_time': '2024-01-02'}])
        self.assertEqual(self.runs_since(self.states()), {'2024-01-01', '2024-01-02'})

    def test_a_copy_that_has_grown_past_what_was_seen_is_noticed(self):
        copy = self.keep_copy()
        self.load('2024-01-01')
        self.ok('run', PIPELINE)
        self.put_back(copy)
        self.load('2024-01-02')
        self.load('2024-01-02')  # version 4: a newer one than was seen
        self.assert_stopped(why='version 3 is not the one that was seen')
        self.assertEqual(self.accept()['changed'],
                         [{'event_time': '2024-01-01'}, {'event_time': '2024-01-02'}])
        self.assertEqual(self.runs_since(self.states()), {'2024-01-01', '2024-01-02'})

    def test_a_copy_with_the_same_content_is_the_same_table(self):
        self.put_back(self.keep_copy())
        self.assertEqual(self.late(), {})
        self.load('2024-01-01')
        self.assertEqual(set(self.late()), {'2024-01-01'})

    def test_what_waited_before_still_waits(self):
        self.load('2024-01-01')
        self.make_another()
        self.assert_stopped(why='its id changed')
        self.assertEqual(self.accept()['changed'], [{'event_time': '2024-01-01'}])
        self.assertEqual(self.runs_since(self.states()), {'2024-01-01'})

    def test_seen_but_waiting_data_still_waits(self):
        self.ok('pause', PIPELINE)
        self.load('2024-01-01')
        self.ok('run', PIPELINE)  # sees version 3, starts nothing
        self.make_another()
        self.assertEqual(self.accept()['changed'], [{'event_time': '2024-01-01'}])

    def test_accepted_as_processed_or_as_changed(self):
        self.load('2024-01-01')
        self.make_another()
        self.assertEqual(self.accept('--as-processed')['changed'], [])
        self.assertEqual(self.runs_since(self.states()), set())
        self.make_another(10)
        self.assertEqual(len(self.accept('--as-changed')['changed']), 3)
        self.assertEqual(self.runs_since(self.states()), {'2024-01-01', '2024-01-02'})

    def test_every_pipeline_on_the_table_follows(self):
        second = 'examples/devices/second.yaml'  # beside the first, so that they share a ledger
        self.write(second, SECOND)
        self.ok('run', second)
        copy = self.keep_copy()
        self.load('2024-01-01')
        self.ok('run', PIPELINE)
        self.ok('run', second)
        self.put_back(copy)
        self.assert_stopped(second)
        accepted = self.accept()
        self.assertEqual({effect['pipeline']: effect['late'] for effect in accepted['pipelines']},
                         {'devices_loader': 1, 'second': 1})
        self.assertEqual(set(self.late(second)), {'2024-01-01'})
        self.assertEqual(self.runs_since(self.states(second), second), {'2024-01-01'})

    def test_accept_says_when_there_is_nothing_to_accept(self):
        done = self.call('accept', PIPELINE)
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn('nothing to accept', done.stderr)
        done = self.call('accept', PIPELINE, '--as-changed', '--as-processed')
        self.assertEqual(done.returncode, 2, done.stderr)
