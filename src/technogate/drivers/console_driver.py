"""What the console drivers have in common: what both can do with a console, and what they return.

A rendered output made here has no `id`, `item` and `exchanges`: the code that records it fills these in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from technogate.model.contract_words import Part, spoken
from technogate.model.driver_name import DriverName
from technogate.model.events import RenderedOutput
from technogate.model.exposure import Exposure as Exposure
from technogate.model.exposure import PageRequest as PageRequest

#: The name of one of the three functions, as the contract calls it.
Call = str

#: How long a console may take to show something, in seconds; the contract allows it 16 (CON-06).
LIMIT_S = 20.0

#: The fields of a rendered output, by what they mean, for each of the three calls.
EXECUTE_FIELDS = ("status", "trace_id", "reason_codes", "message", "ts_utc", "execution_id")
MEMORY_FIELDS = ("command", "output", "status", "timestamp", "execution_id")
AUDIT_FIELDS = ("timestamp", "action", "result", "state", "trace_id", "execution_id")


class DriverError(Exception):
    """The console could not be driven: a part is missing, a module does not load. One line with a hint."""


class StaysBusyError(DriverError):
    """A page was loaded whole, and says for good that it is busy."""


class NotOffered(DriverError):  # noqa: N818 - named by what the console does
    """The console offers no such value, or no control for it: what needs it is not exercised."""


class ConsoleEnded(DriverError):  # noqa: N818 - named by what happened
    """The page or the client module is gone, by an act of its own: start it afresh with `restart`.

    `program` is which of the two, `how` what it did, as a predicate; `exit_code` is that of the module's process
    (None for a page), `output` the last lines that it wrote.
    """

    def __init__(
        self, program: Literal["page", "client module"], how: str, *, exit_code: int | None = None, output: str = ""
    ) -> None:
        super().__init__(f"the {program} {how}")
        self.program: Literal["page", "client module"] = program
        self.how = how
        self.exit_code = exit_code
        self.output = output


class ConsoleDriver(Protocol):
    """Makes a console do what its user can make it do, and reads what it shows."""

    @property
    def name(self) -> DriverName:
        """Which driver this is."""

    def execute(self, command: str, session_id: str | None = None) -> RenderedOutput:
        """Run a command and wait until its result is shown; raises DriverError when a part is missing."""

    def start_execute(self, command: str, session_id: str | None = None) -> bool:
        """Run a command without waiting; False when the console does not allow it (again)."""

    def result(self) -> RenderedOutput:
        """What is shown as the result of the newest command, once it is shown."""

    def audit(self, wanted: str | None = None, limit: int | None = None) -> RenderedOutput:
        """Have the audit list fetched once with this query, the contract's usual one for None, and read it."""

    def memory(self) -> RenderedOutput:
        """Have the memory snapshot fetched once, and read it."""

    def wait_until_complete(self) -> None:
        """Wait until the console is idle; raises DriverError when it does not become so in time.

        This and every call raise ConsoleEnded when the console is gone.
        """

    def network_changed(self) -> bool:
        """Whether a change of this machine's network has spoilt a request since the last call."""

    def outgoing(self) -> list[PageRequest]:
        """Every request that the console made, as its runtime reports it; a module's backend may be left out."""

    def inspect(self) -> Exposure:
        """What the console leaves where others could read it."""

    def restart(self) -> None:
        """Start it afresh: a page in a new context, a module in a new process. Raises DriverError when it fails."""

    def close(self) -> None:
        """End it; a second call does nothing."""


def call_of(part: Part) -> Call:
    """The name of the function that plays a part."""
    return spoken().function(part)


def usual_query(wanted: str | None, limit: int | None) -> tuple[str, int]:
    """A query of the audit list, with the contract's usual value in the place of each None."""
    words = spoken()
    return words.filter_usual if wanted is None else wanted, words.limit_usual if limit is None else limit


def shown(value: object) -> str:
    """A value as text: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def execute_fields(value: object) -> dict[str, str]:
    """The fields of what the function that executes returned; a value that is not an object is an error."""
    if not isinstance(value, Mapping):
        return {"error": f"{call_of('execute')} returned {shown(value)}, not an object"}
    value = spoken().meaning("envelope", value)
    fields = {name: shown(value[name]) for name in EXECUTE_FIELDS if name in value}
    reasons = value.get("reason_codes")
    if isinstance(reasons, list):
        fields["reason_codes"] = " ".join(shown(reason) for reason in reasons)
    return fields


def memory_fields(value: object) -> dict[str, str]:
    """The fields of a returned snapshot; null is the empty one, a value that is not an object an error."""
    if value is None:
        return {"empty": "true"}
    if not isinstance(value, Mapping):
        return {"error": f"{call_of('memory')} returned {shown(value)}, neither an object nor null"}
    value = spoken().meaning("snapshot", value)
    return {name: shown(value[name]) for name in MEMORY_FIELDS if name in value}


def audit_fields(value: object) -> tuple[dict[str, str], tuple[dict[str, str], ...]]:
    """The fields and rows of a returned list; a value that is not a list of objects is an error."""
    if not isinstance(value, list):
        return {"error": f"{call_of('audit')} returned {shown(value)}, not a list"}, ()
    if not all(isinstance(row, Mapping) for row in value):
        return {"error": f"{call_of('audit')} returned a list with entries that are not objects"}, ()
    entries = [spoken().meaning("entry", row) for row in value]
    rows = tuple({name: shown(row[name]) for name in AUDIT_FIELDS if name in row} for row in entries)
    return ({} if rows else {"empty": "true"}), rows


#: Turns the value that a call returned into fields and rows.
Reading = Callable[[object], tuple[dict[str, str], tuple[dict[str, str], ...]]]
READINGS: dict[Part, Reading] = {
    "execute": lambda value: (execute_fields(value), ()),
    "memory": lambda value: (memory_fields(value), ()),
    "audit": audit_fields,
}
