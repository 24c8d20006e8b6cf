"""The driver of a client module in a browser: calls its functions in a page of the gate's own."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from technogate.drivers.console_driver import LIMIT_S, DriverError, Exposure, PageRequest
from technogate.drivers.module.esbuild import bundle
from technogate.drivers.module.module_calls import CallUnderWay, ModuleCall, ModuleCaller, returned_output
from technogate.drivers.module.module_page import ModulePage
from technogate.drivers.module.page_server import PageServer
from technogate.drivers.page.browser_process import BrowserProcess, borrow, give_back
from technogate.drivers.page.chromium import browser_missing, find_browser
from technogate.drivers.page.console_page import first_line
from technogate.drivers.page.page_traffic import Traffic
from technogate.drivers.page.playwright_import import PlaywrightError
from technogate.model.driver_name import DriverName
from technogate.model.events import RenderedOutput

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

T = TypeVar("T")


class ModulePageDriver(ModuleCaller):
    """Runs one client module in a page of its own, in a context of its own; calls may overlap.

    `env` is what the module finds in `process.env` and `import.meta.env`, `base` where its relative URLs lead, `create`
    the expression that makes the client. `map_hosts`, `alone` and `limit_s` are as for the console's page. Raises
    DriverError when there is no browser, no bundler, or the module does not load.
    """

    name: DriverName = "module-browser"

    def __init__(
        self,
        module: Path,
        *,
        env: Mapping[str, str],
        base: str = "",
        create: str = "",
        map_hosts: Mapping[str, str] | None = None,
        alone: bool = False,
        limit_s: float = LIMIT_S,
    ) -> None:
        if not module.is_file():
            raise DriverError(f"there is no client module {module}: correct `module` in the target file")
        self.module = module
        self.limit_s = limit_s
        self._env, self._create = dict(env), create
        self._numbers = itertools.count(1)
        self._under_way: dict[int, _PageCall] = {}
        self._traffic = Traffic()
        self._network_changed = self._traffic.network_watch()
        self._context: BrowserContext | None = None
        self._page: ModulePage
        self._browser: BrowserProcess | None = None
        reason, hint = browser_missing()
        executable = find_browser()
        if reason or executable is None:
            raise DriverError(f"{reason}: {hint}")
        self.executable, self.map_hosts = executable, dict(map_hosts or {})
        self._server = PageServer(bundle(module, "browser"), base)
        try:
            self._browser = borrow(executable, self.map_hosts, alone=alone)
            self._with_browser(self._start)
        except DriverError:
            self.close()
            raise

    @property
    def relative(self) -> bool:
        """Whether a request went to an address without a host: where that leads, the module's page decides."""
        return self._run(lambda: self._page.relative)

    def begin(self, call: ModuleCall) -> CallUnderWay:
        """Begin a call; raises ConsoleEnded when the page is gone."""
        number = next(self._numbers)
        self._run(lambda: self._page.begin(number, call))
        self._under_way[number] = under_way = _PageCall(driver=self, number=number, call=call)
        return under_way

    def outcome(self, number: int, call: ModuleCall, seconds: float) -> RenderedOutput | None:
        """What a call returned, within so many seconds; None while it is still under way."""
        outcome = self._run(lambda: self._page.outcome(number, seconds))
        if outcome is None:
            return None
        self._under_way.pop(number, None)
        return returned_output(self.name, call, outcome)

    def wait_until_complete(self) -> None:
        """Wait until no call is under way; raises DriverError when one does not end in time."""
        self._run(self._require_page)
        self._wait_for(list(self._under_way.values()), self.module.name)

    def network_changed(self) -> bool:
        """Whether a change of this machine's network has spoilt a request since the last call."""
        return self._network_changed()

    def outgoing(self) -> list[PageRequest]:
        """Every request that the browser reports, but for those that the page itself consists of."""
        self._run(self._page.keep_bodies)
        return [request for request in self._traffic.outgoing() if not self._is_own(request.url)]

    def inspect(self) -> Exposure:
        """What the module leaves where others could read it."""
        return self._run(self._inspect)

    def leave(self) -> None:
        """Make the module believe that its page is left, so that it sends what it keeps; then load it anew."""
        self._run(self._page.leave)
        self.restart()

    def restart(self) -> None:
        """Load the module in a new context; its requests and console lines so far are kept."""
        self._with_browser(self._restart)

    def close(self) -> None:
        """Close the page, its server, and the browser unless another driver uses it; a second call does nothing."""
        if self._browser is not None:
            try:
                self._with_browser(self._end)
            finally:
                give_back(self._browser)
                self._browser = None
        self._server.close()

    def __enter__(self) -> ModulePageDriver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- in the browser's thread ----

    def _run(self, work: Callable[[], T]) -> T:
        """Do `work` in the browser's thread. Raises ConsoleEnded when the page is gone, else DriverError."""
        return self._with_browser(lambda browser: self._while_it_lasts(browser, work))

    def _while_it_lasts(self, browser: Browser, work: Callable[[], T]) -> T:
        try:
            return work()
        except (DriverError, PlaywrightError) as error:
            # A browser that has died took the page with it: that is no act of the module.
            ended = self._page.ended(error) if browser.is_connected() else None
            if ended is None:
                raise
            self._under_way.clear()
            raise ended from error

    def _require_page(self) -> None:
        ended = self._page.ended()
        if ended is not None:
            raise ended

    def _with_browser(self, work: Callable[[Browser], T]) -> T:
        if self._browser is None:
            raise DriverError("the browser is closed")
        try:
            return self._browser.run(work)
        except PlaywrightError as error:
            raise DriverError(f"the client module {self.module} could not be used: {first_line(error)}") from error

    def _start(self, browser: Browser) -> None:
        context = self._context = browser.new_context()
        self._page = ModulePage(
            context,
            url=f"{self._server.origin}/",
            module=self.module,
            env=self._env,
            create=self._create,
            traffic=self._traffic,
        )
        self.found = self._page.found

    def _restart(self, browser: Browser) -> None:
        self._end(browser)
        self._traffic.abandon()
        self._under_way.clear()
        self._newest = None
        self._start(browser)

    def _end(self, browser: Browser) -> None:
        if self._context is not None and browser.is_connected():
            self._context.close()

    def _is_own(self, url: str) -> bool:
        """Whether a URL is of the page itself: the gate serves it."""
        return url.startswith(f"{self._server.origin}/")

    def _inspect(self) -> Exposure:
        exposed = self._page.exposed()
        return Exposure(
            storage=exposed["storage"],
            cookies=tuple(f"{cookie.get('name')}={cookie.get('value')}" for cookie in self._page.context.cookies()),
            text=exposed["text"],
            html=exposed["html"],
            urls=tuple(url for url in self._traffic.urls() if not self._is_own(url)),
            lines=tuple(self._traffic.lines),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _PageCall:
    """A call under way in a page."""

    driver: ModulePageDriver
    number: int
    call: ModuleCall

    def result(self, timeout: float | None = None) -> RenderedOutput:
        """What the function returned, within so many seconds; raises TimeoutError, or ConsoleEnded."""
        until = time.monotonic() + (LIMIT_S if timeout is None else timeout)
        while True:
            # In steps: an event of the page is processed between two of them.
            left = max(0.0, until - time.monotonic())
            rendered = self.driver.outcome(self.number, self.call, min(left, 1.0))
            if rendered is not None:
                return rendered
            if time.monotonic() >= until:
                raise TimeoutError

    def done(self) -> bool:
        """Whether the call has ended."""
        return self.driver.outcome(self.number, self.call, 0.0) is not None
