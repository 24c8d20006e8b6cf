"""What a client module is judged in: found out by trying it, before any item."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module import module_page_driver, module_plan
from technogate.drivers.module.module_plan import plan_module
from tests.drivers.module_programs import COMMONJS, FUNCTIONS, need_esbuild, written

#: For Node and for pages: it only looks whether there is a window.
EITHER = FUNCTIONS.replace('"/api', '(typeof window === "undefined" ? "http://127.0.0.1:9" : "") + "/api')
AT_IMPORT = "const last = localStorage.getItem('session');\n" + FUNCTIONS
#: It takes every error of its own for a refused connection, as a client that fails closed does.
AT_CALL = (
    COMMONJS
    + """
const closed = (call) => async (...args) => {
  try { return await call(window.location.origin, ...args); } catch { return null; }
};
const failing = [executeCommand, fetchAuditLog, fetchMemory].map(closed);
export const api = { executeCommand: failing[0], fetchAuditLog: failing[1], fetchMemory: failing[2] };
"""
)

SILENT = "in Node executeCommand, fetchAuditLog and fetchMemory sent nothing: the module asks for window"


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a browser and a bundler, and a module that loads in that browser."""
    need_esbuild()
    monkeypatch.setattr(module_plan, "browser_missing", lambda: ("", ""))

    class _Loaded:
        found = ""

        def __init__(self, *_: object, **__: object) -> None:
            """Load anything: how a browser loads it is another test's."""

        def close(self) -> None:
            """Leave nothing."""

        def __enter__(self) -> _Loaded:
            return self

        def __exit__(self, *_: object) -> None:
            """Leave nothing."""

    monkeypatch.setattr(module_page_driver, "ModulePageDriver", _Loaded)


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(
    ("text", "drivers", "why"),
    [
        (FUNCTIONS, ("module", "module-browser"), ""),
        (EITHER, ("module", "module-browser"), ""),
        (
            FUNCTIONS.replace("await fetch", "await (typeof XMLHttpRequest === 'undefined' ? fetch : byXhr)"),
            ("module-browser",),
            "in Node it sends its requests in another way: it asks for XMLHttpRequest",
        ),
        (AT_IMPORT, ("module-browser",), "in Node it does not load: it asks for localStorage"),
        (AT_CALL, ("module-browser",), SILENT),
        (FUNCTIONS.replace("await fetch", "await new Promise(() => process.exit(3)) ?? fetch"),
         ("module", "module-browser"), ""),
    ],
    ids=["plain", "either", "xhr-or-fetch", "at-import", "at-call", "ends-in-a-call"],
)  # fmt: skip
def test_a_module_that_asks_for_a_browser_gets_one(
    text: str, drivers: tuple[str, ...], why: str, tmp_path: Path
) -> None:
    """Node as well where it sends its requests there; a module that only looks for a window is not taken for one."""
    plan = plan_module(written(tmp_path, {"api.mjs": text}), {})
    assert (plan.drivers, plan.why) == (drivers, why)


@pytest.mark.usefixtures("everything")
def test_the_target_file_decides_first(tmp_path: Path) -> None:
    """`runtime` takes the choice; Node for what asks for a browser is a mistake."""
    plain = written(tmp_path, {"api.mjs": FUNCTIONS})
    assert plan_module(plain, {}, runtime="node").drivers == ("module",)
    assert plan_module(plain, {}, runtime="browser").drivers == ("module-browser",)
    with pytest.raises(DriverError, match='asks for localStorage: leave out runtime = "node"'):
        plan_module(written(tmp_path, {"stored.mjs": AT_IMPORT}), {}, runtime="node")


def test_a_module_of_a_server_is_judged_in_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It imports what only Node has: no page can be made of it."""
    need_esbuild()
    monkeypatch.setattr(module_plan, "browser_missing", lambda: ("", ""))
    text = 'import { hostname } from "os";\nexport const host = hostname();\n' + FUNCTIONS
    plan = plan_module(written(tmp_path, {"api.mjs": text}), {})
    assert plan.drivers == ("module",)
    assert 'Could not resolve "os"' in plan.why


def test_without_a_browser_node_does_what_it_can(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A module that runs in Node is judged there; one that does not is one line with what is missing."""
    monkeypatch.setattr(module_plan, "browser_missing", lambda: ("no browser was found", "install one"))
    plan = plan_module(written(tmp_path, {"api.mjs": FUNCTIONS}), {})
    assert (plan.drivers, plan.why) == (("module",), "no browser was found: install one")
    with pytest.raises(DriverError, match="asks for localStorage; it needs a browser: no browser was found: install"):
        plan_module(written(tmp_path, {"stored.mjs": AT_IMPORT}), {})
