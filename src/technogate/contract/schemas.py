"""JSON Schema (Draft 2020-12) for the parts of one document: each compiled once by jsonschema-rs.

`format` is an annotation and asserts nothing; `pattern` has the meaning of ECMA 262. Nothing here opens a file or a
socket, whatever a document refers to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NoReturn
from urllib.parse import quote

import jsonschema_rs

from technogate.contract.schema_wording import SchemaMistake, problem_lines
from technogate.util.ecma import PatternError, matcher, portable, without_surrogates
from technogate.util.phrases import one_line

#: At most so many problems of one value are worded; a last line reports that there are more.
MOST_PROBLEMS = 20
#: A value nested deeper than this is refused unread: the engine would overflow its stack.
_DEEPEST = 1000
#: What a reference holds as it is; the rest of a pointer, such as the braces of a path, is percent-encoded.
_IN_FRAGMENTS = "#/~!$&'()*+,;=:@?"
#: How the document itself is called among its schemas: nothing is read from there.
_DOCUMENT = "json-schema:///document"
#: What the engine raises for a schema that it cannot use.
_UNUSABLE = (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError)
_TOO_DEEP = "$: expected a value that can be checked, found one nested too deeply"


class SchemaError(Exception):
    """A schema cannot be used: it is missing, refers to nothing, or has a pattern that is not supported."""


class Schemas:
    """The schemas of one document, each named by a JSON pointer such as `#/components/schemas/Health`.

    `#` is the document itself. All references must stay within the document.
    """

    def __init__(self, document: Mapping[str, object]) -> None:
        """Read every pattern of `document`; raises SchemaError for one that is not supported."""
        self._document = document
        self._portable = {key: _with_portable_patterns(value) for key, value in document.items()}
        self._compiled: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._registry: jsonschema_rs.Registry | None = None

    def problems(self, pointer: str, value: object) -> list[str]:
        """What is wrong with the parsed JSON `value`, one line each: path, expected, found.

        An empty list means valid. Raises SchemaError when `pointer` leads to no usable schema.
        """
        engine = self._engine(pointer)
        if not _nested_within(value, _DEEPEST):
            return [_TOO_DEEP]
        try:
            valid = engine.is_valid(value)
        except UnicodeEncodeError:
            # Half a surrogate pair: the engine reads UTF-8 alone.
            valid = engine.is_valid(_as_json(value))
        except ValueError as error:
            return [f"$: expected a JSON value, found one that cannot be checked ({one_line(str(error))})"]
        if valid:
            return []
        lines = list(islice(dict.fromkeys(problem_lines(self.mistakes(pointer, value))), MOST_PROBLEMS + 1))
        if len(lines) > MOST_PROBLEMS:
            lines[MOST_PROBLEMS:] = ["$: there are more problems of this kind"]
        # Never success, even if no keyword can be named.
        return lines or ["$: expected a valid value, found one that the schema refuses"]

    def mistakes(self, pointer: str, value: object) -> Iterator[SchemaMistake]:
        """Each keyword that `value` breaks; raises SchemaError when `pointer` leads to no usable schema.

        A value that JSON does not have, such as a date of TOML, counts as null.
        """
        for error in self._engine(pointer).iter_errors(_as_json(value)):
            yield self._mistake(error, value)

    def _engine(self, pointer: str) -> jsonschema_rs.Draft202012Validator:
        if pointer not in self._compiled:
            try:
                self._compiled[pointer] = self._compile(pointer)
            except _UNUSABLE as error:
                raise SchemaError(f"{pointer} is not a usable schema: {one_line(str(error))}") from error
        return self._compiled[pointer]

    def _compile(self, pointer: str) -> jsonschema_rs.Draft202012Validator:
        if pointer == "#":
            return _validator(self._portable)
        fragment = quote(pointer, safe=_IN_FRAGMENTS)
        try:
            # Read once for all its parts: to read the document again for each takes three times as long.
            if self._registry is None:
                self._registry = jsonschema_rs.Registry(
                    [(_DOCUMENT, self._portable)], draft=jsonschema_rs.Draft202012, retriever=_refuse
                )
            return _validator({"$ref": _DOCUMENT + fragment}, self._registry)
        except _UNUSABLE:
            # Read alone, it says why.
            return _validator({**self._portable, "$ref": fragment})

    def _mistake(self, error: jsonschema_rs.ValidationError, whole: object) -> SchemaMistake:
        kind, keyword = error.kind, error.kind.name
        schema = _walk(self._document, error.schema_path[:-1], {})
        value = _walk(whole, error.instance_path, error.instance)
        names: tuple[str, ...] = ()
        branches: tuple[tuple[SchemaMistake, ...], ...] = ()
        match kind:
            case jsonschema_rs.ValidationErrorKind.Required():
                names = (kind.property,)
            case jsonschema_rs.ValidationErrorKind.AdditionalProperties():
                names = tuple(kind.unexpected)
            case jsonschema_rs.ValidationErrorKind.AnyOf() | jsonschema_rs.ValidationErrorKind.OneOfNotValid():
                branches = tuple(tuple(self._mistake(below, whole) for below in branch) for branch in kind.context)
            case jsonschema_rs.ValidationErrorKind.PropertyNames():
                keyword, value = str(error.schema_path[-1]), kind.error.instance
        return SchemaMistake(
            keyword=keyword,
            wanted=schema.get(keyword, kind.value) if isinstance(schema, Mapping) else kind.value,
            schema=schema if isinstance(schema, Mapping) else {},
            path=tuple(error.instance_path),
            value=value,
            rule_path=tuple(error.evaluation_path),
            names=names,
            branches=branches,
        )


def _validator(
    schema: dict[str, Any], registry: jsonschema_rs.Registry | None = None
) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=False, retriever=_refuse, registry=registry)


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"the reference {uri} leaves the document")


def _with_portable_patterns(node: object) -> object:
    """A copy of a document whose patterns the engine reads as ECMA 262; raises SchemaError for one it cannot."""
    if isinstance(node, Mapping):
        if "patternProperties" in node:
            raise SchemaError("patternProperties is not supported; name the properties")
        copy = {key: _with_portable_patterns(value) for key, value in node.items()}
        return {**copy, "pattern": _portable(pattern)} if isinstance(pattern := copy.get("pattern"), str) else copy
    return [_with_portable_patterns(member) for member in node] if isinstance(node, list) else node


def _portable(pattern: str) -> str:
    try:
        matcher(pattern)
        return portable(pattern)
    except PatternError as error:
        raise SchemaError(str(error)) from error


def _nested_within(value: object, levels: int) -> bool:
    """Whether arrays and objects of `value` are nested no deeper than `levels`."""
    level = [value]
    for _ in range(levels):
        members = (
            node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ()
            for node in level
        )
        level = [member for value in members for member in value if isinstance(member, dict | list | tuple)]
        if not level:
            return True
    return False


def _as_json(value: object) -> object:
    """A copy of `value` that the engine can read: UTF-8 text, and null in the place of what JSON does not have."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, Mapping):
        return {without_surrogates(str(key)): _as_json(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(member) for member in value]
    return value if value is None or isinstance(value, bool | int | float) else None


def _walk(node: Any, path: list[str | int], otherwise: object) -> object:
    """What `path` leads to within `node`; `otherwise` where it leads to nothing."""
    for step in path:
        if step in node if isinstance(node, Mapping) else isinstance(node, list | tuple) and isinstance(step, int):
            node = node[step]
        else:
            return otherwise
    return node
