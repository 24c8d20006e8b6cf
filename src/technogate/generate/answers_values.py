"""Values that a schema of the contract accepts, as Hypothesis strategies: read off the schema, nothing else.

A schema is a node of the OpenAPI document. The words that are read are those that answer schemas are
written in: `$ref` with siblings, `allOf`, `const`, `enum`, `type`, `pattern`, lengths, `properties`,
`required`, `items`, and `if` with `then` and `else`. What is drawn is only ever a proposal: whether
an answer conforms is for `technogate.check.console_answers` to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from hypothesis import strategies as st

from technogate.contract import Contract
from technogate.ecma import compile_pattern
from technogate.openapi import resolve
from technogate.times import is_plain_time, looks_like_time

Node = Mapping[str, object]
Json = st.SearchStrategy[object]

#: Free text is drawn up to this length, and lists up to that many entries: answers that a person can read.
TEXT_LENGTH = 24
MOST_ENTRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """One schema of the contract, its references followed one level deep."""

    contract: Contract
    name: str
    node: Node

    @classmethod
    def named(cls, contract: Contract, name: str) -> Schema:
        """The schema `name` of `components/schemas`."""
        return cls(contract=contract, name=name, node=flat(contract.document, {"$ref": f"#/components/schemas/{name}"}))

    @property
    def properties(self) -> Mapping[str, Node]:
        """The schema of each field, references followed."""
        found = _table(self.node.get("properties"))
        return {name: flat(self.contract.document, node) for name, node in found.items()}

    @property
    def required(self) -> tuple[str, ...]:
        """The fields that must be there."""
        return _names(self.node.get("required"))

    @property
    def entry(self) -> Schema | None:
        """The schema of an array's entries, None for anything but an array of objects."""
        items = self.node.get("items")
        if not isinstance(items, Mapping):
            return None
        node = flat(self.contract.document, items)
        name = str(items.get("$ref", "")).rpartition("/")[2] or f"{self.name}/items"
        return Schema(contract=self.contract, name=name, node=node) if "properties" in node else None


def flat(document: Mapping[str, object], node: object) -> Node:
    """A node with its `$ref` and `allOf` merged in; what stands beside a reference wins over it."""
    if not isinstance(node, Mapping):
        return {}
    merged: dict[str, object] = {}
    parts = [flat(document, part) for part in cast(list[object], node.get("allOf", []))]
    if "$ref" in node:
        parts.append(flat(document, resolve(document, {"$ref": node["$ref"]})))
    for part in [*parts, {key: value for key, value in node.items() if key not in ("$ref", "allOf")}]:
        fields = {**_table(merged.get("properties")), **_table(part.get("properties"))}
        required = dict.fromkeys((*_names(merged.get("required")), *_names(part.get("required"))))
        merged |= part
        if fields:
            merged["properties"] = fields
        if required:
            merged["required"] = list(required)
    return merged


def conforming(schema: Schema) -> Json:
    """Values that the schema accepts."""
    if schema.entry is not None:
        return st.lists(conforming(schema.entry), max_size=MOST_ENTRIES).map(list)
    if schema.properties:
        return _objects(schema)
    return of_node(schema.contract.document, schema.node)


@st.composite
def _objects(draw: st.DrawFn, schema: Schema) -> object:
    """An object: each required field, some of the others, and whatever `then` or `else` asks for."""
    value: dict[str, object] = {}
    for name, node in schema.properties.items():
        if name in schema.required or draw(st.booleans()):
            value[name] = draw(of_node(schema.contract.document, node))
    return value if "if" not in schema.node else _under_condition(draw, schema, value)


def _under_condition(draw: st.DrawFn, schema: Schema, value: dict[str, object]) -> dict[str, object]:
    """The object with the fields of the branch that applies drawn anew, where the branch refuses them."""
    met = not schema.contract.schema_problems(f"{schema.name}/if", value)
    branch = flat(schema.contract.document, schema.node.get("then" if met else "else"))
    for name, rule in _table(branch.get("properties")).items():
        if name in value:
            both = {**schema.properties.get(name, {}), **flat(schema.contract.document, rule)}
            value[name] = draw(of_node(schema.contract.document, both))
    return value


def of_node(document: Mapping[str, object], node: Node) -> Json:
    """Values that a node without conditions accepts."""
    if "const" in node:
        return st.just(node["const"])
    if isinstance(words := node.get("enum"), list):
        return st.sampled_from(words)
    kind = node.get("type")
    if kind == "string":
        return _texts(node).map(lambda text: text)
    if kind == "array":
        least = node.get("minItems", 0)
        inner = of_node(document, flat(document, node.get("items")))
        return st.lists(inner, min_size=least if isinstance(least, int) else 0, max_size=MOST_ENTRIES).map(list)
    if kind == "integer":
        return st.integers(_whole(node, "minimum", -1000), _whole(node, "maximum", 1000)).map(int)
    if kind == "boolean":
        return st.booleans().map(bool)
    raise ValueError(f"the generator of answers does not read a schema of the type {kind!r}")


def _texts(node: Node) -> st.SearchStrategy[str]:
    """Texts within the lengths of the node, matching its pattern, its own examples first."""
    least, most = _whole(node, "minLength", 0), _whole(node, "maxLength", 1 << 16)
    examples = [text for text in cast(list[object], node.get("examples", [])) if isinstance(text, str)]
    pattern = node.get("pattern")
    if isinstance(pattern, str):
        drawn = _matching(pattern).filter(lambda text: least <= len(text) <= most and _unambiguous(text))
        return st.sampled_from(examples).filter(_unambiguous) | drawn if examples else drawn
    letters = st.characters(codec="utf-8")
    return st.text(letters, min_size=least, max_size=max(least, min(most, TEXT_LENGTH)))


def _matching(pattern: str) -> st.SearchStrategy[str]:
    compiled = compile_pattern(pattern)
    return st.from_regex(re.compile(compiled.pattern, compiled.flags))


def _unambiguous(text: str) -> bool:
    """Whether a text that looks like a time is one that every reader of times takes."""
    return not looks_like_time(text) or is_plain_time(text)


def _table(node: object) -> Mapping[str, Node]:
    return cast(Mapping[str, Node], node) if isinstance(node, Mapping) else {}


def _names(node: object) -> tuple[str, ...]:
    return tuple(str(name) for name in node) if isinstance(node, list) else ()


def _whole(node: Node, name: str, otherwise: int) -> int:
    found = node.get(name, otherwise)
    return found if isinstance(found, int) else otherwise
