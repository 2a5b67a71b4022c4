#!/usr/bin/env python3
"""A sound table with one damage at a time: each gives the truth, or an error that names the file (and the line of a text).

The damage is put into a commit, into a V2 checkpoint in JSON that must be read because the commits before it are gone, and
into one that need not be. Files of other kinds (Parquet checkpoints, sidecars, hints, names) have damages of their own.

usage: mutants_test.py LATECOMER [PYTHON]      PYTHON has pyarrow (`script/bootstrap --test` makes one)
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import uuid

import delta_history

LATECOMER = None
DAMAGED, UNSUPPORTED, GONE = 3, 4, 5
LAST = 4

PROTOCOL = {'protocol': {'minReaderVersion': 3, 'minWriterVersion': 7, 'readerFeatures': ['deletionVectors', 'v2Checkpoint'],
                         'writerFeatures': ['deletionVectors', 'v2Checkpoint']}}
METADATA = {'metaData': {'id': 'a-table', 'format': {'provider': 'parquet', 'options': {}},
                         'schemaString': json.dumps({'type': 'struct', 'fields': [
                             {'name': 'id', 'type': 'long', 'nullable': True, 'metadata': {}},
                             {'name': 'day', 'type': 'string', 'nullable': True, 'metadata': {}}]}),
                         'partitionColumns': ['day'], 'configuration': {}}}


def add(name, day='d1', rows=10):
    return {'add': {'path': f'{name}.parquet', 'partitionValues': {'day': day}, 'size': 100, 'modificationTime': 0,
                    'dataChange': True, 'stats': json.dumps({'numRecords': rows}, separators=(',', ':'))}}


def remove(name, day='d1', rows=10):
    body = dict(add(name, day, rows)['add'], deletionTimestamp=1, extendedFileMetadata=True)
    return {'remove': body}


def info(version):
    return {'commitInfo': {'timestamp': 1704067200000 + version * 1000, 'operation': 'WRITE'}}


COMMITS = [[info(0), PROTOCOL, METADATA], [info(1), add('a')], [info(2), add('b', 'd2')],
           [info(3), remove('a'), add('c', 'd3', 30)], [info(4), add('d')]]
TRUTH = {'d1': (1, 10), 'd2': (1, 10), 'd3': (1, 30)}
BODY = COMMITS[3][2]['add']  # what is damaged: the third line of version 3, or the same action in the checkpoint of 3
CHECKPOINT = f'{3:020}.checkpoint.{uuid.UUID(int=3)}.json'
CHECKPOINT_LINES = [{'checkpointMetadata': {'version': 3}}, PROTOCOL, METADATA, add('b', 'd2'), COMMITS[3][2]]


def text_of(actions):
    return ''.join(json.dumps(action) + '\n' for action in actions)


def with_body(**fields):
    """The damaged action with fields replaced; None as a value is JSON null, ... takes the field away."""
    body = {**BODY, **fields}
    return json.dumps({'add': {k: v for k, v in body.items() if v is not ...}})


def nested(depth):
    return '[' * depth + ']' * depth


LINE = json.dumps({'add': BODY})
VECTOR = {'storageType': 'i', 'pathOrInlineDv': 'x', 'sizeInBytes': 4, 'cardinality': 2}
UNKNOWN_ROWS = {**TRUTH, 'd3': (1, None)}

# What takes the place of the line, and what comes of it: an exit code, or partitions.
LINES = {
    'itself': (LINE, TRUTH),
    'spaces around': (f'  {LINE} \t', TRUTH),
    'carriage return': (LINE + '\r', TRUTH),
    'blank lines': ('\n \n\t\n' + LINE + '\n\n', TRUTH),
    'an unknown action': ('{"somethingNew":{"a":[1,{}]}}\n' + LINE, TRUTH),
    'an unknown field': (with_body(later={'x': [1, None]}), TRUTH),
    'a nested unknown field': (LINE[:-2] + ', "x": ' + nested(500) + '}}', TRUTH),
    'a deeply nested unknown field': (LINE[:-2] + ', "x": ' + nested(50_000) + '}}', TRUTH),
    'an empty object': ('{}\n' + LINE, TRUTH),
    'a null action': ('{"add":null,"remove":null}\n' + LINE, TRUTH),
    'the same action twice': (LINE + '\n' + LINE, TRUTH),
    'an escaped key': (LINE.replace('"add"', '"\\u0061dd"', 1), TRUTH),
    'a key twice, the last counts': (LINE.replace('"size": 100', '"size": -7, "size": 100'), TRUTH),
    'fields in another order': (json.dumps({'add': dict(reversed(list(BODY.items())))}), TRUTH),
    'a very long field': (with_body(tags={'x': 'y' * 3_000_000}), TRUTH),
    'two objects': (LINE + ' {}', DAMAGED),
    'two objects without a space': (LINE + LINE, DAMAGED),
    'text behind': (LINE + ' x', DAMAGED),
    'text before': ('x' + LINE, DAMAGED),
    'over several lines': (json.dumps({'add': BODY}, indent=1), DAMAGED),
    'a byte order mark inside': ('\ufeff' + LINE, DAMAGED),
    'an array': ('[' + LINE + ']', DAMAGED),
    'a number': ('17', DAMAGED),
    'null': ('null', DAMAGED),
    'a NUL byte': (LINE + '\0', DAMAGED),
    'a NUL byte in a text': (LINE.replace('c.parquet', 'c\0.parquet'), DAMAGED),
    'no quote at the end': (LINE.replace('"c.parquet"', '"c.parquet'), DAMAGED),
    'a comma too many': (LINE[:-2] + ',}}', DAMAGED),
    'no colon': (LINE.replace('"size":', '"size"'), DAMAGED),
    'an action that is a list': ('{"add":[]}', DAMAGED),
    'an action that is a text': ('{"add":"c"}', DAMAGED),
    'a number as path': (with_body(path=5), DAMAGED),
    'an empty path': (with_body(path=''), DAMAGED),
    'no path': (with_body(path=...), DAMAGED),
    'null as path': (with_body(path=None), DAMAGED),
    'half a surrogate in the path': (LINE.replace('c.parquet', '\\ud800'), DAMAGED),
    'a wrong escape in the path': (LINE.replace('c.parquet', '\\q'), DAMAGED),
    'a text as size': (with_body(size='100'), DAMAGED),
    'a fraction as size': (with_body(size=1.5), DAMAGED),
    'a power as size': (LINE.replace('"size": 100', '"size": 1e2'), DAMAGED),
    'a negative size': (with_body(size=-1), DAMAGED),
    'a huge size': (with_body(size=2 ** 63), DAMAGED),
    'a number of 400 digits': (LINE.replace('"size": 100', '"size": ' + '9' * 400), DAMAGED),
    'a leading zero': (LINE.replace('"size": 100', '"size": 0100'), DAMAGED),
    'no size': (with_body(size=...), DAMAGED),
    'no partition values': (with_body(partitionValues=...), DAMAGED),
    'null as partition values': (with_body(partitionValues=None), DAMAGED),
    'a list of partition values': (with_body(partitionValues=[['day', 'd3']]), DAMAGED),
    'a nested partition value': (with_body(partitionValues={'day': {'x': 1}}), DAMAGED),
    'a number as partition value': (with_body(partitionValues={'day': 7}), {'d1': (1, 10), 'd2': (1, 10), '7': (1, 30)}),
    'no value of the column': (with_body(partitionValues={}), {'d1': (1, 10), 'd2': (1, 10), None: (1, 30)}),
    'an empty partition value': (with_body(partitionValues={'day': ''}), {'d1': (1, 10), 'd2': (1, 10), None: (1, 30)}),
    'dataChange as a text': (with_body(dataChange='true'), DAMAGED),
    'dataChange as a number': (with_body(dataChange=1), DAMAGED),
    'no dataChange': (with_body(dataChange=...), DAMAGED),
    'statistics as an object': (with_body(stats={'numRecords': 30}), DAMAGED),
    'no statistics': (with_body(stats=...), UNKNOWN_ROWS),
    'null as statistics': (with_body(stats=None), UNKNOWN_ROWS),
    'statistics that are no JSON': (with_body(stats='{"numRecords":30'), UNKNOWN_ROWS),
    'a negative number of records': (with_body(stats='{"numRecords":-1}'), UNKNOWN_ROWS),
    'a fraction of a record': (with_body(stats='{"numRecords":2.5}'), UNKNOWN_ROWS),
    'a huge number of records': (with_body(stats='{"numRecords":1e30}'), UNKNOWN_ROWS),
    'a text as number of records': (with_body(stats='{"numRecords":"30"}'), UNKNOWN_ROWS),
    'records behind other statistics': (with_body(stats='{"minValues":{"x":"{"},"numRecords":30}'), TRUTH),
    'spaces in the statistics': (with_body(stats=' { "numRecords" : 30 } '), TRUTH),
    'null as vector': (with_body(deletionVector=None), TRUTH),
    'a vector of a kind that is not known': (with_body(deletionVector={**VECTOR, 'storageType': 'z'}), {**TRUTH, 'd3': (1, 28)}),
    'a vector that hides more than there is': (with_body(deletionVector={**VECTOR, 'cardinality': 31}), UNKNOWN_ROWS),
    'a vector without cardinality': (with_body(deletionVector={k: v for k, v in VECTOR.items() if k != 'cardinality'}), DAMAGED),
    'a negative cardinality': (with_body(deletionVector={**VECTOR, 'cardinality': -1}), DAMAGED),
    'a list as vector': (with_body(deletionVector=[]), DAMAGED),
    'an empty vector': (with_body(deletionVector={}), DAMAGED),
}


class Mutants(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.made = 0

    def table(self, commits=COMMITS):
        self.made += 1
        log = self.root / str(self.made) / '_delta_log'
        log.mkdir(parents=True)
        for version, actions in enumerate(commits):
            self.commit(log, version).write_text(text_of(actions))
        return log

    @staticmethod
    def commit(log, version):
        return log / f'{version:020}.json'

    def call(self, command, log, *more):
        done = subprocess.run([LATECOMER, command, str(log.parent), *map(str, more), '--output', 'json'], capture_output=True,
                              text=True, timeout=60)
        self.assertIn(done.returncode, (0, DAMAGED, UNSUPPORTED, GONE), f'{command}: {done.stdout[-500:]}{done.stderr[-500:]}')
        return done

    def snapshot(self, log, *more):
        """Partitions, or the error object with its exit code."""
        done = self.call('partitions', log, *more)
        if done.returncode != 0:
            return {**json.loads(done.stderr.splitlines()[-1])['error'], 'exit': done.returncode}
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return {line['partition'].get('day'): (line['files'], line['rows']) for line in lines}

    def expect(self, log, want, file=None, line=None):
        got = self.snapshot(log)
        if isinstance(want, dict):
            self.assertEqual(got, want)
            return
        self.assertEqual(got.get('exit'), want, got)
        if file:
            self.assertTrue(got['file'].endswith(file), got)
        if line:
            self.assertEqual(got.get('line'), line, got)

    def test_lines_of_a_commit(self):
        for name, (line, want) in LINES.items():
            with self.subTest(name):
                log = self.table()
                target = self.commit(log, 3)
                target.write_bytes((text_of(COMMITS[3][:2]) + line + '\n').encode('utf-8', 'surrogatepass'))
                self.expect(log, want, target.name, 3)
                done = self.call('changes', log)
                self.assertEqual(done.returncode, 0 if isinstance(want, dict) else want)
                versions = [json.loads(text)['version'] for text in done.stdout.splitlines()]
                # What stands before the damage is right, and shown.
                self.assertEqual(versions, list(range(LAST + 1 if isinstance(want, dict) else 3)))

    def test_lines_of_a_checkpoint(self):
        for name, (line, want) in LINES.items():
            text = (text_of(CHECKPOINT_LINES[:-1]) + line + '\n').encode('utf-8', 'surrogatepass')
            with self.subTest(name, log='cleaned'):
                log = self.table()
                (log / CHECKPOINT).write_bytes(text)
                for version in range(4):
                    self.commit(log, version).unlink()
                self.expect(log, want, CHECKPOINT, 5)
            with self.subTest(name, log='whole'):
                log = self.table()
                (log / CHECKPOINT).write_bytes(text)
                # With all commits there a damaged checkpoint is passed over; one that can be read is believed.
                self.expect(log, want if isinstance(want, dict) else TRUTH)

    def test_invalid_bytes(self):
        for bad in (b'\xff', b'\xc3', b'\xed\xa0\x80', b'\xf8\x88\x80\x80\x80'):
            with self.subTest(bad):
                log = self.table()
                target = self.commit(log, 3)
                target.write_bytes(target.read_bytes().replace(b'c.parquet', b'c' + bad))
                self.expect(log, DAMAGED, target.name, 3)

    def test_whole_files(self):
        whole = text_of(COMMITS[3])
        for name, text, want in (('a byte order mark', '\ufeff' + whole, TRUTH),
                                 ('CRLF', whole.replace('\n', '\r\n'), TRUTH),
                                 ('no line feed at the end', whole[:-1], TRUTH),
                                 ('nothing', '', {'d1': (2, 20), 'd2': (1, 10)}),
                                 ('blank lines only', '\n\n \n', {'d1': (2, 20), 'd2': (1, 10)}),
                                 ('UTF-16', None, DAMAGED)):
            with self.subTest(name):
                log = self.table()
                self.commit(log, 3).write_bytes(whole.encode('utf-16') if text is None else text.encode())
                self.expect(log, want, self.commit(log, 3).name)

    def test_a_commit_cut_anywhere(self):
        whole = text_of(COMMITS[3]).encode()
        ends = {0, *(match.end() for match in re.finditer(b'\n', whole)), *(match.start() for match in re.finditer(b'\n', whole))}
        for size in range(len(whole)):
            if size % 7 and size not in ends:
                continue
            log = self.table()
            self.commit(log, 3).write_bytes(whole[:size])
            got = self.snapshot(log)
            # Cut between two lines it is a commit that did less, and nothing can tell.
            self.assertEqual(got.get('exit', 0), 0 if size in ends else DAMAGED, f'{size}: {got}')

    def test_heads(self):
        schema = json.loads(METADATA['metaData']['schemaString'])
        meta = METADATA['metaData']

        def changed(protocol=None, metadata=None):
            return [info(0), {'protocol': {**PROTOCOL['protocol'], **(protocol or {})}}, {'metaData': {**meta, **(metadata or {})}}]
        strange = [{**schema['fields'][0]}, {**schema['fields'][1], 'type': {'type': 'array', 'elementType': 'string'}}]
        for name, first, want in (
                ('a feature that is not known', changed({'readerFeatures': ['timeTravelling']}), UNSUPPORTED),
                ('a reader version to come', changed({'minReaderVersion': 4}), UNSUPPORTED),
                ('a huge reader version', changed({'minReaderVersion': 2 ** 40}), UNSUPPORTED),
                ('features of a low reader version', changed({'minReaderVersion': 1}), DAMAGED),
                ('features of a low writer version', changed({'minWriterVersion': 2}), DAMAGED),
                ('a text as reader version', changed({'minReaderVersion': '3'}), DAMAGED),
                ('features that are no list', changed({'readerFeatures': 'deletionVectors'}), DAMAGED),
                ('features that are no texts', changed({'readerFeatures': [1]}), DAMAGED),
                ('no schema', [info(0), PROTOCOL, {'metaData': {k: v for k, v in meta.items() if k != 'schemaString'}}], DAMAGED),
                ('a schema that is no JSON', changed(None, {'schemaString': '{'}), DAMAGED),
                ('a schema that is a list', changed(None, {'schemaString': '[]'}), DAMAGED),
                ('a schema as an object', changed(None, {'schemaString': {}}), DAMAGED),
                ('a column that is not in the schema', changed(None, {'partitionColumns': ['country']}), DAMAGED),
                ('columns that are no list', changed(None, {'partitionColumns': 'day'}), DAMAGED),
                ('a nested partition column', changed(None, {'schemaString': json.dumps({'type': 'struct', 'fields': strange})}),
                 UNSUPPORTED),
                ('no id', [info(0), PROTOCOL, {'metaData': {k: v for k, v in meta.items() if k != 'id'}}], DAMAGED),
                ('a configuration of numbers', changed(None, {'configuration': {'a': {'b': 1}}}), DAMAGED),
                ('no metadata', [info(0), PROTOCOL], DAMAGED),
                ('no protocol', [info(0), METADATA], DAMAGED),
                ('column names in other letters', changed(None, {'partitionColumns': ['DAY']}), TRUTH)):
            with self.subTest(name):
                log = self.table([first, *COMMITS[1:]])
                self.expect(log, want)
                self.assertEqual(self.call('changes', log).returncode, 0 if isinstance(want, dict) else want)

    def test_names(self):
        for name, want in ((f'{5:019}.json', TRUTH), (f'{5:021}.json', TRUTH), (f'{5:020}.JSON', TRUTH),
                           (f'{5:020}.json.tmp', TRUTH), (f'.{4:020}.json.crc', TRUTH), (f'{4:020}.crc', TRUTH),
                           ('9' * 20 + '.json', TRUTH), (f'-{5:019}.json', TRUTH), (f'{5:020}.checkpoint.parquet.tmp', TRUTH),
                           (f'{5:020}.{7:020}.compacted.json', TRUTH), (f'_staged_commits/{5:020}.uuid.json', TRUTH),
                           (f'{7:020}.json', DAMAGED), (f'{2 ** 62:020}.json', DAMAGED)):
            with self.subTest(name):
                log = self.table()
                (log / name).parent.mkdir(exist_ok=True)
                (log / name).write_text(text_of([info(5), add('e', 'd9')]))
                self.expect(log, want)
        log = self.table()
        (log / f'{5:020}.json').mkdir()
        self.expect(log, TRUTH)
        self.assertEqual(self.call('changes', log).returncode, 0)

    def test_versions_beyond_32_bits(self):
        first = 2 ** 40
        log = self.table([])
        head = text_of([{'checkpointMetadata': {'version': first}}, PROTOCOL, METADATA, add('b', 'd2')])
        (log / f'{first:020}.checkpoint.{uuid.UUID(int=3)}.json').write_text(head)
        for number, name in enumerate(('x', 'y')):
            self.commit(log, first + 1 + number).write_text(text_of([info(number), add(name)]))
        self.expect(log, {'d1': (2, 20), 'd2': (1, 10)})
        versions = [json.loads(line)['version'] for line in self.call('changes', log).stdout.splitlines()]
        self.assertEqual(versions, [first + 1, first + 2])

    def test_missing_commits(self):
        for gone, want in (((4,), {'d2': (1, 10), 'd3': (1, 30)}), ((3,), DAMAGED), ((0,), DAMAGED), ((1, 2), DAMAGED)):
            with self.subTest(gone=gone):
                log = self.table()
                for version in gone:
                    self.commit(log, version).unlink()
                self.expect(log, want)
        log = self.table()
        self.commit(log, 2).unlink()
        got = self.snapshot(log)
        self.assertIn('version 2', got['message'])
        done = self.call('changes', log)
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (DAMAGED, 2))

    def test_spellings_of_one_path(self):
        for one, other in (('/data/x', 'file:///data/x'), ('file:/data/x', '/data/x'), ('file:///data/x', 'file:/data/x')):
            with self.subTest(one=one, other=other):
                gone = {'remove': {'path': other, 'deletionTimestamp': 1, 'dataChange': True}}
                there = {'add': {**BODY, 'path': one}}
                log = self.table([COMMITS[0], [info(1), there, add('a')], [info(2), gone]])
                self.expect(log, {'d1': (1, 10)})

    # Parquet ------------------------------------------------------------------------------------------------------------

    def cleaned(self, kind):
        """A log of which only a checkpoint of version 3 and the commit after it are left; the file to damage."""
        log = self.table()
        adds = [add('b', 'd2'), {'add': BODY}]
        name = f'{3:020}.checkpoint'
        if kind == 'classic':
            target = log / f'{name}.parquet'
            delta_history.write_parquet(target, [PROTOCOL, METADATA, *adds])
        elif kind == 'part':
            target = log / f'{name}.{2:010}.{2:010}.parquet'
            delta_history.write_parquet(log / f'{name}.{1:010}.{2:010}.parquet', [PROTOCOL, METADATA])
            delta_history.write_parquet(target, adds)
        else:
            (log / '_sidecars').mkdir()
            target = log / '_sidecars' / 'side.parquet'
            delta_history.write_parquet(target, adds, only='add')
            sidecar = {'sidecar': {'path': 'side.parquet', 'sizeInBytes': 1, 'modificationTime': 0}}  # a size that is wrong
            rows = [{'checkpointMetadata': {'version': 3}}, PROTOCOL, METADATA, sidecar]
            if kind == 'sidecar of json':
                (log / CHECKPOINT).write_text(text_of(rows))
            else:
                delta_history.write_parquet(log / CHECKPOINT.replace('.json', '.parquet'), rows)
        for version in range(4):
            self.commit(log, version).unlink()
        return log, target

    def test_parquet_files(self):
        for kind in ('classic', 'part', 'sidecar of json', 'sidecar of parquet'):
            log, target = self.cleaned(kind)
            with self.subTest(kind):
                self.expect(log, TRUTH)
            whole = target.read_bytes()
            damages = {'empty': b'', 'magic only': b'PAR1', 'text': b'hello, this is no Parquet file', 'no tail': whole[:-4],
                       'no footer': whole[:len(whole) // 2], 'no head': whole[40:], 'a byte too many': whole + b'x',
                       'zeros inside': whole[:4] + bytes(len(whole) // 3) + whole[4 + len(whole) // 3:],
                       'a huge footer': whole[:-8] + b'\xff\xff\xff\x7fPAR1'}
            for name, data in damages.items():
                with self.subTest(kind, damage=name):
                    target.write_bytes(data)
                    self.expect(log, DAMAGED, target.name)
            with self.subTest(kind, damage='gone'):
                target.unlink()
                self.assertIn(self.snapshot(log).get('exit'), (DAMAGED, GONE))
            with self.subTest(kind, damage='a folder'):
                target.mkdir()
                self.assertIn(self.snapshot(log).get('exit'), (DAMAGED, GONE))

    def test_each_byte_of_a_checkpoint(self):
        log, target = self.cleaned('classic')
        whole = target.read_bytes()
        for at in range(0, len(whole), 97):
            for flip in (0xff, 0x01):
                target.write_bytes(whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1:])
                self.snapshot(log)  # a wrong digit in it can't be seen, but no damage ends the program

    def test_adds_that_lack_something(self):
        for field, value in (('size', None), ('partitionValues', None), ('size', -1)):
            log, target = self.cleaned('classic')
            with self.subTest(field=field, value=value):
                broken = {'add': {**BODY, field: value}}
                if value is None:
                    del broken['add'][field]
                delta_history.write_parquet(target, [PROTOCOL, METADATA, add('b', 'd2'), broken])
                self.expect(log, DAMAGED, target.name)

    def test_hints(self):
        for name, hint in (('damaged', '{"version":'), ('of a text', '{"version":"3"}'), ('negative', '{"version":-1}'),
                           ('huge', '{"version":9223372036854775807}'), ('beyond', '{"version":1' + '0' * 40 + '}'),
                           ('many parts', '{"version":3,"parts":2000000000}'), ('no parts', '{"version":3,"parts":-5}'),
                           ('elsewhere', '{"version":3,"v2Checkpoint":{"path":"../../../etc/passwd"}}'),
                           ('of another version', '{"version":3,"v2Checkpoint":{"path":"%s"}}' % f'{2:020}.checkpoint.parquet'),
                           ('empty', ''), ('a list', '[3]'), ('bytes', '\x7fELF')):
            for kind in ('classic', 'sidecar of json'):
                with self.subTest(name, kind=kind):
                    log, _ = self.cleaned(kind)
                    (log / '_last_checkpoint').write_text(hint)
                    self.expect(log, TRUTH)
                    self.assertEqual(self.call('changes', log).returncode, 0)

    def test_sidecars_elsewhere(self):
        log, target = self.cleaned('sidecar of json')
        elsewhere = log.parent / 'elsewhere.parquet'
        target.rename(elsewhere)
        text = (log / CHECKPOINT).read_text()
        (log / CHECKPOINT).write_text(text.replace('side.parquet', f'file://{elsewhere}'))
        self.expect(log, TRUTH)
        (log / CHECKPOINT).write_text(text.replace('side.parquet', '../elsewhere.parquet'))
        self.expect(log, DAMAGED)


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    LATECOMER = delta_history.program_and_python()
    unittest.main()
