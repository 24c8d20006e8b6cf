"""One list of all that fits and all that does not, filled part by part."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from technogate.contract.loader import Contract
from technogate.drivers.console_driver import ConsoleDriver, DriverError
from technogate.drivers.http.http_driver import HttpDriver
from technogate.drivers.open_driver import NoBrowser
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.fit.absence import absence_finding
from technogate.fit.backend_fit import BackendFit, backend_misfits, backend_parts, try_backend
from technogate.fit.console_fit import (
    ConsoleFit,
    address_misfits,
    console_parts,
    module_misfits,
    query_misfits,
    silent_calls,
    try_console,
    try_empty,
)
from technogate.fit.missing_commands import missing_commands
from technogate.fit.page_fit import EMPTY_PARTS, SHOWN_BY, declared_absent, missing_parts, named_in_file, page_misfits
from technogate.fit.page_offer import PageOffer, page_offer
from technogate.fit.trail_fit import trail_parts
from technogate.mock.mock_backend import MockBackend
from technogate.model.fit_check import Blame, FitCheck, FoundPart, Misfit
from technogate.target import Commands, RunningBackend, RunningConsole, Selectors, TargetFile


class FitList:
    """What a fit check has found so far. A part that cannot be decided on is in neither list: the run judges it."""

    def __init__(self, *, contract: Contract, spec: TargetFile) -> None:
        self.contract = contract
        self._spec = spec
        self._began = time.monotonic()
        self._found: list[FoundPart] = []
        self._misfits: list[Misfit] = []
        self._absent: BackendFit | None = None

    @property
    def ends(self) -> bool:
        """Whether nothing else need be tried: no operation of the contract is there."""
        return self._absent is not None

    def commands(self, commands: Commands, selected: Collection[str] = (), *, required: bool) -> None:
        """List the commands that the target file does not name; they are a mistake of it where all are `required`."""
        blame = Blame.TARGET if required else Blame.OPTIONAL
        self._misfits += missing_commands(commands, self.contract, selected, blame=blame)

    def backend(self, driver: HttpDriver, backend: RunningBackend) -> None:
        """Send one conforming request of each operation. Raises what the driver's guard raises."""
        spec = self._spec.backend
        if spec is None:
            return
        fit = try_backend(driver, backend.commands, spec)
        self._found += backend_parts(fit)
        self._misfits += backend_misfits(fit, spec)
        if fit.nothing_exists:
            self._absent = fit

    def trail(self, backend: RunningBackend, read: Callable[[], int], source: str) -> None:
        """Read the audit trail once; `read` returns the number of its entries, or raises TrailError."""
        self._add(*trail_parts(backend.audit, read, source))

    def no_trail(self, misfit: Misfit) -> None:
        """List why there is no trail to read."""
        self._add(misfit)

    def console(
        self, driver: ConsoleDriver, mock_backend: MockBackend, console: RunningConsole, hosts: dict[str, str]
    ) -> None:
        """Make each call of the console once, and list the parts of its page that were never there."""
        fit = try_console(driver, mock_backend, self.contract)
        self._found += console_parts(fit)
        self._misfits += silent_calls(fit)
        if not isinstance(driver, BrowserDriver):
            self._misfits += module_misfits(fit, self.contract)
            self._misfits += address_misfits(driver)
            return
        self._misfits += declared_absent(console.page.selectors)
        missing = self._missing(fit, driver, mock_backend, console.page.selectors)
        if missing:
            self._page(console.page.selectors, missing, page_offer(console.page.url, console.page.selectors, hosts))
        self._misfits += query_misfits(fit, self.contract)

    def no_driver(self, console: RunningConsole, driver: str, error: DriverError, hosts: dict[str, str]) -> None:
        """List why a console cannot be driven at all: a module that does not load, parts of its page not there."""
        if driver != "browser":
            self._add(Misfit(area="module", part="console.module", found=str(error), blame=Blame.TARGET))
            return
        offer = page_offer(console.page.url, console.page.selectors, hosts)
        first = [part for part in offer.missing if not SHOWN_BY[part]]
        # What a page shows before any command, and its areas, which may be judged without one.
        at_once = [*first, *(part for part in ("audit", "memory") if part in offer.missing)]
        if not {"command", "run"} & set(first):
            self._add(Misfit(area="page", part=console.page.url, found=str(error), blame=Blame.TARGET))
            return
        self._page(console.page.selectors, tuple(at_once), offer)

    def stays_busy(self, error: DriverError) -> None:
        """List that a page without a snapshot stays busy: it does so after a conforming answer, which a run judges."""
        self._misfits.append(
            Misfit(
                area="page",
                part=self.contract.behavior.operations.memory,
                found=f"{error} after an answer without a snapshot (204), and not after one with a snapshot",
                blame=Blame.PROGRAM,
                consequence="the run judges that",
            )
        )

    def no_browser(self, missing: NoBrowser) -> None:
        """List that the page could not be tried on this machine: that is no mistake of the target file."""
        self._add(
            Misfit(
                area="page",
                part="browser",
                found=missing.reason,
                blame=Blame.OPTIONAL,
                consequence="the page is not tried",
                line=missing.hint,
            )
        )

    def result(self) -> FitCheck:
        """The whole list."""
        finding, spec = None, self._spec.backend
        if self._absent is not None and self._absent.routes is not None and spec is not None:
            # Where the operations are below a prefix, the target file is wrong and nothing is judged.
            finding = None if self._absent.routes.prefix else absence_finding(self._absent, spec)
        return FitCheck(
            # A client module may say the same in both of its runtimes.
            found=tuple(dict.fromkeys(self._found)),
            misfits=tuple(dict.fromkeys(self._misfits)),
            seconds=time.monotonic() - self._began,
            ends=f"not run: {finding.observed}" if finding is not None else "",
            finding=finding,
        )

    def _missing(
        self, fit: ConsoleFit, driver: BrowserDriver, mock_backend: MockBackend, selectors: Selectors
    ) -> tuple[str, ...]:
        """The parts that were never there; what an empty state shows is known only of parts that the file names."""
        missing = tuple(
            part for part in missing_parts(fit, selectors) if part not in EMPTY_PARTS or named_in_file(selectors, part)
        )
        if EMPTY_PARTS & set(missing):
            shown = try_empty(driver, mock_backend, self.contract)
            return tuple(part for part in missing if part not in shown)
        return missing

    def _page(self, selectors: Selectors, missing: tuple[str, ...], offer: PageOffer) -> None:
        self._misfits += page_misfits(missing, selectors, offer.propose)

    def _add(self, *parts: FoundPart | Misfit) -> None:
        self._found += [part for part in parts if isinstance(part, FoundPart)]
        self._misfits += [part for part in parts if isinstance(part, Misfit)]
