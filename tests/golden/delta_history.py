"""A Delta table written action by action, with the truth about it: for tests that put its log into any state."""
import copy
import json
import os
import pathlib
import struct
import sys
import urllib.parse
import uuid

PROTOCOL_FEATURES = {'plain': [], 'vectors': ['deletionVectors'], 'mapped': ['columnMapping']}
NULL = None


def program_and_python():
    """Takes the program to test from the arguments; goes on under the Python that they name, if they do."""
    program = sys.argv.pop(1)
    if len(sys.argv) > 1 and not sys.argv[1].startswith('-') and os.access(sys.argv[1], os.X_OK):
        python = sys.argv.pop(1)
        os.execv(python, [python, '-B', sys.argv[0], program, *sys.argv[1:]])
    return program


def z85(data):
    alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
    text = ''
    for (number,) in struct.iter_unpack('>I', data):
        text += ''.join(alphabet[number // 85 ** power % 85] for power in (4, 3, 2, 1, 0))
    return text


def inline_vector(rows):
    """A deletion vector that hides these rows, in the descriptor itself (64-bit Roaring, portable form)."""
    bitmap = struct.pack('<IIHH', 12346, 1, 0, len(rows) - 1) + struct.pack('<I', 16) + struct.pack(f'<{len(rows)}H', *rows)
    data = struct.pack('<IQI', 1681511377, 1, 0) + bitmap
    data += bytes(-len(data) % 4)
    return {'storageType': 'i', 'pathOrInlineDv': z85(data), 'sizeInBytes': len(data), 'cardinality': len(rows)}


class History:
    """Ten commits that add, rewrite, compact, remove barely, rename, overwrite and restore. `states[v]` is what the table
    holds at version v: (path, vector) → (partition as logical names, rows); `changes[v]` what v changed, in the same terms."""

    def __init__(self, feature):
        self.feature = feature
        self.names = {'day': 'col-day', 'key': 'col-key'} if feature == 'mapped' else {'day': 'day', 'key': 'key'}
        self.commits, self.states, self.changes = [], [], []
        self.heads = []  # protocol and metaData as of each version
        self.live = {}
        self._write()

    def _head(self, key_name):
        features = PROTOCOL_FEATURES[self.feature] + ['v2Checkpoint']
        protocol = {'minReaderVersion': 3, 'minWriterVersion': 7, 'readerFeatures': features, 'writerFeatures': features}
        fields = []
        columns = (('id', 'id', 'long'), (self.names['day'], 'day', 'date'), (self.names['key'], key_name, 'string'))
        for number, (physical, logical, kind) in enumerate(columns):
            mapping = {'delta.columnMapping.id': number + 1, 'delta.columnMapping.physicalName': physical}
            fields.append({'name': logical, 'type': kind, 'nullable': True, 'metadata': mapping if self.feature == 'mapped' else {}})
        configuration = {'delta.columnMapping.mode': 'name', 'delta.columnMapping.maxColumnId': '3'} if self.feature == 'mapped' else {}
        return [{'protocol': protocol},
                {'metaData': {'id': str(uuid.UUID(int=5)), 'format': {'provider': 'parquet', 'options': {}},
                              'schemaString': json.dumps({'type': 'struct', 'fields': fields}),
                              'partitionColumns': ['day', key_name], 'configuration': configuration, 'createdTime': 0}}]

    def _write(self):
        key = 'key'
        self._commit('CREATE TABLE', self._head(key))
        self._commit('WRITE', [self.add('a', '2024-01-01', 'x', 10), self.add('b', '2024-01-02', 'x', 20)])
        self._commit('WRITE', [self.add('c c', '2024-01-02', 'y/z %', 30), self.add('n', '2024-01-02', NULL, 5)])
        vector = inline_vector([1, 3]) if self.feature == 'vectors' else None
        self._commit('DELETE', [self.remove('b'), self.add('b', '2024-01-02', 'x', 20, vector=vector) if vector
                                else self.add('b2', '2024-01-02', 'x', 18)])
        self._commit('OPTIMIZE', [self.remove('a', data_change=False), self.add('a2', '2024-01-01', 'x', 10, data_change=False)])
        self._commit('DELETE', [self.bare_remove('c c')])
        if self.feature == 'mapped':
            key = 'label'
        self._commit('RENAME COLUMN', self._head(key)[1:], head=self._head(key))
        self._commit('WRITE', [self.remove(path) for path, _ in list(self.live)] + [self.add('w', '2024-01-03', 'x', 40)])
        self._commit('RESTORE', [self.remove('w'), self.add('a2', '2024-01-01', 'x', 10), self.add('n', '2024-01-02', NULL, 5)])
        self._commit('WRITE', [self.add('ü', '2024-01-04', 'ü', 7)])

    def add(self, path, day, key, rows, data_change=True, vector=None):
        quoted = urllib.parse.quote(f'{path}.parquet')
        action = {'path': quoted, 'partitionValues': {self.names['day']: day, self.names['key']: key}, 'size': 100 + rows,
                  'modificationTime': 0, 'dataChange': data_change, 'stats': json.dumps({'numRecords': rows}, separators=(',', ':'))}
        if vector:
            action['deletionVector'] = vector
        return {'add': action}

    def remove(self, path, data_change=True):
        """With all that a remove may say, of the one live file of this name."""
        quoted = path if path.endswith('.parquet') else urllib.parse.quote(f'{path}.parquet')
        add = next(add for (name, _), add in self.live.items() if name == quoted)
        action = {k: v for k, v in add.items() if k not in ('modificationTime', 'dataChange')}
        return {'remove': {**action, 'deletionTimestamp': 1, 'dataChange': data_change, 'extendedFileMetadata': True}}

    def bare_remove(self, path):
        return {'remove': {'path': urllib.parse.quote(f'{path}.parquet'), 'deletionTimestamp': 1, 'dataChange': True}}

    def _commit(self, operation, actions, head=None):
        version = len(self.commits)
        info = {'timestamp': 1704067200000 + version * 1000, 'operation': operation, 'operationParameters': {}}
        self.commits.append([{'commitInfo': info}, *copy.deepcopy(actions)])
        self.heads.append(head or (self.heads[-1] if self.heads else actions))
        key_name = json.loads(self.heads[-1][1]['metaData']['schemaString'])['fields'][2]['name']
        changed = {}
        for action in actions:
            for kind, file in action.items():
                if kind == 'add':
                    self.live[file['path'], vector_id(file)] = file
                    count(changed, file, key_name, self.names, 1)
                elif kind == 'remove':
                    where = file if 'partitionValues' in file else next(f for (p, _), f in self.live.items() if p == file['path'])
                    count(changed, {**where, 'dataChange': file['dataChange']}, key_name, self.names, -1)
                    del self.live[where['path'], vector_id(where)]
        self.changes.append(changed)
        self.states.append({id_: (partition_of(file, key_name, self.names), rows_of(file)) for id_, file in self.live.items()})
        self.live_at = getattr(self, 'live_at', []) + [copy.deepcopy(list(self.live.values()))]

    def text(self, version):
        return ''.join(json.dumps(action, ensure_ascii=False) + '\n' for action in self.commits[version])

    def write_to(self, table):
        log = pathlib.Path(table) / '_delta_log'
        log.mkdir(parents=True)
        for version in range(len(self.commits)):
            (log / f'{version:020}.json').write_text(self.text(version))
        return log


def vector_id(file):
    vector = file.get('deletionVector')
    return vector['storageType'] + vector['pathOrInlineDv'] if vector else ''


def rows_of(file):
    hidden = file['deletionVector']['cardinality'] if 'deletionVector' in file else 0
    return json.loads(file['stats'])['numRecords'] - hidden


def partition_of(file, key_name, names):
    values = file['partitionValues']
    return (('day', values[names['day']]), (key_name, values[names['key']]))


def count(changed, file, key_name, names, sign):
    sums = changed.setdefault(partition_of(file, key_name, names), [0, 0, 0, 0, False])
    sums[0 if sign > 0 else 1] += 1
    sums[2 if sign > 0 else 3] += rows_of(file)
    sums[4] = sums[4] or file['dataChange']


# Checkpoints ------------------------------------------------------------------------------------------------------------

def parquet_schema(pa):
    texts = pa.map_(pa.string(), pa.string())
    vector = pa.struct([('storageType', pa.string()), ('pathOrInlineDv', pa.string()), ('offset', pa.int32()),
                        ('sizeInBytes', pa.int32()), ('cardinality', pa.int64())])
    add = pa.struct([('path', pa.string()), ('partitionValues', texts), ('size', pa.int64()), ('modificationTime', pa.int64()),
                     ('dataChange', pa.bool_()), ('stats', pa.string()), ('deletionVector', vector)])
    protocol = pa.struct([('minReaderVersion', pa.int32()), ('minWriterVersion', pa.int32()),
                          ('readerFeatures', pa.list_(pa.string())), ('writerFeatures', pa.list_(pa.string()))])
    metadata = pa.struct([('id', pa.string()), ('name', pa.string()),
                          ('format', pa.struct([('provider', pa.string()), ('options', texts)])), ('schemaString', pa.string()),
                          ('partitionColumns', pa.list_(pa.string())), ('configuration', texts), ('createdTime', pa.int64())])
    remove = pa.struct([('path', pa.string()), ('deletionTimestamp', pa.int64()), ('dataChange', pa.bool_())])
    txn = pa.struct([('appId', pa.string()), ('version', pa.int64())])
    sidecar = pa.struct([('path', pa.string()), ('sizeInBytes', pa.int64()), ('modificationTime', pa.int64())])
    return pa.schema([('txn', txn), ('add', add), ('remove', remove), ('metaData', metadata), ('protocol', protocol),
                      ('sidecar', sidecar), ('checkpointMetadata', pa.struct([('version', pa.int64())]))])


def for_parquet(action):
    """The action as pyarrow takes it: maps as lists of pairs."""
    action = copy.deepcopy(action)
    for body in action.values():
        for name in ('partitionValues', 'configuration'):
            if name in body:
                body[name] = list(body[name].items())
        if 'format' in body:
            body['format']['options'] = []
    return action


def write_parquet(path, actions, row_group_size=3, only=None):
    import pyarrow as pa
    import pyarrow.parquet as pq
    schema = parquet_schema(pa)
    if only:
        schema = pa.schema([schema.field(only)])
    pq.write_table(pa.Table.from_pylist([for_parquet(a) for a in actions], schema=schema), path, row_group_size=row_group_size)


def checkpoint_adds(history, version):
    return [{'add': {**file, 'dataChange': False}} for file in history.live_at[version]]


def write_checkpoint(history, log, version, kind):
    """kind: classic, parts, v2json, v2parquet or none. Returns what _last_checkpoint would say of it."""
    head, adds = history.heads[version], checkpoint_adds(history, version)
    hint = {'version': version, 'size': len(head) + len(adds)}
    name = f'{version:020}.checkpoint'
    if kind == 'none':
        return None
    if kind == 'classic':
        write_parquet(log / f'{name}.parquet', head + [{'txn': {'appId': 'a', 'version': 1}}] + adds)
        return hint
    if kind == 'parts':
        write_parquet(log / f'{name}.{1:010}.{3:010}.parquet', head)
        write_parquet(log / f'{name}.{2:010}.{3:010}.parquet', adds[::2])
        write_parquet(log / f'{name}.{3:010}.{3:010}.parquet', adds[1::2])
        return {**hint, 'parts': 3}
    (log / '_sidecars').mkdir(exist_ok=True)
    rows = [{'checkpointMetadata': {'version': version}}, *head]
    for part in (0, 1):
        side = log / '_sidecars' / f'{uuid.UUID(int=version * 10 + part)}.parquet'
        write_parquet(side, adds[part::2], only='add')
        rows.append({'sidecar': {'path': side.name, 'sizeInBytes': side.stat().st_size, 'modificationTime': 0}})
    target = log / f'{name}.{uuid.UUID(int=version)}.{"json" if kind == "v2json" else "parquet"}'
    if kind == 'v2json':
        target.write_text(''.join(json.dumps(row) + '\n' for row in rows))
    else:
        write_parquet(target, rows)
    return hint
