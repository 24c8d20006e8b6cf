"""Each kind of change of a schema, in both directions, in what consoles send and in what backends send."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from technogate.authoring.diff.rules import SCHEMA_KINDS
from technogate.authoring.diff.shift import Context
from tests.authoring.small_contract import between, edited

N, W, B, X = "narrows", "widens", "both", "neither"
#: What consoles send, and what backends send: who breaks.
WHO = {
    True: {N: "console", W: "backend", B: "both", X: "nobody"},
    False: {N: "backend", W: "console", B: "both", X: "nobody"},
}
STRING, INTEGER = {"type": "string"}, {"type": "integer"}


class Row(NamedTuple):
    """Two schemas, and the kind and effect of the change from the one to the other and back.

    An effect of two letters is that in what consoles send, and that in what backends send.
    """

    name: str
    old: Any
    new: Any
    there: tuple[str, str, str]
    back: tuple[str, str, str]


def row(name: str, old: Any, new: Any, there: str, back: str) -> Row:
    """A row; `there` and `back` are `kind effect` or `kind effect-of-requests effect-of-responses`."""

    def outcome(text: str) -> tuple[str, str, str]:
        kind, *effects = text.split()
        words = {"N": N, "W": W, "B": B, "X": X}
        return kind, words[effects[0]], words[effects[-1]]

    return Row(name, old, new, outcome(there), outcome(back))


def fields(required: str = "", *, closed: bool = False, **properties: Any) -> dict[str, Any]:
    """An object's schema."""
    schema: dict[str, Any] = {"type": "object", "properties": properties, "required": required.split()}
    return schema | ({"additionalProperties": False} if closed else {})


ONE, TWO = fields(a=STRING), fields(b=INTEGER)

ROWS = [
    row("a type", STRING, {"type": ["string", "integer"]}, "type-added W", "type-removed N"),
    row("integer and number", INTEGER, {"type": "number"}, "type-added W", "type-removed N"),
    row("null", STRING, {"type": ["string", "null"]}, "null-added W", "null-removed N"),
    row("a value", {"enum": ["a"]}, {"enum": ["b", "a"]}, "value-added W", "value-removed N"),
    row("an enum", STRING, {"type": "string", "enum": ["a"]}, "enum-added N", "enum-removed W"),
    row("a constant", STRING, {"type": "string", "const": "a"}, "enum-added N", "enum-removed W"),
    row("a pattern", STRING, {"type": "string", "pattern": "^a$"}, "pattern-added N", "pattern-removed W"),
    row("another pattern", {"pattern": "^a$"}, {"pattern": "^b$"}, "pattern-changed B", "pattern-changed B"),
    row("minLength", {"minLength": 1}, {"minLength": 2}, "min-length-raised N", "min-length-lowered W"),
    row("maxLength", {"maxLength": 1}, {"maxLength": 2}, "max-length-raised W", "max-length-lowered N"),
    row("no maxLength", {"maxLength": 1}, {}, "max-length-raised W", "max-length-lowered N"),
    row("minimum", {"minimum": 1}, {"minimum": 2}, "minimum-raised N", "minimum-lowered W"),
    row("maximum", {"maximum": 1}, {"maximum": 2}, "maximum-raised W", "maximum-lowered N"),
    row("exclusive", {"minimum": 1}, {"exclusiveMinimum": 1}, "minimum-raised N", "minimum-lowered W"),
    row("minItems", {"minItems": 1}, {"minItems": 2}, "min-items-raised N", "min-items-lowered W"),
    row("maxItems", {"maxItems": 1}, {"maxItems": 2}, "max-items-raised W", "max-items-lowered N"),
    row("minProperties", {"minProperties": 1}, {"minProperties": 2}, "min-fields-raised N", "min-fields-lowered W"),
    row("maxProperties", {"maxProperties": 1}, {"maxProperties": 2}, "max-fields-raised W", "max-fields-lowered N"),
    row("uniqueItems", {"type": "array"}, {"type": "array", "uniqueItems": True},
        "unique-items-added N", "unique-items-removed W"),
    row("an optional field", fields(), ONE, "optional-field-added W X", "optional-field-removed N X"),
    row("an optional field of a closed object", fields(closed=True), fields(closed=True, a=STRING),
        "optional-field-added W", "optional-field-removed N"),
    row("a required field", fields(), fields("a", a=STRING), "required-field-added N", "required-field-removed W"),
    row("a required field of a closed object", fields(closed=True), fields("a", closed=True, a=STRING),
        "required-field-added B", "required-field-removed B"),
    row("required", ONE, fields("a", a=STRING), "field-required N", "field-optional W"),
    row("required without a schema", {}, {"required": ["a"]}, "field-required N", "field-optional W"),
    row("a closed object", ONE, fields(closed=True, a=STRING), "further-fields-refused N", "further-fields-allowed W"),
    row("fields without a name", {}, {"additionalProperties": STRING},
        "further-fields-changed N", "further-fields-changed W"),
    row("an alternative", {"anyOf": [ONE, TWO]}, {"anyOf": [ONE, TWO, {"type": "array"}]},
        "alternative-added W", "alternative-removed N"),
    row("one becomes two", ONE, {"oneOf": [TWO, ONE]}, "alternative-added W", "alternative-removed N"),
    row("another schema", STRING, {"oneOf": [TWO, ONE]}, "schema-changed B", "schema-changed B"),
    row("a condition", {"not": {"const": 1}}, {"not": {"const": 2}}, "condition-changed B", "condition-changed B"),
    row("a new condition", {}, {"not": {"const": 2}}, "condition-changed N", "condition-changed W"),
    row("a multiple", INTEGER, {"type": "integer", "multipleOf": 2}, "condition-changed N", "condition-changed W"),
    row("a default", {"default": 1}, {"default": 2}, "default-changed B X", "default-changed B X"),
    row("read only", STRING, {"type": "string", "readOnly": True}, "access-changed B", "access-changed B"),
    row("a format", STRING, {"type": "string", "format": "date"}, "format-changed X", "format-changed X"),
    row("a title", {"title": "a"}, {"title": "b"}, "text-changed X", "text-changed X"),
    row("an example", {"examples": [1]}, {"examples": [2]}, "example-changed X", "example-changed X"),
    row("deprecated", STRING, {"type": "string", "deprecated": True}, "deprecation-changed X", "deprecation-changed X"),
    row("entries of a list", {"items": STRING}, {"items": {"type": ["string", "null"]}},
        "null-added W", "null-removed N"),
    row("entries without a schema", {"type": "array"}, {"type": "array", "items": STRING},
        "type-removed N", "type-added W"),
    row("a field's field", fields(a=fields(b=STRING)), fields(a=fields(b={"type": "string", "maxLength": 3})),
        "max-length-lowered N", "max-length-raised W"),
    row("within allOf", {"allOf": [ONE, {"required": ["a"]}]}, ONE, "field-optional W", "field-required N"),
    row("beside a reference", {"$ref": "#/components/schemas/Text"},
        {"$ref": "#/components/schemas/Text", "maxLength": 3},
        "max-length-lowered N", "max-length-raised W"),
    row("one alternative changed", {"anyOf": [ONE, TWO]}, {"anyOf": [ONE, fields("b", b=INTEGER)]},
        "field-required N", "field-optional W"),
    row("a field's values", fields(further={}, a={"enum": [1]}), fields(further={}, a={"enum": [1, 2]}),
        "value-added W", "value-removed N"),
    row("values of fields without a name", {"additionalProperties": STRING},
        {"additionalProperties": {"type": "string", "maxLength": 1}}, "max-length-lowered N", "max-length-raised W"),
]  # fmt: skip


def with_schema(context: Context, schema: Any) -> Any:
    """An edit that puts a schema where `context` says."""

    def edit(parts: dict[str, Any]) -> None:
        document = parts["document"]
        get, put = document["paths"]["/books"]["get"], document["paths"]["/books/{id}"]["put"]
        document["components"]["schemas"]["Text"] = STRING
        match context:
            case Context.REQUEST:
                put["requestBody"]["content"]["application/json"]["schema"] = schema
            case Context.PARAMETER:
                get["parameters"][0]["schema"] = schema
            case Context.RESPONSE:
                get["responses"]["200"]["content"]["application/json"]["schema"] = schema
            case Context.HEADER:
                get["responses"]["200"]["headers"]["X-Trace"]["schema"] = schema

    return edit


@pytest.mark.parametrize("context", Context)
@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_a_change_of_a_schema(case: Row, context: Context) -> None:
    """There and back: one change, with its rule and who breaks by it."""
    old, new = (edited(with_schema(context, schema)) for schema in (case.old, case.new))
    for before, after, (kind, sent, got) in ((old, new, case.there), (new, old, case.back)):
        who = WHO[context.is_sent_by_console][sent if context.is_sent_by_console else got]
        assert between(before, after) == [(f"{context}-{kind}", who)]


def test_each_kind_is_tried() -> None:
    """The table has every kind that a rule is named after."""
    assert {kind for case in ROWS for kind in (case.there[0], case.back[0])} == set(SCHEMA_KINDS)
