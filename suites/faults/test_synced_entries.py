"""TRL-11: an entry is synced before the first byte of its response, as the backend's system calls show."""

from collections.abc import Callable, Sequence

from fixtures.faulty_pair import FaultyPair
from fixtures.traced_backend import Send, TracedBackend, undecided
from technogate.checks.no_audit_no_action import UNAVAILABLE
from technogate.checks.response_predicates import has_response
from technogate.checks.trail_synced import (
    UNTRACED,
    FailedSync,
    database_syncs,
    entry_is_synced_first,
    failed_sync_is_refused,
    is_synced_untraced,
)
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import foreign_key
from technogate.drivers.http.http_driver import HttpDriver
from technogate.faults.tracing.tracer import DiskError
from technogate.model.events import Exchange
from technogate.runner.suite import MustHold, needs, not_exercised, parts, requirement

pytestmark = parts("execute", "trail")

Word = Callable[[str], str]

#: Commands that are traced one after the other, and at once.
IN_TURN, AT_ONCE = 3, 8
#: Commands while the disk refuses every sync: a backend may notice only by the second.
REFUSED = 2
#: What the disk says to every sync.
NO_SYNC = DiskError(error="EIO", calls=("fsync", "fdatasync", "sync_file_range", "msync"))


@requirement("TRL-11")
def test_executed_entries_are_synced_first(disturbed: FaultyPair, word: Word, must_hold: MustHold) -> None:
    """Of commands one after the other, each entry is synced before the response, whether someone looks or not."""
    backend, approved = TracedBackend(disturbed), word("approved")

    def execute(client: HttpDriver) -> Exchange:
        return client.execute(approved)

    if _judged_by_settings(backend, execute, must_hold):
        return
    untraced = backend.untraced(execute, UNTRACED)
    _judge(backend, [execute] * IN_TURN, must_hold)
    must_hold(is_synced_untraced(untraced))


@requirement("TRL-11")
@parts("memory")
def test_refused_entries_are_synced_first(disturbed: FaultyPair, contract: Contract, must_hold: MustHold) -> None:
    """Of refused requests, each entry is synced before the response."""
    backend, names = TracedBackend(disturbed), contract.behavior.operations
    refusals: list[Send] = [
        lambda client: client.execute("NO_SUCH_COMMAND_EXISTS"),
        lambda client: client.execute("no command"),
        lambda client: client.read(names.memory, key=foreign_key()),
    ]
    if not _judged_by_settings(backend, refusals[0], must_hold):
        _judge(backend, refusals, must_hold)


@requirement("TRL-11")
def test_entries_at_once_are_synced_first(disturbed: FaultyPair, word: Word, must_hold: MustHold) -> None:
    """Of commands at once, each entry is synced before its own response."""
    backend, approved = TracedBackend(disturbed), word("approved")
    if not _judged_by_settings(backend, lambda client: client.execute(approved), must_hold):
        _judge(backend, [lambda client: client.execute(approved)] * AT_ONCE, must_hold, at_once=True)


@requirement("TRL-11")
def test_failed_sync_is_refused(disturbed: FaultyPair, word: Word, must_hold: MustHold) -> None:
    """While the disk refuses to sync the trail, a command is refused; afterwards the next one is executed."""
    backend, approved = TracedBackend(disturbed), word("approved")
    if backend.commit_settings is not None:
        not_exercised("PostgreSQL syncs the trail, and the gate makes no disk of a server fail", "nothing to do")
    exchanges = []
    with backend.traced(NO_SYNC) as trace, disturbed.driver(NO_SYNC.kind, guarded=False) as client:
        exchanges += [client.execute(approved) for _ in range(REFUSED)]
    failed = sum(call.injected for call in trace.calls)
    if not failed:
        not_exercised("the backend synced nothing of the trail, so that no sync could fail", "sync each entry")
    must_hold(*(failed_sync_is_refused(FailedSync(exchange=one, failed=failed), UNAVAILABLE) for one in exchanges))


def _judged_by_settings(backend: TracedBackend, send: Send, must_hold: MustHold) -> bool:
    """Whether the trail is in a PostgreSQL: then its settings are judged, for another process writes the entries."""
    settings = backend.commit_settings
    if settings is None:
        return False
    with backend.pair.driver() as client:
        exchange = send(client)
    needs(has_response(exchange))
    must_hold(database_syncs(exchange, settings))
    return True


def _judge(backend: TracedBackend, sends: Sequence[Send], must_hold: MustHold, *, at_once: bool = False) -> None:
    """Send requests to the traced backend, and judge what the calls show; undecided where they do not tell."""
    responses = backend.responses(sends, at_once=at_once)
    must_hold(*(entry_is_synced_first(response) for response in responses if not response.undecided))
    undecided(responses)
