"""What a person sees of a word that a page's text has: the pixels at its place, compared with the word drawn plainly.

The text of a page says nothing of what is seen: style sheets hide it, cover it and write other words, fonts draw other
letters, pictures have words of their own. Belongs to the thread in which Playwright runs.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from technogate.drivers.page.page_world import PageWorld
from technogate.drivers.page.playwright_import import PlaywrightError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_LOOK = "wanted => window[Symbol.for('technogate.sight')].look(wanted)"
_BACK = "() => window[Symbol.for('technogate.sight')].back()"
_DRAWN = Path(__file__).with_name("drawn_words.js").read_text("utf-8")

#: The least difference of two colours that is seen at all, of 255.
FAINT = 12
#: A word is known in a picture by so much likeness to it drawn plainly, and by so much more than to each other word.
LIKE, MARGIN = 0.4, 0.12
#: What is needed to say that a picture shows another word than the text.
OTHER_LIKE, OTHER_MARGIN = 0.55, 0.2
#: Milliseconds after which is looked again at what seems to be another word, or none: a transition may be under way.
LOOK_AGAIN_MS = (100.0, 400.0, 1500.0)
#: After so many words that were not seen for all that time, only the first waits count.
ENOUGH_PROOF = 3
#: The smallest and the greatest box of one word that is pictured, in pixels.
_SMALL, _WIDEST, _HIGHEST = 4, 900, 200

#: For each browser, the page of the gate's own in which words are drawn, and what was told of pictures.
_drawing: WeakKeyDictionary[Browser, Page] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Sight:
    """What a person sees in the place of a word: `seen` is the word itself, another one, or "" for none.

    `why` says how that is known: what hides the word, or what is drawn instead. `undecided` is why nobody knows.
    """

    seen: str
    why: str = ""
    undecided: str = ""


@dataclass(slots=True)
class WordSight:
    """Looks at the words of the pages of one console, in one process.

    `known` has what was told of pictures; `unseen` counts the words not seen, `looks` all that were looked at.
    """

    known: dict[tuple[str, ...], tuple[float, dict[str, float]]] = field(default_factory=dict)
    unseen: int = 0
    looks: Counter[str] = field(default_factory=Counter)

    def look(self, page: Page, world: PageWorld, wanted: Mapping[str, str], others: Sequence[str]) -> Sight | None:
        """What a person sees of `wanted["word"]`, which may be one of `others`; None when the page shows it no more.

        `wanted` has the selectors of the part (`css`), its `area`, and what shows other things (`skipped`).
        """
        eyes = _Look(self.known, page, world, wanted, others)
        waits = LOOK_AGAIN_MS if self.unseen < ENOUGH_PROOF else LOOK_AGAIN_MS[:1]
        sight = eyes.look(everywhere=False)
        for wait_ms in waits:
            if sight is None or sight.seen == wanted["word"]:
                return sight
            page.wait_for_timeout(wait_ms)
            sight = eyes.look(everywhere=True)
        if sight is not None and not sight.undecided and sight.seen != wanted["word"]:
            self.unseen += 1
        return sight


@dataclass(frozen=True, slots=True)
class _Look:
    """One word on one page."""

    known: dict[tuple[str, ...], tuple[float, dict[str, float]]]
    page: Page
    world: PageWorld
    wanted: Mapping[str, str]
    others: Sequence[str]

    def look(self, *, everywhere: bool) -> Sight | None:
        """What is seen now; with `everywhere` also beside the part of the page."""
        found = self.world.call(_LOOK, {**self.wanted, "everywhere": everywhere})
        if found is None:
            return None
        try:
            return self._judged(self.wanted["word"], found)
        finally:
            if found["scrolled"]:
                self.world.call(_BACK)

    def _judged(self, word: str, found: dict[str, Any]) -> Sight:
        """What is seen at the places of a word; elsewhere in its area where it is not seen there."""
        also = [other for other in self.others if other.casefold() in found["written"].casefold()]
        if also:
            return Sight(" ".join(also).upper(), f"a style sheet writes {found['written']!r} there")
        sights = []
        for place in (*found["places"], *found["beside"]):
            sight = self._at(place, found)
            if sight.seen == word:
                return sight
            sights.append(sight)
        style = found["places"][0]["style"]
        for box in (found["around"], *found["pictures"]):
            told = self._told(word, box, found, style)
            if told is not None and told.seen:
                return told
        first = next((sight for sight in sights if sight.seen), sights[0])
        hidden = first.why if not first.undecided else found["places"][0]["why"]
        if not first.seen and hidden:
            if found["pictures"]:
                return Sight("", hidden, undecided=f"{hidden}, and a picture beside it cannot be read")
            return Sight("", hidden)
        return first

    def _at(self, place: dict[str, Any], found: dict[str, Any]) -> Sight:
        """What is seen at one place of the word."""
        if place["box"] is None:
            return Sight("", undecided="it is drawn in a frame that is transformed")
        told = self._told(place["word"], place["box"], found, place["style"])
        if told is None:
            return Sight("", place["why"], "" if place["why"] else "it is too large to be compared")
        if told.undecided and not place["flat"]:
            return Sight("", undecided="it is drawn on several lines")
        if not told.undecided and not told.seen:
            return Sight("", place["why"] or "nothing is drawn in its place")
        return told

    def _told(
        self, word: str, box: Mapping[str, float] | None, found: dict[str, Any], style: dict[str, Any]
    ) -> Sight | None:
        """What the picture of a box shows: the word, another one, nothing, or what cannot be read. None without one."""
        if box is None:
            return None
        left, top = max(0, ceil(box["left"])), max(0, ceil(box["top"]))
        right = min(found["wide"], floor(box["left"] + box["width"]))
        bottom = min(found["high"], floor(box["top"] + box["height"]))
        if right - left < _SMALL or bottom - top < _SMALL or right - left > _WIDEST or bottom - top > _HIGHEST:
            return None
        place = {"x": left + found["left"], "y": top + found["top"], "width": right - left, "height": bottom - top}
        picture = {"format": "png", "optimizeForSpeed": True, "clip": {**place, "scale": 1}}
        ink, scores = self._scores(word, self.world.session.send("Page.captureScreenshot", picture)["data"], style)
        if ink < FAINT:
            return Sight("", "nothing is drawn in its place")
        own = scores.pop(_as_drawn(word, style["letters"]))
        other, most = max(scores.items(), key=lambda known: known[1])
        if own > LIKE and own > most + MARGIN:
            return Sight(self.wanted["word"])
        if most > OTHER_LIKE and most > own + OTHER_MARGIN:
            return Sight(other.upper(), f"its pixels are those of {other!r}")
        return Sight("", undecided="its pixels are like no word drawn plainly")

    def _scores(self, word: str, png: str, style: dict[str, Any]) -> tuple[float, dict[str, float]]:
        """The ink of a picture, and how much it is like each word, as the style draws its letters."""
        key = (hashlib.sha256(png.encode()).hexdigest(), word, *map(str, style.values()))
        if key not in self.known:
            others = [_as_drawn(other, style["letters"]) for other in self.others]
            # In capitals as well: the page may draw another word in another case than that of its text.
            words = dict.fromkeys([_as_drawn(word, style["letters"]), *others, *(other.upper() for other in others)])
            argument = {"png": png, "words": list(words), "style": style}
            told = _drawing_page(self.page).evaluate(_DRAWN, argument)
            self.known[key] = told["ink"], told["scores"]
        ink, scores = self.known[key]
        return ink, dict(scores)


def _drawing_page(page: Page) -> Page:
    """The page of the same browser in which words are drawn: no script of the page under test is in it."""
    browser = page.context.browser
    if browser is None:
        raise PlaywrightError("the browser is closed")
    if browser not in _drawing or _drawing[browser].is_closed():
        _drawing[browser] = browser.new_context().new_page()
    return _drawing[browser]


def _as_drawn(word: str, letters: str) -> str:
    """A word as `text-transform` draws it."""
    if letters == "uppercase":
        return word.upper()
    if letters == "lowercase":
        return word.lower()
    return word[:1].upper() + word[1:] if letters == "capitalize" else word
