"""The elements that show what a command came to: found by five known answers, one for each status."""

from __future__ import annotations

import re
from collections import Counter

from technogate.onboarding.known_answers import STATUSES
from technogate.onboarding.page_look import SHOWN_S, PageLook

#: One command: the status it was answered with, where each value was shown, and every text of the page.
Run = tuple[str, dict[str, dict[str, list[str]]], dict[str, str]]


class ResultParts:
    """Finds the status, the trace id, the reasons and the message, and the area that holds them."""

    def __init__(self, look: PageLook) -> None:
        self._look = look

    def learn(self) -> None:
        """Find the parts, the area, and the words of the statuses where the page has its own."""
        # With entries and a snapshot on the page, a selector must be unique beside what these show.
        others = [row["trace_id"] for row in self._look.answers.set_rows()]
        others.append(self._look.answers.set_snapshot()["command"])
        self._look.page.load()
        runs: list[Run] = []
        for status in STATUSES:
            values = self._look.answers.set_result(status)
            if not self._look.execute():
                continue
            trace_id = values["trace_id"]
            first, second = values["reason_codes"]
            sought = {
                "status": status,
                "trace_id": trace_id,
                "first": first,
                "second": second,
                "message": values["message"],
            }
            runs.append((status, *self._shown(sought)))
        parts = {name: _usual(name, runs) for name in ("trace_id", "message")}
        parts["status"] = _usual("status", runs) or self._localised(runs)
        parts["reasons"] = self._reasons(runs)
        known = [selector for selector in parts.values() if selector]
        beside = [self._look.command, self._look.run]
        areas = self._look.around(known or _containing(runs), beside, others)
        if known and not areas and self._look.execute():
            # A result that vanishes is there for a while alone.
            self._look.page.until(lambda: any(map(self._look.page.visible, known)), SHOWN_S)
            areas = self._look.around(known, beside, others)
        if runs:
            self._steady(parts)
        self._look.page.load()
        region = self._look.lasting(areas)
        if region:
            self._look.found("result", region, "holds what the answers to commands changed")
        for name, said in (
            ("status", "the status"),
            ("trace_id", "the trace id"),
            ("reasons", "both reason codes"),
            ("message", "the message"),
        ):
            if parts[name]:
                self._look.found(name, parts[name], f"shows {said} of {len(runs)} known answers")
            else:
                self._look.absent(name, f"no element shows {said} alone")
        if self._look.words:
            self._look.learned.learn(
                "console", "words", self._look.words, "what its status showed for each known answer"
            )

    def _shown(self, sought: dict[str, str]) -> tuple[dict[str, dict[str, list[str]]], dict[str, str]]:
        """Where the page shows each value, and all its texts: once it has settled, or before that where it vanishes."""
        page = self._look.page
        page.until(lambda: page.shows(sought["trace_id"]), SHOWN_S)
        at_once = page.find(sought), page.texts()
        page.settle()
        settled = page.find(sought), page.texts()
        lost = at_once[0]["trace_id"]["contains"] and not settled[0]["trace_id"]["contains"]
        return at_once if lost else settled

    def _steady(self, parts: dict[str, str]) -> None:
        """Name anew what shows something else when an answer has neither reasons nor message; "" where nothing does."""
        optional = [name for name in ("reasons", "message") if parts[name]]
        others = {name: self._look.page.others(parts[name]) for name in optional}
        bare = self._look.answers.set_bare_result()
        if not optional or not self._look.execute():
            return
        self._look.page.until(lambda: self._look.page.shows(bare["trace_id"]), SHOWN_S)
        self._look.page.settle()
        for name in optional:
            named = [parts[name], *others[name]]
            parts[name] = next((one for one in named if not self._look.page.text(one)), "")

    def _localised(self, runs: list[Run]) -> str:
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
        self._look.words = {status: texts.get(candidates[0], "") for status, _, texts in runs}
        return candidates[0]

    def _reasons(self, runs: list[Run]) -> str:
        """What holds both reason codes, and nothing else."""
        for _, found, _ in reversed(runs):
            both = set(found["first"]["contains"]) & set(found["second"]["contains"])
            if both:
                return next(one for one in found["first"]["contains"] if one in both)
            if found["first"]["exact"] and found["second"]["exact"]:
                return (
                    self._look.page.ask("smallest", selectors=[found["first"]["exact"][0], found["second"]["exact"][0]])
                    or ""
                )
        return ""


def _usual(name: str, runs: list[Run]) -> str:
    """The element that shows a value exactly in most of the runs, "" when none does in at least three."""
    counted = Counter(selector for _, found, _ in runs for selector in found[name]["exact"])
    selector, count = counted.most_common(1)[0] if counted else ("", 0)
    return selector if count >= min(3, len(runs)) else ""


def _containing(runs: list[Run]) -> list[str]:
    """What contains the trace id or the status of the last run."""
    if not runs:
        return []
    found = runs[-1][1]
    return (found["trace_id"]["contains"] or found["status"]["contains"])[:1]
