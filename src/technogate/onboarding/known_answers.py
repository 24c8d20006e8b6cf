"""A backend of the gate's own with known answers, in front of which a console is watched."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from technogate.contract.loader import Contract
from technogate.mock.mock_backend import MockBackend
from technogate.mock.recorded_request import RecordedRequest
from technogate.mock.responses.conforming import Conforming
from technogate.mock.scripted_reply import Reply, ResponseTemplate, json_template

#: The five statuses, in an order in which neighbours are not alike.
STATUSES = ("WARNING", "EXPIRED", "APPROVED", "BLOCKED", "NEUTRAL")
_EXECUTED = ("APPROVED", "WARNING", "NEUTRAL")
#: Seconds between two looks at what has arrived.
_POLL_S = 0.02


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class KnownAnswers:
    """The mock backend with answers that can be set; each value of an answer stands nowhere else."""

    def __init__(self, contract: Contract) -> None:
        names = contract.behavior.operations
        self.names = names
        self._numbers = itertools.count(1)
        self.rows: list[dict[str, str]] = []
        self.snapshot: dict[str, str] | None = None
        self.result: dict[str, Any] = {}
        self.set_result("NEUTRAL")
        self.mock = MockBackend(
            operations={operation.id: (operation.method.upper(), operation.path) for operation in contract.guarded},
            defaults={
                names.execute: self._execute,
                names.audit: self._list,
                names.fallback: self._list,
                names.memory: self._memory,
            },
        )

    def close(self) -> None:
        """Stop listening."""
        self.mock.close()

    # ---- the answers ----

    def set_result(self, status: str) -> dict[str, Any]:
        """Let the next commands be answered with `status`; returns the values that a page can show."""
        number = next(self._numbers)
        letter = chr(ord("A") + number % 26)
        codes = [f"SEEN_{letter}_FIRST", f"SEEN_{letter}_SECOND"]
        self.result = {
            "status": status,
            "trace_id": f"seen-{number}-result",
            "reason_codes": codes,
            "message": f"Sentence {number} of this answer.",
        }
        return self.result

    def set_bare_result(self) -> dict[str, Any]:
        """Let the next commands be approved without a reason and without a message; returns the values."""
        self.result = {"status": "APPROVED", "trace_id": f"seen-{next(self._numbers)}-bare", "reason_codes": []}
        return self.result

    def set_rows(self) -> list[dict[str, str]]:
        """Let the list have three entries whose values differ; returns them."""
        number = next(self._numbers)
        states = ("EXPIRED", "WARNING", "BLOCKED")
        letter = chr(ord("A") + number % 26)
        self.rows = [
            {
                "timestamp": f"2024-0{index + 3}-1{index}T1{index}:2{index}:3{index}.000Z",
                "action": f"ACTION_{letter}_{word}",
                "result": "SUCCESS" if state in _EXECUTED else "FAILED",
                "state": state,
                "trace_id": f"seen-{number}-entry-{index}",
                "execution_id": f"exec_{number}_{index}",
            }
            for index, (state, word) in enumerate(zip(states, ("ONE", "TWO", "THREE"), strict=True))
        ]
        return self.rows

    def set_snapshot(self) -> dict[str, str]:
        """Let there be a snapshot; returns its values."""
        number = next(self._numbers)
        letter = chr(ord("A") + number % 26)
        self.snapshot = {
            "command": f"REMEMBERED_{letter}",
            "output": f"output {number} of the remembered command",
            "timestamp": "2024-07-19T17:47:57.000Z",
            "status": "WARNING",
        }
        return self.snapshot

    def clear(self) -> None:
        """Let the list be empty, and let there be no snapshot."""
        self.rows, self.snapshot = [], None

    def _execute(self) -> Reply:
        value = {**self.result, "ts_utc": _now()}
        return Conforming(template=json_template(value, trace_id=str(value["trace_id"]))).reply()

    def _list(self) -> Reply:
        return Conforming(template=json_template(self.rows, trace_id=f"seen-{next(self._numbers)}-list")).reply()

    def _memory(self) -> Reply:
        trace_id = f"seen-{next(self._numbers)}-memory"
        if self.snapshot is None:
            return Conforming(template=ResponseTemplate(status=204, headers=(("X-Trace-Id", trace_id),))).reply()
        return Conforming(template=json_template(self.snapshot, trace_id=trace_id)).reply()

    # ---- what arrived ----

    @property
    def count(self) -> int:
        """How many requests have arrived."""
        return len(self.mock.received(origin=None))

    def since(self, start: int) -> list[RecordedRequest]:
        """The requests that arrived after the first `start`."""
        return self.mock.received(origin=None)[start:]

    def wait(self, start: int, wanted: Callable[[RecordedRequest], bool], limit_s: float) -> RecordedRequest | None:
        """The first request after `start` that is `wanted`, None when none comes within `limit_s` seconds."""
        deadline = time.monotonic() + limit_s
        while True:
            found = next((one for one in self.since(start) if wanted(one)), None)
            if found is not None or time.monotonic() > deadline:
                return found
            time.sleep(_POLL_S)

    def runs(self, command: str) -> Callable[[RecordedRequest], bool]:
        """Whether a request runs `command`."""
        return lambda one: one.operation == self.names.execute and body_of(one).get("command") == command

    def lists(self, **query: str) -> Callable[[RecordedRequest], bool]:
        """Whether a request reads the list with at least this query."""

        def wanted(one: RecordedRequest) -> bool:
            sent = parse_qs(urlsplit(one.target).query)
            return one.operation == self.names.audit and all(sent.get(name) == [value] for name, value in query.items())

        return wanted

    def remembers(self, one: RecordedRequest) -> bool:
        """Whether a request reads the snapshot."""
        return one.operation == self.names.memory


def body_of(request: RecordedRequest) -> dict[str, Any]:
    """The object in the body of a request, empty when it has none."""
    with suppress(ValueError):
        value = json.loads(request.body)
        if isinstance(value, dict):
            return value
    return {}
