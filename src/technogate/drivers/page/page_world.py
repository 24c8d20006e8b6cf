"""The gate's own world within a page: its scripts see the document, and those of the page neither see nor change them.

A page may replace `JSON`, `innerText`, `getComputedStyle` or whatever else in its own world: this one has its own. In
the page's world is `page_network.js` alone, which tells when a request begins and ends: that decides how long is
waited, never what is read. Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import json
import secrets
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from technogate.drivers.page.playwright_import import PlaywrightError

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, CDPSession, ElementHandle, Page, Playwright

#: The scripts of the gate's world, in the order in which they need each other.
_OWN = ("parts", "requests", "controls", "sight", "probe")
#: Those by which the elements of a control are found for Playwright, in its own world.
_FINDING = ("parts", "controls")
#: The name of the engine that finds them, and of the world.
_ENGINE, _WORLD = "technogate", "technogate"

#: Chromium's messages on a world that is gone: before a call, and in the middle of one.
_STALE = ("Cannot find context with specified id", "uniqueContextId not found")
_DESTROYED = ("Inspected target navigated or closed", "Execution context was destroyed", "Promise was collected")
_LEFT = "Execution context was destroyed, most likely because of a navigation"

_ELEMENT = """(() => {
%s
const element = (selector) => {
  const { what, css, number } = JSON.parse(decodeURIComponent(selector));
  const parts = window[Symbol.for("technogate.parts")];
  parts.look();
  const found = parts.find(css);
  return found === null ? null : (window[Symbol.for("technogate.controls")].element(what, found, number) ?? null);
};
return {
  query: (_, selector) => element(selector),
  queryAll: (_, selector) => [element(selector)].filter((each) => each !== null),
};
})()"""


def script_path(name: str) -> Path:
    """The file of one of the scripts."""
    return Path(__file__).with_name(f"page_{name}.js")


def script(name: str) -> str:
    """The text of one of the scripts."""
    return script_path(name).read_text("utf-8")


def network_script(event: str = "") -> str:
    """The script of the page's world, which tells of requests by events of this name."""
    return script("network").replace("__EVENT__", event)


@lru_cache
def _scripts(event: str) -> str:
    scripts = "\n".join(script(name) for name in _OWN).replace("__EVENT__", event)
    return f'if (window === window.top && !(Symbol.for("technogate.parts") in window)) {{\n{scripts}\n}}'


def register_engine(playwright: Playwright) -> None:
    """Have a Playwright find the elements of controls in a world that the page does not reach; once for each."""
    found = "\n".join(script(name) for name in _FINDING)
    playwright.selectors.register(_ENGINE, script=_ELEMENT % found, content_script=True)


class WorldScripts:
    """What is put into every page of one context. With `hooked` False, nothing is put into the page's own world."""

    def __init__(self, context: BrowserContext, *, hooked: bool = True) -> None:
        self.context = context
        self.source = _scripts(event := f"e{secrets.token_hex(8)}")
        if hooked:
            context.add_init_script(script=network_script(event))


class PageWorld:
    """The gate's world within one page; every document of the page has it from its beginning."""

    def __init__(self, scripts: WorldScripts, page: Page) -> None:
        self._page = page
        self._source = scripts.source
        self.session: CDPSession = scripts.context.new_cdp_session(page)
        self.session.send("Page.enable")
        self.session.send("Page.addScriptToEvaluateOnNewDocument", {"source": self._source, "worldName": _WORLD})
        self._frame = self.session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self._context_id = 0

    def call(self, function: str, *values: object) -> Any:
        """What a function of the world returns for these values, as JSON has it.

        Raises PlaywrightError when it throws, and where the document was left for another in the middle of the call.
        """
        for _ in range(3):
            if self._context_id == 0:
                self._enter()
            try:
                answer = self.session.send(
                    "Runtime.callFunctionOn",
                    {
                        "functionDeclaration": function,
                        "executionContextId": self._context_id,
                        "arguments": [{"value": value} for value in values],
                        "awaitPromise": True,
                        "returnByValue": True,
                    },
                )
            except PlaywrightError as error:
                self._context_id = 0
                if any(text in error.message for text in _STALE):
                    continue
                raise _explained(error) from error
            if "exceptionDetails" in answer:
                raise PlaywrightError(_thrown(answer["exceptionDetails"]))
            return answer["result"].get("value")
        raise PlaywrightError(_LEFT)

    def element(self, what: str, css: str, number: int) -> ElementHandle | None:
        """The element that is operated of the control at `css` (`target`), or one of its choices (`choice`)."""
        found = self._page.query_selector(_selector(what, css, number))
        frame = found.owner_frame() if found is not None and ">>>" in css else None
        if frame is None or frame == self._page.main_frame:
            return found
        # An element in a frame is pressed through that frame: from around it, the frame stands in the way.
        hops = css.split(">>>")
        within = (frame.query_selector(_selector(what, ">>>".join(hops[at:]), number)) for at in range(1, len(hops)))
        return next((element for element in within if element is not None), found)

    def _enter(self) -> None:
        """Get hold of the world of the present document."""
        try:
            made = self.session.send("Page.createIsolatedWorld", {"frameId": self._frame, "worldName": _WORLD})
            self._context_id = made["executionContextId"]
            # A document that was there before the session has no scripts yet.
            self.session.send("Runtime.evaluate", {"expression": self._source, "contextId": self._context_id})
        except PlaywrightError as error:
            raise _explained(error) from error


def _selector(what: str, css: str, number: int) -> str:
    return f"{_ENGINE}=" + quote(json.dumps({"what": what, "css": css, "number": number}), safe="")


def _explained(error: PlaywrightError) -> PlaywrightError:
    gone = any(text in error.message for text in (*_STALE, *_DESTROYED))
    return PlaywrightError(_LEFT) if gone else error


def _thrown(details: dict[str, Any]) -> str:
    return str(details.get("exception", {}).get("description") or details.get("text", "a script threw"))
