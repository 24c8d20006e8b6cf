"""The status as a person sees it: what the page's text says counts only where its pixels say the same.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from technogate.drivers.console_driver import NotOffered
from technogate.drivers.page.page_words import TEXT
from technogate.drivers.page.word_sight import Sight
from technogate.model.as_seen import HIDDEN
from technogate.model.contract_words import spoken

if TYPE_CHECKING:
    from technogate.drivers.page.console_page import ConsolePage

#: The status that refuses is looked at whenever it is shown: a page that only pretends to fail closed has it in its
#: text. Of each other status the first so many are looked at, and then one in so many.
_FIRST, _ONE_IN = 2, 20

#: The parts that show other things than the newest result.
_ELSEWHERE = re.compile(r"(audit|memory)(_|$)")
_CELLS = re.compile(r"_(action|timestamp|result|state|trace_id|execution_id)$")

_UNKNOWN = "What a person sees in the place of a status is not known (%s): its text was judged."


class StatusSight:
    """Looks at the status of one page."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page

    def as_seen(self, fields: dict[str, str], parts: Mapping[str, str | None]) -> dict[str, str]:
        """The fields of a result with the status as a person sees it; where that differs, `HIDDEN` says so.

        Raises NotOffered when a person does not see the page's text, and nobody can tell what is seen instead.
        """
        status = fields.get("status", "")
        if status not in spoken().statuses or not self._is_due(status):
            return fields
        written = (parts.get("status") or "").strip()
        words = [written] if written and TEXT not in fields else self._page.words.written(status)
        for word in words:
            sight = self._look(status, word)
            if sight is not None:
                return self._with(fields, status, word, sight)
        self._page.steps.note(_UNKNOWN % "its place on the page was not found")
        return fields

    def _is_due(self, status: str) -> bool:
        looks = self._page.habits.sight.looks
        looks[status] += 1
        return status == spoken().blocked or looks[status] <= _FIRST or looks[status] % _ONE_IN == 0

    def _look(self, status: str, word: str) -> Sight | None:
        page = self._page
        others = [shown for other in spoken().statuses if other != status for shown in page.words.written(other)]
        wanted = {"css": page.css["status"], "area": page.css["result"], "skipped": self._skipped(), "word": word}
        return page.habits.sight.look(page.page, page.world, wanted, others)

    def _skipped(self) -> str:
        names = [name for name in self._page.css if _ELSEWHERE.match(name) and not _CELLS.search(name)]
        return ", ".join(css for name in names if (css := self._page.css[name].rpartition(">>>")[2].strip()))

    def _with(self, fields: dict[str, str], status: str, word: str, sight: Sight) -> dict[str, str]:
        if sight.seen == word:
            return fields
        if sight.undecided:
            if sight.why:
                raise NotOffered(
                    f"the status {word!r} is in the page's text alone ({sight.undecided}): show it as text"
                )
            self._page.steps.note(_UNKNOWN % sight.undecided)
            return fields
        seen = self._page.words.anywhere(sight.seen)
        what = f"sees {seen}" if seen else "does not see it"
        return {**fields, "status": seen, HIDDEN: f"{status} is in the page's text, and a person {what}: {sight.why}"}
