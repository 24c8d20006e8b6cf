"""TRL-09: what the audit trail must not hold. A run-wide check holds every other entry to the same."""

from collections.abc import Callable

from fixtures.audit import need_entries
from technogate.checks import trail_entries
from technogate.checks.response_predicates import has_response
from technogate.checks.trail_privacy import holds_none_of
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import foreign_key
from technogate.drivers.http.http_driver import HttpDriver
from technogate.runner.run_context import RunContext
from technogate.runner.suite import MustHold, parts, requirement
from technogate.trail.reconcile.expected_entries import TrailTerms
from technogate.trail.trail_reader import TrailReader

pytestmark = parts("execute", "trail")

Word = Callable[[str], str]


@requirement("TRL-09")
@parts("audit")
def test_session_and_payload_stay_out(
    run_context: RunContext,
    backend: HttpDriver,
    contract: Contract,
    trail: TrailReader,
    word: Word,
    must_hold: MustHold,
) -> None:
    """Session ids and payload, of executed and of refused requests, are in no entry."""
    terms = TrailTerms.of_contract(contract)
    session, note, command = (
        f"Session.{run_context.run}.own",
        f"Payload {run_context.run} own",
        f"no command {run_context.run} own",
    )
    query = f"Filter-{run_context.run}-own"
    sent = [
        backend.execute(word("approved"), session_id=session, note=note),
        backend.execute("NO_SUCH_COMMAND_EXISTS", session_id=session, note=[note, {note: note}]),
        backend.execute(command, session_id=session),
        backend.execute(word("approved"), key=foreign_key(), session_id=session, note=note),
        backend.read(contract.behavior.operations.audit, {"filter": query}),
    ]
    must_hold(*(has_response(exchange) for exchange in sent))
    entries = trail.read_until(trail_entries.trace_ids(sent, terms))
    secrets = {"session id": session, "payload": note, "refused command": command, "refused filter": query}
    must_hold(holds_none_of(entries, secrets))
    need_entries(entries, sent, terms)


@requirement("TRL-09")
def test_key_stays_out(
    run_context: RunContext,
    backend: HttpDriver,
    contract: Contract,
    trail: TrailReader,
    word: Word,
    must_hold: MustHold,
) -> None:
    """The key is in no entry, even when it was sent where a session id belongs."""
    terms = TrailTerms.of_contract(contract)
    sent = [backend.execute(word("approved")), backend.execute(word("approved"), session_id=run_context.run_key)]
    must_hold(*(has_response(exchange) for exchange in sent))
    entries = trail.read_until(trail_entries.trace_ids(sent, terms))
    must_hold(holds_none_of(entries, {"API key": run_context.run_key}))
    need_entries(entries, sent, terms)
