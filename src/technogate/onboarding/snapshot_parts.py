"""The memory snapshot of a page, by one known snapshot and by none."""

from __future__ import annotations

from technogate.onboarding.page_look import EFFECT_S, SHOWN_S, PageLook

_FIELDS = ("command", "output", "status", "timestamp")


class SnapshotParts:
    """Finds what shows the snapshot, and what requests it."""

    def __init__(self, look: PageLook) -> None:
        self._look = look

    def learn(self) -> None:
        """Find the area, the value of each field, the button and the marker of no snapshot."""
        self._look.answers.clear()
        snapshot = self._look.answers.set_snapshot()
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
        localised = {**snapshot, "status": self._look.words.get(snapshot["status"], snapshot["status"])}
        found = self._look.page.find(localised)
        exact = {name: found[name]["exact"][0] for name in _FIELDS if found[name]["exact"]}
        parts = [*exact.values(), *([refresh] if refresh else [])] or found["command"]["contains"][:1]
        avoid = [self._look.command, str(self._look.learned.value("console.selectors.audit") or "")]
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
        empty = self._look.empty_marker("memory", refresh)
        if region := self._look.lasting(areas):
            self._look.found("memory", region, "holds the values of a known snapshot")
        if empty:
            self._look.found("memory_empty", empty, "is shown when there is no snapshot, and not with one")
        else:
            self._look.absent("memory_empty", "nothing appears when there is no snapshot")
