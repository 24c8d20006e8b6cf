"""Find the parts of a console's page by doing what a person would, and watching what that changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from technogate.mock.recorded_request import RecordedRequest
from technogate.onboarding.consequences import consequence
from technogate.onboarding.known_answers import STATUSES, KnownAnswers, body_of
from technogate.onboarding.learned import Learned
from technogate.onboarding.surveyed_page import Control, SurveyedPage

#: What the labels of a control say, the likeliest first.
_COMMAND = re.compile(r"command|comando|befehl|commande|cmd|instruction|action|instru")
_SESSION = re.compile(r"session|sess[aã]o|sitzung|sesi[oó]n")
_RUN = re.compile(r"\b(run|execute|send|submit|go|executar|enviar|rodar|ausf|start|launch|invoke)|command-run|exec")
_REFRESH = re.compile(r"refresh|reload|update|atualizar|recarregar|aktualis|load|fetch|get|search|apply|buscar|filtrar")
_LIMIT = re.compile(r"limit|max|count|rows|entries|quantidade|anzahl|size")
_FILTER = re.compile(r"filter|state|status|estado|filtro")
#: Buttons that are pressed last: they leave the page or throw something away.
_AVOIDED = re.compile(r"log ?out|sign ?out|sair|delete|clear|close|limpar|abmelden|theme|dark|menu")
#: The most fields and buttons that are tried as the command's, and pairs of them.
_MOST_FIELDS, _MOST_BUTTONS, _MOST_PAIRS = 5, 6, 14
#: Seconds within which a press has its effect: the request arrives, or the page shows the answer.
EFFECT_S, SHOWN_S = 0.9, 2.0
#: Seconds that a page may take until its handlers are there.
HYDRATED_S = 1.5
#: The command that is entered: any that the contract allows, and that stands nowhere else.
WORD = "LOOK_AT_THIS"
_AUDIT_FIELDS = ("timestamp", "action", "result", "state", "trace_id", "execution_id")
_MEMORY_FIELDS = ("command", "output", "status", "timestamp")


class PageParts:
    """The look at one page."""

    def __init__(self, page: SurveyedPage, answers: KnownAnswers, learned: Learned) -> None:
        self._page, self._answers, self._learned = page, answers, learned
        self._command = self._run = ""
        self._tabs: list[str] = []
        self._tab_of: dict[str, str] = {}
        self._words: dict[str, str] = {}

    def learn(self) -> bool:
        """Find every part; whether a command could be run."""
        self._answers.clear()
        self._page.load()
        self._tabs = [tab.selector for tab in self._page.controls("tab")]
        if not self._learn_command():
            return False
        self._learn_session()
        self._learn_result()
        self._learn_audit()
        self._learn_memory()
        self._learn_tabs()
        return True

    def _found(self, part: str, selector: str, evidence: str) -> None:
        self._learned.learn("console.selectors", part, selector, evidence)

    def _absent(self, part: str, tried: str) -> None:
        """The page has no such part, as far as could be seen: an empty selector says so."""
        said = consequence(f"console.selectors.{part}")
        self._found(part, "", tried + (f"; {said}" if said else ""))

    # ---- tabs ----

    def _at_tab(self, region: str, works: Callable[[], bool]) -> bool:
        """Whether something works as the page is, or after a press of one of its tabs, which is kept for the region."""
        if works():
            return True
        for pressed in self._tabs:
            if self._page.press(pressed):
                self._page.settle()
                if works():
                    self._tab_of[region] = pressed
                    return True
        return False

    def _show(self, region: str) -> None:
        """Press the tab of a region where it has one."""
        if tab := self._tab_of.get(region):
            self._page.press(tab)
            self._page.wait(0.1)

    def _learn_tabs(self) -> None:
        """The steps before each region, where at least one is behind a tab."""
        if not self._tab_of:
            return
        # The region that was there from the beginning has a tab too: the others have hidden it.
        seen = {"execute": self._command, **self._region_marks}
        for region, selector in seen.items():
            if region not in self._tab_of and selector:
                shown_by = [tab for tab in self._tabs if self._shows_after(tab, selector)]
                # What every tab shows is outside of them.
                if 0 < len(shown_by) < len(self._tabs):
                    self._tab_of[region] = shown_by[0]
        for region in ("execute", "audit", "memory"):
            if tab := self._tab_of.get(region):
                self._learned.step(region, "click", tab, "a tab (role=tab) that shows this region")

    def _shows_after(self, tab: str, selector: str) -> bool:
        """Whether an element is shown after a press of a tab."""
        self._page.press(tab)
        self._page.wait(0.1)
        return self._page.visible(selector)

    @property
    def _region_marks(self) -> dict[str, str]:
        """An element of each region that must be visible while the region is shown."""
        marks = {}
        for region in ("audit", "memory"):
            marks[region] = str(self._learned.value(f"console.selectors.{region}") or "")
        return marks

    # ---- the command ----

    def _learn_command(self) -> bool:
        found = self._at_tab("execute", self._try_fields)
        if not found:
            # Handlers may come after the markup: what did nothing at first may work now.
            self._page.wait(HYDRATED_S)
            found = self._at_tab("execute", self._try_fields)
        if found:
            self._page.load()
            self._show("execute")
            if not self._runs(self._command, self._run):
                self._page.hydration_s = HYDRATED_S
                self._learned.note(f"the page's handlers come up to {HYDRATED_S:g} s after it was loaded")
        else:
            fields = [one.label or one.selector for one in self._page.controls("text", visible=False)]
            seen = ", ".join(fields) or "none"
            tried = f"no field and button sent POST /api/execute with what was entered; fields: {seen}"
            for part in ("command", "run"):
                self._learned.lack("console.selectors", part, tried, consequence(f"console.selectors.{part}"))
        return found

    def _try_fields(self) -> bool:
        """Whether one field and one button run a command."""
        controls = self._page.controls()
        fields = sorted((one for one in controls if one.kind == "text"), key=lambda one: not _COMMAND.search(one.words))
        buttons = sorted(
            (one for one in controls if one.kind == "button" and not _AVOIDED.search(one.words)), key=_button_rank
        )
        ranked = sorted(
            (field_rank + button_rank + 2 * (field.form != button.form), field_rank, button_rank)
            for field_rank, field in enumerate(fields[:_MOST_FIELDS])
            for button_rank, button in enumerate(buttons[:_MOST_BUTTONS])
        )
        for _, field_rank, button_rank in ranked[:_MOST_PAIRS]:
            field, button = fields[field_rank], buttons[button_rank]
            # A word of its own, taken out again: what an earlier attempt has left in another field is not taken for it.
            word = f"{WORD}_{chr(ord('A') + field_rank)}"
            if self._runs(field.selector, button.selector, word):
                self._keep_command(field, button)
                return True
            self._page.enter(field.selector, "")
        return False

    def _keep_command(self, field: Control, button: Control) -> None:
        self._command, self._run = field.selector, button.selector
        self._found("command", field.selector, f"{_called(field)}: what was entered was sent to POST /api/execute")
        self._found("run", button.selector, f"{_called(button)}: pressing it sent that")
        if self._page.dialogs:
            self._learned.step("execute", "dialog", "accept", "a dialog came before the command was sent")

    def _runs(self, field: str, button: str, word: str = WORD) -> bool:
        start = self._answers.count
        if not self._page.enter(field, word) or not self._page.press(button):
            return False
        return self._arrives(start, self._answers.runs(word)) is not None

    def _arrives(
        self, start: int, wanted: Callable[[RecordedRequest], bool], limit_s: float = EFFECT_S
    ) -> RecordedRequest | None:
        """The wanted request after `start`; the page goes on meanwhile."""
        self._page.until(lambda: any(wanted(one) for one in self._answers.since(start)), limit_s)
        return next((one for one in self._answers.since(start) if wanted(one)), None)

    def _execute(self) -> bool:
        """Run the command once more; whether it was sent."""
        self._show("execute")
        start = self._answers.count
        entered = self._page.enter(self._command, WORD) and self._page.press(self._run)
        return entered and self._arrives(start, self._answers.runs(WORD), SHOWN_S) is not None

    def _learn_session(self) -> None:
        fields = [one for one in self._page.controls("text") if one.selector != self._command]
        for field in sorted(fields, key=lambda one: not _SESSION.search(one.words))[:_MOST_FIELDS]:
            start = self._answers.count
            if self._page.enter(field.selector, "seen-session") and self._execute():
                sent = [body_of(one) for one in self._answers.since(start)]
                self._page.enter(field.selector, "")
                if any(body.get("session_id") == "seen-session" for body in sent):
                    self._found("session", field.selector, f"{_called(field)}: what was entered was sent as session_id")
                    return
        self._absent("session", "no other field's text was sent as session_id")

    # ---- the result ----

    def _learn_result(self) -> None:
        # With entries and a snapshot on the page, a selector must be unique beside what these show.
        self._answers.set_rows()
        self._answers.set_snapshot()
        self._page.load()
        runs: list[tuple[str, dict[str, dict[str, list[str]]], dict[str, str]]] = []
        for status in STATUSES:
            values = self._answers.set_result(status)
            if not self._execute():
                continue
            trace_id = values["trace_id"]
            self._page.until(lambda trace_id=trace_id: self._page.shows(trace_id), SHOWN_S)  # type: ignore[misc]
            self._page.settle()
            first, second = values["reason_codes"]
            sought = {
                "status": status,
                "trace_id": trace_id,
                "first": first,
                "second": second,
                "message": values["message"],
            }
            runs.append((status, self._page.find(sought), self._page.texts()))
        parts = {name: _usual(name, runs) for name in ("trace_id", "message")}
        parts["status"] = _usual("status", runs) or self._localised(runs)
        parts["reasons"] = self._reasons(runs)
        known = [selector for selector in parts.values() if selector]
        region = self._page.common(known or _containing(runs))
        if region:
            self._found("result", region, "holds what the answers to commands changed")
        for name, said in (
            ("status", "the status"),
            ("trace_id", "the trace id"),
            ("reasons", "both reason codes"),
            ("message", "the message"),
        ):
            if parts[name]:
                self._found(name, parts[name], f"shows {said} of {len(runs)} known answers")
            else:
                self._absent(name, f"no element shows {said} alone")
        if self._words:
            self._learned.learn("console", "words", self._words, "what its status showed for each known answer")

    def _localised(self, runs: list[tuple[str, dict[str, dict[str, list[str]]], dict[str, str]]]) -> str:
        """The element whose text differs with each status, and what it shows for each."""
        folded = Counter(selector for _, found, _ in runs for selector in found["status"]["folded"])
        everywhere = set.intersection(*(set(texts) for _, _, texts in runs)) if runs else set()
        changing = [one for one in everywhere if len({texts[one] for _, _, texts in runs}) == len(runs)]
        plain = [
            one
            for one in changing
            if not any(re.search(r"seen-\d|SEEN_|Sentence \d|\d\d:\d\d", texts[one]) for _, _, texts in runs)
        ]
        candidates = [one for one, count in folded.most_common() if count == len(runs)] + sorted(
            plain, key=lambda one: len(runs[0][2][one])
        )
        if not candidates or len(runs) < len(STATUSES):
            return ""
        self._words = {status: texts.get(candidates[0], "") for status, _, texts in runs}
        return candidates[0]

    def _reasons(self, runs: list[tuple[str, dict[str, dict[str, list[str]]], dict[str, str]]]) -> str:
        """What holds both reason codes, and nothing else."""
        for _, found, _ in reversed(runs):
            both = set(found["first"]["contains"]) & set(found["second"]["contains"])
            if both:
                return next(one for one in found["first"]["contains"] if one in both)
            if found["first"]["exact"] and found["second"]["exact"]:
                return self._holder([found["first"]["exact"][0], found["second"]["exact"][0]])
        return ""

    def _holder(self, selectors: list[str]) -> str:
        held: str | None = self._page.ask("common", selectors=selectors, loose=False)
        return held or ""

    # ---- the list ----

    def _learn_audit(self) -> None:
        rows = self._answers.set_rows()
        self._page.load()
        shown = self._at_tab("audit", lambda: self._page.until(lambda: self._shows_one_of(rows), EFFECT_S))
        refresh = self._button_that("audit", self._answers.lists())
        if not shown and refresh:
            self._page.press(refresh)
            shown = self._page.until(lambda: self._shows_one_of(rows), SHOWN_S)
        if not shown:
            self._learned.lack(
                "console.selectors",
                "audit_row",
                "the page shows no entry of a known list",
                consequence("console.selectors.audit_row"),
            )
            return
        laid_out = self._rows(rows)
        if laid_out is None:
            self._learned.lack(
                "console.selectors",
                "audit_row",
                "the entries are shown, but no element repeats once for each",
                consequence("console.selectors.audit_row"),
            )
            return
        self._found("audit_row", laid_out["row"], "one for each of three known entries")
        for name in _AUDIT_FIELDS:
            cell = laid_out["cells"].get(name)
            if cell:
                self._found(f"audit_{name}", cell, f"within the row, shows the {name} of each known entry")
            else:
                self._absent(f"audit_{name}", f"no element of a row shows the {name} alone")
        controls = self._learn_query(refresh)
        empty = self._empty_marker("audit", refresh)
        region = self._page.common([one for one in (laid_out["parent"], *controls, refresh) if one])
        if region:
            self._found("audit", region, "holds the list and its controls")
        if empty:
            self._found("audit_empty", empty, "is shown when the list is empty, and not with entries")
        else:
            self._absent("audit_empty", "nothing appears when the list is empty")

    def _shows_one_of(self, rows: list[dict[str, str]]) -> bool:
        found = self._page.find(
            {f"{name}{at}": row[name] for at, row in enumerate(rows) for name in ("trace_id", "action")}
        )
        return any(one["contains"] for one in found.values())

    def _rows(self, rows: list[dict[str, str]]) -> Any:
        """The rows and their cells, by whichever value tells the entries apart; states in the words of the page."""
        shown = [{**row, "state": self._words.get(row["state"], row["state"])} for row in rows]
        for mark in ("trace_id", "action", "execution_id"):
            marks = [row[mark] for row in rows]
            # A time in another form has the minute of the one that was sent.
            parts = {"timestamp": [row["timestamp"][13:16] for row in rows]}
            laid_out = self._page.ask("rows", marks=marks, values=shown, parts=parts)
            if laid_out is not None:
                return laid_out
        return None

    def _learn_query(self, refresh: str) -> list[str]:
        """The controls of the filter and the limit, and the button; those that were found."""
        chosen = self._filter(refresh)
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
                self._found(part, selector, said)
            else:
                self._absent(part, tried)
        return [one for one in (chosen, limit) if one]

    def _filter(self, refresh: str) -> str:
        controls = self._page.controls("select", "combobox", "listbox", "radiogroup")
        blocked = self._words.get("BLOCKED", "BLOCKED")
        for control in sorted(controls, key=lambda one: not _FILTER.search(one.words)):
            start = self._answers.count
            option = next((text for value, text in control.options if value == "BLOCKED"), blocked)
            if not self._page.choose(control, option):
                continue
            wanted = self._answers.lists(filter="BLOCKED")
            if self._arrives(start, wanted, EFFECT_S) is None and refresh:
                self._page.press(refresh)
            if self._arrives(start, wanted, EFFECT_S) is not None:
                first = control.options[0][1] if control.options else self._words.get("all", "all")
                self._page.choose(control, first)
                return control.selector
        return ""

    def _limit(self, refresh: str) -> str:
        controls = [one for one in self._page.controls("number", "text", "select") if one.selector != self._command]
        for control in sorted(controls, key=lambda one: (one.kind != "number", not _LIMIT.search(one.words)))[
            :_MOST_FIELDS
        ]:
            start = self._answers.count
            if control.kind == "select":
                continue
            if not self._page.enter(control.selector, "7"):
                continue
            wanted = self._answers.lists(limit="7")
            self._page.key(control.selector, "Tab")
            if self._arrives(start, wanted, EFFECT_S / 2) is None and refresh:
                self._page.press(refresh)
            if self._arrives(start, wanted, EFFECT_S) is None:
                self._page.key(control.selector, "Enter")
            if self._arrives(start, wanted, EFFECT_S) is not None:
                self._page.enter(control.selector, "50")
                return control.selector
        return ""

    def _button_that(self, region: str, wanted: Callable[[RecordedRequest], bool]) -> str:
        """The button whose press is followed by a wanted request, each of two times."""
        self._show(region)
        buttons = [one for one in self._page.controls("button", "link") if one.selector != self._run]
        for button in sorted(
            buttons,
            key=lambda one: (bool(_AVOIDED.search(one.words)), one.kind == "link", not _REFRESH.search(one.words)),
        )[:12]:
            if button.kind == "link" and not _REFRESH.search(button.words):
                continue
            if all(self._press_brings(button.selector, wanted) for _ in range(2)):
                return button.selector
        return ""

    def _press_brings(self, selector: str, wanted: Callable[[RecordedRequest], bool]) -> bool:
        start = self._answers.count
        return self._page.press(selector) and self._arrives(start, wanted, EFFECT_S / 2) is not None

    # ---- the snapshot ----

    def _learn_memory(self) -> None:
        self._answers.clear()
        snapshot = self._answers.set_snapshot()
        self._page.load()
        shown = self._at_tab(
            "memory", lambda: self._page.until(lambda: self._page.shows(snapshot["command"]), EFFECT_S)
        )
        refresh = self._button_that("memory", self._answers.remembers)
        if not shown and refresh:
            self._page.press(refresh)
            shown = self._page.until(lambda: self._page.shows(snapshot["command"]), SHOWN_S)
        if not shown:
            self._learned.lack(
                "console.selectors",
                "memory",
                "the page shows no value of a known snapshot",
                consequence("console.selectors.memory"),
            )
            return
        localised = {**snapshot, "status": self._words.get(snapshot["status"], snapshot["status"])}
        found = self._page.find(localised)
        exact = {name: found[name]["exact"][0] for name in _MEMORY_FIELDS if found[name]["exact"]}
        region = self._page.common(
            [*exact.values(), *([refresh] if refresh else [])] or found["command"]["contains"][:1]
        )
        if not exact and found["command"]["contains"]:
            region = found["command"]["contains"][0]
        if region:
            self._found("memory", region, "holds the values of a known snapshot")
        for name in _MEMORY_FIELDS:
            if name in exact:
                self._found(f"memory_{name}", exact[name], f"shows the {name} of a known snapshot")
            else:
                self._absent(f"memory_{name}", f"no element shows the {name} alone")
        if refresh:
            self._found("memory_refresh", refresh, "pressing it requested the snapshot")
        else:
            self._absent("memory_refresh", "no button requested the snapshot")
        empty = self._empty_marker("memory", refresh)
        if empty:
            self._found("memory_empty", empty, "is shown when there is no snapshot, and not with one")
        else:
            self._absent("memory_empty", "nothing appears when there is no snapshot")

    def _empty_marker(self, region: str, refresh: str) -> str:
        """What is shown only when a region has nothing to show."""
        before = self._page.texts()
        if region == "audit":
            self._answers.rows = []
        else:
            self._answers.snapshot = None
        if not (refresh and self._page.press(refresh)):
            self._page.load()
        self._show(region)
        self._page.settle()
        after = self._page.texts()
        appeared = [selector for selector in after if selector not in before]
        return appeared[0] if appeared else ""


def _button_rank(button: Control) -> tuple[bool, bool]:
    return not _RUN.search(button.words), not button.submits


def _called(control: Control) -> str:
    return f"{control.kind} {control.label!r}" if control.label else f"{control.kind} without a label"


def _usual(name: str, runs: list[tuple[str, dict[str, dict[str, list[str]]], dict[str, str]]]) -> str:
    """The element that shows a value exactly in most of the runs, "" when none does in at least three."""
    counted = Counter(selector for _, found, _ in runs for selector in found[name]["exact"])
    selector, count = counted.most_common(1)[0] if counted else ("", 0)
    return selector if count >= min(3, len(runs)) else ""


def _containing(runs: list[tuple[str, dict[str, dict[str, list[str]]], dict[str, str]]]) -> list[str]:
    """What contains the trace id or the status of the last run."""
    if not runs:
        return []
    found = runs[-1][1]
    return (found["trace_id"]["contains"] or found["status"]["contains"])[:1]
