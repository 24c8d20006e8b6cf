"""What a page has in place of parts that were not found: looked at only where some are missing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from technogate.drivers.console_driver import DriverError
from technogate.drivers.page.browser_process import borrow, give_back
from technogate.drivers.page.chromium import find_browser
from technogate.drivers.page.playwright_import import PlaywrightError, PlaywrightTimeout
from technogate.target import Selectors

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCRIPT = Path(__file__).with_suffix(".js")

#: Seconds that the page may take to load, and then to come to rest.
LOAD_S, REST_S = 8.0, 2.0

#: What kind of element each part is, and the words by which it is known; the parts not named here are areas.
_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "command": ("field", ("command", "comando", "cmd", "input", "prompt")),
    "session": ("field", ("session", "sessao", "sess")),
    "run": ("button", ("run", "execute", "executar", "send", "enviar", "submit", "go")),
    "audit_filter": ("choice", ("filter", "filtro", "state", "status")),
    "audit_limit": ("field", ("limit", "limite", "count", "max")),
    "audit_refresh": ("button", ("audit", "refresh", "reload", "load", "atualizar", "log")),
    "memory_refresh": ("button", ("memory", "memoria", "snapshot", "refresh", "reload", "atualizar")),
}


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One element of a page: a selector that matches it alone, its kind, and the words that name it."""

    selector: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOffer:
    """What a page has, and the parts of which nothing was there when it had come to rest."""

    offers: tuple[Offer, ...] = ()
    missing: tuple[str, ...] = ()

    def propose(self, part: str) -> str:
        """The element that is most like a part, in words; "" where nothing is."""
        kind, words = _KINDS.get(part, ("area", ()))
        if kind == "area":
            named = [offer for offer in self.offers if all(word in offer.words for word in part.split("_"))]
            return named[0].selector if named and named[0].kind == "area" else ""
        candidates = [offer for offer in self.offers if offer.kind == kind]
        scored = [(sum(word in offer.words for word in words), offer) for offer in candidates]
        best = max((score for score, _ in scored), default=0)
        if best > 0:
            return next(offer.selector for score, offer in scored if score == best)
        # Where there is but one of the kind, it may well be that.
        return candidates[0].selector if len(candidates) == 1 else ""


def page_offer(url: str, selectors: Selectors, map_hosts: dict[str, str]) -> PageOffer:
    """Open the page at `url` in a context of its own and look; nothing is known of a page that cannot be opened."""
    executable = find_browser()
    if executable is None:
        return PageOffer()
    css = {name: selector for name, selector in msgspec.structs.asdict(selectors).items() if selector}
    try:
        process = borrow(executable, map_hosts)
        try:
            seen = process.run(lambda browser: _look(browser, url, css))
        finally:
            give_back(process)
    except (DriverError, PlaywrightError):
        return PageOffer()
    return PageOffer(offers=tuple(msgspec.convert(seen["offers"], list[Offer])), missing=tuple(seen["missing"]))


def _look(browser: Browser, url: str, css: dict[str, Any]) -> dict[str, Any]:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(url, wait_until="load", timeout=LOAD_S * 1000)
        # A page that polls never comes to rest: it is looked at as it is.
        with suppress(PlaywrightTimeout):
            page.wait_for_load_state("networkidle", timeout=REST_S * 1000)
        seen: dict[str, Any] = page.evaluate(SCRIPT.read_text("utf-8"), css)
        return seen
