"""A table with many commits that a pipeline has not seen, in a store: what a plan costs there."""
import json
import subprocess

import services

PIPELINE = '''pipeline: p
sources:
  t: {{table: "{table}", partition: day, cadence: day}}
schedule: {{start: 2024-01-01, end: 2024-01-05, ready: manual}}
steps:
  - {{id: s, command: ["true"]}}
late_data: {{detect: changes, allowed_lateness: 36500d}}
'''


def commit(version):
    """One file for one of five days; version 0 also makes the table."""
    day = f'2024-01-0{version % 5 + 1}'
    info = {'timestamp': 1704067200000 + version * 1000, 'operation': 'WRITE', 'operationParameters': {}}
    lines = [{'commitInfo': info}]
    if version == 0:
        schema = {'type': 'struct', 'fields': [{'name': n, 'type': 'string', 'nullable': True, 'metadata': {}}
                                               for n in ('v', 'day')]}
        lines += [{'protocol': {'minReaderVersion': 1, 'minWriterVersion': 2}},
                  {'metaData': {'id': 'f0000000-0000-4000-8000-000000000001', 'format': {'provider': 'parquet', 'options': {}},
                                'schemaString': json.dumps(schema), 'partitionColumns': ['day'], 'configuration': {},
                                'createdTime': 1704067200000}}]
    lines.append({'add': {'path': f'day={day}/{version}.parquet', 'partitionValues': {'day': day}, 'size': 1000,
                          'modificationTime': 1704067200000, 'dataChange': True, 'stats': '{"numRecords":10}'}})
    return ''.join(json.dumps(line) + '\n' for line in lines)


class NewCommits:
    """A pipeline in `folder` that ran at version 0, and `count` commits after it."""

    def __init__(self, store, latecomer, folder, count, put=lambda store, objects: store.put(objects)):
        self.store, self.latecomer, self.folder = store, latecomer, folder
        put(store, {f't/_delta_log/{0:020}.json': commit(0)})
        (folder / 'p.yaml').write_text(PIPELINE.format(table=f'{store.uri}/t'))
        self.call(None, 'run', 'p.yaml', '--quiet')
        put(store, {f't/_delta_log/{v:020}.json': commit(v) for v in range(1, count + 1)})

    def call(self, port, *arguments):
        environment = {**services.clean_environment(), 'HOME': str(self.folder), **self.store.environment(port)}
        began = services.now()
        done = subprocess.run([self.latecomer, *arguments], cwd=self.folder, env=environment, capture_output=True, text=True,
                              timeout=120)
        took = services.now() - began
        if done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)
        return took, done.stdout

    def plan(self, port=None):
        """Seconds and what it says; `port` is that of a door before the store."""
        return self.call(port, 'plan', 'p.yaml')
