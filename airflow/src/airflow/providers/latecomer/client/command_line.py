"""latecomer as a program beside the task: one process for each call, arguments as a list."""
import datetime
import json
import os
import pathlib
import shutil
import subprocess
from typing import Any

from .base import Claim, PartitionState, Waiting, partition_name, seconds_text, waiting_from_plan
from .errors import ClaimLost, LatecomerError

CALL_TIMEOUT_S = 600
# What the exit code says where no JSON came with it.
_KINDS = {1: 'unexpected', 2: 'invalid_argument', 3: 'not_found', 4: 'unsupported', 5: 'history_gone', 6: 'permission',
          7: 'conflict', 8: 'run_failed'}


class CommandLine:
    """`pipelines` is the folder that pipeline names are looked for in; without one they are paths as they stand.
    `ledger` may hold a password, so it goes into the environment, where `ps` doesn't show it."""

    def __init__(self, binary: str = 'latecomer', pipelines: str | None = None, ledger: str | None = None):
        found = shutil.which(binary)
        if pathlib.PurePath(binary).name != 'latecomer' or not found:
            raise LatecomerError('invalid_argument', f'{binary!r} is no latecomer program on this machine',
                                 'Install the wheel `latecomer`, or name its place in the connection')
        self._binary = found
        self._pipelines = pathlib.Path(pipelines) if pipelines else None
        self._ledger = ledger

    # ----- the client

    def about(self) -> str:
        return f'the program {self._binary}, {self._call("version").splitlines()[0]}'

    def waiting(self, pipeline: str) -> list[Waiting]:
        named = [[{**line, 'name': partition_name(line['partition'])} for line in lines]
                 for lines in (self._lines('plan', self._file(pipeline)), self._runs(pipeline, 'queued'))]
        return waiting_from_plan(*named)

    def partition(self, pipeline: str, partition: str) -> PartitionState:
        try:
            entry, = self._lines('explain', self._file(pipeline), _value(partition))
        except LatecomerError as error:
            if error.kind == 'not_found':  # no row of it yet
                return PartitionState('waiting', error.message, claimable=False)
            raise
        queued = {run['run_id'] for run in self._runs(pipeline, 'queued')}
        claimable = entry['decision'] == 'process' or (entry['decision'] == 'open' and entry['blocking_run'] in queued)
        return PartitionState(entry['decision'], entry['reason'], claimable)

    def claim(self, pipeline: str, *, worker: str, limit: int = 1, partition: str | None = None,
              lease: datetime.timedelta | None = None, first_run: bool = False) -> list[Claim]:
        arguments = ['--as', worker, '--limit', str(limit)]
        if partition is not None:
            arguments += ['--partition', _value(partition)]
        if lease is not None:
            arguments += ['--lease', seconds_text(lease)]
        if first_run:
            arguments.append('--yes')
        claims, = self._lines('claim', self._file(pipeline), *arguments)
        return claims

    def renew(self, pipeline: str, claim: Claim, lease: datetime.timedelta | None = None) -> dict:
        return self._report('renew', pipeline, claim, *(['--lease', seconds_text(lease)] if lease is not None else []))

    def done(self, pipeline: str, claim: Claim) -> dict:
        return self._report('done', pipeline, claim)

    def fail(self, pipeline: str, claim: Claim, message: str, *, give_back: bool) -> dict:
        return self._report('fail', pipeline, claim, f'--message={message}', *(['--give-back'] if give_back else []))

    def held_by(self, pipeline: str, worker: str) -> list[Claim]:
        held = []
        for run in self._runs(pipeline, 'running'):
            if run['waiting_for'].startswith(f'outside worker {worker} until '):
                shown, = self._lines('show', self._file(pipeline), run['run_id'])
                held.append({'run_id': run['run_id'], 'token': shown['tries'][-1]['token']})
        return held

    # ----- what only the command line has: the files of the Spark job it stands in for

    def configure_backfill(self, *, output_location: str, table: str, file_name: str, current_partition: str) -> dict:
        """Writes the backfilling configuration beside `_last_processed_version`, and returns it."""
        self._call('configure-backfill', f'--outputLocation={output_location}', f'--tableFullPath={table}',
                   f'--outputBackfillingFileName={file_name}', f'--currentPartition={current_partition}')
        return json.loads((pathlib.Path(output_location) / file_name).read_text(encoding='utf-8'))

    def update_last_processed(self, *, output_location: str, file_name: str) -> None:
        """Takes the version of the backfilling configuration over into `_last_processed_version`."""
        self._call('update-last-processed', f'--outputLocation={output_location}',
                   f'--outputBackfillingFileName={file_name}')

    # ----- the calls

    def _report(self, command: str, pipeline: str, claim: Claim, *options: str) -> dict:
        answer, = self._lines(command, self._file(pipeline), _value(claim['run_id']), '--token', str(int(claim['token'])),
                              *options)
        return answer

    def _runs(self, pipeline: str, state: str) -> list[dict]:
        try:
            return self._lines('runs', self._file(pipeline), '--state', state)
        except LatecomerError as error:
            if error.kind == 'not_found':  # no ledger yet, so no runs
                return []
            raise

    def _file(self, pipeline: str) -> str:
        path = self._pipelines / pipeline if self._pipelines else pathlib.Path(pipeline)
        if not path.is_file():
            raise LatecomerError('invalid_argument', f'there is no pipeline file {path}',
                                 'Name it as it lies on this machine, below `pipelines` of the connection if that is set')
        return _value(str(path))

    def _lines(self, *arguments: str) -> list[Any]:
        return [json.loads(line) for line in self._call(*arguments, '--output', 'json').splitlines()]

    def _call(self, *arguments: str) -> str:
        environment = dict(os.environ)
        if self._ledger:
            environment['LATECOMER_LEDGER'] = self._ledger
        try:
            done = subprocess.run([self._binary, *arguments], env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=CALL_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            raise LatecomerError('unreachable', f'latecomer {arguments[0]} did not end within {CALL_TIMEOUT_S} s',
                                 'The ledger or a table does not answer') from None
        if done.returncode != 0:
            raise _error_of(arguments[0], done)
        return done.stdout


def _value(text: str) -> str:
    """An argument that must not be taken for an option."""
    if text.startswith('-') or not text:
        raise LatecomerError('invalid_argument', f'{text!r} can not be a pipeline, run or partition')
    return text


def _error_of(command: str, done: subprocess.CompletedProcess) -> LatecomerError:
    kind, message, hint = _KINDS.get(done.returncode, 'unexpected'), done.stderr.strip()[-500:], ''
    for line in reversed(done.stderr.splitlines()):
        try:
            told = json.loads(line)['error']
            kind, message, hint = told['kind'], told['message'], told.get('hint') or ''
            break
        except (ValueError, KeyError, TypeError):
            continue
    if not message:
        message = f'latecomer {command} ended with exit code {done.returncode} and said nothing'
    lost = done.returncode == 7 and command in ('renew', 'done', 'fail')
    return (ClaimLost if lost else LatecomerError)(kind, message, hint)
