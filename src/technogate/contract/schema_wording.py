"""The words for what a JSON value has wrong: one line for each mistake, as `path: expected …, found …`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_LONGEST = 60
_MOST_STEPS = 24
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TYPES = {
    "array": "an array",
    "boolean": "true or false",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaMistake:
    """One keyword of a schema that a value breaks.

    `wanted` is the keyword's value and `schema` the schema it belongs to, both as written. `path` leads to `value`
    within the whole. `rule_path` leads to the keyword from the schema in use, across references. `names` are the
    properties that are missing or unexpected, `branches` the mistakes of each alternative of `anyOf` and `oneOf`.
    """

    keyword: str
    wanted: object
    schema: Mapping[str, object]
    path: tuple[str | int, ...]
    value: object
    rule_path: tuple[str | int, ...]
    names: tuple[str, ...] = ()
    branches: tuple[tuple[SchemaMistake, ...], ...] = ()


def show(value: object) -> str:
    """A value as part of one short line of ASCII: scalars as JSON, arrays and objects by their size."""
    if isinstance(value, str):
        return json.dumps(value) if len(value) <= _LONGEST else f"{json.dumps(value[:_LONGEST])} and more"
    if isinstance(value, Mapping):
        return f"an object of {len(value)} fields"
    if isinstance(value, list | tuple):
        return f"an array of {len(value)} items"
    if isinstance(value, int) and value.bit_length() > 200:
        return f"an integer of {value.bit_length()} bits"
    return json.dumps(value, default=repr)


def problem_lines(mistakes: Iterable[SchemaMistake]) -> Iterator[str]:
    """Each mistake as `path: expected …, found …`."""
    for mistake in mistakes:
        if mistake.branches:
            yield from _alternatives(mistake)
        elif mistake.keyword == "required" and mistake.names:
            yield from (f"{_path(mistake)}: expected the field {show(name)}, found none" for name in mistake.names)
        else:
            yield f"{_path(mistake)}: expected {_expected(mistake)}, found {_found(mistake)}"


def _alternatives(mistake: SchemaMistake) -> Iterator[str]:
    """The problems of the alternative that was most likely meant: the right type, then the fewest problems."""
    types: dict[str, None] = {}
    meant: list[tuple[SchemaMistake, ...]] = []
    for branch in mistake.branches:
        wrong = [problem for problem in branch if problem.keyword == "type" and problem.path == mistake.path]
        types.update(dict.fromkeys(_type_words(problem.wanted) for problem in wrong))
        if branch and not wrong:
            meant.append(branch)
    if meant:
        nearest = min(meant, key=len)
        yield from problem_lines(nearest)
    else:
        yield f"{_path(mistake)}: expected {' or '.join(types)}, found {_found(mistake)}"


def _expected(mistake: SchemaMistake) -> str:
    """What the keyword requires, with the schema's title where that states more than the keyword."""
    word = _WORDS.get(mistake.keyword)
    if word is None:
        return f"{mistake.keyword} {show(mistake.wanted)}"
    text = word(mistake.wanted)
    title = mistake.schema.get("title")
    if not title or mistake.keyword in ("enum", "type"):
        return text
    return str(title) if len(text) > 2 * _LONGEST else f"{text} ({title})"


def _found(mistake: SchemaMistake) -> str:
    """What was there instead; for a string that is too long or too short its length."""
    if mistake.keyword in ("minLength", "maxLength") and isinstance(mistake.value, str):
        return f"{len(mistake.value)}"
    return show(mistake.value)


def _type_words(wanted: object) -> str:
    names = wanted if isinstance(wanted, list) else [wanted]
    return " or ".join(_TYPES.get(str(name), str(name)) for name in names)


def _one_of(wanted: Sequence[object]) -> str:
    return f"one of {', '.join(show(value) for value in wanted)}"


_WORDS: Mapping[str, Callable[..., str]] = {
    "const": show,
    "enum": _one_of,
    "maxItems": "at most {} items".format,
    "maxLength": "at most {} characters".format,
    "maximum": "at most {}".format,
    "minItems": "at least {} items".format,
    "minLength": "at least {} characters".format,
    "minimum": "at least {}".format,
    "pattern": "a match of {}".format,
    "type": _type_words,
}


def _path(mistake: SchemaMistake) -> str:
    """The place within the value, as a JSON path."""
    steps = "".join(map(_step, mistake.path[:_MOST_STEPS]))
    return f"${steps}" if len(mistake.path) <= _MOST_STEPS else f"${steps} and {len(mistake.path) - _MOST_STEPS} deeper"


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _NAME.fullmatch(step) and len(step) <= _LONGEST else f"[{show(step)}]"
