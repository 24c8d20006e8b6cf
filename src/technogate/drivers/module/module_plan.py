"""Decides what a client module is judged in, by trying it: Node, a browser, or both.

Node makes a call in a fraction of the time, so the many generated responses are sent to a module there. What Node does
not have (a cache, redirects as pages follow them, storage) needs the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module.esbuild import obtained
from technogate.drivers.module.module_driver import script_for_node
from technogate.drivers.module.module_process import LoadError, ModuleProcess, module_environment
from technogate.drivers.module.node import find_node
from technogate.drivers.page.chromium import browser_missing
from technogate.model.driver_name import DriverName

#: What a target file may say; "" leaves it to the trial.
Runtime = Literal["", "node", "browser"]

#: A library that looks for it sends its requests by it in a page, and by something else in Node.
_XHR = "XMLHttpRequest"

#: Nothing listens here: the discard service of old, which nobody runs.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulePlan:
    """The drivers that a module is judged by, the cheaper one first, and where in its exports the functions were found.

    `why` says why Node, or the browser, is not among them; "" when both are.
    """

    drivers: tuple[DriverName, ...]
    found: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """What came of a module in Node: where its functions are, or why it cannot be judged there.

    `other_way` is why it is better judged in a browser, although it sends its requests in Node too.
    """

    found: str = ""
    problem: str = ""
    other_way: str = ""


def plan_module(
    module: Path, env: Mapping[str, str], *, create: str = "", runtime: Runtime = "", beside_page: bool = False
) -> ModulePlan:
    """Try a module, without a backend, and say what it is judged in: `beside_page` in one runtime alone.

    Raises DriverError, one line, for a module that does not load anywhere, lacks a function, or needs what this machine
    has not.
    """
    tried = None if runtime == "browser" else _in_node(module, env, create)
    if tried is not None and not tried.problem:
        if runtime == "node":
            return ModulePlan(drivers=("module",), found=tried.found, why='the target file says runtime = "node"')
        if beside_page and not tried.other_way:
            return ModulePlan(drivers=("module",), found=tried.found, why="its page is judged in the browser")
        lacking = _browser_lacks(module) or _not_in_browser(module, env, create)
        if tried.other_way and not lacking:
            return ModulePlan(drivers=("module-browser",), found=tried.found, why=tried.other_way)
        both: tuple[DriverName, ...] = ("module",) if lacking else ("module", "module-browser")
        return ModulePlan(drivers=both, found=tried.found, why=lacking)
    why = 'the target file says runtime = "browser"' if tried is None else tried.problem
    if runtime == "node":
        raise DriverError(f'{why}: leave out runtime = "node", so that it runs in a browser')
    if lacking := _browser_lacks(module):
        raise DriverError(f"{why}; it needs a browser: {lacking}")
    # Imported here: most modules run in Node, and Playwright takes long to import.
    from technogate.drivers.module.module_page_driver import ModulePageDriver

    with ModulePageDriver(module, env=env, base=NOWHERE, create=create) as driver:
        return ModulePlan(drivers=("module-browser",), found=driver.found, why=why)


def _browser_lacks(module: Path) -> str:
    """Why a module cannot be judged in a browser, with the hint; "" when it can."""
    reason, hint = browser_missing()
    return f"{reason}: {hint}" if reason else obtained(module)[1]


def _not_in_browser(module: Path, env: Mapping[str, str], create: str) -> str:
    """Why a module that runs in Node does not load in a browser, "" when it does: it may be a server's."""
    from technogate.drivers.module.module_page_driver import ModulePageDriver

    try:
        ModulePageDriver(module, env=env, base=NOWHERE, create=create).close()
    except DriverError as error:
        return str(error)
    return ""


def _in_node(module: Path, env: Mapping[str, str], create: str) -> _Trial:
    """Load the module in Node and call each function once."""
    script = script_for_node(module)
    node = find_node(typescript=script.suffix in {".ts", ".mts"})
    environment = module_environment(env, NOWHERE, create=create, trial=True)
    try:
        process = ModuleProcess(script, node, environment, module)
    except LoadError as error:
        if not error.asked:
            raise
        return _Trial(problem=f"in Node it does not load: it asks for {_listed(error.asked)}")
    try:
        asked, silent = process.trial["asked"], process.trial["silent"]
    finally:
        process.close()
    if asked and silent:
        return _Trial(problem=f"in Node {_listed(silent)} sent nothing: the module asks for {_listed(asked)}")
    other = "in Node it sends its requests in another way: it asks for XMLHttpRequest" if _XHR in asked else ""
    return _Trial(found=process.found, other_way=other)


def _listed(names: list[str] | tuple[str, ...]) -> str:
    """Names as a list in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
