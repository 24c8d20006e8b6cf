"""The memory snapshot of a page, by one known snapshot and by none."""

from __future__ import annotations

from technogate.onboarding.page_look import SHOWN_S, PageLook
from technogate.onboarding.surveyed_page import EFFECT_S

_FIELDS = ("command", "output", "status", "timestamp")


class SnapshotParts:
    """Finds what shows the snapshot, and what requests it."""

    def __init__(self, look: PageLook) -> None:
        self._look = look

    def learn(self) -> None:
        """Find the area, the value of each field, the button and the marker of no snapshot."""
        self._look.answers.clear()
        self._look.page.load()
        self._look.show("memory")
        snapshot = self._look.answers.set_snapshot()
        localised = {**snapshot, "status": self._look.words.get(snapshot["status"], snapshot["status"])}
        # A word that the page shows without a snapshot, such as a choice of the filter, is none of its values.
        anyway = {selector for one in self._look.page.find(localised).values() for selector in one["exact"]}
        self._look.page.load()
        shown = self._look.at_tab(
            "memory", lambda: self._look.page.until(lambda: self._look.page.shows(snapshot["command"]), EFFECT_S)
        )
        refresh = self._look.button_that("memory", self._look.answers.remembers)
        if not shown and refresh:
            self._look.page.press(refresh)
            shown = self._look.page.until(lambda: self._look.page.shows(snapshot["command"]), SHOWN_S)
        if not shown:
            self._look.lack("memory", "the page shows no value of a known snapshot")
            return
        found = self._look.page.find(localised)
        shown_as = {name: [one for one in found[name]["exact"] if one not in anyway] for name in _FIELDS}
        exact = {name: selectors[0] for name, selectors in shown_as.items() if selectors}
        parts = [*exact.values(), *([refresh] if refresh else [])] or found["command"]["contains"][:1]
        avoid = [self._look.command, str(self._look.learned.value("console.selectors.audit") or "")]
        avoid = [] if self._look.apart("memory") else avoid
        areas = self._look.around(parts, avoid, [])
        if not exact and found["command"]["contains"]:
            areas = found["command"]["contains"][:1]
        for name in _FIELDS:
            if name in exact:
                self._look.found(f"memory_{name}", exact[name], f"shows the {name} of a known snapshot")
            else:
                self._look.absent(f"memory_{name}", f"no element shows the {name} alone")
        if refresh:
            self._look.found("memory_refresh", refresh, "pressing it requested the snapshot")
        else:
            self._look.absent("memory_refresh", "no button requested the snapshot")
        empty, region = self._look.empty("memory", refresh, areas)
        if region:
            self._look.found("memory", region, "holds the values of a known snapshot")
        if empty:
            self._look.found("memory_empty", empty, "is shown when there is no snapshot, and not with one")
        else:
            self._look.absent("memory_empty", "nothing appears when there is no snapshot")
