"""Enters a value into a control of a page, whatever its kind: types, selects, presses one of several choices.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from technogate.drivers.console_driver import NotOffered
from technogate.drivers.page.console_page import ConsolePage
from technogate.drivers.page.page_words import words_in
from technogate.drivers.page.playwright_import import PlaywrightError
from technogate.model.contract_words import spoken

#: A control as the script within the page describes it: its kind, what it shows and what it offers.
Control = dict[str, Any]

#: What a page may call the query of every state.
_EVERY = frozenset({"all", "any", "", "*"})

#: The most presses of an arrow key by which a spin button is set.
_MOST_STEPS = 60

#: How long a popup is given to show what it offers, in milliseconds, and between two looks at it.
_POPUP_MS, _LOOK_MS = 2000, 20


def shows(control: Control, wanted: str) -> bool:
    """Whether a control shows the value."""
    if control["kind"] == "text":
        return wanted in control["shown"]
    # A choice without a value of its own is told by its text alone.
    texts = [text for text in control["shown"] if text] or control["shown"]
    return any(choice_of([{"value": text, "name": text, "disabled": False}], wanted) == 0 for text in texts)


def choice_of(offered: Sequence[dict[str, Any]], wanted: str) -> int | None:
    """The number of the choice for a value, None where none is offered.

    By its value, else by its text; in this case, else in any; else the only one whose text has it as a word.
    """
    every = (_EVERY | {wanted}) if wanted == spoken().filter_usual else frozenset()
    folded, as_word = wanted.casefold(), re.compile(rf"\b{re.escape(wanted)}\b", re.IGNORECASE)
    open_choices = [(at, c["value"], c["name"]) for at, c in enumerate(offered) if not c["disabled"]]
    exact = [at for at, value, name in open_choices if wanted in (value, name)]
    if exact:
        return exact[0]
    for found in (
        [at for at, value, name in open_choices if folded in (value.casefold(), name.casefold())],
        [at for at, _, name in open_choices if as_word.search(name)],
        [at for at, value, name in open_choices if value.casefold() in every and name],
        # Where every other choice is a status, this one is for all of them, whatever it is called.
        [at for at, value, name in open_choices if every and not _is_status(value, name)],
    ):
        if len(found) == 1:
            return found[0]
    return None


def _is_status(value: str, name: str) -> bool:
    return bool(words_in(f"{value} {name}".upper(), map(str.upper, spoken().statuses)))


class ControlEntry:
    """Enters values on one page."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page

    def enter(self, name: str, control: Control, wanted: str) -> None:
        """Make the control of part `name` show the value. Raises NotOffered when it does not offer it."""
        kind = control["kind"]
        if kind == "text" or (kind == "typed popup" and name in {"command", "session"}):
            self._type(name, control, wanted)
        elif kind == "select":
            self._select(name, control, wanted)
        elif kind == "choices":
            self._press_choice(name, self._choice(name, self._in_words(control["offered"]), wanted))
        elif kind == "range":
            self._page.control("slide", name, wanted)
        elif kind == "spinbutton":
            self._spin(name, wanted)
        else:
            self._pick(name, control, wanted)

    def shows(self, control: Control, wanted: str) -> bool:
        """Whether a control shows the value, or the page's own word for it."""
        own = [self._page.words.anywhere(text) for text in control["shown"]]
        return shows(control, wanted) or (control["kind"] != "text" and shows({**control, "shown": own}, wanted))

    def _in_words(self, offered: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The choices with the page's own words in the contract's."""
        return [{**choice, "name": self._page.words.anywhere(choice["name"])} for choice in offered]

    def type_by_keys(self, name: str, wanted: str) -> None:
        """Type the value key by key, as a person does: some pages listen to the keys alone."""
        self._page.target(name).click()
        keyboard = self._page.page.keyboard
        keyboard.press("ControlOrMeta+a")
        keyboard.press("Delete")
        keyboard.type(wanted)

    def _type(self, name: str, control: Control, wanted: str) -> None:
        if self._page.habits.by_keys and "\n" not in wanted:
            self.type_by_keys(name, wanted)
        elif control["direct"]:
            self._page.locate(name).fill(wanted)
        else:
            self._page.target(name).fill(wanted)

    def _select(self, name: str, control: Control, wanted: str) -> None:
        number = self._choice(name, self._in_words(control["offered"]), wanted)
        if control["direct"]:
            self._page.locate(name).select_option(index=number)
        else:
            self._page.target(name).select_option(index=number)

    def _choice(self, name: str, offered: Sequence[dict[str, Any]], wanted: str) -> int:
        number = choice_of(offered, wanted)
        if number is None:
            raise self._not_offered(name, wanted)
        return number

    def _not_offered(self, name: str, wanted: str) -> NotOffered:
        what = name.rpartition("_")[2]
        return NotOffered(f"the page {self._page.url} offers no {what} {wanted}: correct console.selectors.{name}")

    def _press_choice(self, name: str, number: int) -> None:
        element = self._page.element("choice", name, number)
        try:
            element.click(timeout=3000)
        except PlaywrightError:
            # What is drawn in its place takes no press of its own: the page's script listens to the element.
            element.dispatch_event("click")

    def _spin(self, name: str, wanted: str) -> None:
        """By typing, else by the arrow keys."""
        target, keyboard = self._page.target(name), self._page.page.keyboard
        target.focus()
        keyboard.type(wanted)
        keyboard.press("Enter")
        for _ in range(_MOST_STEPS):
            shown = self._page.control("describe", name)["shown"][0]
            if shown == wanted:
                return
            if not (shown.isdecimal() and wanted.isdecimal()):
                break
            keyboard.press("ArrowUp" if int(shown) < int(wanted) else "ArrowDown")
        raise self._not_offered(name, wanted)

    def _pick(self, name: str, control: Control, wanted: str) -> None:
        """Open the popup and press the choice."""
        target = self._page.target(name)
        target.click()
        offered = self._offered(name)
        if choice_of(offered, wanted) is None and control["kind"] == "typed popup":
            target.fill(wanted)
            offered = self._offered(name)
        number = choice_of(offered, wanted)
        if number is None:
            self._page.page.keyboard.press("Escape")
            raise self._not_offered(name, wanted)
        self._press_choice(name, number)

    def _offered(self, name: str) -> list[dict[str, Any]]:
        """What the popup offers once it is open."""
        for _ in range(_POPUP_MS // _LOOK_MS):
            if offered := self._page.control("popup", name):
                return self._in_words(offered)
            self._page.page.wait_for_timeout(_LOOK_MS)
        return []
