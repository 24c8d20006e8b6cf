"""Finds a Chromium for the browser driver; reports a hint when there is none."""

from __future__ import annotations

import inspect
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from technogate.drivers.console_driver import DriverError
from technogate.util.extras import MODULES, install_hint, missing, not_installed
from technogate.util.shipped import user_cache

#: The variable that names the browser to use instead of a found one.
BROWSER_ENV = "TECHNOGATE_BROWSER"

#: Playwright's own name for the Node that runs its driver program; by default it uses the Node that it ships.
NODE_ENV = "PLAYWRIGHT_NODEJS_PATH"

#: The headless shell is the same engine without the windows around it: it starts and renders in a fraction of the time.
ON_PATH = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
MAC_APPS = (
    "Chromium.app/Contents/MacOS/Chromium",
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)

#: A Chromium that Playwright downloaded, below its folder of browsers; a headless shell before a whole browser.
_DOWNLOADED = (
    (
        "chromium_headless_shell-*/*/headless_shell",
        "chromium_headless_shell-*/*/chrome-headless-shell",
        "chromium_headless_shell-*/*/*shell.exe",
    ),
    (
        "chromium-*/chrome-linux*/chrome",
        "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
        "chromium-*/chrome-win*/chrome.exe",
    ),
)


def find_browser(environ: Mapping[str, str] | None = None) -> Path | None:
    """The browser to use: the one named in the environment, Playwright's own, one that is installed.

    None when there is none. Raises DriverError when the one named does not exist: no other is used then.
    """
    env = os.environ if environ is None else environ
    named = env.get(BROWSER_ENV, "")
    if named:
        path = shutil.which(named, path=env.get("PATH", ""))
        if path is None:
            raise DriverError(f"{BROWSER_ENV} names {named}, which is not a program: correct or unset it")
        return Path(path)
    folder = _browsers_folder(env)
    for patterns in _DOWNLOADED:
        if downloaded := sorted(path for pattern in patterns for path in folder.glob(pattern)):
            return downloaded[-1]
    for name in ON_PATH:
        if path := shutil.which(name, path=env.get("PATH", "")):
            return Path(path)
    if sys.platform == "darwin":
        folders = (Path("/Applications"), Path.home() / "Applications")
        return next((folder / app for folder in folders for app in MAC_APPS if (folder / app).is_file()), None)
    return None


def find_whole_browser(environ: Mapping[str, str] | None = None) -> Path | None:
    """A browser with a window, of those that `find_browser` looks for; None when there are headless shells alone."""
    env = os.environ if environ is None else environ
    named = shutil.which(env.get(BROWSER_ENV, ""), path=env.get("PATH", "")) if env.get(BROWSER_ENV) else None
    downloaded = sorted(path for pattern in _DOWNLOADED[1] for path in _browsers_folder(env).glob(pattern))
    on_path = [shutil.which(name, path=env.get("PATH", "")) for name in ON_PATH if not name.endswith("headless-shell")]
    found = [named, *reversed(downloaded), *on_path]
    whole = next((Path(path) for path in found if path is not None and "headless" not in Path(path).name), None)
    return whole or (find_browser(env) if sys.platform == "darwin" else None)


def browser_missing(environ: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Why the console's page cannot be judged, and the hint; two empty strings when a browser can be driven."""
    if any(without := playwright_missing()):
        return without
    if find_browser(environ) is None:
        hint = f"run `playwright install chromium`, or install Chromium or Chrome, or name one in {BROWSER_ENV}"
        return "no browser was found", hint
    return playwright_stopped(environ)


def playwright_stopped(environ: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Why Playwright's driver program does not run, and the hint; two empty strings when it does.

    That program is a Node, which needs a shared library that the smallest systems lack.
    """
    # Imported here: an installation without the extra `browser` imports this module too.
    import playwright

    env = os.environ if environ is None else environ
    own = Path(inspect.getfile(playwright)).parent / "driver" / ("node.exe" if os.name == "nt" else "node")
    message = why_stopped(env.get(NODE_ENV, "") or str(own))
    if not message:
        return "", ""
    hint = f"install the library that it names (Debian: apt-get install libatomic1), or name another Node in {NODE_ENV}"
    return f"Playwright's own program does not run: {message}", hint


@lru_cache
def why_stopped(node: str) -> str:
    """The message of a Node that does not run, "" for one that does."""
    try:
        done = subprocess.run(
            [node, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else " ".join(done.stderr.split()) or f"exit code {done.returncode}"


def playwright_missing() -> tuple[str, str]:
    """Why no browser can be driven and the hint; two empty strings when Playwright is installed."""
    absent = missing(*MODULES["browser"])
    return (not_installed(absent), install_hint("browser")) if absent else ("", "")


def launch_arguments(map_hosts: Mapping[str, str]) -> list[str]:
    """The browser's arguments; `map_hosts` sends `host` or `host:port` elsewhere (to `address:port`).

    The browser must send requests to the console and its backend alone, thus no updates or sync.
    """
    arguments = [
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    if sys.platform == "linux" and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    if map_hosts:
        rules = ", ".join(f"MAP {host} {to}" for host, to in map_hosts.items())
        arguments.append(f"--host-resolver-rules={rules}")
    return arguments


def _browsers_folder(env: Mapping[str, str]) -> Path:
    """The folder in which Playwright keeps its browsers."""
    if named := env.get("PLAYWRIGHT_BROWSERS_PATH", ""):
        return Path(named)
    return user_cache(env) / "ms-playwright"
