"""A console's page under the driver's hands: waits until it is idle or has reacted, and says what is missing.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from technogate.drivers.console_driver import DriverError
from technogate.drivers.page.page_traffic import Traffic
from technogate.drivers.page.playwright_import import PlaywrightError, PlaywrightTimeout

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

#: Seconds that a page gets to be loaded: on a busy machine that takes longer than what it does then.
LOAD_S = 60.0

#: The script that looks at the page from within, and what calls it: Playwright takes one text faster than many.
PROBE = Path(__file__).with_name("page_probe.js")
_LOOK = "task => window[Symbol.for('technogate.look')](JSON.parse(task))"

#: Where the Enter key goes to press a button: the command's field does what its button does.
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
        self, context: BrowserContext, *, url: str, css: dict[str, str], limit_s: float, quiet_ms: int
    ) -> None:
        self.context = context
        self.url = url
        self.css = css
        self.limit_s = limit_s
        self.quiet_ms = quiet_ms
        self.traffic = Traffic()
        self._stuck = self._failed = self._rested = False
        self._by_key: dict[str, bool] = {}
        context.add_init_script(path=PROBE)
        self.page: Page
        self._new_page()

    def open(self) -> None:
        """Load the page anew and wait until it is idle; raises DriverError when it does not become what it must be.

        A page of which this machine's own network has spoilt a part is loaded again, some times.
        """
        for last in (False, False, True):
            changes = self.traffic.network_changes
            try:
                self._load()
            except (DriverError, PlaywrightError):
                if last or self.traffic.network_changes == changes:
                    raise
                continue
            if self.traffic.network_changes == changes:
                return
        raise DriverError(f"the page {self.url} was not loaded whole: this machine's network kept changing")

    def _load(self) -> None:
        self._stuck = self._rested = False
        if self._failed:
            # The browser's own page about the failure may still be on its way, and would break into this attempt.
            self.page.close()
            self._new_page()
        self._failed = True
        self.page.goto(self.url, wait_until="load", timeout=LOAD_S * 1000)
        self._failed = False
        for name in ("command", "run"):
            try:
                self.page.locator(self.css[name]).first.wait_for(state="attached")
            except PlaywrightTimeout as error:
                raise self.lacks(name) from error
        self.wait_until_complete(again=False)

    def _new_page(self) -> None:
        self.page = self.context.new_page()
        self.traffic.listen(self.page)

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
        return self.page.evaluate(_LOOK, json.dumps(argument))

    def begin(self, region: str, button: str) -> dict[str, Any]:
        """Wait as `settle` does, then note what `button` will do to the region; tells what the page has."""
        return self._complete("begin", region=region, focus=self._focus(button))

    def arm(self, region: str, button: str) -> dict[str, Any]:
        """The same without waiting."""
        return self._looked("arm", region=region, focus=self._focus(button))

    def _focus(self, button: str) -> str:
        return _KEY_GOES_TO.get(button, button) if self._by_key.get(button) else ""

    def press(self, button: str, state: dict[str, Any]) -> None:
        """Press a button: by mouse the first time, then by the Enter key, which takes a third of the time.

        `state` is what `begin` or `arm` said. A key that does nothing is told by `refuses_key`.
        """
        if not self._by_key.get(button):
            self.click(button)
            self._by_key.setdefault(button, True)
        elif state["focused"]:
            self.page.keyboard.press("Enter")
        else:
            self.page.press(self.css[_KEY_GOES_TO.get(button, button)], "Enter")

    def click(self, button: str) -> None:
        """Press a button by mouse."""
        self.page.click(self.css[button])

    def refuses_key(self, button: str, state: dict[str, Any], since: int) -> bool:
        """Whether `state`, which `react` gave after a press, shows that the Enter key is not for this page.

        If so, the mouse is used from now on.
        """
        heard = state["pressed"] is not None or state["touched"] or self.traffic.count > since
        if heard or not self._by_key.get(button):
            return False
        self._by_key[button] = False
        return True

    def need(self, state: dict[str, Any], *names: str) -> None:
        """Raise DriverError for the first of these parts that the page does not have, by what `begin` said."""
        for name in names:
            if name in state["missing"]:
                raise self.lacks(name)

    def lacks(self, name: str) -> DriverError:
        """The error that names a part which the page does not have."""
        return DriverError(
            f"the page {self.url} has no part `{name}` ({self.css[name]}): correct console.selectors.{name}"
        )

    def wait_until_complete(self, *, again: bool = True) -> None:
        """Wait until the page is idle; with `again`, one that hangs is loaded anew. Raises DriverError otherwise."""
        # One that was seen at rest, and to which nothing was done since, is not asked again.
        if not self._rested:
            self._complete("idle", again=again)

    def _complete(self, task: str, *, again: bool = True, **where: str) -> dict[str, Any]:
        """What `task` says, which waits for the page to be idle."""
        if self._stuck:
            self.open()
        deadline = time.monotonic() + 2 * self.limit_s
        while (left := deadline - time.monotonic()) > 0:
            state = self._looked(task, limit_s=left, **where)
            if state["idle"] and (state["spoke"] or not self.traffic.under_way):
                return state
        if not again:
            raise DriverError(f"the page {self.url} stays busy for more than {2 * self.limit_s:g} s")
        self.open()
        return self._complete(task, again=False, **where)

    def _looked(self, task: str, *, limit_s: float = 0.0, **where: str) -> dict[str, Any]:
        """What a task of the script says before something is done to the page."""
        self._rested = False
        state: dict[str, Any] = self.probe(task, limit_s=limit_s, **where)
        return state

    def react(self, region: str, limit_s: float, since: int) -> dict[str, Any]:
        """Wait until the region has reacted; adds `outcome`: done, unchanged or pending."""
        deadline = time.monotonic() + limit_s
        while True:
            left = max(0.0, deadline - time.monotonic())
            state: dict[str, Any] = self.probe("react", region=region, limit_s=left)
            idle = not state["busy"]
            self._rested = state["rested"]
            if idle and state["spoke"] and state["touched"]:
                state["outcome"] = "done"
            elif idle and not self.traffic.under_way:
                state["outcome"] = "done" if state["touched"] or self.traffic.count > since else "unchanged"
            elif left == 0.0:
                state["outcome"] = "pending"
                self._stuck = True
            else:
                continue
            return state

    def fields(self, region: str, parts: dict[str, str | None]) -> dict[str, str]:
        """The parts that are on the page. Raises DriverError when one is missing without which nothing can be read."""
        for part, selector in _REQUIRED[region].items():
            if parts.get(part) is None:
                raise self.lacks(selector)
        return {name: text for name, text in parts.items() if text is not None}


def first_line(error: PlaywrightError) -> str:
    """The first line of what Playwright says, which is the one that matters."""
    return error.message.strip().split("\n", 1)[0]
