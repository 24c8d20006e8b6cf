"""The conforming answers that a console is shown in a fit check, and the mock backend that sends them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

from technogate.contract.loader import Contract
from technogate.mock.mock_backend import MockBackend
from technogate.mock.responses.conforming import Conforming
from technogate.mock.scripted_reply import Reply, ResponseTemplate, json_template
from technogate.model.contract_words import spoken

#: The command of every answer: any that the pattern allows.
COMMAND = "PING"


def now() -> str:
    """The current time as the contract writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def new_mock_backend(contract: Contract, prefix: str = "") -> MockBackend:
    """A mock backend with conforming responses for whatever is not scripted: an approval, an empty list, no snapshot.

    `prefix` comes before each path: that of the address which a console has built in.
    """
    names = contract.behavior.operations
    numbers = itertools.count(1)

    def execute() -> Reply:
        trace_id = f"mock-{next(numbers)}"
        value = {
            "status": contract.behavior.statuses.approved,
            "ts_utc": now(),
            "trace_id": trace_id,
            "reason_codes": [],
        }
        value = contract.words.written("envelope", value)
        status = contract.words.answers_of(names.execute)[0]
        return Conforming(template=json_template(value, status=status, trace_id=trace_id)).reply()

    def empty_list() -> Reply:
        return Conforming(template=json_template([], trace_id=f"mock-{next(numbers)}")).reply()

    def no_snapshot() -> Reply:
        return Conforming(
            template=ResponseTemplate(status=204, headers=((contract.words.trace_header, f"mock-{next(numbers)}"),))
        ).reply()

    return MockBackend(
        operations={
            operation.id: (operation.method.upper(), prefix + operation.path) for operation in contract.guarded
        },
        defaults={
            names.execute: execute,
            names.audit: empty_list,
            names.fallback: empty_list,
            names.memory: no_snapshot,
        },
    )


def blocked(contract: Contract) -> Conforming:
    """A refusal with reason and message: all that an area of results can show."""
    value = {
        "status": contract.behavior.statuses.blocked,
        "ts_utc": now(),
        "trace_id": "fit-1",
        "reason_codes": [contract.behavior.reason_codes.known[0]],
        "message": "the fit check shows this",
    }
    status = contract.words.answers_of(contract.behavior.operations.execute)[0]
    return Conforming(
        template=json_template(contract.words.written("envelope", value), status=status, trace_id="fit-1")
    )


def one_entry(contract: Contract) -> Conforming:
    """An audit list of one entry that has every field."""
    entry = {
        "timestamp": now(),
        "action": COMMAND,
        "result": contract.behavior.audit.success,
        "state": contract.behavior.statuses.approved,
        "trace_id": "fit-entry",
        "execution_id": "exec_0001",
    }
    return Conforming(template=json_template([contract.words.written("entry", entry)], trace_id="fit-2"))


def snapshot(contract: Contract) -> Conforming:
    """A memory snapshot."""
    value = {"command": COMMAND, "output": "pong", "timestamp": now(), "status": contract.behavior.statuses.approved}
    return Conforming(template=json_template(contract.words.written("snapshot", value), trace_id="fit-3"))


def empty_list() -> Conforming:
    """An audit list without entries."""
    return Conforming(template=json_template([], trace_id="fit-4"))


def no_snapshot() -> Conforming:
    """No memory snapshot."""
    return Conforming(template=ResponseTemplate(status=204, headers=((spoken().trace_header, "fit-5"),)))


#: Makes an answer that conforms to a contract.
Answer = Callable[[Contract], Conforming]
