"""A page of the gate with a client module in it: loads it, makes calls, and tells how it has ended.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from technogate.drivers.console_driver import ConsoleEnded, DriverError
from technogate.drivers.module.esbuild import ENV_GLOBAL
from technogate.drivers.module.module_calls import ModuleCall
from technogate.drivers.module.module_process import LAST_LINES, LoadError, build_variables, function_names
from technogate.drivers.network_change import NetworkChangedError, repeat_on_network_change
from technogate.drivers.page.console_page import LOAD_S
from technogate.drivers.page.hanging_page import HOW, hangs
from technogate.drivers.page.page_traffic import Traffic
from technogate.drivers.page.page_world import network_script, script
from technogate.drivers.page.playwright_import import PlaywrightError

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

#: Runs before any other script: the values that a bundler would have put into the module, `create`, and the functions.
_FIRST = """(({ env, build, create, functions }) => {
  Object.defineProperty(globalThis, "%s", { value: build, enumerable: false });
  globalThis.process ??= { env };
  const host = { create, functions, relative: false };
  // The page stands for one that is served beside the backend: its own origin leads there too.
  const led = (url) => {
    const text = String(url);
    const own = text.startsWith(`${location.origin}/`);
    host.relative ||= own || !URL.canParse(text);
    return own ? new URL(text.slice(location.origin.length), document.baseURI).href : url;
  };
  const { fetch } = globalThis;
  globalThis.fetch = function (input, init) {
    if (!(input instanceof Request)) return fetch.call(this, led(input), init);
    const url = led(input.url);
    return fetch.call(this, url === input.url ? input : new Request(url, input), init);
  };
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    return open.call(this, method, led(url), ...rest);
  };
  Object.defineProperty(globalThis, Symbol.for("technogate.module"), { value: host, configurable: true });
})(%s);"""

_HOST = "window[Symbol.for('technogate.module')]"
_KEPT_BODIES = "() => Promise.all((window[Symbol.for('technogate.bodies')] ?? []).splice(0))"


class ModulePage:
    """One page at `url` in `context`; `module` is the file that messages name.

    Raises LoadError when the module does not load in it.
    """

    def __init__(
        self,
        context: BrowserContext,
        *,
        url: str,
        module: Path,
        env: Mapping[str, str],
        create: str,
        traffic: Traffic | None = None,
    ) -> None:
        self.context = context
        self.url = url
        self.traffic = Traffic() if traffic is None else traffic
        self.found = ""
        self._module = module
        self._crashed = False
        build = build_variables(env)
        own = {name: value for name, value in build.items() if isinstance(value, str) and name in env}
        settings = json.dumps(
            {"env": {**own, "NODE_ENV": "production"}, "build": build, "create": create, "functions": function_names()}
        )
        context.add_init_script(script=network_script())
        context.add_init_script(script=_FIRST % (ENV_GLOBAL, settings))
        self.traffic.listen_elsewhere(context)
        self.page: Page = context.new_page()
        self.traffic.listen(self.page)
        self.page.on("crash", self._on_crash)
        try:
            repeat_on_network_change(self._load, self.traffic.network_watch(), failures=(DriverError, PlaywrightError))
        except NetworkChangedError as error:
            raise DriverError(f"{module} was not loaded in a page: this machine's network kept changing") from error

    def _load(self) -> None:
        self.page.goto(self.url, wait_until="load", timeout=LOAD_S * 1000)
        loaded = self.page.evaluate(f"() => {_HOST}.loaded")
        if "failed" in loaded:
            raise LoadError(self._module, f"{loaded['failed']} (in a browser)", lacking=loaded["mistake"])
        self.found = loaded["found"]

    def begin(self, number: int, call: ModuleCall) -> None:
        """Begin the call with this number."""
        self.page.evaluate(f"([id, name, args]) => {_HOST}.begin(id, name, args)", [number, call.call, list(call.args)])

    def outcome(self, number: int, seconds: float) -> dict[str, Any] | None:
        """The outcome of a call, within so many seconds; None while it is still under way."""
        outcome = self.page.evaluate(f"([id, limit]) => {_HOST}.outcome(id, limit)", [number, seconds * 1000])
        return None if outcome is None else dict(outcome)

    @property
    def relative(self) -> bool:
        """Whether a request went to an address without a host."""
        return bool(self.page.evaluate(f"() => {_HOST}.relative()"))

    def exposed(self) -> dict[str, Any]:
        """What the module has left in the page: its storage, its text and its markup."""
        return dict(self.page.evaluate(f"() => {_HOST}.expose()"))

    def leave(self) -> None:
        """Make the module believe that its page is left."""
        self.page.evaluate(script("leave"))
        self.keep_bodies()

    def keep_bodies(self) -> None:
        """Record what was sent as Blob or form since the last time."""
        self.traffic.keep_bodies(self.page.evaluate(_KEPT_BODIES))

    def ended(self, error: Exception | None = None) -> ConsoleEnded | None:
        """How the page has ended by an act of the module, None while it has not."""
        text = error.message if isinstance(error, PlaywrightError) else ""
        how = ""
        if hangs(self.page):
            how = HOW
        elif self._crashed or "Target crashed" in text or "Page crashed" in text:
            how = "crashed its page"
        elif self.page.is_closed():
            how = "closed its page"
        elif "Execution context was destroyed" in text or self._elsewhere:
            how = "left its page for another document"
        if not how:
            return None
        return ConsoleEnded("client module", how, output="\n".join(self.traffic.lines[-LAST_LINES:]))

    @property
    def _elsewhere(self) -> bool:
        """Whether the page shows another document; the module may change the path of its own."""
        return not self.page.url.startswith(self.url)

    def _on_crash(self, _: Page) -> None:
        self._crashed = True
