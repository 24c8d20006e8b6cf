"""The browser driver: uses the console's page as a person would, and reads what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from technogate.drivers.console_driver import LIMIT_S, DriverError, Exposure, PageRequest, usual_query
from technogate.drivers.page.browser_process import BrowserProcess, borrow, give_back
from technogate.drivers.page.chromium import browser_missing, find_browser, playwright_missing
from technogate.drivers.page.console_page import ConsolePage, first_line
from technogate.drivers.page.page_calls import PageCalls
from technogate.drivers.page.page_habits import PageHabits
from technogate.drivers.page.page_steps import PageSteps
from technogate.drivers.page.page_traffic import Traffic
from technogate.drivers.page.playwright_import import PlaywrightError
from technogate.model.driver_name import DriverName
from technogate.model.events import RenderedOutput
from technogate.model.interim_display import InterimDisplay
from technogate.target.page_use import PageUse
from technogate.target.spec import Selectors
from technogate.util.tls import trusts_more

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

T = TypeVar("T")

#: A page without aria-busy is complete when it has not changed for so long, in milliseconds.
QUIET_MS = 150

#: How long Playwright waits for a part of the page, in milliseconds: on a busy machine a click takes
#: a hundred times as long as on an idle one.
PART_MS = 20_000.0


#: What this process has learnt of pages, by their paths and selectors, from whichever server they come.
_known_habits: dict[tuple[str, ...], PageHabits] = {}


class BrowserDriver:
    """One page in a context of its own, on the console at `url`; drivers that need the same browser share it.

    `map_hosts` sends a host the page was built for, such as `backend:8000`, to `127.0.0.1:port`.
    `use` says how the page is used, and where it is, instead of `url` and `selectors`.
    `alone` gives it a browser of its own, for a driver that blocks while others go on.
    `unmarked` drives it in a browser that the page cannot tell from a person's (see `UnmarkedBrowser`).
    `limit_s` bounds the wait for a result; the audit list, which may take two requests, has twice that.
    Everything runs in the browser's thread. Raises DriverError when there is no browser, or no page
    with the parts it needs.
    """

    name: DriverName = "browser"

    def __init__(
        self,
        url: str,
        *,
        selectors: Selectors | None = None,
        use: PageUse | None = None,
        map_hosts: Mapping[str, str] | None = None,
        browser: Path | None = None,
        alone: bool = False,
        unmarked: bool = False,
        limit_s: float = LIMIT_S,
        quiet_ms: int = QUIET_MS,
    ) -> None:
        self.use = use or PageUse(url=url, selectors=selectors or Selectors())
        self.url = self.use.url
        self.limit_s = limit_s
        self._css: dict[str, str] = msgspec.structs.asdict(self.use.selectors)
        self._steps = PageSteps(self.use)
        self._quiet_ms = quiet_ms
        self._is_unmarked = unmarked
        self._network_changed: Callable[[], bool]
        self._context: BrowserContext | None = None
        self._traffic = Traffic()
        self._habits = _known_habits.setdefault(
            (self.url.partition("://")[2].partition("/")[2], *self._css.values()), PageHabits()
        )
        self._console: ConsolePage
        self._calls: PageCalls
        reason, hint = playwright_missing() if browser else browser_missing()
        executable = browser or find_browser()
        if reason or executable is None:
            raise DriverError(f"{reason}: {hint}")
        self.executable, self.map_hosts = executable, dict(map_hosts or {})
        self._browser: BrowserProcess | None = borrow(executable, self.map_hosts, alone=alone, unmarked=unmarked)
        try:
            self._with_browser(self._start)
        except DriverError:
            self.close()
            raise

    # ---- what a console can do ----

    def execute(self, command: str, session_id: str | None = None) -> RenderedOutput:
        """Enter a command, run it and read its result once it is shown.

        A command that the page refuses to run gives the field `refused`; a page that does not react `unchanged`;
        one that is still busy at the limit `pending`. None of these has a status.
        """
        return self._run(lambda: self._calls.execute(command, session_id))

    def start_execute(self, command: str, session_id: str | None = None) -> bool:
        """Run a command without waiting, neither before nor after; False when the page does not allow that."""
        return self._run(lambda: self._calls.start_execute(command, session_id))

    def result(self) -> RenderedOutput:
        """The result as shown now, once it is not busy."""
        return self._run(self._calls.result)

    def audit(self, wanted: str | None = None, limit: int | None = None) -> RenderedOutput:
        """Have the list loaded with this query, if possible by one request, and read it."""
        chosen, most = usual_query(wanted, limit)
        return self._run(lambda: self._calls.audit(chosen, str(most)))

    def memory(self) -> RenderedOutput:
        """Have the snapshot loaded again and read it."""
        return self._run(self._calls.memory)

    def wait_until_complete(self) -> None:
        """Wait until the page is idle; one that hangs is loaded anew. Raises DriverError when that does not help."""
        self._run(self._wait_until_complete)

    def reload(self) -> None:
        """Load the page anew and wait until it is idle."""
        self._run(self._console.open)

    def restart(self) -> None:
        """Load the page in a new context; its requests and console lines so far are kept.

        Raises DriverError when the browser itself is gone.
        """
        self._with_browser(self._restart)

    def network_changed(self) -> bool:
        """Whether a change of this machine's network has spoilt a request of the page since the last call."""
        return self._network_changed()

    def inspect(self) -> Exposure:
        """What the page leaves where others could read it."""
        return self._run(self._inspect)

    def parts(self) -> frozenset[str]:
        """The parts that are on the page now, by the names of their selectors."""
        return self._run(self._console.parts)

    def watch(self) -> InterimDisplay:
        """Record every state of the result from now on; returns the present one."""
        return self._run(self._console.watch)

    def watched(self, more_s: float) -> list[InterimDisplay]:
        """The states of the result since `watch`, the one at that time first, after `more_s` seconds more."""
        return self._run(lambda: self._console.watched(more_s))

    def leave(self) -> None:
        """Make the page believe that it is left, so that it sends what it keeps until then; then load it anew."""
        self._run(self._console.leave)

    @property
    def how(self) -> str:
        """How an unmarked browser runs: "with a window", or what a page can tell it by."""
        return "" if self._browser is None else self._browser.how

    def requests(self) -> list[PageRequest]:
        """Every request that the page has made since the last `forget`, as the browser reports it."""
        return self._run(self._requests)

    def outgoing(self) -> list[PageRequest]:
        """The same with what service workers and other windows sent, web sockets, and the bodies of Blobs and forms."""
        return self._run(self._outgoing)

    def forget(self) -> None:
        """Clear the requests and console lines so far."""
        self._run(self._console.traffic.forget)

    def learnt_steps(self) -> list[str]:
        """What was learnt about showing a part of the page, as lines of a target file."""
        return self._steps.learnt_steps()

    def notes(self) -> list[str]:
        """What a reader must know since the last call: parts that the page lacks, dialogs without an answer, tabs."""
        learnt = [f"A part of the page is shown by a step that was learnt: {line}." for line in self.learnt_steps()]
        return self._steps.new_notes(learnt)

    def lacks(self, part: str) -> bool:
        """Whether the page turned out to lack a part that is optional."""
        return part in self._steps.lacking

    def read_since(self) -> float:
        """When the last read began, in seconds since the epoch: what was requested before does not belong to it."""
        return self._calls.begun

    def loads_with_page(self, region: str) -> bool:
        """Whether the page is loaded anew for this read, because it has no button for it."""
        return region in self._calls.with_page

    def close(self) -> None:
        """Close the page, and the browser unless another driver uses it; a second call does nothing."""
        if self._browser is not None:
            try:
                self._with_browser(self._end)
            finally:
                give_back(self._browser)
                self._browser = None

    def __enter__(self) -> BrowserDriver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- start and end ----

    def _run(self, work: Callable[[], T]) -> T:
        """Do `work` in the browser's thread. Raises ConsoleEnded when the page is gone, else DriverError."""
        return self._with_browser(lambda browser: self._while_it_lasts(browser, work))

    def _while_it_lasts(self, browser: Browser, work: Callable[[], T]) -> T:
        try:
            return work()
        except (DriverError, PlaywrightError) as error:
            # A browser that has died took the page with it: that is no act of the page.
            ended = self._console.ended(error) if browser.is_connected() else None
            if ended is None:
                raise
            raise ended from error

    def _wait_until_complete(self) -> None:
        ended = self._console.ended()
        if ended is not None:
            raise ended
        self._console.wait_until_complete()

    def _with_browser(self, work: Callable[[Browser], T]) -> T:
        if self._browser is None:
            raise DriverError("the browser is closed")
        try:
            return self._browser.run(work)
        except PlaywrightError as error:
            raise DriverError(f"the page {self.url} could not be used: {first_line(error)}") from error

    def _start(self, browser: Browser) -> None:
        # A page without animation costs less to probe, and shows the same.
        if self._is_unmarked:
            context = browser.new_context(no_viewport=True, ignore_https_errors=trusts_more())
        else:
            context = browser.new_context(reduced_motion="reduce", ignore_https_errors=trusts_more())
        self._context = context
        context.set_default_timeout(PART_MS)
        self._console = ConsolePage(
            context,
            url=self.url,
            css=self._css,
            limit_s=self.limit_s,
            quiet_ms=self._quiet_ms,
            traffic=self._traffic,
            steps=self._steps,
            habits=self._habits,
            hooked=not self._is_unmarked,
        )
        self._network_changed = self._console.traffic.network_watch()
        self._console.open()
        self._calls = PageCalls(self._console)

    def _restart(self, browser: Browser) -> None:
        self._end(browser)
        self._traffic.abandon()
        self._start(browser)

    def _end(self, browser: Browser) -> None:
        # A browser that has died has no pages left.
        if self._context is not None and browser.is_connected():
            self._context.close()

    def _requests(self) -> list[PageRequest]:
        if self._console.traffic.under_way:
            # Events that arrived between two calls are processed only with the next call of Playwright.
            self._console.context.cookies()
        return self._console.traffic.requests()

    def _outgoing(self) -> list[PageRequest]:
        self._console.keep_bodies()
        return self._console.traffic.outgoing()

    def _inspect(self) -> Exposure:
        exposed = self._console.probe("expose")
        return Exposure(
            storage=exposed["storage"],
            cookies=tuple(f"{cookie.get('name')}={cookie.get('value')}" for cookie in self._console.context.cookies()),
            text=exposed["text"],
            html=exposed["html"],
            urls=self._console.traffic.urls(),
            lines=tuple(self._console.traffic.lines),
            markup={part: tuple(tags) for part, tags in exposed["markup"].items()},
        )
