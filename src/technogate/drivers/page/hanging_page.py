"""Ends a page whose script does not end: without it, whoever asks the page anything would wait for ever.

Playwright bounds a click and a load, but neither what is evaluated in a page nor a key that is pressed. A thread of the
gate's own asks the pages of a browser for a sign of life while a call takes long, and closes one that gives none.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import TimeoutError as NotInTime
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from technogate.drivers.page.playwright_import import PlaywrightError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: Seconds that a call takes before its pages are asked, and in which one must give a sign of life: no page that a
#: person uses is dead for so long, and a busy machine stops none for so long.
PATIENCE_S, SILENCE_S = 5.0, 20.0

#: Seconds between two looks at a call, and that the end of a page takes at most.
LOOK_S, END_S = 1.0, 10.0

#: How a page is described that was closed for that.
HOW = "did not respond: its script does not end, or its dialogs do not"

_hung: WeakSet[Page] = WeakSet()
_lock = threading.Lock()


def hangs(page: Page) -> bool:
    """Whether this page was closed because it gave no sign of life."""
    with _lock:
        return page in _hung


class Watchdog:
    """Watches the calls of one browser, from a thread of its own."""

    def __init__(self) -> None:
        self._since = 0.0
        self._browser: Browser | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="technogate-watchdog")
        self._thread.start()

    @contextmanager
    def over(self, browser: Browser) -> Iterator[None]:
        """Watch a call that uses the pages of `browser`; to be called in the thread of the browser."""
        self._browser, self._since = browser, time.monotonic()
        try:
            yield
        finally:
            self._since = 0.0

    def close(self) -> None:
        """End the thread; a second call does nothing."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_S):
            since, browser = self._since, self._browser
            if browser is None or not since or time.monotonic() - since < PATIENCE_S:
                continue
            for page in [page for context in browser.contexts for page in context.pages]:
                if self._since == since and not _responds(page):
                    with _lock:
                        _hung.add(page)
                    with suppress(PlaywrightError, NotInTime):
                        _in_loop(page, page._impl_obj.close(None, HOW)).result(END_S)


def _responds(page: Page) -> bool:
    """Whether the page gives a sign of life; true also where nobody can tell, as Playwright itself does nothing now."""
    asked = _in_loop(page, page._impl_obj.evaluate("1", None))
    begun = threading.Event()
    page._loop.call_soon_threadsafe(begun.set)
    if not begun.wait(LOOK_S):
        asked.cancel()
        return True
    try:
        asked.result(SILENCE_S)
    except PlaywrightError:
        # It was closed, or left for another document: whatever it does, it does something.
        return True
    except NotInTime:
        asked.cancel()
        return False
    return True


def _in_loop(page: Page, work: Coroutine[Any, Any, Any]) -> Any:
    """The future of what is done in the event loop of Playwright, which runs while its thread waits for it."""
    return asyncio.run_coroutine_threadsafe(work, page._loop)
