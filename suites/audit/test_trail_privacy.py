"""TRL-09: what the trail must not hold. Every other entry of the run is held to the same by a sweep."""

from collections.abc import Callable

from technogate.audit.duty import Terms
from technogate.audit.keeper import TrailKeeper
from technogate.check import answer, entries
from technogate.contract import Contract
from technogate.driver.http import HttpDriver
from technogate.driver.keys import foreign_key
from technogate.session import Gate
from technogate.suite import MustHold, requirement

Word = Callable[[str], str]


@requirement("TRL-09")
def test_session_and_payload_stay_out(
    gate: Gate, backend: HttpDriver, contract: Contract, trail: TrailKeeper, word: Word, must_hold: MustHold
) -> None:
    """Session ids and payload, of executed and of refused requests, are in no entry."""
    terms = Terms.of_contract(contract)
    session, note, command = f"Session.{gate.run}.own", f"Payload {gate.run} own", f"no command {gate.run} own"
    query = f"Filter-{gate.run}-own"
    sent = [
        backend.execute(word("approved"), session_id=session, note=note),
        backend.execute("NO_SUCH_COMMAND_EXISTS", session_id=session, note=[note, {note: note}]),
        backend.execute(command, session_id=session),
        backend.execute(word("approved"), key=foreign_key(), session_id=session, note=note),
        backend.read(contract.behavior.operations.audit, {"filter": query}),
    ]
    must_hold(*(answer.answered(exchange) for exchange in sent))
    found = trail.read_until(entries.traces(sent, terms))
    must_hold(*(entries.has_its_entry(found, exchange, terms) for exchange in sent))
    secrets = {"session id": session, "payload": note, "refused command": command, "refused filter": query}
    must_hold(entries.free_of(found, secrets))


@requirement("TRL-09")
def test_key_stays_out(
    gate: Gate, backend: HttpDriver, contract: Contract, trail: TrailKeeper, word: Word, must_hold: MustHold
) -> None:
    """The key is in no entry, even when it was sent where a session id belongs."""
    terms = Terms.of_contract(contract)
    sent = [backend.execute(word("approved")), backend.execute(word("approved"), session_id=gate.run_key)]
    must_hold(*(answer.answered(exchange) for exchange in sent))
    found = trail.read_until(entries.traces(sent, terms))
    must_hold(*(entries.has_its_entry(found, exchange, terms) for exchange in sent))
    must_hold(entries.free_of(found, {"API key": gate.run_key}))
