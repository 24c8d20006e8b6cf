"""What says the same is no change: other orders, other spellings, OpenAPI 3.0 and 3.1."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from technogate.authoring.diff.compare import changes_between
from technogate.authoring.diff.folder_text import read_text
from technogate.authoring.diff.schema_level import canonical
from tests.authoring.small_contract import Edit, between, document, edited, parts, text_of
from tests.conftest import ROOT

CONSOLE = ROOT / "contracts" / "console-v0.1"
STRING, A = {"type": "string"}, {"type": "object", "properties": {"a": {"type": "string"}}}

#: Two spellings of one meaning, in OpenAPI 3.1.
EQUAL: dict[str, tuple[Any, Any]] = {
    "a list of one type": ({"type": ["string"]}, STRING),
    "number and integer": ({"type": ["number", "integer"]}, {"type": "number"}),
    "all types": ({"type": ["array", "boolean", "null", "number", "object", "string"]}, {}),
    "no limit": ({"minLength": 0, "minItems": 0, "required": [], "uniqueItems": False}, {}),
    "true": (True, {}),
    "open": (A | {"additionalProperties": True}, A),
    "anything further": (A | {"additionalProperties": {}}, A),
    "const": ({"const": "a"}, {"enum": ["a"]}),
    "type of an enum": ({"type": "string", "enum": ["a"]}, {"enum": ["a"]}),
    "order of an enum": ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}),
    "an enum's other types": ({"type": "string", "enum": ["a", 1]}, {"enum": ["a"]}),
    "null as an alternative": ({"anyOf": [STRING, {"type": "null"}]}, {"type": ["null", "string"]}),
    "null beside a reference": (
        {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/A"}]},
        A | {"type": ["object", "null"]},
    ),
    "allOf of one": ({"allOf": [A]}, A),
    "anyOf of one": ({"anyOf": [A]}, A),
    "allOf merged": ({"allOf": [A, {"required": ["a"]}]}, A | {"required": ["a"]}),
    "a reference": ({"$ref": "#/components/schemas/A"}, A),
    "words beside a reference": ({"$ref": "#/components/schemas/A", "required": ["a"]}, A | {"required": ["a"]}),
    "excluded integers": ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 1}),
    "order of alternatives": ({"anyOf": [A, STRING]}, {"anyOf": [STRING, A]}),
    "a condition by reference": ({"not": {"$ref": "#/components/schemas/A"}}, {"not": A}),
    "the tighter of two": ({"allOf": [{"maxLength": 3}, {"maxLength": 5}]}, {"maxLength": 3}),
}


def response_schema(schema: Any, version: str = "3.1.0") -> Edit:
    """An edit that gives the list's response a schema."""

    def edit(values: dict[str, Any]) -> None:
        values["document"]["openapi"] = version
        values["document"]["components"]["schemas"]["A"] = A
        content = values["document"]["paths"]["/books"]["get"]["responses"]["200"]["content"]
        content["application/json"]["schema"] = schema

    return edit


@pytest.mark.parametrize("pair", EQUAL.values(), ids=EQUAL)
def test_two_spellings_are_equal(pair: tuple[Any, Any]) -> None:
    """Neither way is a change, alone and as one of two alternatives."""
    one, other = (edited(response_schema(schema)) for schema in pair)
    assert between(one, other) == between(other, one) == []
    one, other = (edited(response_schema({"anyOf": [schema, {"type": "array"}]})) for schema in pair)
    assert between(one, other) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, STRING),
        ({"type": "number", "minimum": 1, "exclusiveMinimum": True}, {"type": "number", "exclusiveMinimum": 1}),
        ({"type": "number", "maximum": 1, "exclusiveMaximum": False}, {"type": "number", "maximum": 1}),
        ({"$ref": "#/components/schemas/A", "maxLength": 3}, {"$ref": "#/components/schemas/A"}),
        ({"type": "object", "nullable": True, "properties": {}}, {"anyOf": [{"type": "object"}, {"type": "null"}]}),
    ],
)
def test_versions_of_openapi_are_compared(old: Any, new: Any) -> None:
    """What 3.0 writes in one way and 3.1 in another."""
    one, other = edited(response_schema(old, "3.0.3")), edited(response_schema(new))
    assert between(one, other) == between(other, one) == []


def test_a_reference_in_the_place_of_what_it_names() -> None:
    """Parameters, responses, bodies and headers are followed too."""
    values = parts()
    got, kept = values["document"]["paths"]["/books"]["get"], values["document"]["paths"]["/books/{id}"]["put"]
    components = values["document"]["components"]
    components["parameters"] = {"Limit": got["parameters"][0]}
    values["document"]["paths"]["/books"]["parameters"] = [{"$ref": "#/components/parameters/Limit"}]
    got["parameters"] = []
    components["headers"] = {"Trace": got["responses"]["200"]["headers"].pop("X-Trace")}
    got["responses"]["200"]["headers"]["x-trace"] = {"$ref": "#/components/headers/Trace"}
    components["responses"] = {"Books": got["responses"]["200"]}
    got["responses"]["200"] = {"$ref": "#/components/responses/Books"}
    components["requestBodies"] = {"Draft": kept["requestBody"]}
    kept["requestBody"] = {"$ref": "#/components/requestBodies/Draft"}
    assert between(text_of(parts()), text_of(values)) == []


def turned(value: Any) -> Any:
    """A value with the keys of its mappings in the other order."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return [turned(item) for item in value] if isinstance(value, list) else value


def test_order_and_comments_of_a_real_folder(tmp_path: Path) -> None:
    """The shipped contract and a copy with its YAML turned around, and with other comments and numbers in TOML."""
    copy = Path(shutil.copytree(CONSOLE, tmp_path / "copy"))
    openapi = copy / "openapi.yaml"
    openapi.write_text("# a comment\n" + json.dumps(turned(yaml.safe_load(openapi.read_text("utf-8")))), "utf-8")
    behavior = copy / "behavior.toml"
    behavior.write_text("# a comment\n" + behavior.read_text("utf-8").replace("= 15.0 ", "= 15 "), "utf-8")
    assert changes_between(read_text(CONSOLE), read_text(copy)) == ()


def test_a_schema_within_itself_ends() -> None:
    """A tree of nodes, and two schemas that refer to each other, have an end; a change within them is found once."""
    tree: dict[str, Any] = {"type": "object", "properties": {"below": {"$ref": "#/components/schemas/Tree"}}}
    again = {"$ref": "#/components/schemas/Pair"}
    pair = {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "array", "items": again, "not": again}]}

    def edit(values: dict[str, Any]) -> None:
        response_schema({"$ref": "#/components/schemas/Pair"})(values)
        values["document"]["components"]["schemas"] |= {"Tree": tree, "Pair": pair}

    def change(values: dict[str, Any]) -> None:
        edit(values)
        values["document"]["components"]["schemas"]["Tree"] = tree | {"required": ["below"]}

    old, new = edited(edit), edited(change)
    assert between(old, old) == []
    found = between(old, new)
    assert found == [("response-field-required", "backend"), ("response-condition-changed", "both")]
    assert canonical(document(), (("#/components/schemas/Book", document()["components"]["schemas"]["Book"]),))


def test_one_change_of_a_shared_schema_is_one() -> None:
    """It is reported where it is written, with each operation that it is part of."""

    def edit(values: dict[str, Any]) -> None:
        values["document"]["components"]["schemas"]["Book"]["properties"]["pages"]["minimum"] = 1

    def shared(values: dict[str, Any]) -> None:
        got = values["document"]["paths"]["/books"]["get"]["responses"]
        got["206"] = got["200"]

    def both(values: dict[str, Any]) -> None:
        shared(values)
        edit(values)

    (change,) = changes_between(edited(shared), edited(both))
    assert change.where == "openapi.yaml#/components/schemas/Book/properties/pages/minimum"
    assert change.used_by == ("listBooks 200", "listBooks 206")
