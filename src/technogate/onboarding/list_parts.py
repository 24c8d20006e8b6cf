"""The audit list of a page: its rows and their cells, by three known entries, and its controls."""

from __future__ import annotations

import re
from typing import Any

from technogate.drivers.page.page_words import PageWords
from technogate.onboarding.page_look import SHOWN_S, PageLook
from technogate.onboarding.surveyed_page import EFFECT_S

_LIMIT = re.compile(r"limit|max|count|rows|entries|quantidade|anzahl|size")
_FILTER = re.compile(r"filter|state|status|estado|filtro")
_FIELDS = ("timestamp", "action", "result", "state", "trace_id", "execution_id")
#: The most fields that are tried as that of the limit.
_MOST_FIELDS = 5


class ListParts:
    """Finds the list: what shows known entries, and what requests another filter or limit."""

    def __init__(self, look: PageLook) -> None:
        self._look = look

    def learn(self) -> None:
        """Find the rows, their cells, the controls of the query, the area and the marker of an empty list."""
        rows = self._look.answers.set_rows()
        self._look.page.load()
        shown = self._look.at_tab("audit", lambda: self._look.page.until(lambda: self._shows_one_of(rows), EFFECT_S))
        refresh = self._look.button_that("audit", self._look.answers.lists())
        if not shown and refresh:
            self._look.page.press(refresh)
            shown = self._look.page.until(lambda: self._shows_one_of(rows), SHOWN_S)
        if not shown:
            self._look.lack("audit_row", "the page shows no entry of a known list")
            return
        laid_out = self._rows(rows)
        self._learn_rows(laid_out)
        controls, refresh = self._learn_query(refresh)
        holder = laid_out["parent"] if laid_out else self._smallest_with(rows)
        parts = [one for one in (holder, *controls, refresh) if one]
        others = [] if self._look.answers.snapshot is None else [self._look.answers.snapshot["command"]]
        beside = [] if self._look.apart("audit") else [self._look.command, self._look.run]
        areas = self._look.around(parts, beside, others)
        empty, region = self._look.empty("audit", refresh, areas)
        if region:
            self._look.found("audit", region, "holds the list and its controls")
        if empty:
            self._look.found("audit_empty", empty, "is shown when the list is empty, and not with entries")
        else:
            self._look.absent("audit_empty", "nothing appears when the list is empty")

    def _learn_rows(self, laid_out: Any) -> None:
        """The row and its cells; without a row the list's area is read as text."""
        if laid_out is None:
            self._look.absent("audit_row", "the entries are shown, but no element repeats once for each")
        else:
            self._look.found("audit_row", laid_out["row"], "one for each of three known entries")
        for name in _FIELDS:
            cell = laid_out["cells"].get(name) if laid_out else None
            if cell:
                self._look.found(f"audit_{name}", cell, f"within the row, shows the {name} of each known entry")
            else:
                self._look.absent(f"audit_{name}", f"no element of a row shows the {name} alone")

    def _smallest_with(self, rows: list[dict[str, str]]) -> str:
        """The smallest element that shows the first and the last of the entries."""
        found = self._look.page.find({"first": rows[0]["action"], "last": rows[-1]["action"]})
        each = [one["contains"][0] for one in found.values() if one["contains"]]
        return str(self._look.page.ask("smallest", selectors=each) or "")

    def _shows_one_of(self, rows: list[dict[str, str]]) -> bool:
        found = self._look.page.find(
            {f"{name}{at}": row[name] for at, row in enumerate(rows) for name in ("trace_id", "action")}
        )
        return any(one["contains"] for one in found.values())

    def _rows(self, rows: list[dict[str, str]]) -> Any:
        """The rows and their cells, by whichever value tells the entries apart; states in the words of the page."""
        shown = [{**row, "state": self._look.words.get(row["state"], row["state"])} for row in rows]
        for mark in ("trace_id", "action", "execution_id"):
            marks = [row[mark] for row in rows]
            # A time in another form has the minute of the one that was sent.
            parts = {"timestamp": [row["timestamp"][13:16] for row in rows]}
            laid_out = self._look.page.ask("rows", marks=marks, values=shown, parts=parts, alike=["result"])
            if laid_out is not None:
                self._learn_words(rows, laid_out["words"].get("result", []))
                return laid_out
        return None

    def _learn_words(self, rows: list[dict[str, str]], shown: list[str]) -> None:
        """The page's own words for the results, where it has them: `shown` is what the rows show, none for no word."""
        if not shown:
            return
        self._look.words |= {row["result"]: word for row, word in zip(rows, shown, strict=True)}
        self._look.learned.learn("console", "words", self._look.words, "what it showed for each status and each result")

    def _learn_query(self, refresh: str) -> tuple[list[str], str]:
        """The controls of the filter and the limit, those that were found, and the button, "" without."""
        refresh = self._submit() or refresh
        chosen = self._filter(refresh)
        if chosen and refresh and self._look.page.ask("holds", outer=chosen, inner=refresh):
            # A choice of the filter requests the list, and loses what else is chosen.
            refresh = ""
        limit = self._limit(refresh)
        for part, selector, said, tried in (
            (
                "audit_filter",
                chosen,
                "choosing BLOCKED requested filter=BLOCKED",
                "no control requested another filter",
            ),
            ("audit_limit", limit, "entering 7 requested limit=7", "no field's number was requested as limit"),
            ("audit_refresh", refresh, "pressing it requested the list", "no button requested the list"),
        ):
            if selector:
                self._look.found(part, selector, said)
            else:
                self._look.absent(part, tried)
        return [one for one in (chosen, limit) if one], refresh

    def _submit(self) -> str:
        """The button that submits the form of the query's fields, "" without one: no other takes them along."""
        fields = [one for one in self._look.page.controls("select", "number") if one.form]
        buttons = [one for one in self._look.page.controls("button") if one.submits and one.selector != self._look.run]
        for field in fields:
            for button in buttons:
                if button.form == field.form and self._look.press_brings(button.selector, self._look.answers.lists()):
                    return button.selector
        return ""

    def _filter(self, refresh: str) -> str:
        controls = self._look.page.controls("select", "combobox", "listbox", "radiogroup", "group")
        words = PageWords((shown, word) for word, shown in self._look.words.items())
        for control in sorted(controls, key=lambda one: not _FILTER.search(one.words)):
            start = self._look.answers.count
            if not self._look.page.choose(control, "BLOCKED", words):
                continue
            wanted = self._look.answers.lists(filter="BLOCKED")
            if self._look.arrives(start, wanted, EFFECT_S) is None and refresh:
                self._look.page.press(refresh)
            if self._look.arrives(start, wanted, EFFECT_S) is not None:
                self._look.page.choose(control, "all", words)
                return control.selector
        return ""

    def _limit(self, refresh: str) -> str:
        controls = [
            one for one in self._look.page.controls("number", "text", "select") if one.selector != self._look.command
        ]
        likely = sorted(controls, key=lambda one: (one.kind != "number", not _LIMIT.search(one.words)))
        for control in likely[:_MOST_FIELDS]:
            start = self._look.answers.count
            if not self._look.page.enter(control.selector, "7"):
                continue
            wanted = self._look.answers.lists(limit="7")
            self._look.page.key(control.selector, "Tab")
            if self._look.arrives(start, wanted, EFFECT_S / 2) is None and refresh:
                self._look.page.press(refresh)
            if self._look.arrives(start, wanted, EFFECT_S) is None:
                self._look.page.key(control.selector, "Enter")
            if self._look.arrives(start, wanted, EFFECT_S) is not None:
                self._look.page.enter(control.selector, "50")
                return control.selector
        return ""
