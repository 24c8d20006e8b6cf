"""Find the parts of a console's page by doing what a person would, and watching what that changes."""

from __future__ import annotations

from technogate.onboarding.command_parts import CommandParts
from technogate.onboarding.known_answers import KnownAnswers
from technogate.onboarding.learned import Learned
from technogate.onboarding.list_parts import ListParts
from technogate.onboarding.page_look import PageLook
from technogate.onboarding.result_parts import ResultParts
from technogate.onboarding.snapshot_parts import SnapshotParts
from technogate.onboarding.surveyed_page import SurveyedPage


class PartFinder:
    """The look at one page, region after region."""

    def __init__(self, page: SurveyedPage, answers: KnownAnswers, learned: Learned) -> None:
        self._look = PageLook(page, answers, learned)

    def learn(self) -> bool:
        """Find every part; whether a command could be run."""
        look = self._look
        look.answers.clear()
        look.page.load()
        look.tabs = [tab.selector for tab in look.page.controls("tab")]
        command = CommandParts(look)
        if not command.learn():
            return False
        command.learn_session()
        ResultParts(look).learn()
        ListParts(look).learn()
        SnapshotParts(look).learn()
        self._learn_tabs()
        return True

    def _learn_tabs(self) -> None:
        """The steps before each region, where at least one is behind a tab."""
        if not self._look.tab_of:
            return
        # The region that was there from the beginning has a tab too: the others have hidden it.
        seen = {"execute": self._look.command, **self._region_marks}
        for region, selector in seen.items():
            if region not in self._look.tab_of and selector:
                shown_by = [tab for tab in self._look.tabs if self._shows_after(tab, selector)]
                # What every tab shows is outside of them.
                if 0 < len(shown_by) < len(self._look.tabs):
                    self._look.tab_of[region] = shown_by[0]
        for region in ("execute", "audit", "memory"):
            if tab := self._look.tab_of.get(region):
                self._look.learned.step(region, "click", tab, "a tab (role=tab) that shows this region")

    def _shows_after(self, tab: str, selector: str) -> bool:
        """Whether an element is shown after a press of a tab."""
        self._look.page.press(tab)
        self._look.page.wait(0.1)
        return self._look.page.visible(selector)

    @property
    def _region_marks(self) -> dict[str, str]:
        """An element of each region that must be visible while the region is shown."""
        marks = {}
        for region in ("audit", "memory"):
            marks[region] = str(self._look.learned.value(f"console.selectors.{region}") or "")
        return marks
