#!/usr/bin/env python3
"""The command line on small tables made here: shapes of the output, exit codes, the two stand-ins for the Spark job.

usage: small_tables_test.py LATECOMER
"""
import json, pathlib, subprocess, sys, tempfile, unittest

LATECOMER = None


def add(path, values, rows=10, size=100, data_change=True):
    return {'add': {'path': path, 'partitionValues': values, 'size': size, 'modificationTime': 0, 'dataChange': data_change,
                    'stats': json.dumps({'numRecords': rows}, separators=(',', ':'))}}


def remove(path, values, rows=10, size=100, data_change=True):
    action = add(path, values, rows, size, data_change)['add']
    del action['modificationTime']
    return {'remove': dict(action, extendedFileMetadata=True)}


def create(columns):
    fields = [{'name': 'id', 'type': 'long', 'nullable': True, 'metadata': {}}]
    fields += [{'name': n, 'type': t, 'nullable': True, 'metadata': {}} for n, t in columns.items()]
    schema = json.dumps({'type': 'struct', 'fields': fields})
    return [{'commitInfo': {'timestamp': 1704067200000, 'operation': 'CREATE TABLE'}},
            {'protocol': {'minReaderVersion': 1, 'minWriterVersion': 2}},
            {'metaData': {'id': 't', 'format': {'provider': 'parquet', 'options': {}}, 'schemaString': schema,
                          'partitionColumns': list(columns), 'configuration': {}}}]


def write_info(second):
    return {'commitInfo': {'timestamp': 1704067200000 + second * 1000, 'operation': 'WRITE'}}


class SmallTables(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)

    def table(self, *commits, name='table'):
        log = self.root / name / '_delta_log'
        log.mkdir(parents=True)
        for version, actions in enumerate(commits):
            (log / f'{version:020}.json').write_text(''.join(json.dumps(a, ensure_ascii=False) + '\n' for a in actions))
        return self.root / name

    def run_it(self, *args, code=0):
        done = subprocess.run([LATECOMER, *map(str, args)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, f'{args}: {done.stdout}{done.stderr}')
        return done

    def story(self):
        """Loads of 01-01, 01-02, 01-03, then a late one of 01-01, then a compaction of 01-02."""
        days = ['2024-01-01', '2024-01-02', '2024-01-03', '2024-01-01']
        commits = [[write_info(i), add(f'f{i}', {'event_time': d})] for i, d in enumerate(days)]
        commits[0] = create({'event_time': 'string'}) + commits[0][1:]
        commits.append([write_info(9), remove('f1', {'event_time': '2024-01-02'}, data_change=False),
                        add('f9', {'event_time': '2024-01-02'}, data_change=False)])
        return self.table(*commits)

    def backfill(self, table, current, last=None, *more, code=0):
        out = self.root / 'out'
        out.mkdir(exist_ok=True)
        file = out / '_last_processed_version'
        if last is not None:
            file.write_text(last)
        self.run_it('configure-backfill', '--outputLocation', out, '--tableFullPath', table, '--outputBackfillingFileName',
                    'b.json', '--currentPartition', current, *more, code=code)
        return (out / 'b.json').read_text() if code == 0 else None

    def test_changes_json_is_stable(self):
        lines = self.run_it('changes', self.story(), '--output', 'json').stdout.splitlines()
        self.assertEqual(len(lines), 5)
        self.assertEqual(lines[3], '{"version":3,"timestamp":"2024-01-01T00:00:03.000Z","operation":"WRITE","metadata_changed":false,'
                         '"protocol_changed":false,"partitions":[{"partition":{"event_time":"2024-01-01"},"files_added":1,'
                         '"files_removed":0,"rows_added":10,"rows_removed":0,"bytes_added":100,"bytes_removed":0,'
                         '"deletion_vector_updates":0,"data_change":true}]}')
        self.assertIs(json.loads(lines[4])['partitions'][0]['data_change'], False)

    def test_changes_ranges(self):
        table = self.story()
        versions = [json.loads(l)['version'] for l in
                    self.run_it('changes', table, '--from', 1, '--to', 3, '--output', 'json').stdout.splitlines()]
        self.assertEqual(versions, [2, 3])
        self.run_it('changes', table, '--to', 99, code=3)
        self.run_it('changes', table, '--from', 99, code=2)
        self.run_it('changes', table, '--from', -1, code=2)

    def test_summary_and_csv(self):
        table = self.story()
        totals = [json.loads(l) for l in self.run_it('changes', table, '--summary', '--output', 'json').stdout.splitlines()]
        self.assertEqual([(t['partition']['event_time'], t['files_added'], t['last_version']) for t in totals],
                         [('2024-01-01', 2, 3), ('2024-01-02', 2, 4), ('2024-01-03', 1, 2)])
        csv = self.run_it('changes', table, '--output', 'csv').stdout.splitlines()
        self.assertTrue(csv[0].startswith('version,timestamp,operation,partition,files_added'))
        self.assertEqual(csv[4].split(',')[3:6], ['event_time=2024-01-01', '1', '0'])

    def test_partitions_json_is_stable(self):
        table = self.story()
        out = self.run_it('partitions', table, '--output', 'json').stdout.splitlines()
        self.assertEqual(out[0], '{"partition":{"event_time":"2024-01-01"},"files":2,"rows":20,"bytes":200,"last_changed_version":3}')
        self.assertEqual(json.loads(out[1])['last_changed_version'], 1)
        self.assertEqual(len(self.run_it('partitions', table, '--at', 1, '--output', 'json').stdout.splitlines()), 2)
        self.assertIn('event_time=2024-01-02', self.run_it('partitions', table).stdout)

    def test_exit_codes_and_json_errors(self):
        self.assertEqual(json.loads(self.run_it('changes', self.root, '--output', 'json', code=3).stderr)['error']['kind'],
                         'not_found')
        damaged = self.story()
        with open(damaged / '_delta_log' / f'{2:020}.json', 'a') as file:
            file.write('{"add":{"path"\n')
        error = json.loads(self.run_it('changes', damaged, '--output', 'json', code=3).stderr)['error']
        self.assertEqual((error['kind'], error['line']), ('damaged', 3))
        self.assertTrue(error['file'].endswith(f'{2:020}.json'))
        new = self.table(create({}), [{'protocol': {'minReaderVersion': 3, 'minWriterVersion': 7,
                                                    'readerFeatures': ['teleportation'], 'writerFeatures': ['teleportation']}}],
                         name='new')
        self.assertIn('teleportation', self.run_it('partitions', new, code=4).stderr)

    def test_usage_errors(self):
        self.assertIn("did you mean 'latecomer changes'", self.run_it('chanes', code=2).stderr)
        self.assertIn("did you mean '--summary'", self.run_it('changes', 'x', '--sumary', code=2).stderr)
        self.assertEqual(json.loads(self.run_it('changes', '--output', 'json', code=2).stderr)['error']['kind'], 'invalid_argument')
        self.run_it('changes', 'x', '--output', 'xml', code=2)
        self.run_it(code=2)
        self.assertIn('Examples:', self.run_it('changes', '--help').stdout)
        self.assertTrue(self.run_it('--version').stdout.startswith('latecomer '))
        for shell in ('bash', 'zsh', 'fish'):
            self.assertIn('configure-backfill', self.run_it('completion', shell).stdout)
        subprocess.run(['bash', '-n'], input=self.run_it('completion', 'bash').stdout, text=True, check=True)

    def test_the_story_of_the_spark_job(self):
        table = self.story()
        late = '{"partitions":[{"event_time":"2024-01-01"}],"lastProcessedVersion":4}'
        self.assertEqual(self.backfill(table, 'event_time=2024-01-02', '2'), late)
        self.run_it('update-last-processed', '--outputLocation', self.root / 'out', '--outputBackfillingFileName', 'b.json')
        self.assertEqual((self.root / 'out' / '_last_processed_version').read_text(), '4')
        self.assertEqual(self.backfill(table, 'event_time=2024-01-01'), '{"partitions":[],"lastProcessedVersion":4}')

    def test_first_use_starts_at_version_0(self):
        self.assertEqual(self.backfill(self.story(), 'event_time=2024-01-03'),
                         '{"partitions":[{"event_time":"2024-01-01"},{"event_time":"2024-01-02"}],"lastProcessedVersion":4}')

    def test_a_compaction_is_not_late(self):
        self.assertEqual(self.backfill(self.story(), 'event_time=2024-01-03', '3'), '{"partitions":[],"lastProcessedVersion":4}')

    def test_the_version_file(self):
        table = self.story()
        self.assertEqual(self.backfill(table, 'event_time=2024-01-02', ' 2 \n')[-3:], ':4}')
        self.backfill(table, 'event_time=2024-01-02', 'two', code=2)
        self.backfill(table, 'event_time=2024-01-02', '', code=2)
        self.backfill(table, 'event_time=2024-01-02', '5', code=5)
        (self.root / 'out' / '_last_processed_version').write_text('9')
        self.run_it('update-last-processed', '--outputLocation', self.root / 'out', '--outputBackfillingFileName', 'b.json', code=7)

    def test_wrong_use(self):
        table = self.story()
        self.backfill(table, 'day=2024-01-02', '2', code=2)
        self.backfill(table, 'event_time', '2', code=2)
        self.backfill(table, 'event_time=2024-01-02', '2', '--unknown', code=2)

    def columns(self, columns, *values):
        first = create(columns)
        return self.table(first, *([write_info(i), add(f'f{i}', v)] for i, v in enumerate(values)))

    def found(self, table, current):
        return [tuple(p.values()) for p in json.loads(self.backfill(table, current))['partitions']]

    def test_integers_compare_as_numbers(self):
        table = self.columns({'month': 'integer'}, {'month': '9'}, {'month': '10'}, {'month': '11'})
        self.assertEqual(self.found(table, 'month=10'), [('9',)])

    def test_strings_compare_as_dates_or_integers_only_when_both_are(self):
        table = self.columns({'p': 'string'}, {'p': '9'}, {'p': '10'}, {'p': '2024-01-01'}, {'p': 'abc'})
        self.assertEqual(self.found(table, 'p=10'), [('9',)])
        self.assertEqual(self.found(table, 'p=2024-01-02'), [('10',), ('2024-01-01',)])  # '10' as text
        self.assertEqual(self.found(table, 'p=b'), [('9',), ('10',), ('2024-01-01',), ('abc',)])

    def test_several_columns_by_name(self):
        days = [{'year': y, 'month': m, 'day': d} for y, m, d in (('2023', '12', '31'), ('2024', '9', '30'), ('2024', '10', '1'),
                                                                  ('2024', '10', '2'))]
        table = self.columns({'year': 'integer', 'month': 'integer', 'day': 'integer'}, *days)
        want = [('2023', '12', '31'), ('2024', '9', '30'), ('2024', '10', '1')]
        self.assertEqual(self.found(table, 'year=2024/month=10/day=2'), want)
        self.assertEqual(self.found(table, 'day=2/month=10/year=2024'), want)

    def test_null_is_never_before(self):
        table = self.columns({'p': 'string'}, {'p': None}, {'p': ''}, {'p': '1'})
        self.assertEqual(self.found(table, 'p=2'), [('1',)])

    def test_escapes_stay_as_in_the_log(self):
        table = self.columns({'p': 'string'}, {'p': '2024/01/01'}, {'p': 'a%2Fb'}, {'p': '"\\'}, {'p': '😈'})
        self.assertEqual(self.backfill(table, 'p=%F4%8F%BF%BF'),
                         '{"partitions":[{"p":"2024/01/01"},{"p":"a%2Fb"},{"p":"\\"\\\\"},{"p":"😈"}],"lastProcessedVersion":4}')

    def test_a_cleaned_log_is_an_error_unless_allowed(self):
        table = self.story()
        log = table / '_delta_log'
        lines = [json.dumps(a) for a in ({'checkpointMetadata': {'version': 2}}, *create({'event_time': 'string'})[1:],
                                         add('f0', {'event_time': '2024-01-01'}), add('f1', {'event_time': '2024-01-02'}),
                                         add('f2', {'event_time': '2024-01-03'}))]
        (log / f'{2:020}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json').write_text('\n'.join(lines))
        (log / f'{0:020}.json').unlink()
        (log / f'{1:020}.json').unlink()
        self.backfill(table, 'event_time=2024-01-03', '0', code=5)
        self.assertEqual(self.backfill(table, 'event_time=2024-01-03', '2'),
                         '{"partitions":[{"event_time":"2024-01-01"}],"lastProcessedVersion":4}')
        self.assertEqual(self.backfill(table, 'event_time=2024-01-03', '0', '--allow-gap'),
                         '{"partitions":[{"event_time":"2024-01-01"},{"event_time":"2024-01-02"}],"lastProcessedVersion":4}')
        self.run_it('changes', table, '--from', 0, code=5)
        self.assertIn('version 2', self.run_it('changes', table, '--output', 'json').stderr)


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    LATECOMER = sys.argv.pop(1)
    unittest.main()
