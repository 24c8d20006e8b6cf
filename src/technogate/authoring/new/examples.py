"""One example for each schema of a document: what it says itself, or else the plainest value that it accepts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample, Unsatisfiable

from technogate.authoring.diff.schema_level import Level, Node, Place, level_of
from technogate.contract.openapi import RefError, locate
from technogate.contract.schemas import Schemas
from technogate.generation.responses.pattern_texts import texts_matching
from technogate.util.ecma import PatternError

_FORMATS = {
    "date-time": "2026-01-01T12:00:00Z",
    "date": "2026-01-01",
    "time": "12:00:00Z",
    "email": "someone@example.org",
    "uri": "https://example.org/1",
    "url": "https://example.org/1",
    "uuid": "0b1f3f52-6f0e-4c55-9d0a-5d0d3a0f9c11",
    "ipv4": "192.0.2.1",
    "hostname": "example.org",
}
_DEEPEST = 12
_SEARCH = settings(
    max_examples=200, database=None, derandomize=True, deadline=None, phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


class NoExampleError(Exception):
    """No value was found; the text says of what."""


def example_of(document: Node, pointer: str, schema: object, schemas: Schemas) -> Any:
    """A value that the schema at `pointer` accepts; raises NoExampleError where none is found."""
    try:
        value = _value(document, ((pointer, schema),), 0)
    except (RefError, PatternError, Unsatisfiable, NoSuchExample) as error:
        raise NoExampleError(str(error)) from error
    if problems := schemas.problems(pointer, value):
        raise NoExampleError(problems[0])
    return value


def _value(document: Node, place: Place, depth: int) -> Any:
    level = level_of(document, place)
    own = _own(document, place)
    if level.at.get("examples") in own and isinstance(listed := level.notes["examples"][0], list) and listed:
        return listed[0]
    if level.at.get("default") in own:
        return level.notes["default"][0]
    if level.values is not None:
        if not level.values:
            raise NoExampleError("the enum allows nothing")
        return next(iter(level.values.values()))
    if level.alternatives and not level.fields:
        return _value(document, level.alternatives[0], depth + 1)
    if depth > _DEEPEST:
        raise NoExampleError("the schema is nested without end")
    return _typed(document, level, depth)


def _own(document: Node, place: Place) -> set[str]:
    """The pointers whose examples are of the whole place, and not of a part that more is added to."""
    if len(place) != 1:
        return set()
    pointer, node = place[0]
    if isinstance(node, Mapping) and list(node) == ["$ref"]:
        return {pointer, locate(document, node, pointer)[0]}
    return {pointer}


def _typed(document: Node, level: Level, depth: int) -> Any:
    """A value of the first type that the schema allows, the most telling ones first."""
    kinds = level.types
    if "object" in kinds and (level.fields or level.required or kinds == {"object"}):
        # What is optional is shown where it is plain.
        shown = {name: place for name, place in level.fields.items() if name in level.required or depth < 1}
        value = {}
        for name, place in shown.items():
            try:
                value[name] = _value(document, place, depth + 1)
            except NoExampleError:
                if name in level.required:
                    raise
        return value | {name: "x" for name in level.required if name not in level.fields}
    if "array" in kinds and (level.items or kinds == {"array"}):
        number = max(1, int(level.bounds.get("minItems", (0, False))[0]))
        if level.bounds.get("maxItems", (1, False))[0] < 1 or depth >= _DEEPEST:
            return []
        return [_value(document, level.items or (("#", {}),), depth + 1)] * number
    if "string" in kinds:
        return _text(level)
    if "number" in kinds or "integer" in kinds:
        return _number(level)
    return True if "boolean" in kinds else None


def _text(level: Level) -> str:
    least = int(level.bounds.get("minLength", (0, False))[0])
    most = level.bounds.get("maxLength", (math.inf, False))[0]
    if level.patterns:
        longest = 1 << 16 if math.isinf(most) else int(most)
        return find(texts_matching(min(level.patterns), least, longest, 64), lambda _: True, settings=_SEARCH)
    formats = level.notes.get("format", [""])
    text = _FORMATS.get(str(formats[0]), "text")
    text = text * (least // len(text) + 1) if len(text) < least else text
    return text if len(text) <= most else text[: int(most)]


def _number(level: Level) -> float | int:
    """The least number above the lower bound, or the greatest below the upper one."""
    step = _multiple(level)
    low, above = level.bounds.get("minimum", (-math.inf, False))
    high, below = level.bounds.get("maximum", (math.inf, False))
    number: float = 1 if low <= 1 <= high and not (above and low == 1) and not (below and high == 1) else low
    if math.isinf(number):
        number = high - (1 if below else 0)
    elif number == low and above:
        number = low + (1 if high > low + 1 else (high - low) / 2)
    number = math.ceil(number / step) * step if step else number
    return int(number) if float(number).is_integer() else number


def _multiple(level: Level) -> float:
    for text in level.conditions.get("multipleOf", []):
        return float(text)
    return 0.0


def with_examples(node: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """A copy of a media type or a parameter with one example."""
    kept = {key: inner for key, inner in node.items() if key not in ("example", "examples")}
    return kept | {"examples": {"generated": {"value": value}}}
