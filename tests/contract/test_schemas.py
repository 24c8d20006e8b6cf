"""JSON Schema as the contract uses it: ECMA 262 patterns, worded problems, agreement with another engine."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from technogate.contract.schema_wording import show
from technogate.contract.schemas import MOST_PROBLEMS, SchemaError, Schemas
from technogate.drivers.module.node import find_node
from technogate.util.ecma import PatternError, matcher

TREE: dict[str, Any] = {
    "type": "object",
    "required": ["status", "codes"],
    "properties": {
        "status": {"$ref": "#/components/schemas/Word"},
        "codes": {"type": "array", "items": {"type": "string", "pattern": "^[A-Z_]+$", "title": "a code"}},
        "count": {"type": "integer", "minimum": 1, "maximum": 10},
        "text": {"type": "string", "minLength": 1, "maxLength": 5},
        "ratio": {"type": "number", "multipleOf": 0.5},
    },
    "if": {"required": ["status"], "properties": {"status": {"const": "NO"}}},
    "then": {"properties": {"codes": {"minItems": 1, "title": "NO gives a code"}}},
}
DOCUMENT: dict[str, Any] = {
    "components": {
        "schemas": {
            "Word": {"type": "string", "enum": ["YES", "NO"]},
            "Tree": TREE,
            "Trees": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
            "Either": {"anyOf": [{"$ref": "#/components/schemas/Trees"}, {"$ref": "#/components/schemas/Word"}, TREE]},
            "Command": {"type": "string", "pattern": "^[A-Z_]+$"},
            "Integer": {"type": "integer"},
            "Loop": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Loop"}}},
            "Any": {},
            "Dangling": {"$ref": "#/components/schemas/Nowhere"},
        }
    }
}
GOOD: dict[str, Any] = {"status": "YES", "codes": []}


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    """The schemas of DOCUMENT."""
    return Schemas(DOCUMENT)


def problems(schemas: Schemas, name: str, value: object) -> list[str]:
    """Return the problems of `value` under the schema `name`."""
    return schemas.problems(f"#/components/schemas/{name}", value)


WORDED = {
    "missing": ({}, ['$: expected the field "status", found none', '$: expected the field "codes", found none']),
    "type": ([], ["$: expected an object, found an array of 0 items"]),
    "enum": (GOOD | {"status": "no"}, ['$.status: expected one of "YES", "NO", found "no"']),
    "pattern": (
        GOOD | {"codes": ["A", "b\n"]},
        ['$.codes[1]: expected a match of ^[A-Z_]+$ (a code), found "b\\n"'],
    ),
    "condition": (
        {"status": "NO", "codes": []},
        ["$.codes: expected at least 1 items (NO gives a code), found an array of 0 items"],
    ),
    "bounds": (GOOD | {"count": 11}, ["$.count: expected at most 10, found 11"]),
    "length": (GOOD | {"text": "abcdef"}, ["$.text: expected at most 5 characters, found 6"]),
    "keyword without words": (GOOD | {"ratio": 0.3}, ["$.ratio: expected multipleOf 0.5, found 0.3"]),
    "true is no integer": (GOOD | {"count": True}, ["$.count: expected an integer, found true"]),
}


@pytest.mark.parametrize(("value", "lines"), WORDED.values(), ids=WORDED)
def test_names_path_expectation_and_finding(schemas: Schemas, value: object, lines: list[str]) -> None:
    """Each kind of problem is one line: JSON path, what was expected, what was found."""
    assert problems(schemas, "Tree", value) == lines


def test_reports_the_alternative_that_was_meant(schemas: Schemas) -> None:
    """A value that fits no alternative is compared with the one of its type; otherwise the types are listed."""
    assert problems(schemas, "Either", [{"status": "YES"}]) == ['$[0]: expected the field "codes", found none']
    assert problems(schemas, "Either", 7) == ["$: expected an array or a string or an object, found 7"]


def test_limits_the_number_of_problems(schemas: Schemas) -> None:
    """A thousand broken items give a bounded number of lines, and a line that there are more."""
    lines = problems(schemas, "Trees", [{}] * 1000)
    assert len(lines) == MOST_PROBLEMS + 1
    assert lines[-1] == "$: there are more problems of this kind"


def test_keeps_a_hostile_name_or_value_on_one_short_line() -> None:
    """Line breaks, control characters and long text never reach a problem unescaped."""
    schemas = Schemas({"any": {"additionalProperties": {"type": "integer"}}})
    (line,) = schemas.problems("#/any", {"a\n\x1b[31m": "x\r\n" * 5000})
    assert line.isprintable()
    assert len(line) < 600
    assert show(10**5000) == "an integer of 16610 bits"


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("Command", "PING", True),
        ("Command", "PING\n", False),
        ("Command", "PING\u2028", False),
        ("Command", "", False),
        ("Integer", 1.0, True),
        ("Integer", 1.5, False),
        ("Integer", True, False),
        ("Integer", 10**30, True),
        ("Integer", "1", False),
    ],
)
def test_validates_as_json_schema_means(schemas: Schemas, name: str, value: object, valid: bool) -> None:
    """`$` is the very end of the text, 1.0 is an integer, true is none."""
    assert (problems(schemas, name, value) == []) is valid


def test_half_a_surrogate_pair_is_validated(schemas: Schemas) -> None:
    """Text that is not UTF-8 is validated, both ways, and quoted unchanged."""
    assert problems(schemas, "Tree", GOOD | {"text": "\ud800"}) == []
    assert problems(schemas, "Command", "\ud800") == ['$: expected a match of ^[A-Z_]+$, found "\\ud800"']


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_refuses_a_value_nested_too_deeply(schemas: Schemas, depth: int) -> None:
    """A value too deep for the engine's stack is a problem, never a pass and never a crash."""
    deep: Any = {}
    for _ in range(depth):
        deep = {"next": deep}
    assert problems(schemas, "Loop", deep) == ["$: expected a value that can be checked, found one nested too deeply"]
    while deep:
        deep = deep["next"]


def test_shortens_a_long_path(schemas: Schemas) -> None:
    """The path of a problem deep within a value stays on a short line."""
    deep: Any = 7
    for _ in range(200):
        deep = {"next": deep}
    (line,) = problems(schemas, "Loop", deep)
    assert line.startswith("$.next.next")
    assert line.endswith(" and 176 deeper: expected an object, found 7")
    assert len(line) < 250


@pytest.mark.parametrize("value", [{1: "x"}, b"x", object()])
def test_refuses_what_is_not_json(schemas: Schemas, value: object) -> None:
    """A value that JSON cannot express is a problem, never a pass."""
    (line,) = problems(schemas, "Any", value)
    assert line.startswith("$: expected a JSON value, found one that cannot be checked (")


def test_never_follows_a_reference_out_of_the_document() -> None:
    """A schema that refers to another document is an error; nothing is fetched."""
    schemas = Schemas({"components": {"schemas": {"Far": {"$ref": "http://127.0.0.1:9/schema.json"}}}})
    with pytest.raises(SchemaError, match="leaves the document"):
        problems(schemas, "Far", GOOD)


def test_reads_a_date_of_toml_as_no_text() -> None:
    """A value that TOML has and JSON lacks breaks the type of every key."""
    (mistake,) = Schemas({"properties": {"day": {"type": "string"}}}).mistakes("#", tomllib.loads("day = 2026-01-31"))
    assert (mistake.keyword, mistake.path, str(mistake.value)) == ("type", ("day",), "2026-01-31")


@pytest.mark.parametrize("name", ["Nowhere", "Dangling"])
def test_refuses_a_schema_that_does_not_exist(schemas: Schemas, name: str) -> None:
    """A pointer to a missing schema is an error, never a schema that accepts everything."""
    with pytest.raises(SchemaError, match=name):
        problems(schemas, name, GOOD)


@pytest.mark.parametrize(
    "schema", [{"pattern": "a(?i)b"}, {"pattern": "["}, {"pattern": r"\p{L}"}, {"patternProperties": {"^a$": {}}}]
)
def test_refuses_an_unsupported_pattern_at_once(schema: dict[str, Any]) -> None:
    """A pattern with more than one reading is refused when the schemas are compiled."""
    with pytest.raises(SchemaError) as caught:
        Schemas({"components": {"schemas": {"Bad": schema}}})
    assert "\n" not in str(caught.value)


PATTERNS = [
    ("^[A-Z_]+$", ["A", "A\n", "\nA", "A\nB", "a"]),
    (r"^\d+$", ["1", "\u0663", "1\n"]),
    (r"^\w$", ["a", "é", "_", "-"]),
    (r"^\s$", [" ", "\u00a0", "\ufeff", "\x1c", "\u2028", "a"]),
    (r"^[\sx]$", ["\u3000", "x", "y"]),
    (r"^\S$", ["a", "\u00a0"]),
    ("^.$", ["a", "\n", "\r", "\u2028", "\u0085"]),
    ("^(?:a|b)$", ["a", "b", "ab"]),
    ("^a(?!b)", ["ac", "ab"]),
    ("^(?=a)a$", ["a", "b"]),
    ("(?<x>a)", ["a", "b"]),
    (r"^[$.\]]+$", ["$.]", "a", "$\n"]),
    (r"^[a&&b|~]$", ["&", "|", "c"]),
    ("^[^A-Z]$", ["a", "A", "\n"]),
    (r"^\u0041\.$", ["A.", "AB"]),
    ("a$|b", ["a\n", "b\n", "a"]),
    (r"^[.]\..$", ["..a", ".a.", "..\u2029"]),
    (r"^[\S]$", ["a", " ", "\u00a0"]),
    (r"^[(?]+[*+]$", ["(?*", "a", "?+"]),
    (r"^\++\[\]$".replace("++", "+"), ["+[]", "[]"]),
]


def test_patterns_mean_what_ecma_262_means() -> None:
    """Each part of the pattern language means the same here as in Node, an engine of ECMA 262."""
    script = """
        const patterns = JSON.parse(require("fs").readFileSync(0, "utf8"));
        console.log(JSON.stringify(patterns.map(([p, texts]) => texts.map((t) => new RegExp(p, "u").test(t)))));
    """
    done = subprocess.run(
        [str(find_node()), "-e", script], input=json.dumps(PATTERNS), capture_output=True, text=True, check=True
    )
    for (pattern, texts), expected in zip(PATTERNS, json.loads(done.stdout), strict=True):
        matches = matcher(pattern)
        assert [matches(text) for text in texts] == expected, pattern


def test_refuses_a_newline_at_the_end() -> None:
    """A newline at the end, which Python's own `$` accepts, is refused."""
    assert re.search("^[A-Z_]+$", "PING\n")
    assert not matcher("^[A-Z_]+$")("PING\n")


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"\Z", r"\Aa", r"a\z", r"\p{L}", r"[\p{L}]", "a\\", "a[b\\"),
        *("(?P<x>a)", "(?i)a", "(?x)a b", "(?#c)", "(?>a)", "(", "[", "[]a]", "[^]a]", "a**", "a++", "a{2}+"),
    ],
)
def test_refuses_patterns_of_another_language(pattern: str) -> None:
    """Syntax that ECMA 262 lacks is refused."""
    with pytest.raises(PatternError):
        matcher(pattern)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["YES", "NO", "A", "A\n", "", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("status", "codes", "count", "text", "ratio", "other"), inner)
        )
    ),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["YES", "NO", "yes"]),
        "codes": st.lists(st.sampled_from(["A", "A\n", "b"]), max_size=2),
    },
    optional={
        "count": st.integers(-1, 12) | st.just(1.0),
        "text": st.text("ab\n\u00e9\U0001f600", max_size=7),
        "other": ANYTHING,
    },
)


@given(st.sampled_from(["Tree", "Trees", "Either", "Integer"]), ANYTHING | NEARLY | st.lists(NEARLY, max_size=2))
def test_agrees_with_an_independent_engine(schemas: Schemas, name: str, value: object) -> None:
    """For every value, jsonschema, another engine, accepts and refuses the same values."""
    document = json.loads(json.dumps(DOCUMENT).replace("_]+$", "_]+\\\\Z"))
    reference = Draft202012Validator({**document, "$ref": f"#/components/schemas/{name}"})
    assert (problems(schemas, name, value) == []) is reference.is_valid(value)


def test_pointer_with_braces() -> None:
    """A schema below a path with a parameter is found: its pointer is percent-encoded where a URL needs it."""
    schemas = Schemas({"paths": {"/orders/{id}": {"schema": {"type": "integer"}}}})
    assert schemas.problems("#/paths/~1orders~1{id}/schema", 1) == []
    assert schemas.problems("#/paths/~1orders~1{id}/schema", "x") != []
