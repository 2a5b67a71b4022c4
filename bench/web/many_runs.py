"""A pipeline with many runs that have ended, for measuring the UI on the real program. Only the table's log is written.

usage: many_runs.py LATECOMER FOLDER RUNS
"""
import datetime
import json
import pathlib
import sqlite3
import subprocess
import sys

FIRST = datetime.date(2015, 1, 1)
OWN_STEPS = 16  # with ready, detect, record and backfill: 20
SCHEMA = {'type': 'struct', 'fields': [{'name': 'value', 'type': 'long', 'nullable': True, 'metadata': {}},
                                       {'name': 'day', 'type': 'date', 'nullable': True, 'metadata': {}}]}


def day(number):
    return (FIRST + datetime.timedelta(days=number)).isoformat()


def write_table(table, partitions):
    log = table / '_delta_log'
    log.mkdir(parents=True)
    when = 1_600_000_000_000
    actions = [{'commitInfo': {'timestamp': when, 'operation': 'WRITE', 'operationParameters': {'mode': 'Append'}}},
               {'protocol': {'minReaderVersion': 1, 'minWriterVersion': 2}},
               {'metaData': {'id': '00000000-0000-4000-8000-000000000009', 'format': {'provider': 'parquet', 'options': {}},
                             'schemaString': json.dumps(SCHEMA), 'partitionColumns': ['day'], 'configuration': {},
                             'createdTime': when}}]
    actions += [{'add': {'path': f'day={day(n)}/part-{n}.parquet', 'partitionValues': {'day': day(n)}, 'size': 1234,
                         'modificationTime': when, 'dataChange': True, 'stats': '{"numRecords":100}'}}
                for n in range(partitions)]
    (log / f'{0:020}.json').write_text('\n'.join(json.dumps(action) for action in actions) + '\n')


def fill(ledger, runs):
    """Runs of every kind and state, with their tries and steps, as if they had been made one after another."""
    database = sqlite3.connect(ledger)
    begin = 1_700_000_000_000
    kinds = ('scheduled', 'scheduled', 'scheduled', 'backfill', 'manual')
    states = ('success', 'success', 'success', 'success', 'failed')
    names = ['ready', 'detect', *(f'step_{n:02}' for n in range(OWN_STEPS)), 'record', 'backfill']
    for n in range(runs):
        key, kind, state, at = json.dumps({'day': day(n)}, separators=(',', ':')), kinds[n % 5], states[n % 5], begin + n * 60_000
        took = 20_000 + n * 7919 % 30_000
        run = database.execute(
            'INSERT INTO runs (pipeline, run_id, partition_key, partition_display, kind, cause, state, waiting_for, message, '
            "tries, note, created, started, ended) VALUES ('many', ?, ?, ?, ?, ?, ?, '', '', 1, '', ?, ?, ?)",
            (f'{kind}_{day(n)}', key, day(n), kind, 'interval' if kind == 'scheduled' else f'many@{n}', state, at, at,
             at + took)).lastrowid
        database.execute("INSERT INTO tries VALUES (?, 1, ?, '{\"days\":0}', 1, 'hash', '', ?, ?)", (run, state, at, at + took))
        database.executemany(
            'INSERT INTO steps (run, try_number, step, map_index, position, state, attempts, message, started, ended) '
            "VALUES (?, 1, ?, -1, ?, ?, 1, '', ?, ?)",
            ((run, name, place, 'skipped' if name == 'backfill' else state if name == 'record' else 'success',
              at + place * took // 20, at + (place + 1) * took // 20) for place, name in enumerate(names)))
    database.commit()
    database.close()


def make(binary, folder, runs):
    write_table(folder / 'days', runs + 1)
    (folder / 'pipelines').mkdir()
    file = folder / 'pipelines/many.yaml'
    file.write_text('pipeline: many\nsources: {days: {table: ../days, partition: day}}\nsteps:\n' + ''.join(
        f'  - {{id: step_{n:02}, command: ["true"]{f", needs: step_{n - 1:02}" if n else ""}}}\n' for n in range(OWN_STEPS)))
    subprocess.run([binary, 'adopt', file, '--at-version', '0', '--to', day(runs - 1)], check=True, stdout=subprocess.DEVNULL)
    fill(folder / 'pipelines/.latecomer/ledger.db', runs)


if __name__ == '__main__':
    make(sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]))
