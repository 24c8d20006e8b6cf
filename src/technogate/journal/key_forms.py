"""The forms in which a text can hold a key or a piece of it without being decoded. Pure.

A text is searched folded: its letters and digits alone, in lower case. So a key is found in whichever case, with
whatever between its characters, and over the lines of a wrapped encoding. First a few characters of the text are looked
at, at places so far apart that every piece of a form holds one of them: in most texts none is of any form.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, pairwise

#: Characters of the shortest piece of a key that is found. A shorter key cannot be told from ordinary words.
PIECE = 8

#: Characters of what is looked for first, so far apart that every piece holds one of them.
LOOKED = 5

#: Kinds of characters that change within a piece, at least this often, where no word or number can be that piece.
CHANGES = 3

_LOWER = bytes(range(256)).lower()
_OTHERS = bytes(byte for byte in range(256) if not bytes([byte]).isalnum())
#: 1 for a letter or a digit, else 0: selects the places of those.
_KEPT = bytes(bytes([byte]).isalnum() for byte in range(256))
_KINDS = (re.compile(r"\d"), re.compile(r"[a-z]"), re.compile(r"[A-Z]"))


def fold(data: bytes) -> bytes:
    """The letters and digits of a text alone, in lower case."""
    return data.translate(_LOWER, _OTHERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A place in a text: its bytes from `start` to `end`, the form, and whether that is all of it."""

    start: int
    end: int
    form: str
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form of a key: its name in findings and its folded `text`, of which `least` characters are a piece.

    `telling` has the places of the pieces that cannot be ordinary text; None where every piece is.
    """

    name: str
    text: bytes
    least: int
    telling: frozenset[int] | None = None

    def match(self, folded: bytes, at: int, place: int) -> Match | None:
        """The longest match in a folded text where its character `at` is the one at `place` of the form, if any."""
        first = 0
        while first < min(at, place) and folded[at - first - 1] == self.text[place - first - 1]:
            first += 1
        last = 0
        while last < min(len(folded) - at, len(self.text) - place) and folded[at + last] == self.text[place + last]:
            last += 1
        if first + last < self.least or not self._tells(place - first, place + last):
            return None
        return Match(start=at - first, end=at + last, form=self.name, whole=first + last == len(self.text))

    def _tells(self, first: int, last: int) -> bool:
        """Whether a match of these characters can have come from the key alone."""
        if self.telling is None:
            return True
        return any(place in self.telling for place in range(first, last - PIECE + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyForms:
    """All forms of one key.

    `pieces` has every `LOOKED` characters of them, with the number of the form and the place in it. `exact` are
    searched as they are, in any case: the key may be made of ordinary words.
    """

    key: bytes
    forms: tuple[Form, ...]
    pieces: dict[bytes, list[tuple[int, int]]]
    exact: tuple[tuple[bytes, str], ...]

    def matches(self, data: bytes) -> list[Match]:
        """Every match, by its place in `data`; fast where there is none."""
        folded = fold(data)
        looked = [folded[at : at + LOOKED] for at in range(0, len(folded) - LOOKED + 1, PIECE - LOOKED + 1)]
        found: set[Match] = set()
        if not self.pieces.keys().isdisjoint(looked):
            for number, piece in enumerate(looked):
                for which, place in self.pieces.get(piece, ()):
                    if match := self.forms[which].match(folded, number * (PIECE - LOOKED + 1), place):
                        found.add(match)
        if not found and not self.exact:
            return []
        places = list(compress(range(len(data)), data.translate(_KEPT))) if found else []
        matches = [
            Match(start=places[each.start], end=places[each.end - 1] + 1, form=each.form, whole=each.whole)
            for each in found
        ]
        lowered = data.lower() if self.exact else b""
        for text, form in self.exact:
            at = lowered.find(text)
            while at >= 0:
                whole = len(text) == len(self.key)
                matches.append(Match(start=at, end=at + len(text), form=form, whole=whole))
                at = lowered.find(text, at + 1)
        return matches


def tells(piece: str) -> bool:
    """Whether a piece of a key has letters and digits in such an order that it is no part of ordinary text."""
    kinds = [number for letter in piece for number, kind in enumerate(_KINDS) if kind.match(letter)]
    changes = sum(first != second for first, second in pairwise(kinds))
    return 0 in kinds and (1 in kinds or 2 in kinds) and changes >= CHANGES


def is_telling(key: str) -> bool:
    """Whether every piece of `key` is found, wherever it stands."""
    letters = _letters(key)
    return len(letters) >= PIECE and len(_telling(letters)) == len(letters) - PIECE + 1


def _letters(key: str) -> str:
    return "".join(letter for letter in key if letter.isascii() and letter.isalnum())


def _telling(letters: str) -> frozenset[int]:
    return frozenset(place for place in range(len(letters) - PIECE + 1) if tells(letters[place : place + PIECE]))


@lru_cache(maxsize=64)
def forms_of(key: str) -> KeyForms:
    """Every form of `key`."""
    raw, letters = key.encode("utf-8"), _letters(key)
    forms = [form for form in (*_words(letters), *_encoded(raw)) if len(form.text) >= form.least]
    pieces: dict[bytes, list[tuple[int, int]]] = {}
    for number, form in enumerate(forms):
        for place in range(len(form.text) - LOOKED + 1):
            pieces.setdefault(form.text[place : place + LOOKED], []).append((number, place))
    return KeyForms(key=raw, forms=tuple(forms), pieces=pieces, exact=_exact(key))


def _words(letters: str) -> Iterator[Form]:
    """The key as it is, backwards, and shifted by half the alphabet."""
    for name, turned in (("plain", letters), ("reversed", letters[::-1]), ("ROT13", codecs.encode(letters, "rot13"))):
        if telling := _telling(turned):
            yield Form(name=name, text=turned.lower().encode(), least=PIECE, telling=telling)


def _encoded(raw: bytes) -> Iterator[Form]:
    """The key in what encodes all of its characters, at each alignment within a longer text."""
    least = min(PIECE, len(raw))
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw)
        yield Form(name="base64", text=fold(_core(text, shift, len(raw), bits=6)), least=8)
    for shift in range(5):
        text = base64.b32encode(b"\0" * shift + raw)
        yield Form(name="base32", text=fold(_core(text, shift, len(raw), bits=5)), least=10)
    per_character = {
        "hexadecimal": "{:02x}",
        "character codes": "{}",
        "escaped": "x{:02x}",
        "JSON-escaped": "u{:04x}",
        "binary digits": "{:08b}",
    }
    for name, pattern in per_character.items():
        pieces = [pattern.format(byte).encode() for byte in raw]
        shortest = min(sum(map(len, pieces[place : place + least])) for place in range(len(pieces) - least + 1))
        yield Form(name=name, text=b"".join(pieces), least=shortest)


def _core(text: bytes, shift: int, size: int, *, bits: int) -> bytes:
    """The characters of `text` that depend on none but `size` bytes, behind `shift` others."""
    return text[-(-8 * shift // bits) : 8 * (shift + size) // bits]


def _exact(key: str) -> tuple[tuple[bytes, str], ...]:
    """The key and its near misses, where a piece of it could be ordinary text."""
    if is_telling(key):
        return ()
    texts = {key: "plain", key[:-1]: "plain", key[1:]: "plain", key[::-1]: "reversed"}
    return tuple((text.lower().encode(), form) for text, form in texts.items() if len(text) >= PIECE)
