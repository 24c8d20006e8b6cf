"""`technogate doctor`: what this machine lacks, and how to get it."""

from __future__ import annotations

import os
import shutil
import subprocess

from rich.console import Console
from rich.table import Table

from technogate.cli.machine_tools import browser, bundler, examined, tracer
from technogate.drivers.console_driver import DriverError
from technogate.drivers.module.esbuild import install_esbuild
from technogate.drivers.page.chromium import find_browser, playwright_stopped, why_stopped
from technogate.util.sealed_start import sealed_python

#: Seconds that one attempt to install a browser may take.
INSTALL_S = 600

#: Recommended packages are left out: those of a browser include a desktop. Without any font a page shows no text.
_INSTALL = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")
_FONT = "fonts-liberation"


def examine(console: Console) -> bool:
    """Print each tool and what to do about it; return whether the embedded pair can be validated in full."""
    table = Table(box=None, pad_edge=False)
    for title in ("", "tool", "found", "needed for"):
        table.add_column(title, overflow="fold")
    tools = examined()
    for tool in tools:
        mark = "ok" if tool.present else "MISSING" if tool.required else "absent"
        table.add_row(mark, tool.name, tool.details, tool.needed_for)
    console.print(table)
    for tool in tools:
        for line in ([] if tool.present else [f"{tool.name}: {tool.hint}"]) + ([tool.note] if tool.note else []):
            console.print(line, markup=False, soft_wrap=True)
    return all(tool.present for tool in tools if tool.required)


def repair(console: Console) -> None:
    """Install Chromium if no usable browser is present, and esbuild and strace if there is none.

    Of a browser Playwright's own is tried first, then the package of the system; packages are installed only by root,
    and only with apt-get. esbuild is installed by npm, where there is one.
    """
    if not bundler().present:
        try:
            console.print(f"installed {install_esbuild()}", markup=False, soft_wrap=True)
        except DriverError as error:
            console.print(f"esbuild: {error}", markup=False, soft_wrap=True)
    wanted = [tool for tool in (browser(), tracer()) if not tool.present]
    packages = shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0
    if packages and wanted:
        _tried(console, "apt-get", "update", "-qq")
    if packages and not tracer().present:
        _tried(console, *_INSTALL, "strace")
    if not browser().present:
        _install_browser(console, packages=packages)


def _install_browser(console: Console, *, packages: bool) -> None:
    """Install Chromium, with `packages` of the system too."""
    if packages and playwright_stopped()[0]:
        _tried(console, *_INSTALL, "libatomic1")
        why_stopped.cache_clear()
    playwright = (*sealed_python(), "playwright")
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
