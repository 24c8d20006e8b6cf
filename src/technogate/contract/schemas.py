"""JSON Schema (Draft 2020-12) for the parts of one OpenAPI document: compiled once, worded for people.

Two engines share the work. The fast one says yes or no; only a no makes the slow one word the
problems. `format` is an annotation and asserts nothing; `pattern` has the meaning of ECMA 262.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from technogate.util.ecma import PatternError, compile_pattern, portable
from technogate.util.phrases import one_line

#: At most so many problems of one value are worded; a last line says that there are more.
MOST_PROBLEMS = 20
_LONGEST = 60
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


class SchemaError(Exception):
    """A schema cannot be used: it is missing, refers to nothing, or has a pattern the gate cannot read."""


class Schemas:
    """The schemas of one document, each named by a JSON pointer such as `#/components/schemas/Health`.

    The document must be a valid OpenAPI 3.1 document whose references all stay within it.
    """

    def __init__(self, document: Mapping[str, object]) -> None:
        """Read every pattern of `document`; raises SchemaError for one that the gate cannot read."""
        self._document = dict(document)
        self._portable = {key: _with_portable_patterns(value) for key, value in document.items()}
        self._patterns = {pattern: _compiled(pattern) for pattern in _patterns(document)}
        extended: type[Draft202012Validator] = extend(Draft202012Validator, {"pattern": self._pattern})  # type: ignore[no-untyped-call]
        self._engine = extended
        self._compiled: dict[str, tuple[jsonschema_rs.Draft202012Validator, Draft202012Validator]] = {}

    def problems(self, pointer: str, value: object) -> list[str]:
        """What is wrong with the parsed JSON `value`, one line each: path, expected, found.

        An empty list means valid. Raises SchemaError when `pointer` leads to no usable schema.
        """
        fast, slow = self._at(pointer)
        if _surely_valid(fast, value):
            return []
        try:
            errors = slow.iter_errors(value)
            lines = list(islice(dict.fromkeys(_lines(errors)), MOST_PROBLEMS + 1))
        except Unresolvable as error:
            raise SchemaError(f"{pointer} refers to nothing: {error}") from error
        except RecursionError:
            return ["$: expected a value that can be checked, found one nested too deeply"]
        if len(lines) > MOST_PROBLEMS:
            lines[MOST_PROBLEMS:] = ["$: there are more problems of this kind"]
        # The engines disagree only where one of them cannot cope with a value: that is no success.
        return lines or _refused_by_fast(fast, value)

    def _at(self, pointer: str) -> tuple[jsonschema_rs.Draft202012Validator, Draft202012Validator]:
        """Both engines for the schema at `pointer`."""
        if pointer not in self._compiled:
            try:
                fast = jsonschema_rs.Draft202012Validator({**self._portable, "$ref": pointer}, validate_formats=False)
            except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
                raise SchemaError(f"{pointer} is not a usable schema: {one_line(str(error))}") from error
            self._compiled[pointer] = fast, self._engine({**self._document, "$ref": pointer}, registry=Registry())
        return self._compiled[pointer]

    def _pattern(self, _: object, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
        """The keyword `pattern` as ECMA 262 reads it."""
        if isinstance(value, str) and not self._patterns[pattern].search(value):
            yield ValidationError("pattern")


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


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return compile_pattern(pattern)
    except PatternError as error:
        raise SchemaError(str(error)) from error


def _patterns(node: object) -> Iterator[str]:
    """Every `pattern` in a document; raises SchemaError for a keyword whose patterns would be read as Python's."""
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, Mapping):
            if "patternProperties" in here:
                raise SchemaError("patternProperties is not read by the gate; name the properties")
            if isinstance(pattern := here.get("pattern"), str):
                yield pattern
            stack.extend(here.values())
        elif isinstance(here, list):
            stack.extend(here)


def _with_portable_patterns(node: object) -> object:
    """A copy of a document whose patterns every engine reads alike."""
    if isinstance(node, Mapping):
        copy = {key: _with_portable_patterns(value) for key, value in node.items()}
        pattern = copy.get("pattern")
        return {**copy, "pattern": portable(pattern)} if isinstance(pattern, str) else copy
    return [_with_portable_patterns(each) for each in node] if isinstance(node, list) else node


def _surely_valid(fast: jsonschema_rs.Draft202012Validator, value: object) -> bool:
    """Whether the fast engine accepts `value`; a value it cannot read is left to the slow one."""
    try:
        return fast.is_valid(value)
    except ValueError:
        return False


def _refused_by_fast(fast: jsonschema_rs.Draft202012Validator, value: object) -> list[str]:
    """The fast engine's own words, when the slow engine found nothing."""
    try:
        return [f"$: {one_line(str(error.message))}" for error in islice(fast.iter_errors(value), MOST_PROBLEMS)]
    except ValueError as error:
        return [f"$: expected a JSON value, found one that cannot be checked ({one_line(str(error))})"]


def _lines(errors: Iterator[ValidationError]) -> Iterator[str]:
    """Each error as `path: expected …, found …`."""
    for error in errors:
        if error.validator in ("anyOf", "oneOf") and error.context:
            yield from _alternatives(error)
        elif error.validator == "required":
            yield from _missing(error)
        else:
            yield f"{_path(error)}: expected {_expected(error)}, found {_found(error)}"


def _alternatives(error: ValidationError) -> Iterator[str]:
    """The problems of the alternative that was most likely meant: the right type, then the fewest problems."""
    branches: dict[object, list[ValidationError]] = {}
    for problem in error.context or ():
        branches.setdefault(problem.relative_schema_path[0], []).append(problem)
    types: dict[str, None] = {}
    meant: list[list[ValidationError]] = []
    for problems in branches.values():
        wrong = [each for each in problems if each.validator == "type" and not each.relative_path]
        types.update(dict.fromkeys(_type_words(each.validator_value) for each in wrong))
        if not wrong:
            meant.append(problems)
    if meant:
        nearest = min(meant, key=len)
        yield from _lines(iter(nearest))
    else:
        yield f"{_path(error)}: expected {' or '.join(types)}, found {_found(error)}"


def _missing(error: ValidationError) -> Iterator[str]:
    """One line for each required field that is not there."""
    fields: object = error.validator_value
    there: object = error.instance
    for field in fields if isinstance(fields, list) else ():
        if isinstance(there, Mapping) and field not in there:
            yield f"{_path(error)}: expected the field {show(field)}, found none"


def _expected(error: ValidationError) -> str:
    """What the keyword asks for, with the schema's title where that says more than the keyword."""
    keyword, wanted = str(error.validator), error.validator_value
    word = _WORDS.get(keyword)
    if word is None:
        return f"{keyword} {show(wanted)}"
    text = word(wanted)
    title = error.schema.get("title") if isinstance(error.schema, Mapping) else None
    if not title or keyword in ("enum", "type"):
        return text
    return str(title) if len(text) > 2 * _LONGEST else f"{text} ({title})"


def _found(error: ValidationError) -> str:
    """What was there instead; a string that is too long or too short is told by its length."""
    if error.validator in ("minLength", "maxLength") and isinstance(error.instance, str):
        return f"{len(error.instance)}"
    return show(error.instance)


def _type_words(wanted: object) -> str:
    names = wanted if isinstance(wanted, list) else [wanted]
    return " or ".join(_TYPES.get(str(name), str(name)) for name in names)


def _one_of(wanted: Sequence[object]) -> str:
    return f"one of {', '.join(show(each) for each in wanted)}"


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


def _path(error: ValidationError) -> str:
    """The place within the value, as a JSON path."""
    return "$" + "".join(_step(step) for step in error.absolute_path)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _NAME.fullmatch(step) and len(step) <= _LONGEST else f"[{show(step)}]"
