"""Where a selector leads on a page: `outer >>> inner` is within a frame, or within what `outer` finds.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Locator, Page

_IS_FRAME = "element => /^i?frame$/i.test(element.localName)"


def located(page: Page, selector: str, frames: dict[str, bool]) -> Locator:
    """The first element that the selector finds; `frames` keeps which of its steps lead into a frame.

    Raises PlaywrightTimeout when the page has no element for a step that leads further.
    """
    *outer, inner = (css.strip() for css in selector.split(">>>"))
    scope: Page | FrameLocator | Locator = page
    for hop, css in enumerate(outer):
        place = " >>> ".join(outer[: hop + 1])
        found = scope.locator(css).first
        if place not in frames:
            frames[place] = found.evaluate(_IS_FRAME)
        scope = scope.frame_locator(css).first if frames[place] else found
    return scope.locator(inner).first
