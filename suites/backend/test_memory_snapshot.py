"""MEM: the snapshot of the last executed command."""

from collections.abc import Callable

import pytest

from technogate.checks.response_predicates import (
    declares_json,
    has_answer,
    has_member,
    has_status,
    has_status_word,
    is_documented,
)
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import HttpDriver
from technogate.model.events import Exchange
from technogate.runner.suite import MustHold, needs, not_exercised, parts, requirement
from technogate.target import Running

pytestmark = parts("memory")

Word = Callable[[str], str]


@requirement("MEM-01")
@pytest.mark.parametrize("outcome", ["approved", "warning", "neutral"])
def test_snapshot_of_executed_command(
    backend: HttpDriver, contract: Contract, word: Word, outcome: str, must_hold: MustHold
) -> None:
    """After an executed command the snapshot is of that command, with its status."""
    executed = backend.execute(word(outcome))
    snapshot = backend.read(contract.behavior.operations.memory)
    needs(has_status_word(executed, contract.behavior.statuses.of(outcome)))
    must_hold(has_answer(snapshot))
    must_hold(
        is_documented(contract, snapshot),
        has_status_word(snapshot, contract.behavior.statuses.of(outcome)),
    )
    must_hold(has_member(snapshot, "command", word(outcome)))


@requirement("MEM-02")
def test_no_snapshot_before_the_first_execution(
    backend: HttpDriver,
    running: Running,
    first_memory: Exchange,
    must_hold: MustHold,
) -> None:
    """Before anything was executed, the memory returns 204 without a body."""
    contract = backend.contract
    empty = contract.operations[contract.behavior.operations.memory].empty_answers
    owned = running.backend is not None and running.backend.program is not None
    if not owned and first_memory.response is not None and not has_answer(first_memory):
        not_exercised(
            "the backend had executed commands before this run",
            "let the gate start it: give `command` instead of `url` in the target file, or start it anew",
        )
    must_hold(has_status(first_memory, *empty), declares_json(first_memory))
