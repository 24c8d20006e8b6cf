"""A browser of this process and the thread that drives it, shared by the drivers that need the same one.

A browser takes a second of CPU to start, a page in it a tenth of that. Each driver has a context of its own:
contexts share neither cookies, nor what they store, nor connections.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from technogate.drivers.console_driver import DriverError
from technogate.drivers.page.chromium import launch_arguments
from technogate.drivers.page.console_page import LOAD_S, first_line
from technogate.drivers.page.hanging_page import Watchdog
from technogate.drivers.page.page_world import register_engine
from technogate.drivers.page.playwright_import import PlaywrightError, sync_playwright
from technogate.drivers.page.unmarked_browser import UnmarkedBrowser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

T = TypeVar("T")

_Key = tuple[Path, tuple[tuple[str, str], ...]]
_lock = threading.Lock()
_lent: dict[_Key, BrowserProcess] = {}


class BrowserProcess:
    """One browser; every call of it runs in its thread. `unmarked` is one like a person's, and `how` it runs.

    That keeps Playwright's event loop out of the caller's thread. Raises DriverError when it does not start.
    """

    def __init__(self, executable: Path, map_hosts: Mapping[str, str], *, unmarked: bool = False) -> None:
        self.borrowers = 1
        self.how = ""
        self._unmarked: UnmarkedBrowser | None = None
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="technogate-browser")
        self._watchdog = Watchdog()
        try:
            self._thread.submit(self._start, executable, map_hosts, unmarked).result()
        except BaseException:
            self.close()
            raise

    def run(self, work: Callable[[Browser], T]) -> T:
        """The result of `work` with the browser. Raises DriverError when it was closed, and whatever `work` raises."""
        browser = self._browser
        if browser is None:
            raise DriverError("the browser is closed")
        return self._thread.submit(self._watched, work, browser).result()

    def _watched(self, work: Callable[[Browser], T], browser: Browser) -> T:
        with self._watchdog.over(browser):
            return work(browser)

    @property
    def connected(self) -> bool:
        """Whether the browser still runs."""
        return self.run(lambda browser: browser.is_connected())

    def close(self) -> None:
        """End the browser; a second call does nothing."""
        try:
            self._thread.submit(self._end).result()
        finally:
            self._watchdog.close()
            self._thread.shutdown()

    def _start(self, executable: Path, map_hosts: Mapping[str, str], unmarked: bool) -> None:
        self._playwright = sync_playwright().start()
        if not unmarked:
            self._browser = launch(self._playwright, executable, map_hosts)
            return
        register_engine(self._playwright)
        self._unmarked = UnmarkedBrowser(self._playwright, map_hosts, os.environ)
        self._browser, self.how = self._unmarked.browser, self._unmarked.how

    def _end(self) -> None:
        browser, playwright = self._browser, self._playwright
        self._browser = self._playwright = None
        try:
            if browser is not None:
                browser.close()
        finally:
            if playwright is not None:
                playwright.stop()
            if self._unmarked is not None:
                self._unmarked.close()


def launch(playwright: Playwright, executable: Path, map_hosts: Mapping[str, str]) -> Browser:
    """Start the headless browser of this Playwright; raises DriverError when it does not start."""
    register_engine(playwright)
    try:
        return playwright.chromium.launch(
            executable_path=executable, args=launch_arguments(map_hosts), headless=True, timeout=LOAD_S * 1000
        )
    except PlaywrightError as error:
        raise DriverError(f"the browser {executable} does not start: {first_line(error)}") from error


def user_agent(browser: Browser) -> str:
    """The user agent that the pages of a browser have, without a page to ask."""
    return str(browser.new_browser_cdp_session().send("Browser.getVersion")["userAgent"])


def borrow(
    executable: Path, map_hosts: Mapping[str, str], *, alone: bool = False, unmarked: bool = False
) -> BrowserProcess:
    """A browser of this kind, started if there is none or `alone` or `unmarked` is set; `give_back` ends its use.

    Raises DriverError when it does not start.
    """
    if alone or unmarked:
        return BrowserProcess(executable, map_hosts, unmarked=unmarked)
    key = executable, tuple(sorted(map_hosts.items()))
    with _lock:
        lent = _lent.get(key)
        if lent is not None and lent.connected:
            lent.borrowers += 1
            return lent
        # A browser that has died stays with its borrowers.
        _lent[key] = started = BrowserProcess(executable, map_hosts)
        return started


def give_back(browser: BrowserProcess) -> None:
    """End the browser when no driver uses it any more."""
    with _lock:
        browser.borrowers -= 1
        if browser.borrowers:
            return
        for key in [key for key, lent in _lent.items() if lent is browser]:
            del _lent[key]
    browser.close()
