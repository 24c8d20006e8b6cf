"""TRL-05, TRL-06, TRL-08: the audit trail keeps its entries, shows them soon, and loses none under load."""

from collections.abc import Callable

import pytest

from fixtures.audit import Burst, need_entries
from technogate.checks import trail_entries
from technogate.checks.response_predicates import has_response
from technogate.checks.trail_entries import entries_of, has_one_entry
from technogate.checks.trail_keeping import entries_are_unchanged
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import NO_KEY
from technogate.drivers.http.http_driver import HttpDriver
from technogate.runner.suite import MustHold, parts, requirement
from technogate.trail.reconcile.expected_entries import TrailTerms
from technogate.trail.trail_reader import TrailReader

pytestmark = parts("execute", "trail")

Word = Callable[[str], str]

#: Requests sent at once.
AT_ONCE = 50

#: Entries compared: a reading shows a thousand, so these cannot have been pushed out of the next one.
COMPARED = 500


@pytest.fixture
def terms(contract: Contract) -> TrailTerms:
    """What the contract demands of the audit trail."""
    return TrailTerms.of_contract(contract)


@requirement("TRL-05")
def test_entries_stay_as_they_are(
    backend: HttpDriver, trail: TrailReader, terms: TrailTerms, word: Word, must_hold: MustHold
) -> None:
    """Entries that were shown once are unchanged in the audit trail after further requests of every kind."""
    first = [backend.execute(word("approved")), backend.execute("not a command")]
    before = trail.read_until(trail_entries.trace_ids(first, terms))
    more = [backend.execute(word("approved")), backend.execute("NO_SUCH_COMMAND_EXISTS")]
    more += [backend.execute("not a command"), backend.execute(word("approved"), key=NO_KEY)]
    after = trail.read_until(trail_entries.trace_ids(more, terms))
    must_hold(entries_are_unchanged(before[:COMPARED], after))
    need_entries(before, first, terms)


@requirement("TRL-06")
@pytest.mark.parametrize("kind", ["executed", "refused"])
def test_entry_is_visible_in_time(
    backend: HttpDriver, trail: TrailReader, terms: TrailTerms, word: Word, kind: str, must_hold: MustHold
) -> None:
    """An entry is visible as soon as the contract demands; each of several is polled for without delay."""
    for _ in range(3):
        sent = backend.execute(word("approved")) if kind == "executed" else backend.execute("not a command")
        must_hold(has_response(sent))
        ids = trail_entries.trace_ids([sent], terms)
        entries = trail.read_until(ids, timeout_s=terms.visible_s)
        if not entries_of(entries, sent, terms):
            # An entry that comes later is late; one that never comes breaks another requirement.
            need_entries(trail.read_until(ids), [sent], terms)
        must_hold(has_one_entry(entries, sent, terms))


@requirement("TRL-08")
@pytest.mark.parametrize("kind", ["executed", "mixed"])
def test_parallel_requests_leave_their_entries(
    backend: HttpDriver,
    contract: Contract,
    burst: Burst,
    trail: TrailReader,
    terms: TrailTerms,
    word: Word,
    kind: str,
    must_hold: MustHold,
) -> None:
    """Requests in parallel, 50 at once, leave as many entries, one each with its own trace id."""
    commands = [word("approved")] if kind == "executed" else [word("approved"), "NO_SUCH_COMMAND_EXISTS", "refused one"]
    names = contract.behavior.operations
    cases = [
        backend.case(names.execute, body=backend.body(commands[number % len(commands)])) for number in range(AT_ONCE)
    ]
    alone = [backend.send(case) for case in cases[: len(commands)]]
    need_entries(trail.read_until(trail_entries.trace_ids(alone, terms)), alone, terms)
    sent = burst(cases)
    must_hold(*(has_response(exchange) for exchange in sent))
    entries = trail.read_until(trail_entries.trace_ids(sent, terms))
    must_hold(*(has_one_entry(entries, exchange, terms) for exchange in sent))
