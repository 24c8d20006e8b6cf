"""The three calls of a console on its page: enter, press, read.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from technogate.drivers.console_driver import Call, DriverError
from technogate.drivers.page.console_page import ConsolePage
from technogate.model.events import RenderedOutput

#: The state of a page before something is done to it, as its script returns it.
PageState = dict[str, Any]


class PageCalls:
    """Makes the calls on one page; the audit list, which may take two requests, has twice the page's limit."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._session = False

    def execute(self, command: str, session_id: str | None) -> RenderedOutput:
        """Enter a command, run it and read its result once it is shown."""
        state = self._enter(self._page.begin("result", "run"), command, session_id)
        started = time.time()
        if state["disabled"]:
            return _rendered("executeCommand", {"refused": "the page does not let it be run"}, started, time.time())

        def enter_again() -> PageState:
            return self._enter(self._page.arm("result", "run"), command, session_id)

        state = self._reaction("run", "result", self._page.limit_s, state, enter_again)
        started = state["pressed"] or started
        if state["outcome"] != "done":
            return _rendered("executeCommand", {state["outcome"]: "true"}, started, state["at"])
        return _rendered("executeCommand", self._page.fields("result", state["parts"]), started, state["at"])

    def start_execute(self, command: str, session_id: str | None) -> bool:
        """Run a command without waiting, neither before nor after; False when the page does not allow that."""
        state = self._enter(self._page.arm("result", "run"), command, session_id)
        if not state["disabled"]:
            # By mouse: without waiting it is unknown whether a key did anything.
            self._page.click("run")
        return not state["disabled"]

    def result(self) -> RenderedOutput:
        """The result as shown now, once it is not busy."""
        started = time.time()
        state = self._page.probe("react", region="result", limit_s=self._page.limit_s)
        # A page that makes this part with the response has nothing to show while it waits.
        if state["busy"] or state["parts"]["status"] is None:
            return _rendered("executeCommand", {"pending": "true"}, started, state["at"])
        return _rendered("executeCommand", self._page.fields("result", state["parts"]), started, state["at"])

    def audit(self, wanted: str, limit: str) -> RenderedOutput:
        """Have the list loaded with this query, if possible by one request, and read it."""
        state_before, limit_s = self._page.begin("audit", "audit_refresh"), 2 * self._page.limit_s
        started, since = time.time(), self._page.traffic.count
        state = None
        if self._enter_query(state_before, wanted, limit):
            state = self._page.react("audit", limit_s, since)
            if state["outcome"] == "unchanged":
                # The page does not load the list by itself.
                state_before, state = self._page.arm("audit", "audit_refresh"), None
        if state is None:
            self._page.require(state_before, "audit_refresh")
            state = self._reaction("audit_refresh", "audit", limit_s, state_before)
        started = state["pressed"] or started
        if state["outcome"] == "pending":
            return _rendered("fetchAuditLog", {"pending": "true"}, started, state["at"])
        parts = state["parts"]
        if not parts["rows"] and not parts["empty"]:
            raise self._page.missing_part("audit_row")
        rows = tuple(self._page.fields("audit", row) for row in parts["rows"])
        fields = {"empty": "true"} if parts["empty"] else {}
        return _rendered("fetchAuditLog", fields, started, state["at"], rows)

    def memory(self) -> RenderedOutput:
        """Have the snapshot loaded again and read it."""
        state = self._page.begin("memory", "memory_refresh")
        self._page.require(state, "memory_refresh")
        started = time.time()
        state = self._reaction("memory_refresh", "memory", self._page.limit_s, state)
        if state["outcome"] == "pending":
            return _rendered("fetchMemory", {"pending": "true"}, started, state["at"])
        parts = state["parts"]
        fields = {"empty": "true"} if parts["empty"] else self._page.fields("memory", parts)
        return _rendered("fetchMemory", fields, state["pressed"] or started, state["at"])

    def _enter(self, state: PageState, command: str, session_id: str | None) -> PageState:
        """Enter a command where it differs from what the page shows; returns the state of the page then."""
        self._page.require(state, "command", "run", *(["session"] if session_id is not None else []))
        wanted = {"command": command}
        if session_id is not None or self._session:
            # A value that the page fills in by itself is left as it is.
            wanted["session"] = session_id or ""
            self._session = session_id is not None
        changed = [name for name, text in wanted.items() if (state[name] or "") != text]
        for name in changed:
            self._page.page.fill(self._page.css[name], wanted[name])
        return self._page.arm("result", "run") if changed else state

    def _reaction(
        self,
        button: str,
        region: str,
        limit_s: float,
        state_before: PageState,
        enter_again: Callable[[], PageState] | None = None,
    ) -> dict[str, Any]:
        """The state of the region after the button was pressed; `state_before` is the state of the page before.

        `enter_again` prepares a second press, for a page on which the Enter key did nothing, or nothing good.
        """
        since = self._page.traffic.count
        self._page.press(button, state_before)
        state = self._page.react(region, limit_s, since)
        if self._page.ignores_enter(button, state, since):
            self._page.press(button, enter_again() if enter_again is not None else self._page.arm(region, button))
            state = self._page.react(region, limit_s, since)
        return state

    def _enter_query(self, shown: PageState, wanted: str, limit: str) -> bool:
        """Enter the query where it differs from the one shown; returns whether it did."""
        entered = False
        # A page that has no field for a value requests the default one.
        if shown["limit"] != limit and (shown["limit"], limit) != (None, "50"):
            self._page.require(shown, "audit_limit")
            field = self._page.page.locator(self._page.css["audit_limit"])
            field.fill(limit)
            field.blur()
            entered = True
        if shown["filter"] != wanted and (shown["filter"], wanted) != (None, "all"):
            self._page.require(shown, "audit_filter")
            if wanted not in shown["options"]:
                raise DriverError(
                    f"the page {self._page.url} offers no filter {wanted}: correct console.selectors.audit_filter"
                )
            self._page.page.select_option(self._page.css["audit_filter"], value=wanted)
            entered = True
        return entered


def _rendered(
    call: Call, fields: dict[str, str], started: float, ended: float, rows: tuple[dict[str, str], ...] = ()
) -> RenderedOutput:
    return RenderedOutput(
        id="", item="", call=call, driver="browser", fields=fields, rows=rows, started=started, ended=ended
    )
