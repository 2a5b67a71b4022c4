"""A latecomer server, over its API (`latecomer serve`), with a personal token of the scope `operator`."""
import datetime
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

from .base import Claim, PartitionState, Waiting, seconds_text, waiting_from_plan
from .errors import ClaimLost, LatecomerError

CALL_TIMEOUT_S = 60
MOST_TRIES = 3
_MOST_BYTES = 64 << 20
_KINDS = {400: 'invalid_argument', 401: 'permission', 403: 'permission', 404: 'not_found', 409: 'conflict',
          422: 'run_failed'}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to wherever it points."""

    def redirect_request(self, *_args: Any) -> None:
        return None


class Server:
    """`base_url` is where the web UI lives: `https://latecomer.example.com`, with its path when it has one."""

    def __init__(self, base_url: str, token: str | None):
        parts = urllib.parse.urlsplit(base_url)
        if parts.scheme not in ('http', 'https') or not parts.hostname:
            raise LatecomerError('invalid_argument', f'{base_url!r} is no address of a server',
                                 'Write http://HOST:PORT or https://HOST')
        self._api = base_url.rstrip('/') + '/api/v1'
        self._token = token
        self._opener = urllib.request.build_opener(_NoRedirect)

    # ----- the client

    def about(self) -> str:
        me = self._call('GET', '/me')
        return f'a server at {self._api}, as {me.get("name", "its user")}'

    def waiting(self, pipeline: str) -> list[Waiting]:
        entries, queued = [], []
        for page in self._pages(f'{_path(pipeline)}/plan'):
            entries += [{**entry, 'name': entry['key']} for entry in page['items']]
            queued = [{**run, 'name': run['partition_key']} for run in page['queued']]
        return waiting_from_plan(entries, queued)

    def partition(self, pipeline: str, partition: str) -> PartitionState:
        key = partition if '=' in partition else self._key_of(pipeline, partition)
        self._call('GET', _path(pipeline))  # so that a wrong name is not taken for a partition without rows
        try:
            plan = self._call('GET', f'{_path(pipeline)}/partitions/{_quoted(key)}')['plan']
        except LatecomerError as error:
            if error.kind == 'not_found':
                return PartitionState('waiting', error.message, claimable=False)
            raise
        claimable = plan['decision'] == 'process'
        if plan['decision'] == 'open' and plan['blocking_run']:
            claimable = self._call('GET', f'{_path(pipeline)}/runs/{_quoted(plan["blocking_run"])}')['state'] == 'queued'
        return PartitionState(plan['decision'], plan['reason'], claimable)

    def claim(self, pipeline: str, *, worker: str, limit: int = 1, partition: str | None = None,
              lease: datetime.timedelta | None = None, first_run: bool = False) -> list[Claim]:
        body: dict[str, Any] = {'as': worker, 'limit': limit}
        if partition is not None:
            body['partition'] = partition if '=' in partition else self._key_of(pipeline, partition)
        if lease is not None:
            body['lease'] = seconds_text(lease)
        if first_run and self._call('GET', _path(pipeline)).get('first_run_partitions'):
            self._call('POST', f'{_path(pipeline)}/resume', {})
        return self._call('POST', f'{_path(pipeline)}/claims', body)

    def renew(self, pipeline: str, claim: Claim, lease: datetime.timedelta | None = None) -> dict:
        return self._report('renew', pipeline, claim, {} if lease is None else {'lease': seconds_text(lease)})

    def done(self, pipeline: str, claim: Claim) -> dict:
        return self._report('done', pipeline, claim, {})

    def fail(self, pipeline: str, claim: Claim, message: str, *, give_back: bool) -> dict:
        return self._report('fail', pipeline, claim, {'message': message[:10000], 'give_back': give_back})

    def held_by(self, pipeline: str, worker: str) -> list[Claim]:
        held = []
        for page in self._pages(f'{_path(pipeline)}/grid', state='running'):
            for run in page['runs']:
                if (run.get('waiting_for') or '').startswith(f'outside worker {worker} until '):
                    shown = self._call('GET', f'{_path(pipeline)}/runs/{_quoted(run["run_id"])}')
                    newest = max(shown['tries'], key=lambda one: one['number'])
                    held.append({'run_id': run['run_id'], 'token': newest['token']})
        return held

    # ----- the calls

    def _report(self, what: str, pipeline: str, claim: Claim, body: dict[str, Any]) -> dict:
        path = f'{_path(pipeline)}/runs/{_quoted(claim["run_id"])}/{what}'
        return self._call('POST', path, {'token': int(claim['token']), **body})

    def _key_of(self, pipeline: str, value: str) -> str:
        columns = self._call('GET', _path(pipeline))['output']['columns']
        columns = [columns] if isinstance(columns, str) else columns
        if len(columns) != 1:
            raise LatecomerError('invalid_argument', f'{value!r} can not be a partition of {pipeline}',
                                 f'Write it as {"/".join(f"{column}=…" for column in columns)}')
        return f'{columns[0]}={value}'

    def _pages(self, path: str, **query: str) -> Iterator[dict]:
        cursor: dict[str, str] = {}
        while True:
            page = self._call('GET', f'{path}?{urllib.parse.urlencode({**query, **cursor})}')
            yield page
            if not page.get('next_cursor'):
                return
            cursor = {'cursor': page['next_cursor']}

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        # A repeated POST carries the same key, so that it happens once.
        headers = {'Accept': 'application/json'}
        if self._token:
            headers['Authorization'] = f'Bearer {self._token}'
        if body is not None:
            headers |= {'Content-Type': 'application/json', 'Idempotency-Key': str(uuid.uuid4())}
        data = None if body is None else json.dumps(body).encode()
        for attempt in range(1, MOST_TRIES + 1):
            request = urllib.request.Request(self._api + path, data=data, headers=headers, method=method)
            try:
                with self._opener.open(request, timeout=CALL_TIMEOUT_S) as answer:
                    return json.loads(answer.read(_MOST_BYTES))
            except urllib.error.HTTPError as error:
                if error.code < 500 or attempt == MOST_TRIES:
                    raise self._refused(error, path) from None
            except (OSError, http.client.HTTPException, ValueError) as error:
                if attempt == MOST_TRIES:
                    reason = getattr(error, 'reason', error)
                    raise LatecomerError('unreachable', f'{self._api} did not answer: {reason}',
                                         'Is `latecomer serve` running there?') from None
        raise AssertionError('not reached')

    def _refused(self, error: urllib.error.HTTPError, path: str) -> LatecomerError:
        told: dict[str, Any] = {}
        try:
            told = json.loads(error.read(1 << 20))
        except (OSError, ValueError):
            pass  # a proxy's page; the status is what there is to say
        if not isinstance(told, dict):
            told = {}
        kind = _KINDS.get(error.code, 'unreachable' if error.code >= 500 else 'unexpected')
        message = told.get('detail') or told.get('title') or f'{self._api}{path} answered {error.code}'
        lost = error.code == 409 and path.rpartition('/')[2] in ('renew', 'done', 'fail')
        return (ClaimLost if lost else LatecomerError)(kind, message, told.get('hint') or '')


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe='')


def _path(pipeline: str) -> str:
    return f'/pipelines/{_quoted(pipeline)}'
