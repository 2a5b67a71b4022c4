#!/usr/bin/env python3
"""Hold `latecomer configure-backfill` and `latecomer changes` against what the original Spark job wrote.

usage: spark_job_test.py LATECOMER [--job DIR] [-v]

DIR has tables/<name>/{table/, job.json, expected.json}: tables written by Spark, the job's exact output for values of
the version file and of the current partition, and what each version changed, computed from the log alone. For each
recorded call this test works out what is right from expected.json by its own rules (below), and then:
- the command must give just that;
- where the original's output is the same text, that is counted as agreement; where it isn't, one of the reasons in
  docs/differences-from-the-spark-job.md must explain it, or the test fails.
When DIR is not there, the test says what it leaves out and passes.
"""
import argparse, collections, json, pathlib, re, subprocess, sys, tempfile

DAY = re.compile(r'\d{4}-\d{2}-\d{2}$')
INTEGER = re.compile(r'[+-]?\d+$')
SENTINEL = '\uffff'  # in job.json: a text after every partition, so that all that changed are given
SOME = {'integer': '2147483647', 'long': '2147483647', 'short': '32767', 'byte': '127', 'float': '1e9', 'double': '1e9',
        'boolean': 'true', 'date': '9999-12-31', 'timestamp': '9999-12-31 00:00:00', 'timestamp_ntz': '9999-12-31 00:00:00'}


def run(binary, *args):
    done = subprocess.run([binary, *args], capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def types_of(table):
    """Partition columns, logical name → type, and physical → logical names, from the newest metaData in the commits."""
    columns, logical = None, {}
    for path in sorted((table / '_delta_log').glob('*.json')):
        if not re.fullmatch(r'\d{20}\.json', path.name):
            continue
        for line in path.read_text().splitlines():
            action = json.loads(line)
            if 'metaData' in action:
                fields = json.loads(action['metaData']['schemaString'])['fields']
                types = {f['name']: f['type'] for f in fields}
                columns = {c: types[c] for c in action['metaData']['partitionColumns']}
                logical = {f['metadata'].get('delta.columnMapping.physicalName', f['name']): f['name'] for f in fields}
    return columns, logical


def comparable(kind, text):
    """A text of a type as something that compares; strings stay strings."""
    if kind in ('integer', 'long', 'short', 'byte'):
        return int(text)
    if kind in ('float', 'double') or kind.startswith('decimal'):
        return float(text)
    return text  # dates and timestamps in one spelling order as text; booleans too


def before(columns, key, current):
    for name, kind in columns.items():
        a, b = key.get(name), current.get(name)
        if a in (None, '') or b in (None, ''):
            return False
        if kind == 'string' and INTEGER.match(a) and INTEGER.match(b):
            a, b = int(a), int(b)
        elif kind != 'string':
            a, b = comparable(kind, a), comparable(kind, b)
        if a != b:
            return a < b
    return False


def changed(expected, base):
    """Partitions with data change after `base`, in order of first appearance."""
    seen = []
    for version in expected['versions']:
        if version['version'] <= base:
            continue
        for p in version['partitions']:
            key = {expected['logical'].get(c, c): v for c, v in p['partition'].items()}
            if p['data_change'] and key not in seen:
                seen.append(key)
    return seen


def after_all(columns, expected):
    """A partition after every one that the table ever had, for the calls with SENTINEL."""
    parts = []
    for name, kind in columns.items():
        texts = [p['partition_logical'].get(name) or '' for v in expected['versions'] for p in v['partitions']]
        days = all(DAY.match(t) for t in texts if t)
        parts.append(f'{name}={SOME.get(kind) or ("9999-12-31" if days and kind == "string" else "9" if "decimal" in kind else SENTINEL)}')
    return '/'.join(parts)


def current_of(text):
    return dict(part.split('=', 1) for part in text.split('/'))


def reason(name, call, expected, want, theirs):
    """Why the original's answer is not the right one; None when nothing explains it."""
    base = call['last_processed_version_file']
    ours = [json.dumps(p, sort_keys=True) for p in want['partitions']]
    them = [json.dumps(p, sort_keys=True) for p in theirs['partitions']]
    if theirs['lastProcessedVersion'] != want['lastProcessedVersion']:
        return None
    if base is None:  # also when only the order is another one: version 0 came first
        return 'first use starts at version 0'
    if expected['mapped']:
        return 'column mapping: physical names'
    extra = [json.loads(p) for p in them if p not in ours]
    missing = [json.loads(p) for p in ours if p not in them]
    start = int(base)
    only_rewritten = [p for p in extra if p not in changed(expected, start)]
    if extra and len(only_rewritten) == len(extra) and not missing:
        return 'dataChange=false is not late'
    if all(p in changed(expected, start) for p in extra + missing):
        nulls = [p for p in extra if None in p.values() or '' in p.values()]
        return 'null is never before' if len(nulls) == len(extra) and not missing else 'typed comparison'
    return None


def check_call(binary, name, table, expected, columns, call, count, problems, verbose):
    current, base = call['current_partition'], call['last_processed_version_file']
    if current == SENTINEL:
        current = after_all(columns, expected) or 'none=0'
    with tempfile.TemporaryDirectory() as out:
        if base is not None:
            (pathlib.Path(out) / '_last_processed_version').write_text(base)
        code, _, err = run(binary, 'configure-backfill', '--outputLocation', out, '--tableFullPath', str(table),
                           '--outputBackfillingFileName', 'b.json', '--currentPartition', current)
        written = pathlib.Path(out) / 'b.json'
        got = written.read_text() if written.exists() else None
    where = f'{name} version file {base!r} current {current!r}'
    start = -1 if base is None else int(base)
    if start > expected['last_version']:
        count['version file ahead: an error'] += 1
        if code != 5 or got is not None:
            problems.append(f'{where}: expected exit 5 and no file, got {code}: {err}')
        return
    if start + 1 < expected['first_version']:
        count['cleaned log: an error'] += 1
        if code != 5 or got is not None:
            problems.append(f'{where}: expected exit 5 and no file, got {code}: {err}')
        return
    if columns and set(current_of(current)) != set(columns):
        count['other columns than the table has: an error'] += 1
        if code != 2:
            problems.append(f'{where}: expected exit 2, got {code}: {err}')
        return
    if code != 0:
        problems.append(f'{where}: exit {code}: {err.strip()}')
        return
    partitions = [p for p in changed(expected, start) if before(columns, p, current_of(current))]
    want = {'partitions': partitions, 'lastProcessedVersion': expected['last_version']}
    have = json.loads(got)
    if [sorted(p.items()) for p in have['partitions']] != [sorted(p.items()) for p in partitions] and \
            sorted(map(str, have['partitions'])) != sorted(map(str, partitions)):
        problems.append(f'{where}: expected {want}, got {got}')
        return
    if got == call['output']:
        count['the same text'] += 1
        return
    why = reason(name, call, expected, have, json.loads(call['output']))
    if why is None:
        problems.append(f'{where}: differs without a reason: ours {got}, theirs {call["output"]}')
        return
    count[f'differs: {why}'] += 1
    if verbose:
        print(f'{where}: {why}\n    ours   {got}\n    theirs {call["output"]}')


def check_changes(binary, name, table, expected, problems):
    code, out, err = run(binary, 'changes', str(table), '--output', 'json')
    if code != 0:
        problems.append(f'{name}: changes: exit {code}: {err.strip()}')
        return
    got = {c['version']: c for c in map(json.loads, out.splitlines())}
    for version in expected['versions']:
        want = {json.dumps({k: v or None for k, v in p['partition_logical'].items()}, sort_keys=True):
                (p['adds'], p['removes'], p['data_change']) for p in version['partitions'] if p['adds'] or p['removes']}
        names = {c for p in version['partitions'] for c in p['partition_logical']}
        have = {json.dumps({c: p['partition'].get(c) for c in names}, sort_keys=True): (p['files_added'], p['files_removed'], p['data_change'])
                for p in got.get(version['version'], {}).get('partitions', [])}
        if want != have:
            problems.append(f'{name}: version {version["version"]}: expected {want}, got {have}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('latecomer')
    default = pathlib.Path(__file__).resolve().parents[3] / 'shared' / 'spark-job'
    parser.add_argument('--job', type=pathlib.Path, default=default)
    parser.add_argument('-v', action='store_true')
    args = parser.parse_args()
    if not (args.job / 'tables').is_dir():
        print(f'left out: {args.job} is not there, so the original Spark job is not compared with')
        return 0
    count, problems = collections.Counter(), []
    for folder in sorted((args.job / 'tables').iterdir()):
        expected = json.loads((folder / 'expected.json').read_text())
        expected['mapped'] = 'delta.columnMapping.mode' in expected.get('configuration', {})
        table = folder / 'table'
        check_changes(args.latecomer, folder.name, table, expected, problems)
        columns, expected['logical'] = types_of(table)
        if columns is None:
            columns = {c: 'string' for c in expected['partition_columns']}
        for call in json.loads((folder / 'job.json').read_text()):
            check_call(args.latecomer, folder.name, table, expected, columns, call, count, problems, args.v)
    for problem in problems[:40]:
        print(f'FAIL {problem}')
    for what, number in sorted(count.items()):
        print(f'{number:5} {what}')
    print(f'{len(problems)} problems')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
