"""What a schema of an OpenAPI document says in so many words: types, closed lists of words, required fields.

Made for comparing two documents whose authors wrote the same thing in different ways. None stands for
"not said": it can be compared with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from technogate.contract.openapi import RefError, resolve
from technogate.contract.schema_wording import show

#: Schemas within schemas are followed so far; what lies deeper, or recurs, counts as not said.
_DEEPEST = 8
_LARGEST = 5_000
Node = Mapping[str, object]
#: A place within a value: names of fields, `[]` for the items of an array.
Place = tuple[str, ...]
Names = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is said of one place: JSON types, words (each as JSON text), required fields."""

    types: Names | None = None
    words: Names | None = None
    required: Names = frozenset()


def node_of(value: object) -> Node:
    """`value` when it is an object, else an empty one."""
    return cast(Node, value) if isinstance(value, Mapping) else {}


def list_of(value: object) -> list[object]:
    """`value` when it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def shape_of(document: Node, schema: object) -> dict[Place, Shape]:
    """What `schema` says, by place.

    Raises RefError for a reference that cannot be followed, and for a schema too large to compare.
    """
    return _Reader(document).shape(schema, (), _DEEPEST)


class _Reader:
    """Reads one schema, with a bound on the work that a hostile document can ask for."""

    def __init__(self, document: Node) -> None:
        self._document = document
        self._left = _LARGEST

    def shape(self, schema: object, place: Place, deepest: int) -> dict[Place, Shape]:
        """What `schema` says of `place` and of the places within it."""
        if deepest == 0:
            return {}
        self._left -= 1
        if self._left < 0:
            raise RefError("a schema is too large to compare")
        node = node_of(resolve(self._document, schema))
        found = {place: Shape(types=_types(node), words=_words(node), required=_strings(node.get("required")))}
        for name, each in node_of(node.get("properties")).items():
            found.update(self.shape(each, (*place, name), deepest - 1))
        if isinstance(node.get("items"), Mapping):
            found.update(self.shape(node["items"], (*place, "[]"), deepest - 1))
        for each in list_of(node.get("allOf")):
            found = _both(found, self.shape(each, place, deepest - 1))
        for keyword in ("anyOf", "oneOf"):
            branches = [self.shape(each, place, deepest - 1) for each in list_of(node.get(keyword))]
            if branches:
                found = _both(found, _either(branches))
        return found


def _types(node: Node) -> Names | None:
    stated = node.get("type")
    types = _strings(stated if isinstance(stated, list) else [stated])
    if not types:
        return None
    return types | {"null"} if node.get("nullable") is True else types


def _words(node: Node) -> Names | None:
    if "const" in node:
        return frozenset({show(node["const"])})
    if isinstance(node.get("enum"), list):
        return frozenset(show(word) for word in list_of(node["enum"]))
    return frozenset({"null"}) if node.get("type") == "null" else None


def _strings(values: object) -> Names:
    return frozenset(each for each in list_of(values) if isinstance(each, str))


def _both(one: dict[Place, Shape], other: dict[Place, Shape]) -> dict[Place, Shape]:
    """What holds where both schemas do."""
    made = dict(one)
    for place, shape in other.items():
        mine = one.get(place, Shape())
        made[place] = Shape(
            types=_common(mine.types, shape.types),
            words=_common(mine.words, shape.words),
            required=mine.required | shape.required,
        )
    return made


def _common(one: Names | None, other: Names | None) -> Names | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _either(branches: Iterable[dict[Place, Shape]]) -> dict[Place, Shape]:
    """What holds where one of the schemas does; a place that only some name is taken as these name it."""
    made: dict[Place, Shape] = {}
    for branch in branches:
        for place, shape in branch.items():
            mine = made.get(place)
            made[place] = shape if mine is None else _merged(mine, shape)
    return made


def _merged(one: Shape, other: Shape) -> Shape:
    return Shape(
        types=None if one.types is None or other.types is None else one.types | other.types,
        words=None if one.words is None or other.words is None else one.words | other.words,
        required=one.required & other.required,
    )


def limits_of(document: Node, schema: object) -> dict[str, object]:
    """Default, enum and bounds that the schema of a parameter states; raises RefError as `shape_of` does.

    An optional value wrapped as "this or null" is unwrapped; exclusive bounds of integers become plain
    ones; an enum is a sorted list of JSON texts.
    """
    node = dict(node_of(resolve(document, schema)))
    for keyword in ("allOf", "anyOf", "oneOf"):
        inner = [node_of(resolve(document, each)) for each in list_of(node.get(keyword))]
        real = [each for each in inner if each.get("type") != "null"]
        if len(real) == 1:
            node = {**real[0], **node}
    found = {key: node[key] for key in ("minimum", "maximum") if _is_number(node.get(key))}
    if node.get("type") == "integer":
        found.update(_inclusive(node, "minimum", "exclusiveMinimum", 1))
        found.update(_inclusive(node, "maximum", "exclusiveMaximum", -1))
    if node.get("default") is not None:
        found["default"] = node["default"]
    if isinstance(node.get("enum"), list):
        found["enum"] = sorted({show(word) for word in list_of(node["enum"])} - {"null"})
    return found


def _inclusive(node: Node, bound: str, exclusive: str, step: int) -> dict[str, object]:
    """The plain bound for an exclusive one: true beside a bound (3.0), or a number (3.1)."""
    edge = node.get(bound) if node.get(exclusive) is True else node.get(exclusive)
    return {bound: edge + step} if isinstance(edge, int) and not isinstance(edge, bool) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
