"""ERR-05, FCB-01, TMO-01: executors that fail, return nonsense, or hang."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from technogate.checks.resilience import command_is_executed, failed_execution_is_blocked, is_served
from technogate.checks.response_comparisons import is_unchanged
from technogate.checks.response_predicates import has_reason_code, has_response, has_status_word, is_documented
from technogate.checks.response_times import is_complete_within
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import HttpDriver
from technogate.faults.hanging import HangingRequests
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("execute")

Word = Callable[[str], str]
CommandSet = Callable[[str], tuple[str, ...]]

#: Failing commands sent at once.
AT_ONCE = 8


@requirement("ERR-05")
def test_failing_executor(backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """A command whose executor fails gets 500 or is blocked, and the next one is executed."""
    crashed = backend.execute(word("crashing"))
    following = backend.execute(word("approved"))
    must_hold(failed_execution_is_blocked(contract, crashed), command_is_executed(contract, following))


@requirement("ERR-05")
def test_many_failing_executors(backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """Several executors that fail at once use nothing up: each gets a response, and the next command is executed."""
    crashing = word("crashing")
    with ThreadPoolExecutor(AT_ONCE) as clients:
        crashed = list(clients.map(backend.execute, [crashing] * AT_ONCE))
    following = backend.execute(word("approved"))
    must_hold(
        *(failed_execution_is_blocked(contract, exchange) for exchange in crashed),
        command_is_executed(contract, following),
    )


@requirement("ERR-05")
@parts("memory")
def test_failed_command_leaves_memory(backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """A command whose executor failed is not in the memory snapshot."""
    executed = backend.execute(word("approved"))
    before = backend.read(contract.behavior.operations.memory)
    crashed = backend.execute(word("crashing"))
    after = backend.read(contract.behavior.operations.memory)
    must_hold(
        command_is_executed(contract, executed),
        has_response(crashed),
        is_unchanged(before, after),
    )


@requirement("FCB-01")
def test_unknown_status_is_blocked(
    backend: HttpDriver, contract: Contract, words: CommandSet, must_hold: MustHold
) -> None:
    """A result whose status is unknown gets 200, blocked, with the reason code for it."""
    for odd in words("unknown_status"):
        exchange = backend.execute(odd)
        must_hold(
            is_served(contract, exchange),
            has_status_word(exchange, contract.behavior.statuses.blocked),
            has_reason_code(exchange, contract.behavior.reason_codes.unknown_status),
        )


@requirement("FCB-01")
@parts("memory")
def test_unknown_status_leaves_memory(
    backend: HttpDriver, contract: Contract, word: Word, words: CommandSet, must_hold: MustHold
) -> None:
    """A result whose status is unknown does not move the memory snapshot."""
    executed = backend.execute(word("approved"))
    before = backend.read(contract.behavior.operations.memory)
    odd = [backend.execute(command) for command in words("unknown_status")]
    after = backend.read(contract.behavior.operations.memory)
    must_hold(
        command_is_executed(contract, executed),
        *map(has_response, odd),
        is_unchanged(before, after),
    )


@requirement("TMO-01")
@parts("audit", "memory")
def test_other_requests_are_served_while_executors_hang(
    backend: HttpDriver, contract: Contract, hanging: HangingRequests, word: Word, must_hold: MustHold
) -> None:
    """While executors hang, every other request has its response in time."""
    names = contract.behavior.operations
    approved = word("approved")
    word("slow")
    for _ in range(3):
        must_hold(
            command_is_executed(contract, backend.execute(approved)),
            is_served(contract, backend.read(names.memory)),
            is_served(contract, backend.read(names.audit, {"limit": 5})),
        )
        if not hanging.waiting:
            break


@requirement("TMO-01")
@pytest.mark.late
def test_hanging_executor_is_blocked(
    contract: Contract, hanging: HangingRequests, word: Word, must_hold: MustHold
) -> None:
    """Commands whose executor hangs, sent together, each have their response in time: blocked, with its reason."""
    word("slow")
    behavior = contract.behavior
    for exchange in hanging.collect():
        must_hold(
            is_complete_within(exchange, behavior.time.response_s),
            is_documented(contract, exchange),
            has_status_word(exchange, behavior.statuses.blocked),
            has_reason_code(exchange, behavior.reason_codes.timeout),
        )
