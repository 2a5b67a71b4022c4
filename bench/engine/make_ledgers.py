"""Tables and ledgers of a wanted size, for benchmarks of the engine."""
import datetime
import json
import pathlib
import sqlite3
import uuid

FIRST = datetime.datetime(2010, 1, 1)
SCHEMA = {'type': 'struct', 'fields': [
    {'name': 'value', 'type': 'long', 'nullable': True, 'metadata': {}},
    {'name': 'hour', 'type': 'string', 'nullable': True, 'metadata': {}}]}


def hour(number):
    return (FIRST + datetime.timedelta(hours=number)).strftime('%Y-%m-%dT%H')


def commit(table, version, hours, at=datetime.datetime(2025, 1, 1)):
    """One commit that adds a file to each of the hours; only the log is written."""
    log = pathlib.Path(table) / '_delta_log'
    log.mkdir(parents=True, exist_ok=True)
    when = int(at.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000) + version * 1000
    actions = [{'commitInfo': {'timestamp': when, 'operation': 'WRITE', 'operationParameters': {'mode': 'Append'}}}]
    if version == 0:
        actions += [{'protocol': {'minReaderVersion': 1, 'minWriterVersion': 2}},
                    {'metaData': {'id': str(uuid.UUID(int=9)), 'format': {'provider': 'parquet', 'options': {}},
                                  'schemaString': json.dumps(SCHEMA), 'partitionColumns': ['hour'], 'configuration': {},
                                  'createdTime': when}}]
    for number in hours:
        text = hour(number)
        actions.append({'add': {'path': f'hour={text}/part-{version}-{number}.parquet', 'partitionValues': {'hour': text},
                                'size': 1234, 'modificationTime': when, 'dataChange': True,
                                'stats': '{"numRecords":100}'}})
    (log / f'{version:020}.json').write_text('\n'.join(json.dumps(action) for action in actions) + '\n')


def fill_with_runs(ledger, pipeline, runs, steps):
    """Adds ended runs with their steps to a ledger that latecomer made."""
    database = sqlite3.connect(ledger)
    database.execute('PRAGMA synchronous = OFF')
    database.execute('PRAGMA cache_size = -400000')
    first, = database.execute('SELECT coalesce(max(id), 0) + 1 FROM runs').fetchone()
    begin = 1_700_000_000_000
    kinds = ('scheduled', 'scheduled', 'scheduled', 'backfill', 'manual')
    states = ('success', 'success', 'success', 'success', 'failed', 'skipped')
    database.executemany(
        'INSERT INTO runs (id, pipeline, run_id, partition_key, partition_display, kind, cause, state, waiting_for, '
        "message, tries, note, created, started, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', 1, '', ?, ?, ?)",
        ((first + n, pipeline, f'run_{n}', json.dumps({'hour': hour(n)}), hour(n), kinds[n % 5], f'bench:{n}', states[n % 6],
          begin + n * 1000, begin + n * 1000, begin + n * 1000 + 900) for n in range(runs)))
    database.executemany(
        'INSERT INTO tries (run, number, state, vector, token, definition_hash, message, started, ended) '
        "VALUES (?, 1, 'success', '{\"table\":1}', 1, 'hash', '', ?, ?)",
        ((first + n, begin + n * 1000, begin + n * 1000 + 900) for n in range(runs)))
    database.executemany(
        'INSERT INTO steps (run, try_number, step, map_index, position, state, attempts, message, started, ended) '
        "VALUES (?, 1, ?, -1, ?, 'success', 1, '', ?, ?)",
        ((first + n, f'step_{step}', step, begin + n * 1000, begin + n * 1000 + 900)
         for n in range(runs) for step in range(steps)))
    database.commit()
    database.close()
