"""Delta tables of a wanted size, written without any engine: only the log, whose files need not exist."""
import datetime
import itertools
import json
import os
import pathlib
import uuid

FIRST_DAY_MS = 1_704_067_200_000  # 2024-01-01
DAY_MS = 86_400_000
SCHEMA = {'type': 'struct', 'fields': [
    {'name': 'type', 'type': 'string', 'nullable': True, 'metadata': {}},
    {'name': 'full_name', 'type': 'string', 'nullable': True, 'metadata': {}},
    {'name': 'version', 'type': 'string', 'nullable': True, 'metadata': {}},
    {'name': 'event_time', 'type': 'date', 'nullable': True, 'metadata': {}}]}
DAYS = [str(datetime.date(2024, 1, 1) + datetime.timedelta(days=n)) for n in range(1000)]


def protocol(reader=1, writer=2, features=()):
    action = {'minReaderVersion': reader, 'minWriterVersion': writer}
    if features:
        action |= {'readerFeatures': list(features), 'writerFeatures': list(features)}
    return action


def metadata():
    return {'id': str(uuid.UUID(int=7)), 'format': {'provider': 'parquet', 'options': {}},
            'schemaString': json.dumps(SCHEMA), 'partitionColumns': ['event_time'], 'configuration': {},
            'createdTime': FIRST_DAY_MS}


def add(number, day):
    """Fields and their order as Spark 4 writes them."""
    stats = ('{\\"numRecords\\":100,\\"minValues\\":{\\"type\\":\\"galaxy\\",\\"full_name\\":\\"Galaxy Camera\\",'
             '\\"version\\":\\"Android 10\\"},\\"maxValues\\":{\\"type\\":\\"mac\\",\\"full_name\\":\\"MacBook Pro (M1)\\",'
             '\\"version\\":\\"macOS Ventura\\"},\\"nullCount\\":{\\"type\\":0,\\"full_name\\":0,\\"version\\":0}}')
    return ('{"add":{"path":"event_time=%s/part-00000-%08x-5a3e-4c1f-9d7b-2f1e6a9c0d42.c000.snappy.parquet",'
            '"partitionValues":{"event_time":"%s"},"size":1234,"modificationTime":%d,"dataChange":true,"stats":"%s"}}\n'
            % (day, number, day, FIRST_DAY_MS + number, stats))


def commit(version, partitions):
    """Two adds to two of so many days."""
    one = (version * 7919) % partitions
    other = (version * 104729 + 1) % partitions
    when = FIRST_DAY_MS + version * (DAY_MS // 100)
    info = ('{"commitInfo":{"timestamp":%d,"operation":"WRITE","operationParameters":{"mode":"Append","partitionBy":"[]"},'
            '"readVersion":%d,"isolationLevel":"Serializable","isBlindAppend":true,"operationMetrics":{"numFiles":"2",'
            '"numOutputRows":"200","numOutputBytes":"2468"},"engineInfo":"Apache-Spark/4.0.0 Delta-Lake/4.0.0",'
            '"txnId":"%s"}}\n' % (when, version - 1, uuid.UUID(int=version)))
    text = info
    if version == 0:
        text += json.dumps({'metaData': metadata()}) + '\n' + json.dumps({'protocol': protocol()}) + '\n'
    return text + add(2 * version, DAYS[one]) + add(2 * version + 1, DAYS[other])


def commits(table, first, last, partitions=len(DAYS)):
    """Writes the commits [first, last)."""
    log = pathlib.Path(table) / '_delta_log'
    log.mkdir(parents=True, exist_ok=True)
    folder = os.open(log, os.O_RDONLY)
    for version in range(first, last):
        file = os.open(f'{version:020}.json', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644, dir_fd=folder)
        os.write(file, commit(version, partitions).encode())
        os.close(file)
    os.close(folder)


def _checkpoint_schema(pa):
    values = pa.map_(pa.string(), pa.string())
    add_type = pa.struct([('path', pa.string()), ('partitionValues', values), ('size', pa.int64()),
                          ('modificationTime', pa.int64()), ('dataChange', pa.bool_()), ('stats', pa.string())])
    meta = pa.struct([('id', pa.string()), ('format', pa.struct([('provider', pa.string()), ('options', values)])),
                      ('schemaString', pa.string()), ('partitionColumns', pa.list_(pa.string())),
                      ('configuration', values), ('createdTime', pa.int64())])
    proto = pa.struct([('minReaderVersion', pa.int32()), ('minWriterVersion', pa.int32()),
                       ('readerFeatures', pa.list_(pa.string())), ('writerFeatures', pa.list_(pa.string()))])
    sidecar = pa.struct([('path', pa.string()), ('sizeInBytes', pa.int64()), ('modificationTime', pa.int64())])
    return pa.schema([('add', add_type), ('metaData', meta), ('protocol', proto),
                      ('checkpointMetadata', pa.struct([('version', pa.int64())])), ('sidecar', sidecar)])


def _adds(first, last):
    for number in range(first, last):
        action = json.loads(add(number, DAYS[number % len(DAYS)]))['add']
        action['partitionValues'] = list(action['partitionValues'].items())
        yield {'add': action}


def _head(sidecars):
    # pyarrow takes maps as lists of pairs.
    meta = metadata()
    meta['configuration'] = []
    meta['format']['options'] = []
    features = ('v2Checkpoint',) if sidecars else ()
    rows = [{'protocol': protocol(3, 7, features) if sidecars else protocol()}, {'metaData': meta}]
    if sidecars:
        rows.append({'checkpointMetadata': {'version': 1}})
    return rows


def _write_rows(pa, pq, path, schema, batches):
    with pq.ParquetWriter(path, schema, compression='snappy') as writer:
        for batch in batches:
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))


def _batches(rows, size=50_000):
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def checkpoint(table, files, sidecars=0):
    """A table whose version 1 is a checkpoint of so many files: classic, or V2 with sidecars."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    log = pathlib.Path(table) / '_delta_log'
    (log / '_sidecars').mkdir(parents=True)
    schema = _checkpoint_schema(pa)
    (log / f'{1:020}.json').write_text('{"commitInfo":{"timestamp":%d,"operation":"WRITE"}}\n' % FIRST_DAY_MS)
    if not sidecars:
        (log / '_sidecars').rmdir()
        name = f'{1:020}.checkpoint.parquet'
        _write_rows(pa, pq, log / name, schema, itertools.chain([_head(0)], _batches(_adds(0, files))))
    else:
        rows = _head(sidecars)
        only_add = pa.schema([schema.field('add')])
        for number in range(sidecars):
            name = f'{uuid.UUID(int=number + 1)}.parquet'
            path = log / '_sidecars' / name
            _write_rows(pa, pq, path, only_add,
                        _batches(_adds(files * number // sidecars, files * (number + 1) // sidecars)))
            rows.append({'sidecar': {'path': name, 'sizeInBytes': path.stat().st_size, 'modificationTime': FIRST_DAY_MS}})
        name = f'{1:020}.checkpoint.{uuid.UUID(int=99)}.parquet'
        _write_rows(pa, pq, log / name, schema, [rows])
    (log / '_last_checkpoint').write_text(json.dumps({'version': 1, 'size': files + 2}))

