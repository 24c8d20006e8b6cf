"""How a request is read by those who read it with care: its content type, and its body as JSON. Pure."""

from __future__ import annotations

import json
from typing import NoReturn

from technogate.generation.requests.validity import Validity
from technogate.model.case import JSON_TYPE, Case
from technogate.model.events import header_values
from technogate.util.strict_json import NotStrictJson, parse

#: Deeper nesting than this is still JSON, but no reader must accept it.
DEEPEST = 32

_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def content_type_of(case: Case) -> Validity:
    """Whether the content type is JSON; parameters, and another case of letters, are left open."""
    content_types = header_values(case.headers, "content-type")
    if case.content_type and case.body is not None:
        content_types.append(case.content_type)
    if len(content_types) != 1:
        return Validity.OPEN if content_types else Validity.FORBIDDEN
    if content_types[0] == JSON_TYPE:
        return Validity.ALLOWED
    return Validity.OPEN if content_types[0].partition(";")[0].strip().lower() == JSON_TYPE else Validity.FORBIDDEN


def read_json(raw: bytes) -> tuple[object, Validity]:
    """A body and whether it is JSON: left open where two careful readers may read two values."""
    try:
        return parse(raw), Validity.OPEN if _depth(raw) > DEEPEST else Validity.ALLOWED
    except NotStrictJson:
        pass
    try:
        text = raw.decode(json.detect_encoding(raw))
        json.loads(text.removeprefix("\ufeff"), parse_constant=_no_constant, parse_int=str)
    except (UnicodeDecodeError, json.JSONDecodeError, _ConstantError):
        return None, Validity.FORBIDDEN
    except RecursionError:
        return None, Validity.OPEN
    return None, Validity.OPEN


class _ConstantError(Exception):
    """NaN or Infinity: words that Python reads and JSON does not have."""


def _no_constant(word: str) -> NoReturn:
    raise _ConstantError(word)


def _depth(raw: bytes) -> int:
    """How deep a JSON text is nested, at most: brackets within strings count too."""
    deepest = depth = 0
    for byte in raw.translate(None, _NO_BRACKETS):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
