"""How a region of a console is reached that its first page does not show: by a tab, or by a link to another page.

Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from technogate.drivers.page.page_steps import leading_on
from technogate.drivers.page.playwright_import import PlaywrightError
from technogate.onboarding.surveyed_page import LOAD_MS, OPERATE_MS, SurveyedPage

#: The most links that are followed for one region.
MOST_LINKS = 8
_MARK = "technogate_was_here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One step that shows a region: a selector to click, or an address to open; `said` is the evidence."""

    action: Literal["click", "open"]
    value: str
    said: str


def tab(selector: str) -> Way:
    """The way by a tab."""
    return Way(action="click", value=selector, said="a tab (role=tab) that shows this region")


def links(page: SurveyedPage, region: str) -> list[str]:
    """The links of the page's navigation that stay at its origin, the likeliest for a region first."""
    found = [selector for selector in leading_on(page.page, region) if selector.startswith("role=link")]
    return found[:MOST_LINKS]


def follow(page: SurveyedPage, link: str) -> Way | None:
    """Follow a link; how that is written as a step: None where it cannot be pressed, or leads nowhere."""
    before = page.page.url
    try:
        page.page.evaluate(f"() => {{ window.{_MARK} = true; }}")
        page.page.locator(link).first.click(timeout=OPERATE_MS)
        page.page.wait_for_load_state("load", timeout=LOAD_MS)
        stays = bool(page.page.evaluate(f"() => window.{_MARK} === true"))
    except PlaywrightError:
        return None
    if stays:
        return Way(action="click", value=link, said="a link of the navigation that shows this region")
    if page.page.url == before:
        return None
    return Way(action="open", value=_path(page), said=f"{link} leads there, a page of its own with this region")


def take(page: SurveyedPage, way: Way) -> None:
    """Have the page show a region by its way; a page that is open stays as it is."""
    if way.action == "open":
        if _path(page) != way.value:
            page.open(_absolute(page.url, way.value))
            page.settle()
    elif way.value.startswith("role="):
        page.page.locator(way.value).first.click(timeout=OPERATE_MS)
    else:
        page.press(way.value)
        page.wait(0.1)


def start_path(page: SurveyedPage) -> str:
    """The address of the first page, as a step opens it."""
    return urlsplit(page.url).path or "/"


def _absolute(url: str, path: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{path}"


def _path(page: SurveyedPage) -> str:
    parts = urlsplit(page.page.url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
