"""A browser that a page cannot tell from a person's: whole, with a window if possible, without marks of automation.

The driver's own browser says what it is: by `navigator.webdriver`, by its name, by what it lacks. A page may be right
for that one alone.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from technogate.drivers.console_driver import DriverError
from technogate.drivers.page.chromium import find_browser, find_whole_browser, launch_arguments
from technogate.drivers.page.playwright_import import PlaywrightError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Playwright

#: The program that is a display without a screen, and seconds in which it must be ready and a browser must start.
XVFB, DISPLAY_S, START_S = "Xvfb", 10.0, 60.0

#: By this name a browser without a window calls itself.
_HEADLESS = "HeadlessChrome"
_PLATFORMS = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}

#: What a page can still tell of the browser, by how it runs; and what to do about it.
REMAINS = {
    "without a window": "it has no window; install Xvfb, or set DISPLAY",
    "as a headless shell": "it is no whole browser; install Chromium or Chrome, and Xvfb",
}


class UnmarkedBrowser:
    """Starts the browser that is most like a person's of those that this machine has.

    `how` says how it runs: "with a window", or a key of `REMAINS`. Raises DriverError when none starts.
    """

    def __init__(self, playwright: Playwright, map_hosts: Mapping[str, str], env: Mapping[str, str]) -> None:
        self.how = ""
        self.browser: Browser
        self._display: subprocess.Popen[bytes] | None = None
        whole = find_whole_browser(env)
        ways: list[tuple[str, Path, list[str], str]] = []
        if whole is not None:
            display = self._start_display(env)
            ways += [("with a window", whole, [], display)] if display else []
            ways += [("without a window", whole, ["--headless=new"], env.get("DISPLAY", ""))]
        if (any_browser := find_browser(env)) is not None:
            ways += [("as a headless shell", any_browser, ["--headless"], "")]
        failure = "no browser was found"
        for self.how, executable, arguments, display in ways:
            own: dict[str, str | float | bool] = {**env, "DISPLAY": display} if display else {**env}
            try:
                self.browser = playwright.chromium.launch(
                    executable_path=executable,
                    args=[*launch_arguments(map_hosts), "--disable-blink-features=AutomationControlled", *arguments],
                    ignore_default_args=["--enable-automation"],
                    headless=False,
                    env=own,
                    timeout=START_S * 1000,
                )
            except PlaywrightError as error:
                reason = error.message.strip().partition("\n")[0]
                failure = f"the browser {executable} does not start: {reason}"
            else:
                return
        self.close()
        raise DriverError(failure)

    def close(self) -> None:
        """End the display; a second call does nothing."""
        if self._display is not None:
            self._display.terminate()
            self._display.wait()
            self._display = None

    def _start_display(self, env: Mapping[str, str]) -> str:
        """The name of a display: one without a screen where its program is installed, else that of the environment."""
        program = shutil.which(XVFB, path=env.get("PATH", "")) if sys.platform == "linux" else None
        if program is None:
            return env.get("DISPLAY", "")
        read, write = os.pipe()
        with os.fdopen(read, "rb") as ready, contextlib.ExitStack() as stack:
            stack.callback(os.close, write)
            command = [program, "-displayfd", str(write), "-screen", "0", "1366x900x24", "-nolisten", "tcp"]
            quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
            try:
                self._display = subprocess.Popen(command, pass_fds=(write,), **quiet)
            except OSError:
                return env.get("DISPLAY", "")
            stack.close()
            number = _first_line(ready)
        if number:
            return f":{number}"
        self.close()
        return env.get("DISPLAY", "")


def _first_line(ready: Any) -> str:
    """What a display says when it is ready, "" when it ends before or takes too long."""
    if not select.select([ready], [], [], DISPLAY_S)[0]:
        return ""
    return str(ready.readline().decode("ascii", "replace").strip())


def take_name(session: CDPSession) -> None:
    """Have a page's browser call itself as one with a window does."""
    version = session.send("Browser.getVersion")
    major = version["product"].partition("/")[2].partition(".")[0]
    brands = [{"brand": "Not:A-Brand", "version": "8"}, {"brand": "Chromium", "version": major}]
    session.send(
        "Emulation.setUserAgentOverride",
        {
            "userAgent": version["userAgent"].replace(_HEADLESS, "Chrome"),
            "userAgentMetadata": {
                "brands": brands,
                "platform": _PLATFORMS.get(sys.platform, "Linux"),
                "platformVersion": "",
                "architecture": "x86",
                "model": "",
                "mobile": False,
            },
        },
    )
