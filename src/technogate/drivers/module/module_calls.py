"""What the drivers of a client module have in common: they call its functions, and the calls may overlap."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from technogate.drivers.console_driver import READINGS, DriverError, call_of, usual_query
from technogate.drivers.console_driver import Call as CallName
from technogate.model.contract_words import Part
from technogate.model.driver_name import DriverName
from technogate.model.events import RenderedOutput


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleCall:
    """One call of the function that plays a part, with its arguments."""

    part: Part
    args: tuple[object, ...] = ()

    @property
    def call(self) -> CallName:
        """The name of the function."""
        return call_of(self.part)


class CallUnderWay(Protocol):
    """A call that was begun."""

    def result(self, timeout: float | None = None) -> RenderedOutput:
        """What the function returned, within so many seconds; raises TimeoutError, or ConsoleEnded."""

    def done(self) -> bool:
        """Whether the call has ended."""


class ModuleCaller(ABC):
    """Calls the functions of one module.

    `limit_s` bounds a call; a read of the list, which may take two requests, has twice that. `found` says where in the
    exports the functions were found, "" where the module itself has them.
    """

    name: DriverName
    limit_s: float
    found: str = ""
    _newest: CallUnderWay | None = None

    @abstractmethod
    def begin(self, call: ModuleCall) -> CallUnderWay:
        """Begin a call; raises ConsoleEnded when the module is gone."""

    def require_responsive(self) -> None:  # noqa: B027 - a page shows that by itself
        """Raise ConsoleEnded when the module's script is stuck, so that none of its calls can end."""

    def execute(self, command: str, session_id: str | None = None) -> RenderedOutput:
        """Execute a command, to its end."""
        return self.call_many([execute_call(command, session_id)])[0]

    def start_execute(self, command: str, session_id: str | None = None) -> bool:
        """The same without waiting; always possible."""
        self._newest = self.begin(execute_call(command, session_id))
        return True

    def result(self) -> RenderedOutput:
        """What the newest started command returned. Raises DriverError when none was started."""
        return self._collect([(ModuleCall(part="execute"), self._newest_call())])[0]

    def returned_within(self, seconds: float) -> RenderedOutput | None:
        """What the newest started command returns within so many seconds; None while it is still under way."""
        try:
            return self._newest_call().result(seconds)
        except TimeoutError:
            return None

    def audit(self, wanted: str | None = None, limit: int | None = None) -> RenderedOutput:
        """Read the audit list with this query, the contract's usual one for None, to its end."""
        return self.call_many([ModuleCall(part="audit", args=usual_query(wanted, limit))])[0]

    def memory(self) -> RenderedOutput:
        """Read the memory, to its end."""
        return self.call_many([ModuleCall(part="memory")])[0]

    def call_many(self, calls: Sequence[ModuleCall]) -> list[RenderedOutput]:
        """Make all calls at once and wait for all; a call that does not end in time is `pending`."""
        return self._collect([(call, self.begin(call)) for call in calls])

    def _newest_call(self) -> CallUnderWay:
        if self._newest is None:
            raise DriverError("no command was started: call start_execute first")
        return self._newest

    def _collect(self, calls: Sequence[tuple[ModuleCall, CallUnderWay]]) -> list[RenderedOutput]:
        started, now = time.time(), time.monotonic()
        rendered_outputs = []
        for call, under_way in calls:
            deadline = now + (2 * self.limit_s if call.part == "audit" else self.limit_s)
            try:
                rendered_outputs.append(under_way.result(max(0.0, deadline - time.monotonic())))
            except TimeoutError:
                self.require_responsive()
                rendered_outputs.append(
                    module_output(self.name, call.call, {"pending": "true"}, (), started, time.time())
                )
        return rendered_outputs

    def _wait_for(self, calls: Sequence[CallUnderWay], name: str) -> None:
        """Wait until none of the calls is under way; raises DriverError when one does not end in time."""
        deadline = time.monotonic() + 2 * self.limit_s
        try:
            for under_way in calls:
                under_way.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise DriverError(f"a call of {name} did not end within {2 * self.limit_s:g} s") from error


def execute_call(command: str, session_id: str | None) -> ModuleCall:
    """A call that executes a command; without a session id there is no second argument."""
    return ModuleCall(part="execute", args=(command,) if session_id is None else (command, session_id))


def returned_output(driver: DriverName, call: ModuleCall, outcome: dict[str, object]) -> RenderedOutput:
    """The rendered output of what a function returned, as the script that called it reports that."""
    fields, rows = READINGS[call.part](outcome.get("value"))
    if "error" in outcome:
        fields, rows = {"error": str(outcome["error"])}, ()
    return module_output(driver, call.call, fields, rows, _seconds(outcome["started"]), _seconds(outcome["ended"]))


def module_output(
    driver: DriverName,
    call: CallName,
    fields: dict[str, str],
    rows: tuple[dict[str, str], ...],
    started: float,
    ended: float,
) -> RenderedOutput:
    """The rendered output of one call."""
    return RenderedOutput(
        id="", item="", call=call, driver=driver, fields=fields, rows=rows, started=started, ended=ended
    )


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
