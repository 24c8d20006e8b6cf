"""The three calls of a console on its page: enter, press, read.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from technogate.drivers.console_driver import NotOffered, call_of, usual_query
from technogate.drivers.page.console_page import ConsolePage
from technogate.drivers.page.page_entry import ControlEntry, shows
from technogate.model.contract_words import Part
from technogate.model.events import RenderedOutput
from technogate.target.page_use import Moment

#: What each button is pressed for.
_MOMENTS = {"run": "execute", "audit_refresh": "audit", "memory_refresh": "memory"}

#: The state of a page before something is done to it, as its script returns it.
PageState = dict[str, Any]

#: How often a command is typed key by key, on a page that lets none be run, before that is known not to help.
_TYPE_TRIES = 3


class PageCalls:
    """Makes the calls on one page; the audit list, which may take two requests, has twice the page's limit.

    `begun` is when the last read began, in seconds since the epoch; `with_page` has the reads for which the page is
    loaded anew, because it has no button for them.
    """

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._entry = ControlEntry(page)
        self._session = False
        self._changed: set[str] = set()
        self.begun = 0.0
        self.with_page: set[str] = set()

    def execute(self, command: str, session_id: str | None) -> RenderedOutput:
        """Enter a command, run it and read its result once it is shown."""
        self._page.show("execute")
        state = self._enter(self._page.begin("result", "run"), command, session_id)
        started = time.time()
        if state["disabled"]:
            return _rendered("execute", {"refused": "the page does not let it be run"}, started, time.time())

        def enter_again() -> PageState:
            return self._enter(self._page.arm("result", "run"), command, session_id)

        state = self._reaction("run", "result", self._page.limit_s, state, enter_again)
        started = state["pressed"] or started
        if state["outcome"] != "done":
            return _rendered("execute", {state["outcome"]: "true"}, started, state["at"])
        fields = self._page.reading.fields("result", state["parts"])
        fields = self._page.status_sight.as_seen(fields, state["parts"])
        return _rendered("execute", fields, started, state["at"])

    def start_execute(self, command: str, session_id: str | None) -> bool:
        """Run a command without waiting, neither before nor after; False when the page does not allow that."""
        self._page.show("execute")
        state = self._enter(self._page.arm("result", "run"), command, session_id)
        if not state["disabled"]:
            # By mouse: without waiting it is unknown whether a key did anything.
            self._page.click("run")
            self._page.steps.pressed(self._page.page, "execute")
        return not state["disabled"]

    def result(self) -> RenderedOutput:
        """The result as shown now, once it is not busy."""
        started = time.time()
        state = self._page.shown("result")
        # A page that makes this part with the response has nothing to show while it waits for the first one.
        absent = state["parts"]["status"] is None and self._page.reading.is_named("status")
        if state["busy"] or absent:
            return _rendered("execute", {"pending": "true"}, started, state["at"])
        return _rendered("execute", self._page.reading.fields("result", state["parts"]), started, state["at"])

    def audit(self, wanted: str, limit: str) -> RenderedOutput:
        """Have the list loaded with this query, if possible by one request, and read it."""
        self._page.show("audit")
        before, limit_s = self._page.begin("audit", "audit_refresh"), 2 * self._page.limit_s
        self._begin()
        entered = self._enter_query(before, wanted, limit)
        started = self.begun
        state = self._loaded_by_itself(entered, limit_s) if entered else None
        if state is None:
            if entered:
                before = self._page.arm("audit", "audit_refresh")

            def enter_again() -> PageState:
                return self._query_again(wanted, limit)

            state = self._load("audit", "audit_refresh", limit_s, before, enter_again)
        started = state["pressed"] or started
        if state["outcome"] == "pending":
            return _rendered("audit", {"pending": "true"}, started, state["at"])
        fields, rows = self._page.reading.listed(state["parts"])
        return _rendered("audit", fields, started, state["at"], rows)

    def memory(self) -> RenderedOutput:
        """Have the snapshot loaded again and read it."""
        self._page.show("memory")
        state = self._page.begin("memory", "memory_refresh")
        started = self._begin()

        def once_more() -> PageState:
            return self._page.arm("memory", "memory_refresh")

        state = self._load("memory", "memory_refresh", self._page.limit_s, state, once_more)
        if state["outcome"] == "pending":
            return _rendered("memory", {"pending": "true"}, started, state["at"])
        fields = self._page.reading.kept(state["parts"])
        return _rendered("memory", fields, state["pressed"] or started, state["at"])

    def _begin(self) -> float:
        """The time from which on the page is used for a read: what it requests before does not belong to the call."""
        self.begun = time.time()
        return self.begun

    def _load(
        self, region: Moment, button: str, limit_s: float, before: PageState, enter_again: Callable[[], PageState]
    ) -> PageState:
        """The state of a region after it was loaded: by its button, or with the page where there is none."""
        if button not in before["missing"]:
            return self._reaction(button, region, limit_s, before, enter_again)
        self._page.reading.lacks(button)
        self._begin()
        self.with_page.add(region)
        self._page.open()
        self._page.show(region)
        return self._page.react(region, limit_s, 0.0)

    def _enter(self, state: PageState, command: str, session_id: str | None) -> PageState:
        """Enter a command where it differs from what the page shows; returns the state once it can be run.

        A page may take its time to let a command be run, as when it checks what was entered.
        """
        self._page.require(state, "command", "run", *(["session"] if session_id is not None else []))
        wanted = {"command": command}
        if session_id is not None or self._session:
            # A value that the page fills in by itself is left as it is.
            wanted["session"] = session_id or ""
            self._session = session_id is not None
        controls = state["controls"]
        changed = [name for name in wanted if controls[name] is not None and not shows(controls[name], wanted[name])]
        for name in changed:
            self._entry.enter(name, controls[name], wanted[name])
        if changed:
            state = self._page.arm("result", "run")
        habits = self._page.habits
        if not state["disabled"]:
            if changed and habits.enabled_s is None:
                habits.saw_enabled(0.0)
            return state
        state = self._page.enable()
        if (
            state["disabled"]
            and habits.enabled_s is None
            and habits.typed < _TYPE_TRIES
            and controls["command"]["kind"] == "text"
        ):
            habits.typed += 1
            self._entry.type_by_keys("command", command)
            state = self._page.enable()
            habits.by_keys = not state["disabled"]
        if not state["disabled"]:
            habits.saw_enabled(state["waited_s"])
        return state

    def _reaction(
        self, button: str, region: str, limit_s: float, before: PageState, enter_again: Callable[[], PageState]
    ) -> dict[str, Any]:
        """The state of the region after the button was pressed; `before` is the state of the page before.

        `enter_again` prepares a further press, for a page that did not listen to the first, or not to the Enter key.
        """
        for presses in itertools.count(1):
            effect_s = self._page.effect_s(button)
            self._page.press(button, before)
            self._page.steps.pressed(self._page.page, _MOMENTS[button])
            state = self._page.react(region, limit_s, effect_s)
            if not self._page.press_again(button, region, state, presses):
                return state
            before = enter_again()
        raise AssertionError("a count has no end")

    def _loaded_by_itself(self, entered: list[str], limit_s: float) -> PageState | None:
        """The state of the list when the page requests it as soon as these fields change, None when it does not."""
        habits = self._page.habits
        effect_s = habits.loading_s(entered)
        if effect_s == 0.0:
            return None
        # The control may be within the list's region, and changes itself.
        state = self._page.react("audit", limit_s, effect_s, sent_only=True)
        loads = state["outcome"] != "unchanged"
        if loads or self._page.has_reacted:
            habits.saw_loading(entered, loads=loads)
        if loads:
            habits.saw_reaction("audit", state)
        return state if loads else None

    def _query_again(self, wanted: str, limit: str) -> PageState:
        """Enter the query again where the page has lost it."""
        before = self._page.arm("audit", "audit_refresh")
        return self._page.arm("audit", "audit_refresh") if self._enter_query(before, wanted, limit) else before

    def _enter_query(self, before: PageState, wanted: str, limit: str) -> list[str]:
        """Enter the query where it differs from the one shown; returns the parts that were changed."""
        entered: list[str] = []
        # The filter comes last: a page that requests the list by itself does so mostly for that.
        usual_filter, usual_limit = usual_query(None, None)
        for name, value, usual in (
            ("audit_limit", limit, str(usual_limit)),
            ("audit_filter", wanted, usual_filter),
        ):
            control = before["controls"][name]
            if control is None:
                # A page that has no field for a value requests the default one.
                if value != usual:
                    self._page.reading.lacks(name)
                continue
            if self._entry.shows(control, value):
                continue
            if entered and self._page.habits.loading_s(entered) != 0.0:
                loads = self._loaded_by_itself(entered, 2 * self._page.limit_s) is not None
                control = self._page.arm("audit", "audit_refresh")["controls"][name]
                if loads:
                    # What was requested for one change is a query of its own: the call is what follows the last one.
                    entered.clear()
                    self._begin()
            try:
                self._entry.enter(name, control, value)
            except NotOffered:
                if value == usual and name not in self._changed:
                    continue
                raise
            if control["kind"] == "text":
                self._page.target(name).evaluate("field => field.blur()")
            self._changed.add(name)
            entered.append(name)
        return entered


def _rendered(
    part: Part, fields: dict[str, str], started: float, ended: float, rows: tuple[dict[str, str], ...] = ()
) -> RenderedOutput:
    return RenderedOutput(
        id="", item="", call=call_of(part), driver="browser", fields=fields, rows=rows, started=started, ended=ended
    )
