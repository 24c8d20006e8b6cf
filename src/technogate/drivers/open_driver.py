"""Opens a console under one of its drivers."""

from __future__ import annotations

from urllib.parse import urlsplit

from technogate.drivers.console_driver import ConsoleDriver, DriverError
from technogate.drivers.module.module_driver import ModuleDriver
from technogate.drivers.module.module_page_driver import ModulePageDriver
from technogate.drivers.page.chromium import browser_missing
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.target import RunningConsole
from technogate.target.spec import TargetFile


class NoBrowser(DriverError):  # noqa: N818 - named by what is missing
    """This machine has no browser: no page can be driven on it. `reason` is why, `hint` what to do."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"{reason}: {hint}")
        self.reason = reason
        self.hint = hint


def open_driver(console: RunningConsole, driver: str, base: str = "") -> ConsoleDriver:
    """A driver for `console`; raises DriverError when it cannot be driven, NoBrowser on a machine without one."""
    if driver == "browser":
        reason, hint = browser_missing()
        if reason:
            raise NoBrowser(reason, hint)
        return BrowserDriver(console.url, use=console.page, map_hosts=mapped_hosts(console))
    if console.module is None:
        raise ValueError("the console has no client module")
    # A module has no page: relative URLs are resolved against the address of its backend.
    origin = base or console.backend_url
    if driver == "module":
        return ModuleDriver(console.module, env=console.env, base=origin, create=console.create)
    return ModulePageDriver(
        console.module, env=console.env, base=origin, create=console.create, map_hosts=mapped_hosts(console)
    )


def mapped_hosts(console: RunningConsole) -> dict[str, str]:
    """The hosts that a browser must map for `console` to reach its backend."""
    return {_authority(console.api_url): _authority(console.backend_url)} if console.mapped else {}


def built_in_prefix(target: TargetFile) -> str:
    """The path of the backend's address that a console has built in: its browser maps the host alone."""
    console, backend = target.console, target.backend
    if console is None or not (console.url or console.api_url):
        return ""
    return urlsplit(console.api_url or (backend.url if backend is not None else "")).path.rstrip("/")


def _authority(url: str) -> str:
    """The host and port of an address."""
    return url.partition("://")[2].partition("/")[0]
