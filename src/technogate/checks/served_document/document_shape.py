"""What a schema of an OpenAPI document states explicitly: types, closed lists of words, required fields.

Made for comparing two documents whose authors described the same thing in different ways. None stands for
"not stated": it can be compared with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from technogate.contract.openapi import RefError, resolve
from technogate.contract.schema_wording import show

#: Schemas within schemas are followed so far; what lies deeper, or recurs, counts as not stated.
_DEEPEST = 8
_LARGEST = 5_000
Node = Mapping[str, object]
#: A place within a value: names of fields, `[]` for the items of an array.
Place = tuple[str, ...]
Names = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is stated of one place: JSON types, words (each as JSON text), required fields."""

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
    """What `schema` states, by place.

    Raises RefError for a reference that cannot be followed, and for a schema too large to compare.
    """
    return _Reader(document).shape(schema, (), _DEEPEST)


class _Reader:
    """Reads one schema, with a bound on the work that a hostile document can cause."""

    def __init__(self, document: Node) -> None:
        self._document = document
        self._left = _LARGEST

    def shape(self, schema: object, place: Place, deepest: int) -> dict[Place, Shape]:
        """What `schema` states of `place` and of the places within it."""
        if deepest == 0:
            return {}
        self._left -= 1
        if self._left < 0:
            raise RefError("a schema is too large to compare")
        node = node_of(resolve(self._document, schema))
        shapes = {place: Shape(types=_types(node), words=_words(node), required=_strings(node.get("required")))}
        for name, subschema in node_of(node.get("properties")).items():
            shapes.update(self.shape(subschema, (*place, name), deepest - 1))
        if isinstance(node.get("items"), Mapping):
            shapes.update(self.shape(node["items"], (*place, "[]"), deepest - 1))
        for subschema in list_of(node.get("allOf")):
            shapes = _both(shapes, self.shape(subschema, place, deepest - 1))
        for keyword in ("anyOf", "oneOf"):
            branches = [self.shape(subschema, place, deepest - 1) for subschema in list_of(node.get(keyword))]
            if branches:
                shapes = _both(shapes, _either(branches))
        return shapes


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
    return frozenset(value for value in list_of(values) if isinstance(value, str))


def _both(left: dict[Place, Shape], right: dict[Place, Shape]) -> dict[Place, Shape]:
    """What holds where both schemas do."""
    made = dict(left)
    for place, shape in right.items():
        present = left.get(place, Shape())
        made[place] = Shape(
            types=_common(present.types, shape.types),
            words=_common(present.words, shape.words),
            required=present.required | shape.required,
        )
    return made


def _common(left: Names | None, right: Names | None) -> Names | None:
    if left is None or right is None:
        return right if left is None else left
    return left & right


def _either(branches: Iterable[dict[Place, Shape]]) -> dict[Place, Shape]:
    """What holds where one of the schemas does; a place that only some name is taken as these name it."""
    made: dict[Place, Shape] = {}
    for branch in branches:
        for place, shape in branch.items():
            present = made.get(place)
            made[place] = shape if present is None else _merged(present, shape)
    return made


def _merged(left: Shape, right: Shape) -> Shape:
    return Shape(
        types=None if left.types is None or right.types is None else left.types | right.types,
        words=None if left.words is None or right.words is None else left.words | right.words,
        required=left.required & right.required,
    )


def limits_of(document: Node, schema: object) -> dict[str, object]:
    """Default, enum and bounds that the schema of a parameter states; raises RefError as `shape_of` does.

    An optional value wrapped as "this or null" is unwrapped; exclusive bounds of integers become plain
    ones; an enum is a sorted list of JSON texts.
    """
    node = dict(node_of(resolve(document, schema)))
    for keyword in ("allOf", "anyOf", "oneOf"):
        inner = [node_of(resolve(document, branch)) for branch in list_of(node.get(keyword))]
        real = [branch for branch in inner if branch.get("type") != "null"]
        if len(real) == 1:
            node = {**real[0], **node}
    limits = {key: node[key] for key in ("minimum", "maximum") if _is_number(node.get(key))}
    if node.get("type") == "integer":
        limits.update(_inclusive(node, "minimum", "exclusiveMinimum", 1))
        limits.update(_inclusive(node, "maximum", "exclusiveMaximum", -1))
    if node.get("default") is not None:
        limits["default"] = node["default"]
    if isinstance(node.get("enum"), list):
        limits["enum"] = sorted({show(word) for word in list_of(node["enum"])} - {"null"})
    return limits


def _inclusive(node: Node, bound: str, exclusive: str, step: int) -> dict[str, object]:
    """The plain bound for an exclusive one: true beside a bound (3.0), or a number (3.1)."""
    edge = node.get(bound) if node.get(exclusive) is True else node.get(exclusive)
    return {bound: edge + step} if isinstance(edge, int) and not isinstance(edge, bool) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
