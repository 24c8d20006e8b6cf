"""What is called and caught of Playwright, importable when the extra `browser` is not installed.

The modules that drive a page are imported by every run, also by one that judges no page. Without
Playwright no driver starts (see `technogate.drivers.page.chromium.browser_missing`), and nothing raises its errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from technogate.util.extras import MODULES, missing

__all__ = ["PlaywrightError", "PlaywrightTimeout", "sync_playwright"]

if TYPE_CHECKING or not missing(*MODULES["browser"]):
    from playwright.sync_api import Error as PlaywrightError
    from playwright.sync_api import TimeoutError as PlaywrightTimeout
    from playwright.sync_api import sync_playwright
else:

    class PlaywrightError(Exception):
        """Stands for Playwright's error."""

    class PlaywrightTimeout(PlaywrightError):  # noqa: N818 - it stands for the name above
        """Stands for Playwright's error after a time-out."""

    def sync_playwright() -> object:
        """Stands for what starts Playwright; no caller gets this far without it."""
        raise PlaywrightError("playwright is not installed")
