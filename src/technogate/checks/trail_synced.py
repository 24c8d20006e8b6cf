"""TRL-11: an entry is on stable storage before the first byte of its response is sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from technogate.checks.family import Example, Family
from technogate.checks.traced_response import TracedResponse
from technogate.model.events import Exchange, Finding
from technogate.model.requirement import Party
from technogate.model.system_call import SystemCall

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence

#: Untraced requests after which pages of the trail must have been unwritten each time, before that is a finding.
UNTRACED = 3
#: The settings of PostgreSQL that decide whether a commit is on stable storage, and the values with which it is.
SYNCING = {"fsync": ("on",), "synchronous_commit": ("on", "local", "remote_write", "remote_apply")}


@dataclass(frozen=True, slots=True, kw_only=True)
class UntracedResponse:
    """A request that nobody traced, and the pages of the trail that were not written yet when its response came."""

    exchange: Exchange
    dirty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedSync:
    """An execute request while each sync of the trail failed: `failed` is how many did."""

    exchange: Exchange
    failed: int = 0


def entry_is_synced_first(traced: TracedResponse) -> list[Finding]:
    """The entry of a request is written and synced before the first byte of the response is sent (TRL-11)."""
    problem = traced.problem or traced.undecided
    if not problem:
        return []
    return [_finding("entry synced before the response", traced.exchange, f"{problem}: {traced.order}")]


def is_synced_untraced(untraced: Sequence[UntracedResponse]) -> list[Finding]:
    """A backend that syncs while it is traced does so when it is not (TRL-11).

    A page of the trail that is not written once may be another thread's; after each response it is the entry's.
    """
    if len(untraced) < UNTRACED or not all(one.dirty for one in untraced):
        return []
    observed = f"synced while it is traced; untraced, {untraced[0].dirty} pages of the trail were not on stable storage"
    return [_finding("entry synced, traced or not", untraced[0].exchange, observed)]


def failed_sync_is_refused(attempt: FailedSync, unavailable: Sequence[int]) -> list[Finding]:
    """With the trail's syncs failing, an execute is refused: its entry is not on stable storage (TRL-11).

    One without a response was not approved: a backend may end when it cannot sync.
    """
    response = attempt.exchange.response
    if not attempt.failed or response is None or response.status in unavailable:
        return []
    return [
        Finding(
            check="refused when the sync fails",
            operation=attempt.exchange.operation,
            expected=f"status {' or '.join(map(str, unavailable))} while the disk refuses to sync the entry",
            observed=f"status {response.status}, after {attempt.failed} failed syncs",
            exchanges=(attempt.exchange.id,),
        )
    ]


def database_syncs(exchange: Exchange, settings: Mapping[str, str]) -> list[Finding]:
    """A PostgreSQL that holds the trail syncs what it commits, as its `settings` say (TRL-11).

    They are those that a connection to its database gets: a backend may still choose otherwise for its own.
    """
    unsafe = [
        f"{name} = {settings.get(name, 'unknown')}" for name in SYNCING if settings.get(name) not in SYNCING[name]
    ]
    return [_finding("database that syncs", exchange, f"PostgreSQL says {', '.join(unsafe)}")] if unsafe else []


def _finding(check: str, exchange: Exchange, observed: str) -> Finding:
    return Finding(
        check=check,
        operation=exchange.operation,
        expected="the entry is written and synced before the first byte of its response",
        observed=observed,
        exchanges=(exchange.id,),
    )


def _traced(e: ExampleEvidence, *lines: tuple[str, str]) -> TracedResponse:
    """A response, and the calls of `lines` in their order: name, and first argument."""
    calls = [
        SystemCall(process=1, name=name, arguments=arguments, entered=number, ended=number, result=0)
        for number, (name, arguments) in enumerate(lines)
    ]
    return TracedResponse(exchange=e.executed(), trace_id="t-1", calls=calls, files=("/trail",), port=1)


_WRITTEN = ("write", '3</trail>, "t-1", 3')
_SYNCED = ("fdatasync", "3</trail>")
_SENT = ("sendto", '4<TCP:[h:1->h:2]>, "HTTP/1.1 200 OK t-1"')

EXAMPLES = (
    Example(
        requirement="TRL-11",
        predicate=entry_is_synced_first,
        good=lambda e: (_traced(e, _WRITTEN, _SYNCED, _SENT),),
        bad=lambda e: (_traced(e, _WRITTEN, _SENT, _SYNCED),),
    ),
    Example(
        requirement="TRL-11",
        predicate=is_synced_untraced,
        good=lambda e: ([UntracedResponse(exchange=e.executed(), dirty=number) for number in (1, 0, 1)],),
        bad=lambda e: ([UntracedResponse(exchange=e.executed(), dirty=1)] * UNTRACED,),
    ),
    Example(
        requirement="TRL-11",
        predicate=failed_sync_is_refused,
        good=lambda e: (FailedSync(exchange=e.refused(503), failed=1), (500, 503)),
        bad=lambda e: (FailedSync(exchange=e.executed(), failed=1), (500, 503)),
    ),
    Example(
        requirement="TRL-11",
        predicate=database_syncs,
        good=lambda e: (e.executed(), {"fsync": "on", "synchronous_commit": "on"}),
        bad=lambda e: (e.executed(), {"fsync": "on", "synchronous_commit": "off"}),
    ),
)

FAMILY = Family(prefixes=("TRL",), party=Party.BACKEND, examples=EXAMPLES)
