"""What is done on a page between its parts: declared steps, tabs that are learnt, and how its dialogs are answered.

A part that is hidden behind a tab is looked for once, among what may be clicked without consequence: tabs, and links of
a navigation to the same origin. What was learnt is kept, to be stated: nothing is guessed silently. Belongs to the
thread in which Playwright runs.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from technogate.drivers.console_driver import DriverError
from technogate.drivers.page.part_location import located
from technogate.drivers.page.playwright_import import PlaywrightError, PlaywrightTimeout
from technogate.target.page_use import Moment, PageStep, PageUse

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Locator, Page

    from technogate.drivers.page.console_page import ConsolePage

#: The parts that must be shown before something is done; of the second kind, the first that the page has.
_ALL_OF = {"execute": ("command", "run")}
_FIRST_OF = {"audit": ("audit_refresh", "audit"), "memory": ("memory_refresh", "memory")}

#: Words by which the tab of an area is tried first; the order of tries is all that depends on them.
_WORDS = {
    "execute": re.compile("run|execute|command|console|home", re.IGNORECASE),
    "audit": re.compile("audit|log|history|trail|entries|activity", re.IGNORECASE),
    "memory": re.compile("memory|snapshot|state|last", re.IGNORECASE),
}

#: What is never clicked to look for a part.
_LEAVES = re.compile(r"log ?out|sign ?out|delete|remove|reset|clear", re.IGNORECASE)

#: What may be clicked to look for a part, by role.
_CANDIDATES = {"tab": "[role=tab]", "link": "nav a[href], [role=navigation] a[href], header a[href]"}

#: At most so many are clicked for one part.
_MOST_TRIES = 12

#: Seconds that a part gets to appear: on a page that was loaded, after a click, and for a step after a press.
FIRST_S, _SHOWN_S, _AFTER_S = 2.0, 1.5, 1.0
_POLL_MS = 30.0

#: Milliseconds that a step of the target file waits for its element.
_STEP_MS = 3_000.0


class PageSteps:
    """The steps of one console's page. `learnt` has, by moment, the selector to click; the pages of a console share it.

    `lacking` are the parts that the page turned out to lack. `notes` are what a reader must know besides: a dialog that
    was dismissed because no step says how to answer it.
    """

    def __init__(self, use: PageUse, learnt: dict[str, str] | None = None) -> None:
        self.use = use
        self.learnt: dict[str, str] = {} if learnt is None else learnt
        self.notes: list[str] = []
        self.lacking: set[str] = set()
        self._told: set[str] = set()
        self._as_it_is: set[str] = set()
        self._done: set[str] = set()
        self._moment: str = "start"

    def learnt_steps(self) -> list[str]:
        """What was learnt, as lines of a target file."""
        return [
            f"[[console.steps]] before = {json.dumps(moment)}, click = {json.dumps(selector)}"
            for moment, selector in sorted(self.learnt.items())
        ]

    def new_notes(self, further: list[str]) -> list[str]:
        """The notes since the last call, and those of `further` that were not returned before."""
        new = [note for note in (*self.notes, *further) if note not in self._told]
        self._told.update(new)
        return new

    def loaded(self, console: ConsolePage) -> None:
        """Do the steps of a page that was just loaded; what it needed once is left out, such as a second login."""
        self._as_it_is.clear()
        self._moment = "start"
        patience_s = _AFTER_S
        for step in self._steps("start"):
            if step.where in self._done and self._is_needless(console, step, patience_s):
                patience_s = 0.0
                continue
            self._do(console.page, [step])
            if step.action in ("click", "fill", "select"):
                self._done.add(step.where)

    @staticmethod
    def _is_needless(console: ConsolePage, step: PageStep, patience_s: float) -> bool:
        """Whether the element of a step stays away so long on a page that shows the parts of a command anyway."""
        element, since = located(console.page, step.goal, {}), 0.0
        while not element.is_visible():
            if not _is_shown(console, "execute"):
                # The page may still be under way: the step waits for its element.
                return False
            since = since or time.monotonic()
            if time.monotonic() - since >= patience_s:
                return True
            console.page.wait_for_timeout(_POLL_MS)
        return False

    def show(self, console: ConsolePage, moment: Moment, *, patience_s: float = 0.0) -> bool:
        """Do what has to be done before `moment`; returns False when another page must be left for the first one.

        `patience_s` is how long a part may take to appear by itself before a tab is looked for.
        """
        self._moment, page = moment, console.page
        steps = self._steps(moment)
        if steps:
            # What only shows a part need not be done while it is shown, on the page that is opened for it.
            elsewhere = any(step.action == "open" and _path(page.url) != _path(step.goal) for step in steps)
            enters = any(step.action in ("fill", "select", "press") for step in steps)
            if elsewhere or enters or not _is_shown(console, moment):
                self._do(page, steps)
            return True
        changes = bool(self.learnt) or bool(self.use.steps)
        if not changes and moment in self._as_it_is:
            return True
        if _is_shown(console, moment) or (patience_s and _appears(console, moment, patience_s)):
            self._as_it_is.add(moment)
            return True
        if moment in self.learnt:
            page.locator(self.learnt[moment]).first.click(timeout=_STEP_MS)
            if _appears(console, moment, _SHOWN_S):
                return True
        self._learn(console, moment)
        return moment in self.learnt or _path(page.url) == _path(self.use.url)

    def pressed(self, page: Page, moment: str) -> None:
        """Do the steps after a press, each once its element has appeared; one that does not appear is left out."""
        for step in self.use.steps:
            if moment not in step.after or step.action == "dialog":
                continue
            if step.action in ("click", "fill", "select"):
                try:
                    located(page, step.goal, {}).wait_for(state="visible", timeout=_AFTER_S * 1000)
                except PlaywrightTimeout:
                    return
            self._do(page, [step])

    def answer(self, dialog: Dialog) -> None:
        """Answer a dialog of the browser as the steps say; a page may always be left, and a message be read."""
        wanted = [step.goal for step in self.use.steps if step.action == "dialog" and self._concerns(step)]
        if dialog.type in ("alert", "beforeunload") or (wanted and wanted[-1] == "accept"):
            dialog.accept()
            return
        if not wanted:
            note = (
                f"A dialog ({dialog.type}) was dismissed, because no step says how to answer it: "
                f'[[console.steps]] before = "{self._moment}", dialog = "accept" would accept it.'
            )
            self.note(note)
        dialog.dismiss()

    def note(self, note: str) -> None:
        """Keep a note for the reader, once."""
        if note not in self.notes:
            self.notes.append(note)

    def _concerns(self, step: PageStep) -> bool:
        return self._moment in step.before or self._moment in step.after

    def _steps(self, moment: str) -> list[PageStep]:
        return [step for step in self.use.steps if moment in step.before and step.action != "dialog"]

    def _do(self, page: Page, steps: list[PageStep]) -> None:
        for step in steps:
            try:
                _act(page, step)
            except PlaywrightTimeout as error:
                place = f"{step.where}.{step.action}"
                raise DriverError(
                    f"the page {page.url} has nothing to {step.action} at {step.goal}: correct {place}"
                ) from error

    def _learn(self, console: ConsolePage, moment: Moment) -> None:
        """Look once for what shows the parts of `moment`; nothing is learnt when nothing does."""
        page = console.page
        before = page.url
        for selector in list(leading_on(page, moment))[:_MOST_TRIES]:
            try:
                page.locator(selector).first.click(timeout=_SHOWN_S * 1000)
            except PlaywrightTimeout:
                continue
            if _appears(console, moment, _SHOWN_S):
                self.learnt[moment] = selector
                return
            if page.url != before:
                page.go_back(wait_until="load")


def _act(page: Page, step: PageStep) -> None:
    """Do one step."""
    if step.action == "open":
        if _path(page.url) != _path(step.goal):
            page.goto(step.goal, wait_until="load")
    elif step.action == "click":
        located(page, step.goal, {}).click(timeout=_STEP_MS)
    elif step.action == "fill":
        located(page, step.goal, {}).fill(step.text, timeout=_STEP_MS)
    elif step.action == "select":
        located(page, step.goal, {}).select_option(step.text, timeout=_STEP_MS)
    elif step.action == "press":
        page.keyboard.press(step.goal)


def _path(url: str) -> str:
    """The address without its query and fragment."""
    return url.partition("#")[0].partition("?")[0].rstrip("/")


def _is_shown(console: ConsolePage, moment: str) -> bool:
    """Whether the parts that are used at `moment` are on the page and visible."""
    try:
        if moment in _ALL_OF:
            return all(console.is_visible(name) for name in _ALL_OF[moment])
        return next((console.is_visible(name) for name in _FIRST_OF[moment] if console.locate(name).count()), False)
    except PlaywrightError as error:
        if "Execution context was destroyed" in error.message:
            # A link has just led to another document: it is asked again.
            return False
        raise


def _appears(console: ConsolePage, moment: str, seconds: float) -> bool:
    """Whether the parts are shown within so many seconds."""
    until = time.monotonic() + seconds
    while not _is_shown(console, moment):
        if time.monotonic() > until:
            return False
        console.page.wait_for_timeout(_POLL_MS)
    return True


def leading_on(page: Page, moment: str) -> Iterator[str]:
    """The selectors of the tabs and links that may show a part, the likeliest first; each by role and name."""
    found: list[tuple[bool, str]] = []
    for role, selector in _CANDIDATES.items():
        for element in page.locator(selector).all():
            name = (element.get_attribute("aria-label") or element.inner_text()).strip()
            if not name or not element.is_visible() or _LEAVES.search(name) or not _stays(page, element):
                continue
            found.append((_WORDS[moment].search(name) is None, f"role={role}[name={json.dumps(name)}s]"))
    yield from dict.fromkeys(selector for _, selector in sorted(found, key=lambda known: known[0]))


def _stays(page: Page, element: Locator) -> bool:
    """Whether a click on it stays in this window and at this origin."""
    href = element.get_attribute("href")
    if href is None:
        return True
    target, here = urlsplit(urljoin(page.url, href)), urlsplit(page.url)
    return (target.scheme, target.netloc) == (here.scheme, here.netloc) and element.get_attribute("target") is None
