"""TRL-10: no audit, no action."""

import zlib
from collections.abc import Callable

from fixtures.faulty_pair import FaultyPair
from fixtures.traced_backend import TracedBackend, disk_errors
from technogate.checks import response_predicates
from technogate.checks.no_audit_no_action import is_refused_or_recorded, is_refused_unaudited, leaves_no_execution
from technogate.checks.resilience import is_served
from technogate.checks.response_comparisons import is_unchanged
from technogate.checks.response_predicates import has_answer, has_status_word
from technogate.contract.loader import Contract
from technogate.faults.fault_errors import NotDelivered
from technogate.faults.tracing.tracer import DiskError, NotTraced
from technogate.model.events import Exchange
from technogate.runner.suite import MustHold, parts, requirement
from technogate.trail.entry import TrailError

pytestmark = parts("memory", "trail")


@requirement("TRL-10")
def test_no_audit_no_action(
    disturbed: FaultyPair, contract: Contract, word: Callable[[str], str], must_hold: MustHold
) -> None:
    """With the trail unwritable an execute is refused and not executed; after recovery the next one is executed."""
    run_context = disturbed.run_context
    errors = disk_errors(run_context.settings.profile, run_context.seed ^ zlib.crc32(run_context.item.encode()))
    tried = disturbed.backend.unwritable.declared
    if tried:
        refused_as_declared(disturbed, contract, word, must_hold)
    for error in errors:
        try:
            refused_by_the_disk(disturbed, contract, word("approved"), error, must_hold)
        except NotTraced:
            # One way is all that the requirement needs.
            break
        tried = True
    if not tried:
        refused_as_declared(disturbed, contract, word, must_hold)


def refused_by_the_disk(
    disturbed: FaultyPair, contract: Contract, command: str, error: DiskError, must_hold: MustHold
) -> None:
    """While the disk refuses writes of the trail, `command` is refused or recorded; raises NotTraced."""
    with TracedBackend(disturbed).attached(error) as trace, disturbed.driver(error.kind, guarded=False) as client:
        exchange = client.execute(command)
    disturbed.recover()
    if not any(call.injected for call in trace.calls):
        raise NotTraced("the backend wrote nothing of the trail that could fail", "name its file in [backend.audit]")
    if error.only:
        # A refused one need not have an entry.
        awaited = [response_predicates.trace_id(exchange)] if not has_answer(exchange) else []
        must_hold(is_refused_or_recorded(contract, exchange, disturbed.trail.read_until(awaited)))
    elif exchange.response is not None:
        must_hold(is_refused_unaudited(contract, exchange))


def refused_as_declared(
    disturbed: FaultyPair, contract: Contract, word: Callable[[str], str], must_hold: MustHold
) -> None:
    """With the trail unwritable as the target file declares, an execute is refused; not exercised without a way."""
    memory, statuses = contract.behavior.operations.memory, contract.behavior.statuses
    approved, other_command = word("approved"), disturbed.backend.commands.warning or word("approved")
    disturbed.quiet()
    with disturbed.driver() as calm:
        first, before = calm.execute(approved), calm.read(memory)
        if has_answer(first):
            raise NotDelivered("the backend was not well before its trail was made unwritable")
        with disturbed.unwritable_trail() as kind, disturbed.driver(kind) as client:
            refused = client.execute(other_command)
            if written_meanwhile(disturbed, contract, refused):
                raise NotDelivered("the trail was still written: correct [backend.unwritable]")
        after, entries = calm.read(memory), disturbed.trail.read()
        again = calm.execute(approved)
    must_hold(
        is_refused_unaudited(contract, refused),
        is_unchanged(before, after),
        leaves_no_execution(contract, refused, entries),
        is_served(contract, again),
        has_status_word(again, statuses.approved),
    )


def written_meanwhile(disturbed: FaultyPair, contract: Contract, exchange: Exchange) -> bool:
    """Whether an executed command's entry is in the audit trail already: then nothing kept it from being written."""
    if has_status_word(exchange, *contract.behavior.statuses.executed):
        return False
    try:
        entries = disturbed.trail.read()
    except TrailError:
        return False
    return any(entry.trace_id == response_predicates.trace_id(exchange) for entry in entries)
