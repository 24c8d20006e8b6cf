"""One page that is watched: its controls, what it shows, and what it sends when something is done to it.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from technogate.drivers.page.console_page import CALL_CONTROL
from technogate.drivers.page.page_entry import choice_of
from technogate.drivers.page.page_words import PageWords
from technogate.drivers.page.page_world import PageWorld, WorldScripts
from technogate.drivers.page.playwright_import import PlaywrightError
from technogate.onboarding.known_answers import KnownAnswers

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ElementHandle, Locator, Request

_SCRIPT = Path(__file__).with_name("page_survey.js")
#: What separates the steps of a selector that pierces shadow roots and frames.
PIERCE = " >>> "
#: Milliseconds that a control gets to be operated, seconds until it is enabled, and seconds between two looks.
OPERATE_MS, ENABLED_S, POLL_S = 1500, 1.2, 0.05
#: Seconds within which a press has its effect: the request arrives, or a popup opens.
EFFECT_S = 0.9
#: Seconds without a request after which a page that was loaded counts as settled, and at most.
QUIET_S, SETTLED_S = 0.4, 4.0
#: What Playwright says where a document was left as a script ran in it, and how often that may happen to one task.
_LEFT, _DOCUMENTS = ("Execution context was destroyed", "Cannot find context", "frame was detached"), 3
#: What it says where a document was requested while another one was.
_INTERRUPTED = ("interrupted by another navigation", "ERR_ABORTED")
#: Milliseconds that a page gets to load.
LOAD_MS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A control of the page: what it is, what a person would call it, and its selector."""

    selector: str
    kind: str
    label: str
    hints: str
    visible: bool
    selected: bool
    submits: bool
    form: str
    dialog: bool
    options: tuple[tuple[str, str], ...]

    @property
    def words(self) -> str:
        """Its label, and the names that the markup gives it, in lower case."""
        return f"{self.label} {self.hints}".lower()


class SurveyedPage:
    """The page at `url`, in front of a backend with known answers."""

    def __init__(self, context: BrowserContext, url: str, answers: KnownAnswers) -> None:
        scripts, page = WorldScripts(context, hooked=False), context.new_page()
        self.page, self.world, self.url, self.answers = page, PageWorld(scripts, page), url, answers
        self.sent: list[str] = []
        self.dialogs = 0
        self._first = _place(url)
        #: Seconds after loading until the page's handlers are there, where that was seen to take some.
        self.hydration_s = 0.0
        page.set_default_timeout(OPERATE_MS)
        self._leaving: set[Request] = set()
        page.on("request", self._on_request)
        page.on("requestfinished", self._on_end)
        page.on("requestfailed", self._on_end)
        page.on("dialog", lambda dialog: self._on_dialog(dialog.accept))

    def _on_request(self, request: Request) -> None:
        self.sent.append(request.url)
        if request.is_navigation_request() and request.frame == self.page.main_frame:
            self._leaving.add(request)

    def _on_end(self, request: Request) -> None:
        self._leaving.discard(request)

    def _on_dialog(self, accept: Callable[[], None]) -> None:
        self.dialogs += 1
        with suppress(PlaywrightError):
            accept()

    # ---- loading ----

    def load(self) -> None:
        """Load the page anew and wait until it has settled; raises PlaywrightError when it does not load."""
        self.open(self.url)
        self.wait(self.hydration_s)
        self.settle()
        self._first = _place(self.page.url)

    def open(self, url: str) -> None:
        """Open an address, once a document that a press has requested is there: the two would interrupt each other."""
        for last in (False, True):
            self.until(lambda: not self._leaving, SETTLED_S)
            try:
                self.page.goto(url, wait_until="load", timeout=LOAD_MS)
            except PlaywrightError as error:
                if last or not any(text in error.message for text in _INTERRUPTED):
                    raise
            else:
                return

    @property
    def is_first(self) -> bool:
        """Whether the page is at the address to which loading it led."""
        return _place(self.page.url) == self._first

    def settle(self) -> None:
        """Wait until the page has sent nothing for a while."""
        deadline, quiet_since, count = time.monotonic() + SETTLED_S, time.monotonic(), -1
        while time.monotonic() < deadline and time.monotonic() - quiet_since < QUIET_S:
            now = len(self.sent) + self.answers.count
            if now != count or self._leaving:
                count, quiet_since = now, time.monotonic()
            self.wait(POLL_S)

    def wait(self, seconds: float) -> None:
        """Let the page go on for a while."""
        self.page.wait_for_timeout(seconds * 1000)

    def until(self, holds: Callable[[], bool], limit_s: float) -> bool:
        """Wait until something holds, at most `limit_s` seconds; whether it does."""
        deadline = time.monotonic() + limit_s
        while not holds():
            if time.monotonic() > deadline:
                return False
            self.wait(POLL_S)
        return True

    # ---- looking ----

    def ask(self, task: str, **request: Any) -> Any:
        """One task of the script within the page; in the next document where a press has led to that meanwhile."""
        for _ in range(_DOCUMENTS):
            try:
                return self.page.evaluate(_SCRIPT.read_text("utf-8"), {"task": task, **request})
            except PlaywrightError as error:
                if not any(text in error.message for text in _LEFT):
                    raise
            self.page.wait_for_load_state("load", timeout=LOAD_MS)
        return self.page.evaluate(_SCRIPT.read_text("utf-8"), {"task": task, **request})

    def controls(self, *kinds: str, visible: bool = True) -> list[Control]:
        """The controls of these kinds (all without), in the order of the page."""
        found = [
            Control(**{**one, "options": tuple((value, text) for value, text in one["options"])})
            for one in self.ask("controls")
        ]
        return [one for one in found if (not kinds or one.kind in kinds) and (one.visible or not visible)]

    def find(self, values: dict[str, str]) -> dict[str, dict[str, list[str]]]:
        """Where each value is shown: exactly, within other text, and in another case."""
        found: dict[str, dict[str, list[str]]] = self.ask("find", values=values)
        return found

    def shows(self, text: str) -> bool:
        """Whether the page shows a text anywhere."""
        return bool(self.find({"text": text})["text"]["contains"])

    def texts(self) -> dict[str, str]:
        """The texts that are shown, by the selector of the element that holds each."""
        return dict(self.ask("texts"))

    def common(self, selectors: Iterable[str], *, avoid: Iterable[str] = (), texts: Iterable[str] = ()) -> str:
        """The selector of what holds all of these and nothing of `avoid`, nor shows one of `texts`; "" for nothing."""
        request = {"selectors": list(selectors), "avoid": [one for one in avoid if one], "texts": list(texts)}
        return self.ask("common", **request) or ""

    def text(self, selector: str) -> str:
        """What an element shows, "" where it is not there."""
        return str(self.ask("text", selector=selector))

    def others(self, selector: str) -> list[str]:
        """Further selectors that name the same element alone."""
        return [str(one) for one in self.ask("others", selector=selector)]

    def visible(self, selector: str) -> bool:
        """Whether an element is shown."""
        return bool(self.ask("visible", selector=selector))

    def exists(self, selector: str) -> bool:
        """Whether the page has an element, shown or not."""
        return bool(self.ask("exists", selector=selector))

    # ---- doing ----

    def locator(self, selector: str) -> Locator:
        """Playwright's locator of an element: it pierces shadow roots by itself, and frames by name."""
        *hosts, last = selector.split(PIERCE)
        at: Any = self.page
        for host in hosts:
            inside = at.locator(host).first
            at = at.frame_locator(host) if inside.evaluate("element => element.localName") == "iframe" else inside
        found: Locator = at.locator(last).first
        return found

    def press(self, selector: str) -> bool:
        """Press a control once it is enabled; whether that was possible."""
        if not self.until(lambda: bool(self.ask("enabled", selector=selector)), ENABLED_S):
            return False
        try:
            self.locator(selector).click(timeout=OPERATE_MS, no_wait_after=True)
        except PlaywrightError:
            return False
        return True

    def enter(self, selector: str, text: str) -> bool:
        """Put a text into a field; whether that was possible."""
        try:
            self.locator(selector).fill(text, timeout=OPERATE_MS)
        except PlaywrightError:
            return False
        return True

    def key(self, selector: str, name: str) -> bool:
        """Press a key in a control; whether that was possible."""
        try:
            self.locator(selector).press(name, timeout=OPERATE_MS, no_wait_after=True)
        except PlaywrightError:
            return False
        return True

    def choose(self, control: Control, wanted: str, words: PageWords) -> bool:
        """Choose an option of a control by its value, or by its text in the page's words; whether that was possible."""
        try:
            described = self.world.call(CALL_CONTROL, "describe", control.selector)
            offered = described["offered"]
            if not offered:
                self.locator(control.selector).click(timeout=OPERATE_MS)
                self.until(lambda: bool(self._popup(control)), EFFECT_S)
                offered = self._popup(control)
            number = choice_of([{**one, "name": words.anywhere(one["name"])} for one in offered], wanted)
            if number is None:
                self.page.keyboard.press("Escape")
                return False
            if described["kind"] == "select":
                self.locator(control.selector).select_option(index=number, timeout=OPERATE_MS)
            else:
                self._choice(control, number).click(timeout=OPERATE_MS)
        except PlaywrightError:
            return False
        return True

    def _popup(self, control: Control) -> list[dict[str, Any]]:
        """What the open popup of a control offers."""
        offered: list[dict[str, Any]] = self.world.call(CALL_CONTROL, "popup", control.selector)
        return offered

    def _choice(self, control: Control, number: int) -> ElementHandle:
        """The element of one choice."""
        element = self.world.element("choice", control.selector, number)
        if element is None:
            raise PlaywrightError("the choice is gone")
        return element


def _place(url: str) -> str:
    """An address without its query and fragment."""
    return url.partition("#")[0].partition("?")[0]
