"""What the looks at the parts of one page share: the page, what was found so far, and ways to try something.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from technogate.mock.recorded_request import RecordedRequest
from technogate.onboarding import page_ways
from technogate.onboarding.consequences import consequence
from technogate.onboarding.known_answers import KnownAnswers
from technogate.onboarding.learned import Learned
from technogate.onboarding.page_ways import Way
from technogate.onboarding.surveyed_page import EFFECT_S, SurveyedPage

#: Seconds within which a page shows an answer that has arrived.
SHOWN_S = 2.0
#: The command that is entered: any that the contract allows, and that stands nowhere else.
WORD = "LOOK_AT_THIS"
#: Buttons that are pressed last: they leave the page or throw something away.
AVOIDED = re.compile(r"log ?out|sign ?out|sair|delete|clear|close|limpar|abmelden|theme|dark|menu")
_REFRESH = re.compile(r"refresh|reload|update|atualizar|recarregar|aktualis|load|fetch|get|search|apply|buscar|filtrar")
#: The most buttons that are pressed to see what they request.
_MOST_BUTTONS = 12
#: How far out the area of a region is sought that stays when it has nothing to show.
_MOST_AROUND = 3


class PageLook:
    """The look at one page.

    `command` and `run` are the selectors that run a command, `ways` how each region is reached that the first page does
    not show. `words` is what the page shows for each status, where that is not the word itself; `confirm` the button of
    a dialog that asks before a command is sent.
    """

    def __init__(self, page: SurveyedPage, answers: KnownAnswers, learned: Learned) -> None:
        self.page, self.answers, self.learned = page, answers, learned
        self.command = self.run = self.confirm = ""
        self.tabs: list[str] = []
        self.ways: dict[str, Way] = {}
        self.words: dict[str, str] = {}

    def found(self, part: str, selector: str, evidence: str) -> None:
        """Keep the selector of a part."""
        self.learned.learn("console.selectors", part, selector, evidence)

    def absent(self, part: str, tried: str) -> None:
        """The page has no such part, as far as could be seen: an empty selector says so."""
        said = consequence(f"console.selectors.{part}")
        self.found(part, "", tried + (f"; {said}" if said else ""))

    def lack(self, part: str, tried: str) -> None:
        """A part that must be there was not found."""
        self.learned.lack("console.selectors", part, tried, consequence(f"console.selectors.{part}"))

    # ---- tabs ----

    def at_tab(self, region: str, works: Callable[[], bool]) -> bool:
        """Whether something works as the page is, or by one of its tabs or links, which is kept for the region."""
        if works():
            return True
        for pressed in self.tabs:
            if self.page.press(pressed):
                self.page.settle()
                if works():
                    self.ways[region] = page_ways.tab(pressed)
                    return True
        return self._at_link(region, works)

    def _at_link(self, region: str, works: Callable[[], bool]) -> bool:
        """The same by a link of the navigation; the page is loaded anew where none leads to it."""
        found = page_ways.links(self.page, region)
        for link in found:
            way = page_ways.follow(self.page, link)
            if way is not None:
                self.page.settle()
                if works():
                    self.ways[region] = way
                    return True
            self.page.load()
        return False

    def show(self, region: str) -> None:
        """Have the page show a region: by its way, or as it is when it is loaded where another region has a page."""
        if way := self.ways.get(region):
            page_ways.take(self.page, way)
        elif self.ways and not self.page.is_first:
            self.page.load()

    def apart(self, region: str) -> bool:
        """Whether a region has a page of its own."""
        return region in self.ways and self.ways[region].action == "open"

    # ---- trying ----

    def arrives(
        self, start: int, wanted: Callable[[RecordedRequest], bool], limit_s: float = EFFECT_S
    ) -> RecordedRequest | None:
        """The wanted request after `start`; the page goes on meanwhile."""
        self.page.until(lambda: any(wanted(one) for one in self.answers.since(start)), limit_s)
        return next((one for one in self.answers.since(start) if wanted(one)), None)

    def execute(self) -> bool:
        """Run the command once more; whether it was sent."""
        self.show("execute")
        start = self.answers.count
        entered = self.page.enter(self.command, WORD) and self.page.press(self.run) and self.confirmed()
        return entered and self.arrives(start, self.answers.runs(WORD), SHOWN_S) is not None

    def confirmed(self) -> bool:
        """Press the button of the dialog that asks before a command is sent, if any; whether that was possible."""
        return not self.confirm or (
            self.page.until(lambda: self.page.visible(self.confirm), EFFECT_S) and self.page.press(self.confirm)
        )

    def button_that(self, region: str, wanted: Callable[[RecordedRequest], bool]) -> str:
        """The button whose press is followed by a wanted request, each of two times."""
        self.show(region)
        buttons = [one for one in self.page.controls("button", "link") if one.selector != self.run]
        for button in sorted(
            buttons,
            key=lambda one: (bool(AVOIDED.search(one.words)), one.kind == "link", not _REFRESH.search(one.words)),
        )[:_MOST_BUTTONS]:
            if button.kind == "link" and not _REFRESH.search(button.words):
                continue
            if all(self.press_brings(button.selector, wanted) for _ in range(2)):
                return button.selector
        return ""

    def press_brings(self, selector: str, wanted: Callable[[RecordedRequest], bool]) -> bool:
        """Whether a press is followed at once by a wanted request."""
        start = self.answers.count
        return self.page.press(selector) and self.arrives(start, wanted, EFFECT_S / 2) is not None

    def empty(self, region: str, refresh: str, areas: list[str]) -> tuple[str, str]:
        """What is shown only when a region has nothing to show, and which of its areas is there then; "" for none.

        Its selector is one that means nothing else while the other region has nothing to show either.
        """
        before, rows, snapshot = self.page.texts(), self.answers.rows, self.answers.snapshot
        self.answers.clear()
        self._show_anew(region, refresh)
        appeared = [selector for selector in self.page.texts() if selector not in before]
        area = self.lasting(areas)
        if appeared:
            # What holds the marker's words may hold the values too: then it says nothing.
            if region == "audit":
                self.answers.rows = rows
            else:
                self.answers.snapshot = snapshot
            self._show_anew(region, refresh)
        marker = next((one for one in appeared if not self.page.visible(one)), "")
        self.answers.rows, self.answers.snapshot = rows, snapshot
        return marker, area

    def _show_anew(self, region: str, refresh: str) -> None:
        """Have the page show what is answered now, in every region that it loads by itself, and in this one."""
        self.page.load()
        self.show(region)
        if refresh:
            self.page.press(refresh)
        self.page.settle()

    # ---- areas ----

    def around(self, parts: list[str], avoid: list[str], texts: list[str]) -> list[str]:
        """The areas that hold these parts and nothing of `avoid` or `texts`, the best first, then those around it."""
        found = [one for one in [self.page.common(parts, avoid=avoid, texts=texts)] if one]
        while found and len(found) < _MOST_AROUND:
            outer = self.page.common(found[-1:], avoid=avoid, texts=texts)
            if not outer or outer in found:
                break
            found.append(outer)
        return found

    def lasting(self, areas: list[str]) -> str:
        """The first of the areas that the page has now, "" where it has none."""
        return next((area for area in areas if self.page.exists(area)), areas[0] if areas else "")
