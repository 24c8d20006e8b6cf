"""An OpenAPI 3.0 document as 3.1: `nullable`, boolean bounds, `example`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Keywords whose value is a schema, a list of schemas, a mapping of schemas.
_ONE = ("items", "not", "additionalProperties")
_LIST = ("allOf", "anyOf", "oneOf")
#: Parts that hold values and not descriptions.
_VALUES = frozenset({"example", "examples", "default", "enum", "value", "const"})


def upgraded(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the document in version 3.1, what is 3.1 already without a change but for `example` in schemas."""
    is_30 = str(document.get("openapi", "")).startswith("3.0")
    copy: dict[str, Any] = {**_walked(document, "", is_30), "openapi": "3.1.0"}
    schemas = copy.get("components", {}).get("schemas", {})
    for name, schema in schemas.items():
        schemas[name] = _schema(schema, is_30)
    return copy


def _walked(node: Any, key: str, is_30: bool) -> Any:
    """A copy in which each `schema` is upgraded."""
    if isinstance(node, list):
        return [_walked(item, "", is_30) for item in node]
    if not isinstance(node, Mapping):
        return node
    if key == "schemas":
        return dict(node)
    return {
        name: _schema(value, is_30)
        if name == "schema"
        else value
        if name in _VALUES and key != "properties"
        else _walked(value, str(name), is_30)
        for name, value in node.items()
    }


def _schema(node: Any, is_30: bool) -> Any:
    """A copy of a schema, and of all within it."""
    if not isinstance(node, Mapping):
        return node
    if is_30 and "$ref" in node:
        # What stands beside a reference means nothing in 3.0.
        return {"$ref": node["$ref"]}
    schema: dict[str, Any] = dict(node)
    for key in _ONE:
        if key in schema:
            schema[key] = _schema(schema[key], is_30)
    for key in _LIST:
        if isinstance(schema.get(key), list):
            schema[key] = [_schema(member, is_30) for member in schema[key]]
    if isinstance(schema.get("properties"), Mapping):
        schema["properties"] = {name: _schema(inner, is_30) for name, inner in schema["properties"].items()}
    if "example" in schema:
        schema["examples"] = [schema.pop("example")]
    return _from_30(schema) if is_30 else schema


def _from_30(schema: dict[str, Any]) -> dict[str, Any]:
    """The words of 3.0 that have another meaning in 3.1."""
    is_nullable = schema.pop("nullable", False) is True
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if schema.get(exclusive) is True and bound in schema:
            schema[exclusive] = schema.pop(bound)
        elif isinstance(schema.get(exclusive), bool):
            del schema[exclusive]
    if is_nullable and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    return schema
