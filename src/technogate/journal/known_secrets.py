"""Secrets other than the API key that a run knows: they are hidden in whatever is recorded or shown.

They are those of the target file and of the environment. No finding rests on them: a program may print its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from technogate.journal.key_finder import KeyFinder, replaced

#: A shorter value is searched for as a word of its own, and one that is shorter still is not searched for.
FOUND_ANYWHERE, SHORTEST = 8, 6


class KnownSecrets:
    """Hides values, each by what it is."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """Prepare for `secrets`: what each is, by its value."""
        known = sorted(secrets.items(), key=lambda pair: -len(pair[0]))
        self._finders = [(KeyFinder(value), _mark(name)) for value, name in known if len(value) >= FOUND_ANYWHERE]
        self._words = [
            (re.compile(rb"(?<!\w)" + re.escape(value.encode()) + rb"(?!\w)"), _mark(name).encode())
            for value, name in known
            if SHORTEST <= len(value) < FOUND_ANYWHERE
        ]

    def are_in(self, raw: bytes) -> bool:
        """Whether `raw` holds any of them."""
        return any(finder.is_in(raw) for finder, _ in self._finders) or any(word.search(raw) for word, _ in self._words)

    def hidden(self, raw: bytes) -> bytes:
        """`raw` with a mark in the stead of each of them; the same object where there is none."""
        for finder, mark in self._finders:
            if finder.is_in(raw):
                raw = replaced(raw, finder.places(raw), partial(_always, mark))
        for word, mark_of_word in self._words:
            if word.search(raw):
                raw = word.sub(mark_of_word, raw)
        return raw


def _mark(name: str) -> str:
    return f"[secret: {name}]"


def _always(mark: str, _how: str) -> str:
    return mark
