"""Reads what a console's page shows: by its parts, or as one text where it has none, in the contract's words.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from technogate.target.page_parts import consequence
from technogate.target.spec import Selectors

if TYPE_CHECKING:
    from technogate.drivers.page.console_page import ConsolePage

#: In place of a part that the page does not have: it finds nothing.
NOTHING = "technogate-no-such-part"
_USUAL: dict[str, str] = msgspec.structs.asdict(Selectors())

#: The parts without which a region cannot be read by its parts, and the setting of each.
_REQUIRED = {
    "result": {"status": "status"},
    "memory": {"command": "memory_command", "status": "memory_status"},
    "audit": {
        "action": "audit_action",
        "result": "audit_result",
        "state": "audit_state",
    },
}


class PageReading:
    """What one page shows, from the parts that the script within it returns: null is a part that it does not have."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page

    def fields(self, region: str, parts: dict[str, str | None], text: str | None = None) -> dict[str, str]:
        """The parts that are on the page, in the contract's words.

        An area, or a row with this `text`, that lacks a part which the target file does not name is read as text.
        Raises DriverError when a required part that it names is missing.
        """
        for part, selector in _REQUIRED[region].items():
            if parts.get(part) is None:
                if self.is_named(selector):
                    raise self._page.missing_part(selector)
                self.lacks(selector)
                whole = self._page.locate(region).inner_text() if text is None else text
                status = "state" if region == "audit" else "status"
                return {**self._page.words.from_text(whole, status=status), **self._page.words.parts(parts)}
        return self._page.words.parts(parts)

    def is_named(self, name: str) -> bool:
        """Whether the target file names this part: then one that is missing is named wrongly."""
        return self._page.css[name] not in (NOTHING, _USUAL[name])

    def lacks(self, name: str) -> None:
        """Note that the page lacks a part, and what is done instead; raises DriverError for one that is named."""
        if self.is_named(name):
            raise self._page.missing_part(name)
        self._page.steps.lacking.add(name)
        self._page.steps.note(consequence(name))

    def listed(self, parts: dict[str, Any]) -> tuple[dict[str, str], tuple[dict[str, str], ...]]:
        """The fields and rows of the list as shown; raises DriverError when it shows neither rows nor emptiness."""
        rows: list[dict[str, str | None]] = parts["rows"]
        if not rows and not parts["empty"] and self._on_page("audit_empty"):
            raise self._page.missing_part("audit_row")
        if not rows and not parts["empty"]:
            self.lacks("audit_empty")
            if self._page.css["audit_row"] == NOTHING:
                return self._listed_as_text()
        texts: list[str] = []
        css = self._page.css["audit_row"]
        if ">>>" not in css and any(row[part] is None for row in rows for part in _REQUIRED["audit"]):
            visible = [row for row in self._page.page.locator(css).all() if row.is_visible()]
            texts = [row.inner_text() for row in visible]
        read = [
            self.fields("audit", row, texts[number] if number < len(texts) else "") for number, row in enumerate(rows)
        ]
        return ({"empty": "true"} if parts["empty"] or not rows else {}), tuple(read)

    def _listed_as_text(self) -> tuple[dict[str, str], tuple[dict[str, str], ...]]:
        """The list of a page without rows: one text; without a status word it is empty."""
        self.lacks("audit_row")
        read = self._page.words.from_text(self._page.locate("audit").inner_text(), status="state")
        return (read, ()) if read["state"] else ({"empty": "true"}, ())

    def kept(self, parts: dict[str, Any]) -> dict[str, str]:
        """The fields of the memory as shown. Raises DriverError when a part that the target file names is missing."""
        if parts["empty"]:
            return {"empty": "true"}
        blank = not any((parts.get(name) or "").strip() for name in ("command", "status", "output"))
        if blank and not self._on_page("memory_empty") and not self.is_named("memory_empty"):
            text = self._page.locate("memory").inner_text()
            if not self._page.words.from_text(text, status="status")["status"]:
                self.lacks("memory_empty")
                return {"empty": "true"}
        return self.fields("memory", parts)

    def _on_page(self, name: str) -> bool:
        return self._page.locate(name).count() > 0
