"""Find the parts of a console's page by doing what a person would, and watching what that changes."""

from __future__ import annotations

from technogate.onboarding import page_ways
from technogate.onboarding.command_parts import CommandParts
from technogate.onboarding.known_answers import KnownAnswers
from technogate.onboarding.learned import Learned
from technogate.onboarding.list_parts import ListParts
from technogate.onboarding.page_look import PageLook
from technogate.onboarding.page_ways import Way
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
        self._learn_ways()
        return True

    def _learn_ways(self) -> None:
        """The steps before each region, where at least one is not on the page as it is loaded."""
        look = self._look
        if not look.ways:
            return
        # The region that was there from the beginning has a tab too: the others have hidden it.
        seen = {"execute": look.command, **self._region_marks}
        for region, selector in seen.items():
            if region not in look.ways and selector and look.tabs:
                shown_by = [pressed for pressed in look.tabs if self._shows_after(pressed, selector)]
                # What every tab shows is outside of them.
                if 0 < len(shown_by) < len(look.tabs):
                    look.ways[region] = page_ways.tab(shown_by[0])
        if any(map(look.apart, look.ways)):
            first = Way(action="open", value=page_ways.start_path(look.page), said="the page as it is loaded")
            look.ways = {**dict.fromkeys([one for one in seen if seen[one]], first), **look.ways}
        for region in ("execute", "audit", "memory"):
            if way := look.ways.get(region):
                look.learned.step(region, way.action, way.value, way.said)

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
