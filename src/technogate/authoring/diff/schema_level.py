"""One level of a JSON schema in a normal form, in which two spellings of one meaning are equal. Pure.

A *place* is a conjunction of schemas, each with its pointer: a `$ref` with what stands beside it, and `allOf`, are
merged. OpenAPI 3.0 and 3.1 have one form here: `nullable`, boolean `exclusiveMinimum`, `const` and `anyOf` with null.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from technogate.contract.openapi import locate

Node = Mapping[str, object]
Place = tuple[tuple[str, object], ...]

TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})

#: Keyword -> whether it is a lower bound, and the value that bounds nothing.
BOUNDS: dict[str, tuple[bool, float]] = {
    "minimum": (True, -math.inf),
    "maximum": (False, math.inf),
    "minLength": (True, 0),
    "maxLength": (False, math.inf),
    "minItems": (True, 0),
    "maxItems": (False, math.inf),
    "minProperties": (True, 0),
    "maxProperties": (False, math.inf),
}
_EXCLUSIVE = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}

#: What is compared as a whole: whether a change of it narrows or widens is not decided.
CONDITIONS = (
    *("not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties", "propertyNames"),
    *("contains", "minContains", "maxContains", "prefixItems", "unevaluatedItems", "discriminator", "multipleOf"),
    *("contentMediaType", "contentEncoding"),
)
#: What says nothing about which values are valid.
NOTES = ("title", "description", "format", "default", "example", "examples", "deprecated", "readOnly", "writeOnly")


@dataclass(slots=True)
class Level:
    """One level: what it allows, and for each keyword the pointer of the schema that has it (`at`).

    `types` and `values` are None where all are allowed; `bounds` has a value with whether it is excluded.
    """

    pointer: str
    at: dict[str, str] = field(default_factory=dict)
    types: frozenset[str] = TYPES
    values: dict[str, object] | None = None
    patterns: frozenset[str] = frozenset()
    bounds: dict[str, tuple[float, bool]] = field(default_factory=dict)
    unique: bool = False
    fields: dict[str, Place] = field(default_factory=dict)
    required: dict[str, str] = field(default_factory=dict)
    further: Place | None = None
    is_closed: bool = False
    items: Place = ()
    alternatives: tuple[Place, ...] = ()
    conditions: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, list[object]] = field(default_factory=dict)

    @property
    def only_alternatives(self) -> bool:
        """Whether the level states nothing but its alternatives."""
        stated = self.types != TYPES or self.values is not None or self.patterns or self.bounds or self.fields
        return bool(self.alternatives) and not (stated or self.required or self.conditions or self.items)


def level_of(document: Node, place: Place, above: tuple[object, ...] = ()) -> Level:
    """The normal form of `place`; raises RefError for a reference that cannot be followed.

    `above` are the places that it stands within, as `canonical` has them.
    """
    level = Level(place[0][0] if place else "")
    is_30 = str(document.get("openapi", "")).startswith("3.0")
    branches: list[tuple[str, str, list[object]]] = []
    for pointer, node, has_null in _parts(document, place, is_30, branches):
        _read(level, pointer, node, has_null=has_null, is_30=is_30)
    if len(branches) == 1:
        pointer, keyword, members = branches[0]
        level.at["alternatives"] = f"{pointer}/{keyword}"
        level.alternatives = tuple(
            ((f"{pointer}/{keyword}/{number}", member),) for number, member in enumerate(members)
        )
    for pointer, keyword, members in branches if len(branches) > 1 else ():
        level.at.setdefault(keyword, pointer)
        texts = sorted(canonical(document, ((f"{pointer}/{keyword}/{n}", m),), above) for n, m in enumerate(members))
        level.conditions.setdefault(keyword, []).append(json.dumps(texts))
    _conditions_of(document, level, above)
    _simplify(level)
    return level


def _parts(
    document: Node, place: Place, is_30: bool, branches: list[tuple[str, str, list[object]]]
) -> Iterator[tuple[str, Node, bool]]:
    """Each schema of the conjunction with its pointer, and whether null is valid beside it; others into `branches`."""
    waiting = [(pointer, node, False) for pointer, node in reversed(place)]
    seen: set[str] = set()
    while waiting:
        pointer, node, has_null = waiting.pop()
        if node is False:
            node = {"not": {}}
        if not isinstance(node, Mapping):
            continue
        beside = {key: value for key, value in node.items() if key != "$ref"}
        if isinstance(node.get("$ref"), str):
            target, found = locate(document, {"$ref": node["$ref"]}, pointer)
            if target not in seen:
                seen.add(target)
                waiting.append((target, found, has_null))
            if is_30 or not beside:
                continue
        waiting.extend(reversed(list(_members(pointer, beside, has_null, branches))))
        yield pointer, beside, has_null


def _members(
    pointer: str, node: Node, has_null: bool, branches: list[tuple[str, str, list[object]]]
) -> Iterator[tuple[str, object, bool]]:
    """The schemas that must hold beside a node's own words; a choice of several goes into `branches`."""
    for number, member in enumerate(_list(node.get("allOf"))):
        yield f"{pointer}/allOf/{number}", member, has_null
    for keyword in ("anyOf", "oneOf"):
        members = _list(node.get(keyword))
        others = [number for number, member in enumerate(members) if not _is_null(member)]
        if len(others) == 1:
            yield f"{pointer}/{keyword}/{others[0]}", members[others[0]], has_null or len(members) > 1
        elif members:
            branches.append((pointer, keyword, members))


def _is_null(member: object) -> bool:
    return isinstance(member, Mapping) and member.get("type") in ("null", ["null"]) and len(member) == 1


def _read(level: Level, pointer: str, node: Node, *, has_null: bool, is_30: bool) -> None:
    """Add what one schema states to the level."""
    for keyword in node:
        level.at.setdefault(keyword, pointer)
    if "type" in node:
        level.types &= _types_in(node["type"], has_null=has_null or (is_30 and node.get("nullable") is True))
    _read_values(level, node, has_null)
    if isinstance(node.get("pattern"), str):
        level.patterns |= {str(node["pattern"])}
    for keyword, (_, nothing) in BOUNDS.items():
        for bound in _bounds_in(node, keyword):
            known = level.bounds.get(keyword, (nothing, False))
            level.bounds[keyword] = bound if tighter(bound, known, keyword) else known
    level.unique = level.unique or node.get("uniqueItems") is True
    _read_object(level, pointer, node)
    if isinstance(node.get("items"), Mapping | bool):
        level.items += ((f"{pointer}/items", node["items"]),)
    for keyword in node.keys() & set(CONDITIONS):
        level.conditions.setdefault(keyword, []).append(pointer)
    for keyword in node.keys() & set(NOTES):
        level.notes.setdefault(keyword, []).append(node[keyword])


def _types_in(kinds: object, *, has_null: bool) -> set[str]:
    """The types that the keyword `type` allows; each integer is a number."""
    types = set(map(str, kinds if isinstance(kinds, list) else [kinds]))
    return types | ({"integer"} if "number" in types else set()) | ({"null"} if has_null else set())


def _read_values(level: Level, node: Node, has_null: bool) -> None:
    for keyword, values in (("enum", node.get("enum")), ("const", [node["const"]] if "const" in node else None)):
        if isinstance(values, list):
            if keyword == "const":
                level.at.setdefault("enum", level.at["const"])
            stated = {json.dumps(value, sort_keys=True): value for value in [*values, *([None] if has_null else [])]}
            known = level.values
            level.values = stated if known is None else {text: known[text] for text in known if text in stated}


def _read_object(level: Level, pointer: str, node: Node) -> None:
    properties = node.get("properties")
    for name, inner in (properties if isinstance(properties, Mapping) else {}).items():
        level.fields[name] = (*level.fields.get(name, ()), (f"{pointer}/properties/{escaped(name)}", inner))
    for name in _list(node.get("required")):
        level.required.setdefault(str(name), pointer)
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        further = node.get(keyword)
        if further is False:
            level.is_closed = True
            level.at["further"] = f"{pointer}/{keyword}"
        elif isinstance(further, Mapping) and further:
            level.further = (*(level.further or ()), (f"{pointer}/{keyword}", further))
            level.at.setdefault("further", f"{pointer}/{keyword}")


def _bounds_in(node: Node, keyword: str) -> Iterator[tuple[float, bool]]:
    """The bounds that a schema sets by `keyword`, each with whether the value itself is excluded."""
    value, exclusive = node.get(keyword), node.get(_EXCLUSIVE.get(keyword, ""))
    if isinstance(value, int | float):
        yield value, exclusive is True
    if isinstance(exclusive, int | float) and not isinstance(exclusive, bool):
        yield exclusive, True


def _order(bound: tuple[float, bool], is_low: bool) -> tuple[float, bool]:
    """A bound for comparing: what is greater allows less."""
    return (bound[0] if is_low else -bound[0], bound[1])


def tighter(one: tuple[float, bool], other: tuple[float, bool], keyword: str) -> bool:
    """Whether the bound `one` allows less than `other`."""
    is_low = BOUNDS[keyword][0]
    return _order(one, is_low) > _order(other, is_low)


def _conditions_of(document: Node, level: Level, above: tuple[object, ...]) -> None:
    """Put the normal form of each condition in the place of the pointers that have one."""
    for keyword in list(level.conditions):
        if keyword in ("anyOf", "oneOf"):
            continue
        texts = []
        for pointer in level.conditions[keyword]:
            value = locate(document, {"$ref": pointer}, "")[1]
            inner = value.get(keyword) if isinstance(value, Mapping) else None
            if keyword in ("not", "if", "then", "else", "propertyNames", "contains", "unevaluatedItems"):
                texts.append(canonical(document, ((f"{pointer}/{keyword}", inner),), above))
            else:
                texts.append(json.dumps(inner, sort_keys=True, default=str))
        level.conditions[keyword] = sorted(texts)


def _simplify(level: Level) -> None:
    """Take away what another statement implies."""
    if level.values is not None:
        level.values = {text: value for text, value in level.values.items() if _types_of(value) & level.types}
        level.types = frozenset().union(*map(_types_of, level.values.values())) if level.values else frozenset()
    if level.types <= {"integer", "null"}:
        for keyword, step in (("minimum", 1), ("maximum", -1)):
            if keyword in level.bounds and level.bounds[keyword][1]:
                level.bounds[keyword] = (math.floor(level.bounds[keyword][0] * step) * step + step, False)
    level.bounds = {key: bound for key, bound in level.bounds.items() if bound[0] != BOUNDS[key][1]}


def _types_of(value: object) -> frozenset[str]:
    match value:
        case None:
            return frozenset({"null"})
        case bool():
            return frozenset({"boolean"})
        case str():
            return frozenset({"string"})
        case int() | float():
            return frozenset({"integer", "number"} if float(value).is_integer() else {"number"})
        case Mapping():
            return frozenset({"object"})
        case _:
            return frozenset({"array"})


def canonical(document: Node, place: Place, above: tuple[object, ...] = ()) -> str:
    """The meaning of a schema as one text: equal for two spellings of the same; a schema within itself is cut."""
    pointers = tuple((pointer, "") for pointer, _ in _targets(document, place))
    if pointers in above:
        return json.dumps({"again": len(above) - above.index(pointers)})
    deeper = (*above, pointers)
    level = level_of(document, place, deeper)

    def below(inner: Place) -> object:
        return json.loads(canonical(document, inner, deeper))

    stated: dict[str, object] = {
        "types": sorted(level.types),
        "values": sorted(level.values) if level.values is not None else None,
        "patterns": sorted(level.patterns),
        "bounds": {key: [str(bound[0]), bound[1]] for key, bound in level.bounds.items()},
        "unique": level.unique,
        "fields": {name: below(inner) for name, inner in level.fields.items()},
        "required": sorted(level.required),
        "further": False if level.is_closed else below(level.further) if level.further else True,
        "items": below(level.items) if level.items else None,
        "alternatives": sorted(json.dumps(below(inner), sort_keys=True) for inner in level.alternatives),
        "conditions": level.conditions,
    }
    return json.dumps(stated, sort_keys=True)


def _targets(document: Node, place: Place) -> Iterator[tuple[str, object]]:
    for pointer, node in place:
        yield locate(document, node, pointer) if isinstance(node, Mapping) else (pointer, node)


def escaped(part: str) -> str:
    """A part of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
