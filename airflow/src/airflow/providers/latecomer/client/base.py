"""What both ways of talking to latecomer offer."""
import dataclasses
import datetime
import urllib.parse
from collections.abc import Iterable
from typing import Any, Protocol

Claim = dict[str, Any]
"""One element of what `latecomer claim --output json` prints; its fields stand in docs/formats/cli-json.md."""

LATE, DUE = 'late', 'due'

_HIVE_NULL = '__HIVE_DEFAULT_PARTITION__'


def partition_name(partition: dict[str, str | None]) -> str:
    """column=value, several with a slash between them, escaped as in a table's paths."""
    return '/'.join(f'{_escaped(column)}={_HIVE_NULL if value is None else _escaped(value)}'
                    for column, value in partition.items())


def _escaped(text: str) -> str:
    return urllib.parse.quote(text, safe=' :,+-')


@dataclasses.dataclass(frozen=True)
class Waiting:
    """A partition that could be claimed now."""

    name: str    # as `--partition` takes it: column=value, several with a slash between them
    kind: str    # LATE: its data came late, or it is processed again. DUE: it is the schedule's turn
    reason: str  # one sentence for people


@dataclasses.dataclass(frozen=True)
class PartitionState:
    """Where one partition stands: `decision` is a word of `latecomer explain`."""

    decision: str
    reason: str
    claimable: bool


class Client(Protocol):
    """Every method raises LatecomerError; those that take a claim raise ClaimLost when it is over."""

    def about(self) -> str:
        """One line for people that says what answers; raises when nothing does."""

    def waiting(self, pipeline: str) -> list[Waiting]:
        """What could be claimed, oldest first. Changes nothing."""

    def partition(self, pipeline: str, partition: str) -> PartitionState:
        """One partition, as `YYYY-MM-DD` or `column=value`. Changes nothing."""

    def claim(self, pipeline: str, *, worker: str, limit: int = 1, partition: str | None = None,
              lease: datetime.timedelta | None = None, first_run: bool = False) -> list[Claim]:
        """Up to `limit` claims. `lease` is the pipeline's own without one. `first_run` goes on where a first run would
        process more than a hundred intervals."""

    def renew(self, pipeline: str, claim: Claim, lease: datetime.timedelta | None = None) -> dict:
        """Makes the claim last at least `lease` from now."""

    def done(self, pipeline: str, claim: Claim) -> dict:
        """Records the claimed partition as processed at the claim's versions."""

    def fail(self, pipeline: str, claim: Claim, message: str, *, give_back: bool) -> dict:
        """Reports a failure; with `give_back` the partition waits again at once."""

    def held_by(self, pipeline: str, worker: str) -> list[Claim]:
        """The open claims of a worker: `run_id` and `token` of each."""


def claim_of_kind(client: Client, pipeline: str, kind: str, *, limit: int, **options: Any) -> list[Claim]:
    """Claims only what is late, or only what is due, oldest first."""
    claims: list[Claim] = []
    for waiting in client.waiting(pipeline):
        if len(claims) >= limit:
            break
        if waiting.kind == kind:
            claims += client.claim(pipeline, limit=1, partition=waiting.name, **options)
    return claims


def give_back_all(client: Client, pipeline: str, worker: str, why: str) -> list[str]:
    """Gives back what this worker holds, as after an answer that got lost; returns the runs."""
    returned = []
    for claim in client.held_by(pipeline, worker):
        client.fail(pipeline, claim, why, give_back=True)
        returned.append(claim['run_id'])
    return returned


def seconds_text(lease: datetime.timedelta) -> str:
    """A lease as the command line and the API take it."""
    return f'{max(0, int(lease.total_seconds()))}s'


def waiting_from_plan(entries: Iterable[dict], queued: Iterable[dict]) -> list[Waiting]:
    """What can be claimed: what a plan would process, and the runs that are queued already, oldest interval first.

    `entries` have what lines of `latecomer plan` have, `queued` what lines of `latecomer runs` have, both with the
    partition's `name`.
    """
    runs = {run['name']: run for run in queued}
    found = []
    for entry in entries:
        run = runs.pop(entry['name'], None)
        if entry['decision'] == 'process' or (entry['decision'] == 'open' and run):
            late = entry['late'] or entry['kind'] == 'backfill' or (run is not None and run['kind'] != 'scheduled')
            found.append((entry['interval_start'] or '', Waiting(entry['name'], LATE if late else DUE, entry['reason'])))
    # A plan leaves out what is up to date, and yet is to be processed again: a look-back, a request.
    for name, run in runs.items():
        kind = DUE if run['kind'] == 'scheduled' else LATE
        found.append((name, Waiting(name, kind, run.get('message') or f'{run["run_id"]} is queued')))
    return [waiting for _, waiting in sorted(found, key=lambda pair: pair[0])]
