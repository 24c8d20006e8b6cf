"""Values that a schema of the contract accepts, as Hypothesis strategies: read off the schema, nothing else.

The words that are read are those that response schemas are written in: `$ref` with siblings, `allOf`,
`const`, `enum`, `type`, `pattern`, lengths, `properties`, `required`, `items`, and `if` with `then` and
`else`. What is drawn is only ever a proposal: whether a response conforms is for
`technogate.generation.responses.response_oracle` to decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from hypothesis import strategies as st

from technogate.contract.loader import Contract
from technogate.contract.openapi import resolve
from technogate.generation.responses.pattern_texts import texts_matching
from technogate.generation.responses.response_oracle import doubtful_time
from technogate.util.ecma import matcher

Node = Mapping[str, object]
Json = st.SearchStrategy[object]

#: Free text is drawn up to this length, and lists up to that many entries: responses that a person can read.
TEXT_LENGTH = 24
MOST_ENTRIES = 3

#: A time of the contract's form that careful readers take differently: a pattern that takes it, takes times.
_LEAP_SECOND = "2016-12-31T23:59:60Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an object: its schema, and values that it accepts."""

    node: Node
    values: Json = field(repr=False)
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """One schema of the contract: values that it accepts, and its parts for callers that break them.

    `fields` are those of an object, `entry` is the schema of a list's entries. `conditional` means that
    some field is bound to another's value.
    """

    name: str
    node: Node
    values: Json = field(repr=False)
    fields: Mapping[str, Field]
    entry: Schema | None = None

    @property
    def conditional(self) -> bool:
        """Whether a condition ties fields to each other."""
        return "if" in self.node


#: The schemas that were read, by their contract (which is kept with them, so that no other one gets its id) and name.
_known: dict[tuple[int, str], tuple[Contract, Schema]] = {}


def schema_of(contract: Contract, name: str) -> Schema:
    """The schema `name` of the contract; raises RefError when there is none, ValueError for what is not read here."""
    known = _known.get((id(contract), name))
    if known is None:
        known = _known[id(contract), name] = contract, _read(contract, name)
    return known[1]


def _read(contract: Contract, name: str) -> Schema:
    node = flat(contract.document, {"$ref": f"#/components/schemas/{name}"})
    items = node.get("items")
    if isinstance(items, Mapping) and "$ref" in items:
        entry = schema_of(contract, str(items["$ref"]).rpartition("/")[2])
        values = cast(Json, st.lists(entry.values, max_size=MOST_ENTRIES))
        return Schema(name=name, node=node, values=values, fields={}, entry=entry)
    required = _names(node.get("required"))
    fields = {
        key: Field(node=inner, values=of_node(contract.document, inner), required=key in required)
        for key, inner in _properties(contract.document, node).items()
    }
    if not fields:
        return Schema(name=name, node=node, values=of_node(contract.document, node), fields={})
    return Schema(name=name, node=node, values=_objects(contract, name, node, fields), fields=fields)


def flat(document: Mapping[str, object], node: object) -> Node:
    """A node with its `$ref` and `allOf` merged in; what is written beside a reference overrides it."""
    if not isinstance(node, Mapping):
        return {}
    parts = [flat(document, part) for part in cast(list[object], node.get("allOf", []))]
    if "$ref" in node:
        parts.append(flat(document, resolve(document, {"$ref": node["$ref"]})))
    merged: dict[str, object] = {}
    for part in [*parts, {key: value for key, value in node.items() if key not in ("$ref", "allOf")}]:
        properties = {**_table(merged.get("properties")), **_table(part.get("properties"))}
        required = dict.fromkeys((*_names(merged.get("required")), *_names(part.get("required"))))
        merged |= {**part, "properties": properties, "required": list(required)}
    return merged


def of_node(document: Mapping[str, object], node: Node) -> Json:
    """Values that a node without conditions accepts; raises ValueError for a type that responses do not have."""
    if "const" in node:
        return st.just(node["const"])
    if isinstance(words := node.get("enum"), list):
        return st.sampled_from(words)
    kind = node.get("type")
    if kind == "string":
        return cast(Json, _texts(node))
    if kind == "array":
        inner = of_node(document, flat(document, node.get("items")))
        return cast(Json, st.lists(inner, min_size=_whole(node, "minItems", 0), max_size=MOST_ENTRIES))
    if kind == "integer":
        return cast(Json, st.integers(_whole(node, "minimum", -1000), _whole(node, "maximum", 1000)))
    if kind == "boolean":
        return cast(Json, st.booleans())
    raise ValueError(f"the generator of responses does not read a schema of the type {kind!r}")


def _properties(document: Mapping[str, object], node: Node) -> dict[str, Node]:
    return {name: flat(document, inner) for name, inner in _table(node.get("properties")).items()}


def _objects(contract: Contract, name: str, node: Node, fields: Mapping[str, Field]) -> Json:
    """Objects: each required field, some of the others, and whatever `then` or `else` requires."""
    branches = {word: _branch(contract, node, fields, word) for word in ("then", "else")}

    @st.composite
    def objects(draw: st.DrawFn) -> object:
        chosen = draw(st.integers(0, (1 << len(fields)) - 1))
        value = {
            key: draw(field.values)
            for at, (key, field) in enumerate(fields.items())
            if field.required or chosen >> at & 1
        }
        if "if" in node:
            met = not contract.schema_problems(f"{name}/if", value)
            for key, values in branches["then" if met else "else"].items():
                if key in value:
                    value[key] = draw(values)
        return value

    return objects()


def _branch(contract: Contract, node: Node, fields: Mapping[str, Field], word: str) -> dict[str, Json]:
    """For each field of which a branch of the condition states more: values that satisfy both."""
    document = contract.document
    ruled = _properties(document, flat(document, node.get(word)))
    nodes = {key: {**fields[key].node, **_said(rule)} for key, rule in ruled.items() if key in fields}
    return {key: of_node(document, both) for key, both in nodes.items()}


def _said(rule: Node) -> Node:
    """What a node states itself, without the empty tables that `flat` adds."""
    return {key: value for key, value in rule.items() if value not in ({}, [])}


def _texts(node: Node) -> st.SearchStrategy[str]:
    """Texts within the lengths of the node, matching its pattern, its own examples first."""
    least, most = _whole(node, "minLength", 0), _whole(node, "maxLength", 1 << 16)
    pattern = node.get("pattern")
    if not isinstance(pattern, str):
        letters = st.characters(codec="utf-8")
        return st.text(letters, min_size=least, max_size=max(least, min(most, TEXT_LENGTH)))
    drawn = texts_matching(pattern, least, most, TEXT_LENGTH)
    if matcher(pattern)(_LEAP_SECOND):
        drawn = drawn.filter(lambda text: not doubtful_time(text))
    examples = [text for text in cast(list[object], node.get("examples", [])) if isinstance(text, str)]
    clear = [text for text in examples if not doubtful_time(text)]
    return st.one_of(st.sampled_from(clear), drawn) if clear else drawn


def _table(node: object) -> Mapping[str, Node]:
    return cast(Mapping[str, Node], node) if isinstance(node, Mapping) else {}


def _names(node: object) -> tuple[str, ...]:
    return tuple(str(name) for name in node) if isinstance(node, list) else ()


def _whole(node: Node, name: str, otherwise: int) -> int:
    value = node.get(name, otherwise)
    return value if isinstance(value, int) else otherwise
