"""One conforming answer shown in each area of a page, and one call of each function of a client module."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from technogate.contract.loader import Contract
from technogate.drivers.console_driver import ConsoleDriver, ConsoleEnded, DriverError, call_of
from technogate.drivers.module.module_driver import ModuleDriver
from technogate.drivers.module.module_page_driver import ModulePageDriver
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.fit.shown_answers import COMMAND, Answer, blocked, empty_list, no_snapshot, one_entry, snapshot
from technogate.mock.mock_backend import MockBackend
from technogate.mock.reply_queue import FaultError
from technogate.mock.responses.conforming import Conforming
from technogate.model.events import RenderedOutput
from technogate.model.fit_check import Area, Blame, FoundPart, Misfit

#: Makes one call of a console.
Call = Callable[[ConsoleDriver], RenderedOutput]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedCall:
    """One call of a console: whether its request came, with which target, and what was shown or went wrong."""

    operation: str
    sent: bool
    target: str = ""
    rendered: RenderedOutput | None = None
    problem: str = ""
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleFit:
    """What a console did with one conforming answer for each of its functions; `seen` are the parts of a page."""

    area: Area
    calls: dict[str, TriedCall] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()


def try_console(driver: ConsoleDriver, mock_backend: MockBackend, contract: Contract) -> ConsoleFit:
    """Make each call that the contract has once, each with a conforming answer that has every field."""
    names = contract.behavior.operations
    fallbacks = [names.fallback] if names.fallback else []
    trial = _Trial(driver, mock_backend, contract)
    seen = trial.parts()
    calls = {call_of("execute"): trial.call(names.execute, blocked, lambda console: console.execute(COMMAND))}
    if names.audit:
        calls[call_of("audit")] = trial.call(names.audit, one_entry, lambda console: console.audit(), *fallbacks)
    if names.memory:
        calls[call_of("memory")] = trial.call(names.memory, snapshot, lambda console: console.memory())
    for tried in calls.values():
        seen |= tried.seen
    return ConsoleFit(area="page" if driver.name == "browser" else "module", calls=calls, seen=seen)


def try_empty(driver: ConsoleDriver, mock_backend: MockBackend, contract: Contract) -> frozenset[str]:
    """The parts that a page shows for an empty list and for no snapshot."""
    names = contract.behavior.operations
    trial = _Trial(driver, mock_backend, contract)
    seen: frozenset[str] = frozenset()
    if names.audit:
        fallbacks = [names.fallback] if names.fallback else []
        seen |= trial.call(names.audit, lambda _: empty_list(), lambda console: console.audit(), *fallbacks).seen
    if names.memory:
        seen |= trial.call(names.memory, lambda _: no_snapshot(), lambda console: console.memory()).seen
    return seen


class _Trial:
    """Calls of one console, each with an answer of its own."""

    def __init__(self, driver: ConsoleDriver, mock_backend: MockBackend, contract: Contract) -> None:
        self._driver = driver
        self._mock_backend = mock_backend
        self._contract = contract

    def parts(self) -> frozenset[str]:
        """The parts that are on the page now; none for a module."""
        if not isinstance(self._driver, BrowserDriver):
            return frozenset()
        try:
            return self._driver.parts()
        except DriverError:
            return frozenset()

    def call(self, operation: str, answer: Answer, call: Call, *fallbacks: str) -> TriedCall:
        """Make one call; nothing is raised for what a console does or lacks. `fallbacks` have the same answer."""
        rendered, problem = None, ""
        try:
            self._driver.wait_until_complete()
            self._mock_backend.reset()
            conforming: Conforming = answer(self._contract)
            for requested in (operation, *fallbacks):
                self._mock_backend.script(requested, conforming, default=conforming)
            rendered = call(self._driver)
            self._driver.wait_until_complete()
        except ConsoleEnded as ended:
            problem = str(ended)
            with contextlib.suppress(DriverError):
                self._driver.restart()
        except DriverError as error:
            problem = str(error)
        with contextlib.suppress(FaultError):
            self._mock_backend.wait_until_complete()
        received = self._mock_backend.received(operation)
        return TriedCall(
            operation=operation,
            sent=bool(received),
            target=received[0].target if received else "",
            rendered=rendered,
            problem=problem,
            seen=self.parts(),
        )


def console_parts(fit: ConsoleFit) -> Iterator[FoundPart]:
    """The functions that sent their request and showed its answer."""
    for name, tried in fit.calls.items():
        if tried.sent and tried.rendered is not None and "error" not in tried.rendered.fields:
            shown = _shown(tried.rendered)
            if not shown:
                continue
            where = " in a browser" if fit.area == "module" and tried.rendered.driver != "module" else ""
            yield FoundPart(area=fit.area, part=name + where, shown=f"sends {tried.target}, shows {shown}")


def silent_calls(fit: ConsoleFit) -> Iterator[Misfit]:
    """The calls that sent their request and showed nothing of its answer: the run judges that."""
    for name, tried in fit.calls.items():
        silent = tried.rendered is not None and "error" not in tried.rendered.fields and not _shown(tried.rendered)
        if tried.sent and silent:
            yield _program(fit.area, name, f"sends {tried.target}, and shows nothing of the answer")


def _shown(rendered: RenderedOutput) -> str:
    """What a call showed of its answer, "" for nothing."""
    count = len(rendered.rows)
    entries = "1 entry" if count == 1 else f"{count} entries" if count else ""
    return rendered.fields.get("status") or entries or ("its answer as text" if any(rendered.fields.values()) else "")


def module_misfits(fit: ConsoleFit, contract: Contract) -> Iterator[Misfit]:
    """What the functions of a client module do not do. All of it is the program's: the run judges it."""
    for name, tried in fit.calls.items():
        error = tried.rendered.fields.get("error", "") if tried.rendered is not None else ""
        why = tried.problem or error
        if not tried.sent:
            yield _program(fit.area, name, f"sends no request to the backend{f': {why}' if why else ''}")
        elif why:
            yield _program(fit.area, name, why)
    yield from query_misfits(fit, contract)


def address_misfits(driver: ConsoleDriver) -> Iterator[Misfit]:
    """What a client module leaves to the page that it runs in: the address of its backend."""
    if isinstance(driver, ModuleDriver | ModulePageDriver) and driver.relative:
        yield Misfit(
            area="module",
            part="base URL",
            found="its requests name no host: they go to the origin of the page that it runs in",
            blame=Blame.OPTIONAL,
            consequence="it needs a page served beside its backend; here its requests are led to the backend",
        )


def query_misfits(fit: ConsoleFit, contract: Contract) -> Iterator[Misfit]:
    """The parameters of the audit query that a console does not send."""
    audit = contract.behavior.audit
    tried = fit.calls.get(call_of("audit"))
    if tried is None or not tried.sent:
        return
    query = tried.target.partition("?")[2]
    lacking = [name for name in (audit.filter_parameter, audit.limit_parameter) if f"{name}=" not in query]
    if lacking:
        yield _program(fit.area, call_of("audit"), f"never sends {' and '.join(lacking)} ({tried.target})")


def _program(area: Area, part: str, found: str) -> Misfit:
    return Misfit(area=area, part=part, found=found, blame=Blame.PROGRAM, consequence="the run judges that")
