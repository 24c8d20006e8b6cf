"""State belongs to the backend: whoever asks on whichever connection gets the same (MEM-01, AUD-02, EXE-06).

A backend of several workers with a state of their own responds by the worker that took the connection. So several
connections are open at the same time, and each is asked about what was done on another.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle, islice

import pytest

from fixtures.audit import need_list
from technogate.checks import response_predicates
from technogate.checks.audit_list import holds_one_entry
from technogate.checks.response_comparisons import is_unchanged
from technogate.checks.response_predicates import has_answer, has_member, has_response, has_status_word
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import HttpDriver
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("memory")

Words = Callable[[str], tuple[str, ...]]

#: Connections that are open at the same time: of two workers, each has one of them in 31 of 32 runs even by chance.
CONNECTIONS = 6
#: How many of them execute a command each.
EXECUTING = 3


@pytest.fixture
def connections(backend: HttpDriver, contract: Contract, must_hold: MustHold) -> Iterator[list[HttpDriver]]:
    """Drivers with a connection each, all of them open."""
    with ExitStack() as stack:
        apart = [stack.enter_context(backend.apart()) for _ in range(CONNECTIONS)]
        for driver in apart:
            must_hold(has_response(driver.read(contract.behavior.operations.memory)))
        yield apart


@requirement("MEM-01")
def test_memory_is_the_same_on_every_connection(
    connections: list[HttpDriver], contract: Contract, words: Words, must_hold: MustHold
) -> None:
    """The snapshot is of the last executed command on each connection, whichever connection executed it."""
    memory = contract.behavior.operations.memory
    commands = islice(cycle(words("approved")), EXECUTING)
    for driver, command in zip(connections, commands, strict=False):
        executed = driver.execute(command)
        own = driver.read(memory)
        must_hold(has_answer(executed), has_answer(own), has_member(own, "command", command))
        for other in connections:
            must_hold(is_unchanged(own, other.read(memory)))


@requirement("AUD-02")
@parts("audit")
def test_entries_are_shown_on_every_connection(
    connections: list[HttpDriver], contract: Contract, words: Words, must_hold: MustHold
) -> None:
    """The entry of a command is in the list of its state on each connection, whichever connection executed it."""
    names, audit = contract.behavior.operations, contract.behavior.audit
    for driver in connections[:EXECUTING]:
        executed = driver.execute(words("approved")[0])
        must_hold(has_answer(executed))
        trace_id = response_predicates.trace_id(executed)
        status = str(response_predicates.json_object(executed).get("status"))
        query = {audit.filter_parameter: status, audit.limit_parameter: 1000}
        for other in connections:
            listed = other.read_entry(names.audit, query, trace_id)
            need_list(listed)
            must_hold(holds_one_entry(listed, trace_id))


@requirement("EXE-06")
def test_unknown_command_is_blocked_on_every_connection(
    connections: list[HttpDriver], contract: Contract, words: Words, must_hold: MustHold
) -> None:
    """An unknown command is refused on each connection, and executes nothing as seen from any other."""
    memory = contract.behavior.operations.memory
    first, last = connections[0], connections[-1]
    must_hold(has_answer(first.execute(words("approved")[0])))
    before = last.read(memory)
    for driver in connections:
        blocked = driver.execute("ZZ_UNKNOWN_HERE")
        must_hold(has_answer(blocked), has_status_word(blocked, contract.behavior.statuses.blocked))
    must_hold(is_unchanged(before, last.read(memory)))
