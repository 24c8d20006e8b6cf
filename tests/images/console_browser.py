"""Chromium for the console's tests, and the texts that a person can read on the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from technogate.drivers.page.browser_process import launch
from technogate.drivers.page.chromium import browser_missing, find_browser
from tests.images.console_mock_backend import KEY, WAIT_S, PlannedBackend

_STORES = """() => JSON.stringify([
    {...localStorage}, {...sessionStorage}, document.cookie, document.documentElement.outerHTML,
    [...document.querySelectorAll("input, select")].map((field) => field.value),
    Object.keys(globalThis).filter((name) => typeof globalThis[name] === "string").map((name) => globalThis[name]),
])"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that the gate itself uses, headless; without one the test is skipped."""
    program = find_browser()
    if program is None or browser_missing()[0]:
        pytest.skip(": ".join(browser_missing()))
    with sync_playwright() as playwright:
        browser = launch(playwright, program, {})
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPage:
    """The console's page in a tab, and everything that the page itself wrote to the browser's console."""

    page: Page
    written: list[str] = field(default_factory=list)

    def part(self, name: str) -> Locator:
        """The part of the page with this `data-testid`."""
        return self.page.get_by_test_id(name)

    def text(self, name: str) -> str:
        """Return the text of a part; "" when it is hidden."""
        locator = self.part(name)
        return (locator.text_content() or "") if locator.is_visible() else ""

    def reasons(self) -> list[str]:
        """The reason codes shown."""
        return self.part("result-reasons").locator("li").all_text_contents()

    def rows(self) -> list[dict[str, str]]:
        """The audit list shown: each row's cells by their field."""
        cells: list[dict[str, str]] = self.part("audit-row").evaluate_all(
            "rows => rows.map(row => Object.fromEntries([...row.cells].map(c => [c.dataset.field, c.textContent])))"
        )
        return cells

    def wait_until_complete(self, *names: str) -> None:
        """Wait until these parts are no longer busy; without names: all three."""
        for name in names or ("result", "audit", "memory"):
            self.page.locator(f'[data-testid="{name}"][aria-busy="false"]').wait_for()

    def enter(self, command: str, session: str = "") -> None:
        """Fill in a command and press Run, without waiting."""
        self.part("command-input").fill(command)
        self.part("session-input").fill(session)
        self.part("command-run").click()

    def run(self, command: str = "STATUS") -> str:
        """Run a command and return the status shown for it."""
        self.enter(command)
        self.wait_until_complete()
        return self.text("result-status")

    def holds_key(self) -> bool:
        """Whether the key can be found in the page: its storage, cookies, DOM, fields, globals or console output."""
        stored: str = self.page.evaluate(_STORES)
        cookies = self.page.context.cookies()
        return any(KEY in text for text in [stored, str(cookies), *self.written])


@contextmanager
def opened(browser: Browser, url: str, *, reads_done: bool = True, **options: object) -> Iterator[OpenedPage]:
    """The console's page in a browser context of its own, once its first reads are shown (if wanted)."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(WAIT_S * 1000)
    try:
        opened_page = OpenedPage(page=context.new_page())
        opened_page.page.on("console", lambda message: opened_page.written.append(message.text))
        opened_page.page.on("pageerror", lambda error: opened_page.written.append(f"error: {error}"))
        opened_page.page.goto(url)
        if reads_done:
            opened_page.wait_until_complete()
        yield opened_page
    finally:
        context.close()


def nothing_sent(mock_backend: PlannedBackend) -> bool:
    """Whether the stand-in received no request."""
    return not mock_backend.received
