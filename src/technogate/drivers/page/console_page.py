"""A console's page as the browser driver uses it: waits until it is idle or has reacted, and reports missing parts.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from technogate.drivers.console_driver import ConsoleEnded, DriverError
from technogate.drivers.network_change import NetworkChangedError, repeat_on_network_change
from technogate.drivers.page.page_traffic import Traffic
from technogate.drivers.page.playwright_import import PlaywrightError, PlaywrightTimeout
from technogate.model.interim_display import InterimDisplay

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

#: Seconds that a page gets to load: on a busy machine that takes longer than its work afterwards.
LOAD_S = 60.0

#: How many of the last lines of its console output are told about a page that has ended.
LAST_LINES = 20

#: The script that reads the page from within, and its call: Playwright passes one text faster than many.
PROBE = Path(__file__).with_name("page_probe.js")
_CALL_PROBE = "task => window[Symbol.for('technogate.probe_call')](JSON.parse(task))"

#: The part in which the Enter key presses a button: Enter in the command's field is the same as its button.
_KEY_GOES_TO = {"run": "command"}

#: The parts without which a region cannot be read, and the setting of each.
_REQUIRED = {
    "result": {"status": "status"},
    "memory": {"command": "memory_command", "status": "memory_status"},
    "audit": {
        "timestamp": "audit_timestamp",
        "action": "audit_action",
        "result": "audit_result",
        "state": "audit_state",
    },
}


class ConsolePage:
    """One page, its address and its parts: `css` maps the name of a part to its selector.

    `limit_s` bounds the wait for a result; a page that is loaded gets twice that to become idle.
    """

    def __init__(
        self,
        context: BrowserContext,
        *,
        url: str,
        css: dict[str, str],
        limit_s: float,
        quiet_ms: int,
        traffic: Traffic | None = None,
    ) -> None:
        self.context = context
        self.url = url
        self.css = css
        self.limit_s = limit_s
        self.quiet_ms = quiet_ms
        self.traffic = Traffic() if traffic is None else traffic
        self._hanging = self._failed = self._all_idle = False
        self._crashed = self._closing = False
        self._address = url
        self._uses_enter: dict[str, bool] = {}
        context.add_init_script(path=PROBE)
        self.traffic.listen_elsewhere(context)
        self.page: Page
        self._new_page()

    def open(self) -> None:
        """Load the page anew and wait until it is idle; raises DriverError when it lacks a part or stays busy.

        A page is loaded again when a change of this machine's network has spoilt a part of it.
        """
        try:
            repeat_on_network_change(self._load, self.traffic.network_watch(), failures=(DriverError, PlaywrightError))
        except NetworkChangedError as error:
            message = f"the page {self.url} was not loaded completely: this machine's network kept changing"
            raise DriverError(message) from error

    def _load(self) -> None:
        self._hanging = self._all_idle = False
        if self._failed:
            # The browser's error page may still be loading, and would interrupt this attempt.
            self._closing = True
            self.page.close()
            self._new_page()
        self._failed = True
        self.page.goto(self.url, wait_until="load", timeout=LOAD_S * 1000)
        self._failed = False
        self._address = self.page.url
        for name in ("command", "run"):
            try:
                self.page.locator(self.css[name]).first.wait_for(state="attached")
            except PlaywrightTimeout as error:
                raise self.missing_part(name) from error
        self.wait_until_complete(reload=False)

    def _new_page(self) -> None:
        self.page = self.context.new_page()
        self._closing = self._crashed = False
        self.traffic.listen(self.page)
        self.page.on("crash", self._on_crash)

    def _on_crash(self, _: Page) -> None:
        self._crashed = True

    def ended(self, error: Exception | None = None) -> ConsoleEnded | None:
        """How the page has ended by an act of its own, None while it has not.

        A page at another address may still work: only an `error` shows that it does not.
        """
        text = error.message if isinstance(error, PlaywrightError) else ""
        if self._crashed or "Target crashed" in text or "Page crashed" in text:
            return ConsoleEnded("page", "crashed", output=self._last_lines())
        if self.page.is_closed() and not self._closing:
            return ConsoleEnded("page", "closed itself", output=self._last_lines())
        if "Execution context was destroyed" in text or (error is not None and not self._failed and self._elsewhere):
            # Where it goes is not known yet when the first error comes.
            return ConsoleEnded("page", "left for another document", output=self._last_lines())
        return None

    @property
    def _elsewhere(self) -> bool:
        return self.page.url.partition("#")[0].partition("?")[0] != self._address.partition("#")[0].partition("?")[0]

    def _last_lines(self) -> str:
        return "\n".join(self.traffic.lines[-LAST_LINES:])

    def probe(self, task: str, *, region: str = "result", focus: str = "", limit_s: float = 0.0) -> Any:
        """One task of the script within the page."""
        argument = {
            "task": task,
            "css": self.css,
            "region": region,
            "focus": focus,
            "quietMs": self.quiet_ms,
            "limitMs": int(limit_s * 1000),
        }
        return self.page.evaluate(_CALL_PROBE, json.dumps(argument))

    def begin(self, region: str, button: str) -> dict[str, Any]:
        """As `wait_until_complete`, then observe the region for `button`; returns the parts of the page."""
        return self._complete("begin", region=region, focus=self._focus_of(button))

    def arm(self, region: str, button: str) -> dict[str, Any]:
        """The same without waiting."""
        return self._probe_before("arm", region=region, focus=self._focus_of(button))

    def _focus_of(self, button: str) -> str:
        return _KEY_GOES_TO.get(button, button) if self._uses_enter.get(button) else ""

    def press(self, button: str, state: dict[str, Any]) -> None:
        """Press a button: by mouse the first time, then by the Enter key, which takes a third of the time.

        `state` comes from `begin` or `arm`. `ignores_enter` detects a page on which the key does nothing.
        """
        if not self._uses_enter.get(button):
            self.click(button)
            self._uses_enter.setdefault(button, True)
        elif state["focused"]:
            self.page.keyboard.press("Enter")
        else:
            self.page.press(self.css[_KEY_GOES_TO.get(button, button)], "Enter")

    def click(self, button: str) -> None:
        """Press a button by mouse."""
        self.page.click(self.css[button])

    def ignores_enter(self, button: str, state: dict[str, Any], since: int) -> bool:
        """Whether `state`, which `react` returned after a press, shows that the page ignores the Enter key.

        If so, the mouse is used from now on.
        """
        reacted = state["pressed"] is not None or state["touched"] or self.traffic.count > since
        if reacted or not self._uses_enter.get(button):
            return False
        self._uses_enter[button] = False
        return True

    def require(self, state: dict[str, Any], *names: str) -> None:
        """Raise DriverError for the first of these parts that is missing in `state`, from `begin` or `arm`."""
        for name in names:
            if name in state["missing"]:
                raise self.missing_part(name)

    def missing_part(self, name: str) -> DriverError:
        """The error for a part that is missing on the page."""
        return DriverError(
            f"the page {self.url} has no part `{name}` ({self.css[name]}): correct console.selectors.{name}"
        )

    def wait_until_complete(self, *, reload: bool = True) -> None:
        """Wait until the page is idle; with `reload`, a hanging page is loaded anew. Raises DriverError otherwise."""
        # A page that was idle, and to which nothing was done since, need not be probed again.
        if not self._all_idle:
            self._complete("idle", reload=reload)

    def _complete(self, task: str, *, reload: bool = True, **where: str) -> dict[str, Any]:
        """The result of `task`, which waits for the page to be idle."""
        if self._hanging:
            self.open()
        deadline = time.monotonic() + 2 * self.limit_s
        while (left := deadline - time.monotonic()) > 0:
            state = self._probe_before(task, limit_s=left, **where)
            if state["idle"] and (state["reports_busy"] or not self.traffic.under_way):
                return state
        if not reload:
            raise DriverError(f"the page {self.url} stays busy for more than {2 * self.limit_s:g} s")
        self.open()
        return self._complete(task, reload=False, **where)

    def _probe_before(self, task: str, *, limit_s: float = 0.0, **where: str) -> dict[str, Any]:
        """The result of a task before something is done to the page."""
        self._all_idle = False
        state: dict[str, Any] = self.probe(task, limit_s=limit_s, **where)
        return state

    def react(self, region: str, limit_s: float, since: int) -> dict[str, Any]:
        """Wait until the region has reacted; adds `outcome`: done, unchanged or pending."""
        deadline = time.monotonic() + limit_s
        while True:
            left = max(0.0, deadline - time.monotonic())
            state: dict[str, Any] = self.probe("react", region=region, limit_s=left)
            idle = not state["busy"]
            self._all_idle = state["all_idle"]
            if idle and state["reports_busy"] and state["touched"]:
                state["outcome"] = "done"
            elif idle and not self.traffic.under_way:
                state["outcome"] = "done" if state["touched"] or self.traffic.count > since else "unchanged"
            elif left == 0.0:
                state["outcome"] = "pending"
                self._hanging = True
            else:
                continue
            return state

    def parts(self) -> frozenset[str]:
        """The parts that are on the page now, by the names of their selectors."""
        return frozenset(self.css).difference(self.probe("arm")["missing"])

    def watch(self) -> InterimDisplay:
        """Record every state of the result from now on; returns the present one."""
        return _display(self.probe("watch", region="result"))

    def watched(self, more_s: float) -> list[InterimDisplay]:
        """The states of the result since `watch`, the one at that time first, after `more_s` seconds more.

        Raises DriverError when the page was loaded anew meanwhile: what it showed is not known then.
        """
        argument = {"task": "watched", "css": self.css, "region": "result", "focus": ""}
        times = {"quietMs": int(more_s * 1000), "limitMs": int(self.limit_s * 1000)}
        displays = self.page.evaluate(_CALL_PROBE, json.dumps(argument | times))
        if displays is None:
            raise DriverError(f"the page {self.url} was loaded anew while a response was awaited")
        return [_display(display) for display in displays]

    def leave(self) -> None:
        """Make the page believe that it is left, so that it sends what it keeps until then; then load it anew."""
        self.probe("leave")
        self.keep_bodies()
        self.open()

    def keep_bodies(self) -> None:
        """Pass on what this document has sent as Blob or form: it is lost when the page is loaded anew."""
        self.traffic.keep_bodies(self.probe("bodies"))

    def fields(self, region: str, parts: dict[str, str | None]) -> dict[str, str]:
        """The parts that are on the page. Raises DriverError when a required one is missing."""
        for part, selector in _REQUIRED[region].items():
            if parts.get(part) is None:
                raise self.missing_part(selector)
        return {name: text for name, text in parts.items() if text is not None}


def _display(state: dict[str, Any]) -> InterimDisplay:
    """A state of the result as the script within the page returns it: null is a part that the page does not have."""
    known = {name: value for name, value in state.items() if value is not None}
    return InterimDisplay(**{**known, "frames": tuple(known.get("frames", ()))})


def first_line(error: PlaywrightError) -> str:
    """The first line of Playwright's message, the one that matters."""
    return error.message.strip().split("\n", 1)[0]
