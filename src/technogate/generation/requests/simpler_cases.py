"""Shrinks a request that breaks a requirement.

It works on what is sent, not on how it was drawn: headers, parameters, members of the body, characters of each text.
So a case from any source shrinks the same way, and to the same one for the same backend.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import msgspec

from technogate.drivers.http.http_driver import JSON_TYPE, Case
from technogate.generation.shrink import Choose, Simplify, shrink
from technogate.model.events import Finding

#: Requests that shrinking one case may cost.
MOST_TRIES = 250

#: Characters that replace any other, the plainest first.
_PLAIN = "0Aa"

#: Texts longer than this have their characters changed all at once, not one by one.
_ONE_BY_ONE = 24

#: Pieces of a body that are left out, each by itself or together.
_PIECES = 32


def smallest(start: Case, check: Callable[[Case], Sequence[Finding]], *, most: int = MOST_TRIES) -> Case:
    """The smallest case found that fails `check` as `start` does, after at most `most` requests.

    A body of JSON is shrunk by its value, then any body by its bytes, until neither makes it smaller.
    """
    best, left = start, most
    before: bytes | None = b"at first"
    while left > 0 and best.body != before:
        value = _json(best.body)
        compact = msgspec.structs.replace(best, body=_dumped(value)) if value is not None else best
        if weight(compact) < weight(best):
            left -= 1
            best = compact if check(compact) else best
        if value is not None and compact == best:
            best, left = shrink(best, _by_value(value), check, weight=weight, tries=left)
        before = best.body
        best, left = shrink(best, _by_bytes, check, weight=weight, tries=left)
    return best


def weight(case: Case) -> tuple[int, ...]:
    """How hard a case is to read: fewer parts, then shorter, then plainer ones weigh less."""
    text = case.target.encode() + (case.body or b"")
    return (
        len(case.headers),
        case.content_type != JSON_TYPE,
        len(case.query),
        len(text) + len(case.content_type),
        len(set(case.body or b"")),
        sum(text),
    )


def _by_value(value: object) -> Simplify[Case]:
    """Simpler requests whose body is a simpler `value`, or empty."""

    def simplify(case: Case, choose: Choose) -> Case:
        simpler = _head(case, choose)
        body = _dumped(_value(value, choose)) if choose(1) else b""
        return msgspec.structs.replace(simpler, body=body)

    return simplify


def _by_bytes(case: Case, choose: Choose) -> Case:
    """Simpler requests whose body lacks bytes at its ends, and pieces between them."""
    simpler, body = _head(case, choose), case.body
    if not body:
        return simpler
    size = -(-len(body) // _PIECES)
    first, last = _cut(len(body), choose)
    kept = [choose(1) for _ in range(0, len(body), size)]
    pieces = zip(kept, range(0, len(body), size), strict=True)
    shorter = b"".join(body[max(at, first) : min(at + size, last)] for keep, at in pieces if keep)
    return msgspec.structs.replace(simpler, body=shorter)


def _head(case: Case, choose: Choose) -> Case:
    """The case with fewer headers and parameters, and simpler values of those."""
    headers = tuple(header for header in case.headers if choose(1))
    content_type = case.content_type
    if content_type != JSON_TYPE:
        kept, text = choose(1), _text(content_type, choose)
        content_type = text if kept else JSON_TYPE
    query = [(choose(1), name, _text(value, choose)) for name, value in case.query]
    return msgspec.structs.replace(
        case,
        headers=headers,
        content_type=content_type,
        query=tuple((name, value) for kept, name, value in query if kept),
    )


def _value(value: object, choose: Choose) -> object:
    """A JSON value with fewer members, and simpler ones."""
    if isinstance(value, dict):
        members = [(choose(1), name, _value(member, choose)) for name, member in value.items()]
        return {name: member for kept, name, member in members if kept}
    if isinstance(value, list):
        entries = [(choose(1), _value(entry, choose)) for entry in value]
        return [entry for kept, entry in entries if kept]
    if isinstance(value, str):
        return _text(value, choose)
    return value if (value == 0 and not isinstance(value, bool)) or choose(1) else 0


def _text(text: str, choose: Choose) -> str:
    """A text that is cut at its ends, in plainer characters: all of them the same, or some of them."""
    if not text:
        return text
    first, last = _cut(len(text), choose)
    filling = choose(len(_PLAIN))
    changed = [choose(len(_PLAIN)) for _ in text] if len(text) <= _ONE_BY_ONE else [len(_PLAIN)] * len(text)
    if filling < len(_PLAIN):
        return _PLAIN[filling] * (last - first)
    return "".join([*_PLAIN, text[at]][changed[at]] for at in range(first, last))


def _cut(length: int, choose: Choose) -> tuple[int, int]:
    """Where what is left of `length` characters begins and ends: both are chosen as a number of characters kept."""
    first = length - choose(length)
    return first, min(length, first + choose(length))


def _json(body: bytes | None) -> object:
    """The value of a body, None for one that is not JSON, or nested too deeply."""
    try:
        value: object = json.loads(body or b"")
        _dumped(_value(value, lambda most: most))
    except (ValueError, RecursionError):
        return None
    return value


def _dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
