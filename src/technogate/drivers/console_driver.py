"""The console drivers' common ground: what both can do with a console, and what they bring back.

A view made here has no `id`, `item` and `exchanges`: whoever records it fills these in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from technogate.model.events import Headers, RenderedOutput
from technogate.model.exposure import Exposure as Exposure

Call = Literal["executeCommand", "fetchAuditLog", "fetchMemory"]

#: How long a console may take to show something, in seconds; the contract allows it 16 (CON-06).
LIMIT_S = 20.0

#: The fields of a view by the name that the answer gives them, for each of the three calls.
EXECUTE_FIELDS = ("status", "trace_id", "reason_codes", "message", "ts_utc", "execution_id")
MEMORY_FIELDS = ("command", "output", "status", "timestamp", "execution_id")
AUDIT_FIELDS = ("timestamp", "action", "result", "state", "trace_id", "execution_id")


class DriverError(Exception):
    """The console could not be driven: a part is missing, a module does not load. One line with a hint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """One request that the page made; `failure` is the browser's own word for why it came to nothing.

    It began at `at` and had its answer in full at `ended` (0 while it has not), in seconds since the
    epoch. `sent` and `headers` are the headers of the request and of the answer, as far as the browser
    tells them; they may hold secrets.
    """

    method: str
    url: str
    at: float
    kind: str = ""
    status: int = 0
    failure: str = ""
    ended: float = 0.0
    sent: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    headers: Headers = ()


class ConsoleDriver(Protocol):
    """Makes a console do what its user can make it do, and reads what it shows."""

    @property
    def name(self) -> Literal["browser", "module"]:
        """Which driver this is."""

    def execute(self, command: str, session_id: str | None = None) -> RenderedOutput:
        """Run a command and wait until its result is shown; raises DriverError when a part is missing."""

    def start_execute(self, command: str, session_id: str | None = None) -> bool:
        """Run a command without waiting; False when the console does not let it be run (again)."""

    def result(self) -> RenderedOutput:
        """What is shown as the result of the newest command, once it is shown."""

    def audit(self, filter: str = "all", limit: int = 50) -> RenderedOutput:  # noqa: A002 - the contract's own word
        """Have the audit list fetched once with this query, and read it."""

    def memory(self) -> RenderedOutput:
        """Have the memory snapshot fetched once, and read it."""

    def wait_until_complete(self) -> None:
        """Wait until the console is idle; raises DriverError when it does not become so in time."""

    def disturbed(self) -> bool:
        """Whether this machine's own network has spoilt a request since this was asked last: then nothing was seen."""

    def inspect(self) -> Exposure:
        """What the console leaves where others could read it."""

    def close(self) -> None:
        """End it; a second call does nothing."""


def shown(value: object) -> str:
    """A value as text: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def execute_fields(value: object) -> dict[str, str]:
    """The fields of what executeCommand returned; what is no object is an error."""
    if not isinstance(value, Mapping):
        return {"error": f"executeCommand returned {shown(value)}, not an object"}
    fields = {name: shown(value[name]) for name in EXECUTE_FIELDS if name in value}
    reasons = value.get("reason_codes")
    if isinstance(reasons, list):
        fields["reason_codes"] = " ".join(shown(reason) for reason in reasons)
    return fields


def memory_fields(value: object) -> dict[str, str]:
    """The fields of what fetchMemory returned; null is the empty snapshot, what is no object an error."""
    if value is None:
        return {"empty": "true"}
    if not isinstance(value, Mapping):
        return {"error": f"fetchMemory returned {shown(value)}, neither an object nor null"}
    return {name: shown(value[name]) for name in MEMORY_FIELDS if name in value}


def audit_fields(value: object) -> tuple[dict[str, str], tuple[dict[str, str], ...]]:
    """The fields and rows of what fetchAuditLog returned; what is no list of objects is an error."""
    if not isinstance(value, list):
        return {"error": f"fetchAuditLog returned {shown(value)}, not a list"}, ()
    if not all(isinstance(row, Mapping) for row in value):
        return {"error": "fetchAuditLog returned a list with entries that are no objects"}, ()
    rows = tuple({name: shown(row[name]) for name in AUDIT_FIELDS if name in row} for row in value)
    return ({} if rows else {"empty": "true"}), rows


#: What turns the value that a call returned into fields and rows.
Reading = Callable[[object], tuple[dict[str, str], tuple[dict[str, str], ...]]]
READINGS: dict[str, Reading] = {
    "executeCommand": lambda value: (execute_fields(value), ()),
    "fetchMemory": lambda value: (memory_fields(value), ()),
    "fetchAuditLog": audit_fields,
}
