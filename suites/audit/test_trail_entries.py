"""TRL-01 to TRL-04: which entries requests leave. A run-wide check holds every other request to the same."""

from collections.abc import Callable

import pytest

from fixtures.audit import need_entries
from technogate.checks import trail_entries
from technogate.checks.response_predicates import has_response
from technogate.checks.trail_entries import (
    entries_of,
    has_no_second_entry,
    has_one_entry,
    time_is_within_request,
    without_readable_time,
)
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import EMPTY_KEY, NO_KEY, Key, foreign_key
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.model.events import Exchange
from technogate.runner.suite import MustHold, not_exercised, parts, requirement
from technogate.trail.reconcile.expected_entries import TrailTerms
from technogate.trail.reconcile.unread_times import why_unread
from technogate.trail.trail_reader import TrailReader

pytestmark = parts("trail")

Word = Callable[[str], str]

UNKNOWN = "NO_SUCH_COMMAND_EXISTS"


@pytest.fixture
def terms(contract: Contract) -> TrailTerms:
    """What the contract demands of the audit trail."""
    return TrailTerms.of_contract(contract)


@requirement("TRL-01")
@parts("execute")
@pytest.mark.parametrize("kind", ["approved", "unknown", "other-type"])
def test_execute_has_its_entry(
    backend: HttpDriver,
    contract: Contract,
    trail: TrailReader,
    terms: TrailTerms,
    word: Word,
    kind: str,
    must_hold: MustHold,
) -> None:
    """An execute request with a response has exactly one entry, with its trace id and its status as state."""
    body = backend.body(UNKNOWN)
    case = backend.case(contract.behavior.operations.execute, body=body, content_type="text/plain")
    sent: Exchange = {
        "approved": lambda: backend.execute(word("approved")),
        "unknown": lambda: backend.execute(UNKNOWN),
        "other-type": lambda: backend.send(case),
    }[kind]()
    must_hold(has_response(sent))
    must_hold(has_one_entry(trail.read_until(trail_entries.trace_ids([sent], terms)), sent, terms))


@requirement("TRL-02")
@pytest.mark.parametrize("key", [NO_KEY, EMPTY_KEY, foreign_key()], ids=["no-key", "empty-key", "wrong-key"])
def test_refused_key_has_its_entry(
    backend: HttpDriver, trail: TrailReader, terms: TrailTerms, guarded: str, key: Key, must_hold: MustHold
) -> None:
    """A request that is refused for its key has exactly one entry, blocked."""
    sent = backend.ask(guarded, key=key)
    must_hold(has_response(sent))
    if sent.response is not None and sent.response.status not in (401, 403):
        not_exercised(f"the key is not refused: status {sent.response.status}", "see AUT-01 and AUT-02")
    must_hold(has_one_entry(trail.read_until(trail_entries.trace_ids([sent], terms)), sent, terms))


@requirement("TRL-02")
@parts("execute", "fallback")
@pytest.mark.parametrize("kind", ["command", "filter", "limit"])
def test_invalid_request_has_its_entry(
    backend: HttpDriver, contract: Contract, trail: TrailReader, terms: TrailTerms, kind: str, must_hold: MustHold
) -> None:
    """A request that is refused as invalid has exactly one entry, blocked."""
    names = contract.behavior.operations
    sent: Exchange = {
        "command": lambda: backend.execute("not a command"),
        "filter": lambda: backend.read(names.audit, {"filter": "NOPE"}),
        "limit": lambda: backend.read(names.fallback, {"limit": "0"}),
    }[kind]()
    must_hold(has_response(sent))
    if sent.response is not None and sent.response.status != 400:
        not_exercised(
            f"the request is not refused with 400: status {sent.response.status}",
            "see EXE-02 and AUD-05",
        )
    must_hold(has_one_entry(trail.read_until(trail_entries.trace_ids([sent], terms)), sent, terms))


@requirement("TRL-03")
@parts("execute")
def test_time_lies_within_request(
    backend: HttpDriver, trail: TrailReader, terms: TrailTerms, word: Word, must_hold: MustHold
) -> None:
    """An entry's timestamp lies between the start of its request and the end of its response."""
    sent = [backend.execute(word("approved")), backend.execute(UNKNOWN), backend.execute("not a command")]
    entries = trail.read_until(trail_entries.trace_ids(sent, terms))
    with_entry = [exchange for exchange in sent if entries_of(entries, exchange, terms)]
    unread = [text for exchange in with_entry if (text := without_readable_time(entries, exchange, terms)) is not None]
    # How the API writes a time the contract rules; a file or a table has a form of its own.
    if unread and not trail.name.startswith("api"):
        not_exercised(why_unread(unread[0], len(unread) - 1), "see [backend.audit] in the target file")
    must_hold(*(time_is_within_request(entries, exchange, terms) for exchange in with_entry))
    need_entries(entries, sent, terms)


@requirement("TRL-04")
@parts("audit", "memory")
def test_no_request_has_a_second_entry(
    backend: HttpDriver, contract: Contract, trail: TrailReader, terms: TrailTerms, word: Word, must_hold: MustHold
) -> None:
    """Requests of every kind have at most one entry each; the run-wide check holds every entry to a request."""
    names = contract.behavior.operations
    sent = [
        backend.execute(word("approved")),
        backend.execute(UNKNOWN),
        backend.execute("not a command"),
        backend.read(names.memory),
        backend.read(names.audit, {"limit": 1}),
        backend.read(names.memory, key=NO_KEY),
        backend.send(Case(method="GET", path="/nothing")),
    ]
    entries = trail.read_until(trail_entries.trace_ids(sent[:3], terms))
    must_hold(*(has_no_second_entry(entries, exchange, terms) for exchange in sent))
