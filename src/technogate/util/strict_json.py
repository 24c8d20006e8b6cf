"""Strict JSON: what a provider may send as a body (ENV-07).

Python's own reader takes more than JSON allows. This one refuses what two readers could take for two
different things: anything but UTF-8, a byte order mark, NaN and Infinity, a number too large for a
double, the same key twice in one object, half a surrogate pair, and anything after the document. A document that is
nested deeper than `DEEPEST` is refused before it is read: whoever walks through it would run out of stack.
"""

from __future__ import annotations

import json
import math
import re
from typing import NoReturn

_BOM = b"\xef\xbb\xbf"
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
#: A text that never ends is a token too: a search from each of its quotation marks would take the square of the time.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)
_COLON = re.compile(r"[ \t\r\n]*:")
#: The most objects and lists that may lie within each other; the contract's own documents have four.
DEEPEST = 100
#: Longest piece of a body that a reason quotes, in characters.
_QUOTE = 40


class NotStrictJson(ValueError):  # noqa: N818 (the name is the finding)
    """A body is not strict JSON: `reason` is one line, `position` a byte offset into the body."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} (at byte {position})")
        self.reason = reason
        self.position = position


class _DuplicateKeyError(Exception):
    """Some object has a key twice; which one and where is found afterwards."""


class _BadNumberError(Exception):
    """A number word or literal that JSON lacks or a double cannot hold."""


def parse(raw: bytes) -> object:
    """The value of the JSON document `raw`; raises NotStrictJson with the first reason found (ENV-07)."""
    if raw.startswith(_BOM):
        raise NotStrictJson("it begins with a byte order mark", 0)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrictJson("it is not UTF-8", error.start) from error
    if not text.strip(" \t\r\n"):
        raise NotStrictJson("it is empty", 0)
    if (deep := _too_deep(text)) is not None:
        raise NotStrictJson(f"it is nested more than {DEEPEST} deep", _bytes(text, deep))
    try:
        value: object = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_float, parse_int=_int
        )
    except json.JSONDecodeError as error:
        raise NotStrictJson(_reason(error), _bytes(text, error.pos)) from error
    except _DuplicateKeyError as error:
        key, position = _duplicate(text)
        raise NotStrictJson(f"an object has the key {_quoted(key)} twice", _bytes(text, position)) from error
    except _BadNumberError as error:
        literal = str(error)
        reason = f"{_quoted(literal)} is not a number of JSON" if literal[-1].isalpha() else "a number is out of range"
        raise NotStrictJson(reason, _bytes(text, _literal(text, literal))) from error
    if "\\ud" in text or "\\uD" in text:
        _refuse_lone_surrogate(text)
    return value


def nested_too_deeply(raw: bytes) -> bool:
    """Whether a text that may be JSON goes beyond `DEEPEST`: for the readers that are not strict, and as bounded."""
    if raw.count(b"[") + raw.count(b"{") <= DEEPEST:
        return False
    return _too_deep(raw.decode("utf-8", "replace")) is not None


def _too_deep(text: str) -> int | None:
    """Where a document goes beyond `DEEPEST`, None where it does not."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return None
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "{[":
            depth += 1
            if depth > DEEPEST:
                return token.start()
        elif token[0] in "}]":
            depth -= 1
    return None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object from its pairs; raises _DuplicateKeyError when two of them share a key."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _DuplicateKeyError
    return made


def _refuse(word: str) -> NoReturn:
    """Refuse NaN, Infinity and -Infinity."""
    raise _BadNumberError(word)


def _float(literal: str) -> float:
    """A float; one that a double cannot hold would silently become infinite."""
    value = float(literal)
    if math.isinf(value):
        raise _BadNumberError(literal)
    return value


def _int(literal: str) -> int:
    """An integer; one beyond the range of a double is out of range for most readers."""
    if len(literal) > 308 and math.isinf(float(literal)):
        raise _BadNumberError(literal)
    return int(literal)


def _reason(error: json.JSONDecodeError) -> str:
    """The reader's complaint as part of a sentence."""
    if error.msg == "Extra data":
        return "something follows the document"
    return f"it is not JSON: {error.msg[0].lower()}{error.msg[1:]}"


def _duplicate(text: str) -> tuple[str, int]:
    """The first key that an object of `text` repeats, and where; `text` is well-formed up to there."""
    keys: list[set[str] | None] = []
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "{[":
            keys.append(set() if mark == "{" else None)
        elif mark in "}]":
            keys.pop()
        elif keys and (seen := keys[-1]) is not None and _COLON.match(text, token.end()):
            key = str(json.loads(mark))
            if key in seen:
                return key, token.start()
            seen.add(key)
    return "", 0


def _literal(text: str, literal: str) -> int:
    """The position of the number `literal` in `text` outside of strings."""
    for token in re.finditer(r'"(?:[^"\\]++|\\.)*+"?|[^\s"{}\[\],:]+', text, re.DOTALL):
        if token[0] == literal:
            return token.start()
    return 0


def _refuse_lone_surrogate(text: str) -> None:
    """Raise NotStrictJson when an escape of the well-formed `text` is half a surrogate pair."""
    high: re.Match[str] | None = None
    for escape in _ESCAPE.finditer(text):
        code = int(escape[1], 16) if escape[1] else 0
        low = 0xDC00 <= code <= 0xDFFF
        paired = high is not None and high.end() == escape.start()
        if low and paired:
            high = None
            continue
        if low or high is not None:
            break
        high = escape if 0xD800 <= code <= 0xDBFF else None
    else:
        if high is None:
            return
        escape = high
    lone = high or escape
    raise NotStrictJson(f"{lone[0]} is half a surrogate pair", _bytes(text, lone.start()))


def _bytes(text: str, characters: int) -> int:
    """The byte offset of a character of `text`."""
    return len(text[:characters].encode("utf-8"))


def _quoted(text: str) -> str:
    """A piece of the body on one line, cut when long."""
    return json.dumps(text if len(text) <= _QUOTE else text[:_QUOTE] + "…")
