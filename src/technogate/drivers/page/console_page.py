"""A console's page as the browser driver uses it: waits until it is idle or has reacted, and reports missing parts.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

from technogate.drivers.console_driver import ConsoleEnded, DriverError, StaysBusyError
from technogate.drivers.network_change import NetworkChangedError, repeat_on_network_change
from technogate.drivers.page.hanging_page import HOW, hangs
from technogate.drivers.page.page_habits import FIRST_EFFECT_S, MOST_PRESSES, START_S, PageHabits
from technogate.drivers.page.page_reading import NOTHING, PageReading
from technogate.drivers.page.page_steps import FIRST_S, PageSteps
from technogate.drivers.page.page_traffic import Traffic
from technogate.drivers.page.page_words import PageWords
from technogate.drivers.page.page_world import PageWorld, WorldScripts, script
from technogate.drivers.page.part_location import located
from technogate.drivers.page.playwright_import import PlaywrightError, PlaywrightTimeout
from technogate.drivers.page.status_sight import StatusSight
from technogate.drivers.page.unmarked_browser import take_name
from technogate.model.interim_display import InterimDisplay
from technogate.target.page_use import Moment, PageUse

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ElementHandle, Locator, Page

#: Seconds that a page gets to load: on a busy machine that takes longer than its work afterwards.
LOAD_S = 60.0

#: Seconds that a part of a loaded page may take to be there, and seconds without a request after which it will not be.
PART_S, SETTLED_S = 20.0, 5.0
_PART_LOOK_MS = 250.0

#: How many of the last lines of its console output are told about a page that has ended.
LAST_LINES = 20

#: What is called in the gate's world within the page: Playwright passes one text faster than many.
_CALL_PROBE = "task => window[Symbol.for('technogate.probe_call')](JSON.parse(task))"
CALL_CONTROL = """(task, css, ...values) => {
    const element = window[Symbol.for('technogate.parts')].find(css);
    return window[Symbol.for('technogate.controls')][task](element, ...values);
}"""
_IS_VISIBLE = """css => {
    const parts = window[Symbol.for('technogate.parts')];
    return parts.isVisible(parts.find(css));
}"""
_NEXT_TURN = "() => new Promise((resolve) => setTimeout(resolve, 0))"

#: How long a request whose answer the page's scripts have is given to end, in seconds, before the next probe.
_ENDING_S, _ENDING_POLL_MS = 0.15, 5

#: The part in which the Enter key presses a button: Enter in the command's field is the same as its button.
_KEY_GOES_TO = {"run": "command"}


class ConsolePage:
    """One page, its address and its parts: `css` maps the name of a part to its selector.

    `limit_s` bounds the wait for a result; a page that is loaded gets twice that to become idle. `habits` is what is
    known of the console's page. With `hooked` False nothing is put into the page's own world (see `PageWorld`).
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
        steps: PageSteps | None = None,
        habits: PageHabits | None = None,
        hooked: bool = True,
    ) -> None:
        self.context = context
        self.url = url
        self.css = {name: selector or NOTHING for name, selector in css.items()}
        self.limit_s = limit_s
        self.quiet_ms = quiet_ms
        self.traffic = Traffic() if traffic is None else traffic
        self.steps = PageSteps(PageUse(url=url)) if steps is None else steps
        self.words = PageWords(self.steps.use.words)
        self.reading = PageReading(self)
        self.status_sight = StatusSight(self)
        self.traffic.answer = self.steps.answer
        self.habits = PageHabits() if habits is None else habits
        self._hanging = self._failed = self._all_idle = False
        self._crashed = self._closing = False
        self._address = url
        self._loaded_at = 0.0
        self._uses_enter: dict[str, bool] = {}
        self._alive: set[str] = set()
        self._dead: set[str] = set()
        self._frames: dict[str, bool] = {}
        self._begun = (0, 0)
        self._documents = 0
        self._scripts = WorldScripts(context, hooked=hooked)
        self._hooked = hooked
        self.world: PageWorld
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
        self._alive.clear()
        self._dead.clear()
        keyed, self.traffic.is_loaded = self.traffic.keyed, False
        self.page.goto(self.url, wait_until="load", timeout=LOAD_S * 1000)
        self._failed = False
        self._loaded_at = time.monotonic()
        self._address = self.page.url
        self.steps.loaded(self)
        self.steps.show(self, "execute", patience_s=FIRST_S)
        self._address = self.page.url
        for name in ("command", "run"):
            self._wait_for_part(name)
        self.wait_until_complete(reload=False)
        self._wait_for_start(keyed)
        self.traffic.is_loaded = True

    def _wait_for_part(self, name: str) -> None:
        """Wait until a part is there; raises DriverError once the page has loaded all that it loads without it."""
        until = time.monotonic() + PART_S
        requests, settled_at = self.traffic.count, time.monotonic() + SETTLED_S
        while True:
            try:
                self.locate(name).wait_for(state="attached", timeout=_PART_LOOK_MS)
            except PlaywrightTimeout as error:
                if self.traffic.under_way or self.traffic.count != requests:
                    requests, settled_at = self.traffic.count, time.monotonic() + SETTLED_S
                if time.monotonic() < min(settled_at, until):
                    continue
                # A page that was busy with its script has had its turn before it answers this.
                self.world.call(_NEXT_TURN)
                if not self.locate(name).count():
                    raise self.missing_part(name) from error
            return

    def _wait_for_start(self, keyed: int) -> None:
        """Wait until the page's script listens, as far as is known: its markup may be there before.

        A page that loads its list or its snapshot by itself has begun then; of another the first press tells.
        """
        known = self.habits.start_s
        wait_s = START_S if known is None else 1.2 * known
        if self.traffic.keyed > keyed or self.probe("reports_busy") or wait_s == 0.0:
            self.habits.saw_start(0.0)
            return
        while self.traffic.keyed == keyed and (left := self._loaded_at + wait_s - time.monotonic()) > 0:
            self.page.wait_for_timeout(min(20.0, 1000 * left))
        self.habits.saw_start(time.monotonic() - self._loaded_at if self.traffic.keyed > keyed else 0.0)
        self._all_idle = False
        self.wait_until_complete(reload=False)

    def show(self, moment: Moment) -> None:
        """Do what has to be done before the parts of `moment` are used; go back to the first page where they are there.

        Raises DriverError when a step of the target file finds nothing.
        """
        if not self.steps.show(self, moment):
            self.open()
            self.steps.show(self, moment)
        if self._address != self.page.url:
            self._address = self.page.url
            self._all_idle = False

    def _new_page(self) -> None:
        self.page = self.context.new_page()
        self.world = PageWorld(self._scripts, self.page)
        if not self._hooked:
            take_name(self.world.session)
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
        if hangs(self.page):
            return ConsoleEnded("page", HOW, output=self._last_lines())
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

    def probe(
        self,
        task: str,
        *,
        region: str = "result",
        focus: str = "",
        limit_s: float = 0.0,
        effect_s: float | None = None,
        again: bool = False,
        sent_only: bool = False,
    ) -> Any:
        """One task of the script within the page."""
        argument = {
            "task": task,
            "css": self.css,
            "region": region,
            "focus": focus,
            "quietMs": self.quiet_ms,
            "limitMs": int(limit_s * 1000),
            "effectMs": int((self.quiet_ms / 1000 if effect_s is None else effect_s) * 1000),
            # How soon a page is still after an answer says nothing where the script does not know of answers.
            "settleMs": self.habits.settle_ms(region) if self._hooked else {},
            "again": again,
            "sentOnly": sent_only,
        }
        return self.world.call(_CALL_PROBE, json.dumps(argument))

    def locate(self, name: str) -> Locator:
        """A part of the page for Playwright."""
        return located(self.page, self.css[name], self._frames)

    def is_visible(self, name: str) -> bool:
        """Whether a part is on the page and takes up room; an empty area has no height and is visible all the same."""
        return bool(self.world.call(_IS_VISIBLE, self.css[name]))

    def control(self, task: str, name: str, *values: str) -> Any:
        """What the script within the page says of a control, or does to it."""
        return self.world.call(CALL_CONTROL, task, self.css[name], *values)

    def element(self, what: str, name: str, number: int = 0) -> ElementHandle:
        """The element that is operated of a control (`target`), or one of its choices (`choice`)."""
        found = self.world.element(what, self.css[name], number)
        if found is None:
            raise self.missing_part(name)
        return found

    def target(self, name: str) -> ElementHandle:
        """The element of a control that is operated: that of the part, or one within it."""
        return self.element("target", name)

    def begin(self, region: str, button: str) -> dict[str, Any]:
        """As `wait_until_complete`, then observe the region for `button`; returns the parts of the page."""
        if self._all_idle and not self._hanging:
            return self.arm(region, button)
        self._note_begin()
        return self._learnt(region, self._complete("begin", region=region, focus=self._focus_of(button)))

    def arm(self, region: str, button: str) -> dict[str, Any]:
        """The same without waiting."""
        self._note_begin()
        return self._learnt(region, self._probe_before("arm", region=region, focus=self._focus_of(button)))

    def enable(self) -> dict[str, Any]:
        """Wait until the command that was entered can be run, as long as that takes on this page; then as `arm`."""
        self._note_begin()
        limit_s = self.habits.enabling_s
        return self._probe_before("enable", limit_s=limit_s, region="result", focus=self._focus_of("run"))

    def _note_begin(self) -> None:
        self._begun = self.traffic.count, self.traffic.writes
        self._documents = self.traffic.documents

    def _learnt(self, region: str, state: dict[str, Any]) -> dict[str, Any]:
        self.habits.saw_late_change(region, state["late"])
        return state

    def has_sent(self, region: str) -> bool:
        """Whether the page has sent a request of a region's kind since `begin` or `arm`: a command is no read."""
        count, writes = self._begun
        return self.traffic.writes > writes if region == "result" else self.traffic.count > count

    def _focus_of(self, button: str) -> str:
        return _KEY_GOES_TO.get(button, button) if self._uses_enter.get(button) else ""

    def press(self, button: str, state: dict[str, Any]) -> None:
        """Press a button: by mouse the first time, then by the Enter key, which takes a third of the time.

        `state` comes from `begin` or `arm`. `ignores_enter` detects a page on which the key does nothing.
        """
        if not self._uses_enter.get(button) or button not in self._alive:
            self.click(button)
        elif state["focused"]:
            self.page.keyboard.press("Enter")
        else:
            self.locate(_KEY_GOES_TO.get(button, button)).press("Enter", no_wait_after=True)

    def click(self, button: str) -> None:
        """Press a button by mouse."""
        # Without waiting for a document that it leads to: that is awaited as any answer is.
        self.locate(button).click(no_wait_after=True)

    def press_again(self, button: str, region: str, state: dict[str, Any], presses: int) -> bool:
        """Whether a button is to be pressed again after so many presses, the last of which led to `state`.

        That is never so when something has happened. If a page ignores the Enter key, the mouse is used from now on.
        A page that has not reacted to anything since it was loaded may not have listened yet.
        """
        if state["outcome"] != "unchanged":
            if presses > 1 and button not in self._alive:
                self.habits.saw_start(time.monotonic() - self._loaded_at)
            self._alive.add(button)
            self._uses_enter.setdefault(button, True)
            if self._hooked:
                self.habits.saw_reaction(region, state)
            return False
        if self.has_sent(region):
            return False
        if button in self._alive:
            ignored = bool(self._uses_enter.get(button)) and not state["clicked"]
            self._uses_enter[button] = self._uses_enter.get(button, True) and not ignored
            return ignored
        if presses >= MOST_PRESSES or self._alive:
            self._dead.add(button)
        return button not in self._dead

    def effect_s(self, button: str) -> float:
        """How long a press of this button is given to have an effect."""
        if self._alive or button in self._dead:
            return self.habits.effect_s(self.quiet_ms)
        return FIRST_EFFECT_S

    @property
    def has_reacted(self) -> bool:
        """Whether the page has reacted to any press since it was loaded."""
        return bool(self._alive)

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

    def _complete(self, task: str, *, reload: bool = True, region: str = "result", focus: str = "") -> dict[str, Any]:
        """The result of `task`, which waits for the page to be idle."""
        if self._hanging:
            self.open()
        deadline = time.monotonic() + 2 * self.limit_s
        while (left := deadline - time.monotonic()) > 0:
            state = self._probe_before(task, limit_s=left, region=region, focus=focus)
            if state["idle"] and (state["reports_busy"] or not self.traffic.fetching):
                self._all_idle = task == "idle" and not state["reports_busy"]
                return state
        if not reload:
            # Whoever waits for it next has changed what it gets, and need not wait for what it got before.
            self._hanging = True
            raise StaysBusyError(f"the page {self.url} stays busy for more than {2 * self.limit_s:g} s")
        self.open()
        return self._complete(task, reload=False, region=region, focus=focus)

    def _probe_before(
        self, task: str, *, limit_s: float = 0.0, region: str = "result", focus: str = ""
    ) -> dict[str, Any]:
        """The result of a task before something is done to the page."""
        self._all_idle = False
        state: dict[str, Any] = self.probe(task, limit_s=limit_s, region=region, focus=focus)
        return state

    def react(self, region: str, limit_s: float, effect_s: float, *, sent_only: bool = False) -> dict[str, Any]:
        """Wait until the region has reacted to what was done since `begin` or `arm`.

        It is given `effect_s` seconds to begin with that; with `sent_only`, a change without a request is no reaction.
        Adds `outcome`: done, unchanged or pending.
        """
        deadline, again, late = time.monotonic() + limit_s, False, False
        while True:
            left, ended = max(0.0, deadline - time.monotonic()), self.traffic.ended
            state = self._reacted(region, left, effect_s=effect_s, again=again, sent_only=sent_only)
            if state is None:
                continue
            state["parts"] = self._parts(region, state)
            idle, touched = not state["busy"], state["touched"] and not sent_only
            self._all_idle = state["all_idle"] and (state["reports_busy"] or not self.traffic.under_way)
            if idle and state["reports_busy"] and (touched or (state["touched"] and self.has_sent(region))):
                state["outcome"] = "done"
            elif idle and touched and left > 0.0 and self._sends_later(region, limit_s - left):
                again = late = True
                continue
            elif idle and not self._hooked and self.traffic.ended != ended and left > 0.0:
                # The script does not know of the answer that came as it waited: what it read may be of before.
                again = True
                continue
            elif idle and not self.traffic.under_way:
                state["outcome"] = "done" if touched or self.has_sent(region) else "unchanged"
            elif left == 0.0 and self.traffic.leaving:
                # Two commands at a time on such a page, say: what the browser waits for is not told for certain.
                raise self._unknown_document()
            elif left == 0.0:
                state["outcome"] = "pending"
                self._hanging = True
            else:
                # A body may still arrive, and the page has not shown then what comes of it.
                again = self._wait_for_end(min(left, _ENDING_S)) or again
                continue
            if late and self.has_sent(region):
                self.habits.saw_late_sending()
            return state

    def _reacted(self, region: str, limit_s: float, **how: Any) -> dict[str, Any] | None:
        """How a region reacts in this document; None where a press has led to another one, once that is there."""
        try:
            state: dict[str, Any] = self.probe("react", region=region, limit_s=limit_s, **how)
        except PlaywrightError:
            if not self._follow(limit_s):
                raise
            return None
        # A server makes the page anew for each press: what the document before shows is no answer to it.
        return None if self._follow(limit_s) else state

    def _follow(self, limit_s: float) -> bool:
        """Wait for the document that a press has requested, at most so many seconds; whether one was requested."""
        if self.traffic.documents == self._documents or limit_s <= 0.0:
            return False
        self._documents = self.traffic.documents
        self._wait_for_end(limit_s)
        if not self.traffic.under_way:
            with contextlib.suppress(PlaywrightTimeout):
                self.page.wait_for_load_state("load", timeout=limit_s * 1000)
        return True

    def _sends_later(self, region: str, waited_s: float) -> bool:
        """Whether a page that has shown something may still send the command: it may show first that it waits."""
        if region != "result" or self.has_sent(region):
            return False
        if waited_s < self.habits.sending_s:
            return True
        self.habits.saw_unsent()
        return False

    def shown(self, region: str) -> dict[str, Any]:
        """The state of a region once it is not busy."""
        state = None
        while state is None:
            if self.traffic.documents:
                # Events that arrived between two calls are processed only with the next call of Playwright.
                self.context.cookies()
            if self.traffic.leaving:
                raise self._unknown_document()
            state = self._reacted(region, self.limit_s)
        return {**state, "parts": self._parts(region, state)}

    def _unknown_document(self) -> DriverError:
        return DriverError(f"the page {self.url} waits for another document, and what it would show is not known")

    def _parts(self, region: str, state: dict[str, Any]) -> dict[str, Any]:
        """The parts of a region. In another document than that of the call a part is missing, and not gone."""
        parts: dict[str, Any] = state["parts"]
        return self.habits.parts(region, parts) if state["same_document"] else parts

    def parts(self) -> frozenset[str]:
        """The parts that are on the page now, by the names of their selectors."""
        return frozenset(self.css).difference(self.probe("arm")["missing"])

    def _wait_for_end(self, limit_s: float) -> bool:
        """Wait a little for the requests under way to end; returns whether any was."""
        waited, deadline = self.traffic.under_way, time.monotonic() + limit_s
        while self.traffic.under_way and time.monotonic() < deadline:
            self.page.wait_for_timeout(_ENDING_POLL_MS)
        return waited

    def watch(self) -> InterimDisplay:
        """Record every state of the result from now on; returns the present one."""
        return self._display(self.probe("watch", region="result"))

    def watched(self, more_s: float) -> list[InterimDisplay]:
        """The states of the result since `watch`, the one at that time first, after `more_s` seconds more.

        Raises DriverError when the page was loaded anew meanwhile: what it showed is not known then.
        """
        argument = {"task": "watched", "css": self.css, "region": "result", "focus": ""}
        times = {"quietMs": int(more_s * 1000), "limitMs": int(self.limit_s * 1000)}
        displays = self.world.call(_CALL_PROBE, json.dumps(argument | times))
        if displays is None:
            raise DriverError(f"the page {self.url} was loaded anew while a response was awaited")
        return [self._display(display) for display in displays]

    def leave(self) -> None:
        """Make the page believe that it is left, so that it sends what it keeps until then; then load it anew."""
        self.page.evaluate(script("leave"))
        self.keep_bodies()
        self.open()

    def keep_bodies(self) -> None:
        """Pass on what this document has sent as Blob or form: it is lost when the page is loaded anew."""
        self.traffic.keep_bodies(self.probe("bodies"))

    def _display(self, state: dict[str, Any]) -> InterimDisplay:
        """A state of the result as the script within the page returns it: null is a part that it does not have."""
        known = {name: value for name, value in state.items() if value is not None}
        known |= {name: self.words.anywhere(known[name]) for name in ("status", "text", "message") if name in known}
        return InterimDisplay(**{**known, "frames": tuple(known.get("frames", ()))})


def first_line(error: PlaywrightError) -> str:
    """The first line of Playwright's message, the one that matters."""
    return error.message.strip().split("\n", 1)[0]
