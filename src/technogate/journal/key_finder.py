"""Finds a key in a text: as it is, in pieces, and in every usual encoding of it, also within one another. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from technogate.journal.decoded_layers import Layer, is_encoded, layers
from technogate.journal.key_forms import PIECE, Match, fold, forms_of

#: How a text holds the key as it is, and how it holds it with blanks or the like in it.
PLAIN, SPACED = "plain", "spaced out"


#: A list in JSON of so many bytes is searched entry by entry, and so many pairs of entries are remembered.
LONG, REMEMBERED = 2048, 1 << 13
_ENTRIES = re.compile(rb"(?<=\}),\s*(?=\{)")
#: An entry with fewer letters and digits might hold less than a piece of the key, in its longest spelling.
_LETTERS = 8 * PIECE


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A part of a text that holds the key or a piece of it, and how: "plain" for the key as it is."""

    start: int
    end: int
    how: str


class KeyFinder:
    """Finds one key. One object is used for many texts, and may be used by several threads at once."""

    def __init__(self, key: str) -> None:
        """Prepare for `key`."""
        self._key = key.encode("utf-8")
        self._forms = forms_of(key)
        self._without: set[bytes] = set()

    def is_in(self, data: bytes) -> bool:
        """Whether `data` holds anything of the key; fast where it does not, and in entries of a list met before."""
        if len(data) < LONG or not data.startswith(b"[") or len(self._key) > _LETTERS:
            return self._is_in(data)
        entries = _ENTRIES.split(data)
        # A piece of the key may begin in one entry and end in the next.
        pairs = [first + second for first, second in pairwise(entries)]
        unknown = [place for place, pair in enumerate(pairs) if pair not in self._without]
        if not pairs or any(len(fold(entries[place])) < _LETTERS for place in unknown):
            return self._is_in(data)
        if any(self._is_in(pairs[place]) for place in unknown):
            return True
        if len(self._without) > REMEMBERED:
            self._without.clear()
        self._without.update(pairs)
        return False

    def _is_in(self, data: bytes) -> bool:
        if self._forms.matches(data):
            return True
        return is_encoded(data) and any(self._forms.matches(layer.data) for layer in layers(data))

    def places(self, data: bytes) -> list[Place]:
        """Every part of `data` that holds anything of the key, in order and apart from one another."""
        found = [self._place(data, layer, match) for layer in layers(data) for match in self._forms.matches(layer.data)]
        return _apart(found)

    def _place(self, data: bytes, layer: Layer, match: Match) -> Place:
        """The place of a match in the text, and how it holds the key."""
        start, end, encodings = layer.origin(match.start, match.end)
        if not encodings and match.form == PLAIN:
            start, end = self._whole(data, start, end)
            if data[start:end] == self._key:
                return Place(start=start, end=end, how=PLAIN)
        held = layer.data[match.start : match.end]
        names = ["a piece"] if not match.whole else []
        if match.form != PLAIN:
            names.append(match.form)
        elif held.lower() not in self._key.lower():
            names.append(SPACED)
        elif match.whole and held != self._key:
            names.append("in another case")
        # The encodings of what it is: the innermost first.
        how = " in ".join([*([", ".join(names)] if names else []), *encodings])
        return Place(start=start, end=end, how=how or PLAIN)

    def _whole(self, data: bytes, start: int, end: int) -> tuple[int, int]:
        """A place that holds the letters of the key, with the other characters that the key begins and ends with."""
        for before in range(len(self._key)):
            if start >= before and data[start - before : start - before + len(self._key)].lower() == self._key.lower():
                return start - before, start - before + len(self._key)
            if self._key[before : before + 1].isalnum():
                break
        return start, end


def _apart(places: list[Place]) -> list[Place]:
    """Places that overlap as one, which is named as the longest of them."""
    merged: list[Place] = []
    for place in sorted(places, key=lambda each: (each.start, -each.end)):
        if merged and place.start < merged[-1].end:
            last = merged[-1]
            longest = max((last, place), key=lambda each: each.end - each.start)
            merged[-1] = Place(start=last.start, end=max(last.end, place.end), how=longest.how)
        else:
            merged.append(place)
    return merged


def replaced(data: bytes, places: list[Place], mark: Callable[[str], str]) -> bytes:
    """`data` with a mark in the stead of each of the places, which are in order: `mark` makes it of how it is held."""
    kept, end = [], 0
    for place in places:
        kept += [data[end : place.start], mark(place.how).encode()]
        end = place.end
    return b"".join([*kept, data[end:]])
