"""What a text reads as when the encodings in it are undone, again and again, and where in the text that stands. Pure.

Each layer is one reading of another: escapes of JSON, HTML, URLs and mail replaced by what they mean, or one word of
base64, base32 or hexadecimal decoded, and what is compressed in it unpacked. A layer knows the place of its bytes in
the text, so that they can be removed there. Nearly every text has none, and finding that out must cost little.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

#: How often an encoding within another one is undone, the bytes of one unpacked text, and those of all layers.
DEEPEST, UNPACKED, MOST = 5, 1 << 20, 32 << 20

_ESCAPES = re.compile(
    rb"""(?ix)
    %u(?P<url_unit>[0-9a-f]{4}) | %(?P<url>[0-9a-f]{2})
    | \\u\{(?P<braced>[0-9a-f]{1,6})\} | \\u(?P<unit>[0-9a-f]{4}) | \\x(?P<byte>[0-9a-f]{2})
    | \\(?P<octal>[0-3][0-7]{2}) | \\(?P<letter>[^ux])
    | &\#x0*(?P<html_hex>[0-9a-f]{1,6});? | &\#0*(?P<html_code>[0-9]{1,7});? | &(?P<html_name>[a-z][a-z0-9]{1,31});
    | =(?P<mail>[0-9a-f]{2}) | (?P<mail_end>=\r?\n)
    | \b0x(?P<literal>[0-9a-f]{2})\b
    """
)
_NAMES = {
    "url": "URL-encoded", "url_unit": "URL-encoded", "braced": "JSON-escaped", "unit": "JSON-escaped",
    "byte": "escaped", "octal": "escaped", "letter": "escaped", "literal": "hexadecimal",
    "html_hex": "HTML-escaped", "html_code": "HTML-escaped", "html_name": "HTML-escaped",
    "mail": "quoted-printable", "mail_end": "quoted-printable",
}  # fmt: skip
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}
_MAIL = re.compile(rb"=(?:[0-9A-Fa-f]{2}|\r?\n)")

#: A word that can hold an encoding within an encoding: one alone is searched for as it is. Its parts, and a long one.
_WORD = re.compile(rb"[A-Za-z0-9+/_-]{15,}")
_PART = re.compile(rb"[A-Za-z0-9]{15,}")
_LONG = 22
#: Nine bytes of ASCII, whose highest bits are 0, as base64 has them at any alignment, and as hexadecimal has them.
_TEXT_IN_BASE64 = re.compile(rb"(?:[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]){3}")
#: How what gzip and zlib write begins, whatever follows: a character of base64 ends within the third byte.
_PACKED_IN_BASE64 = re.compile(rb"(?:\A|(?<=[+/_-]))(?:H4sI|eA[E-H]|eF[4-7]|eJ[w-z]|eN[o-r])")
_HEXADECIMAL = re.compile(rb"(?:[0-7][0-9a-f]){11,}|(?:1f8b|78(?:01|5e|9c|da))[0-9a-f]{18,}", re.IGNORECASE)
_HEXADECIMAL_WORD = re.compile(rb"[0-9A-Fa-f]{22,}")
_BASE32 = re.compile(rb"[A-Z2-7]{24,}")
_WRAPPED = re.compile(rb"(?<=[A-Za-z0-9+/_-]{40})\r?\n(?=[A-Za-z0-9+/=_-])")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_READABLE = re.compile(rb"[\x20-\x7e]{11,}")
_PACKED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_UNUSUAL = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One reading of a text: its bytes, and their place in `outer`, which is None for the text itself.

    `depth` is how often encodings were undone, all that concern the whole text at once.
    """

    data: bytes
    outer: Layer | None = None
    place: Callable[[int, int], tuple[int, int, str]] | None = None
    depth: int = 0

    def origin(self, start: int, end: int) -> tuple[int, int, list[str]]:
        """Where the bytes from `start` to `end` stand in the text, and the names of their encodings from within."""
        if self.outer is None or self.place is None:
            return start, end, []
        outer_start, outer_end, name = self.place(start, end)
        first, last, names = self.outer.origin(outer_start, outer_end)
        return first, last, [name, *names] if name else names


def layers(data: bytes) -> Iterator[Layer]:
    """The text itself, and every reading of it."""
    waiting = [Layer(data=data)]
    left = MOST
    while waiting:
        layer = waiting.pop()
        yield layer
        if layer.depth < DEEPEST and left > 0 and is_encoded(layer.data):
            inner = list(_within(layer))
            left -= sum(len(each.data) for each in inner)
            waiting += inner


def is_encoded(data: bytes) -> bool:
    """Whether a text may have another reading; fast, and never False where it has one."""
    if b"\\" in data or b"%" in data or b"&" in data or b"0x" in data or (b"=" in data and _MAIL.search(data)):
        return True
    if not data.isascii() or data.startswith(_PACKED):
        return True
    if any(_holds_text(word) for word in _WORD.findall(data)):
        return True
    return b"\n" in data and _WRAPPED.search(data) is not None


def _holds_text(word: bytes) -> bool:
    """Whether a word may be the code of a text, or of what is compressed."""
    if _TEXT_IN_BASE64.search(word) or _PACKED_IN_BASE64.search(word):
        return True
    return len(word) >= _LONG and (_HEXADECIMAL.search(word) or _BASE32.search(word)) is not None


def _within(layer: Layer) -> Iterator[Layer]:
    data = layer.data
    # One after the other, not each alone: whatever one of them leaves, the others leave as well, and a long log that
    # holds all of them would have dozens of readings.
    whole = _replaced(layer, _ESCAPES, _meaning, _escape_name)
    whole = _replaced(whole, _WRAPPED, lambda _: b"", lambda _: "")
    whole = _replaced(whole, _UNUSUAL, _usual, lambda _: "other alphabets")
    if whole is not layer:
        yield replace(whole, depth=layer.depth + 1)
    if data.startswith(_PACKED) and (unpacked := _unpacked(data)):
        yield Layer(
            data=unpacked,
            outer=layer,
            place=lambda _start, _end: (0, len(data), "compressed"),
            depth=layer.depth + 1,
        )
    for match in _WORD.finditer(data):
        if _holds_text(match[0]):
            for part in _parts(data, *match.span()):
                yield from _decoded(layer, *part)


def _parts(data: bytes, start: int, end: int) -> set[tuple[int, int]]:
    """The word and its parts: joined to others by what is a letter of some kinds of base64, it reads otherwise."""
    packed = {(start + begin.start(), end) for begin in _PACKED_IN_BASE64.finditer(data[start:end])}
    return {(start, end), *packed, *(part.span() for part in _PART.finditer(data, start, end))}


def _decoded(layer: Layer, start: int, end: int) -> Iterator[Layer]:
    """What the word from `start` to `end` reads as in each encoding that it can be in."""
    for name, skipped, decoded, width in _readings(layer.data[start:end]):
        if decoded.startswith(_PACKED) and (unpacked := _unpacked(decoded)):
            yield _of_word(layer, unpacked, start + skipped, end, f"compressed in {name}", None)
        else:
            yield _of_word(layer, decoded, start + skipped, end, name, width)


def _readings(word: bytes) -> Iterator[tuple[str, int, bytes, float]]:
    """The encodings of a word: the name, how many characters precede, what it reads as, and characters for a byte."""
    safe = word.translate(_URL_SAFE)
    for skipped in range(4):
        core = safe[skipped:]
        core = core[: len(core) - (len(core) % 4 == 1)]
        try:
            decoded = binascii.a2b_base64(core + b"=" * (-len(core) % 4))
        except binascii.Error:
            continue
        if _reads(decoded):
            yield "base64", skipped, decoded, 4 / 3
    for skipped in (0, 1) if _HEXADECIMAL_WORD.fullmatch(word) else ():
        core = word[skipped:]
        decoded = binascii.unhexlify(core[: len(core) & ~1])
        if _reads(decoded):
            yield "hexadecimal", skipped, decoded, 2.0
    for skipped in range(8) if _BASE32.fullmatch(word) else ():
        decoded = _from_base32(word[skipped:])
        if _reads(decoded):
            yield "base32", skipped, decoded, 8 / 5


def _reads(decoded: bytes) -> bool:
    """Whether decoded bytes can hold a text: in any encoding of characters, or compressed."""
    if decoded.startswith(_PACKED) or _READABLE.search(decoded):
        return True
    return b"\0" in decoded and _READABLE.search(decoded.replace(b"\0", b"")) is not None


def _from_base32(word: bytes) -> bytes:
    core = word[: len(word) - {1: 1, 3: 1, 6: 1}.get(len(word) % 8, 0)]
    try:
        return base64.b32decode(core + b"=" * (-len(core) % 8))
    except binascii.Error:
        return b""


def _of_word(layer: Layer, decoded: bytes, start: int, end: int, name: str, width: float | None) -> Layer:
    """The layer of one decoded word of `layer`: `width` of its characters are a byte, None where any may be."""

    def place(first: int, last: int) -> tuple[int, int, str]:
        if width is None:
            return start, end, name
        return start + int(first * width), min(end, start + -int(-last * width // 1)), name

    return Layer(data=decoded, outer=layer, place=place, depth=layer.depth + 1)


@dataclass(frozen=True, slots=True)
class _Replaced:
    """Where texts stand that were replaced: from and to which byte, before and after, and what each was called.

    All are in order, so that a place is found by bisection: a text may hold thousands of them.
    """

    inner: list[tuple[int, int]]
    outer: list[tuple[int, int]]
    names: list[str]
    begins: list[int]
    ends: list[int]

    @classmethod
    def of(
        cls,
        matches: Iterable[re.Match[bytes]],
        meaning: Callable[[re.Match[bytes]], bytes],
        named: Callable[[re.Match[bytes]], str],
    ) -> _Replaced:
        """The matches of a text, with what each stands for and its name."""
        inner, outer, names, moved = [], [], [], 0
        for match in matches:
            at, means = match.start() - moved, meaning(match)
            inner.append((at, at + len(means)))
            outer.append(match.span())
            names.append(named(match))
            moved += len(match[0]) - len(means)
        return cls(inner, outer, names, [begin for begin, _ in inner], [end for _, end in inner])

    def place(self, first: int, last: int) -> tuple[int, int, str]:
        """Where the bytes from `first` to `last` of the result stand, and the names of what was replaced among them."""
        before, upto = bisect_right(self.begins, first) - 1, bisect_left(self.begins, last) - 1
        start, end = first, last
        if before >= 0:
            inside = first < self.ends[before]
            start = self.outer[before][0] if inside else first + self.outer[before][1] - self.ends[before]
        if upto >= 0:
            inside = last <= self.ends[upto]
            end = self.outer[upto][1] if inside else last + self.outer[upto][1] - self.ends[upto]
        among = self.names[bisect_right(self.ends, first) : upto + 1]
        return start, end, " and ".join(name for name in dict.fromkeys(among) if name)


def _replaced(
    layer: Layer,
    pattern: re.Pattern[bytes],
    meaning: Callable[[re.Match[bytes]], bytes],
    named: Callable[[re.Match[bytes]], str],
) -> Layer:
    """The layer in which each match of `pattern` stands for its meaning; `layer` itself where nothing changes."""
    data, count = pattern.subn(meaning, layer.data)
    if not count or data == layer.data:
        return layer

    @cache
    def replaced() -> _Replaced:
        return _Replaced.of(pattern.finditer(layer.data), meaning, named)

    def place(first: int, last: int) -> tuple[int, int, str]:
        return replaced().place(first, last)

    return Layer(data=data, outer=layer, place=place, depth=layer.depth)


def _escape_name(match: re.Match[bytes]) -> str:
    return _NAMES[match.lastgroup or "letter"]


def _meaning(match: re.Match[bytes]) -> bytes:
    """What one escape stands for, as UTF-8."""
    kind = match.lastgroup or "letter"
    text = match[kind]
    if kind == "mail_end":
        return b""
    if kind == "letter":
        return _LETTERS.get(text, text)
    if kind == "html_name":
        return html.unescape(match[0].decode("ascii")).encode("utf-8")
    code = int(text, 8 if kind == "octal" else 10 if kind == "html_code" else 16)
    if kind in ("url", "byte", "octal", "mail", "literal"):
        return bytes([code])
    return chr(code).encode("utf-8", "surrogatepass") if code < 0x110000 else match[0]


def _usual(match: re.Match[bytes]) -> bytes:
    """The usual letters for those of other alphabets, such as wide ones, and for what is between letters."""
    return unicodedata.normalize("NFKC", match[0].decode("utf-8", "ignore")).encode("utf-8")


def _unpacked(data: bytes) -> bytes:
    """The text that is compressed in `data`, as far as it goes."""
    try:
        return zlib.decompressobj(47).decompress(data, UNPACKED)
    except zlib.error:
        return b""
