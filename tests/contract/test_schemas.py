"""JSON Schema as the contract means it: ECMA patterns, worded problems, and two engines that agree."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from technogate.contract.schemas import MOST_PROBLEMS, SchemaError, Schemas, show
from technogate.util.ecma import PatternError, compile_pattern, portable

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
    """The problems of `value` as the schema `name`."""
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
def test_a_problem_names_path_expectation_and_finding(schemas: Schemas, value: object, lines: list[str]) -> None:
    """Each kind of problem is one line: JSON path, what was expected, what was found."""
    assert problems(schemas, "Tree", value) == lines


def test_alternatives_are_told_by_the_one_that_was_meant(schemas: Schemas) -> None:
    """A value that fits no alternative is held to the one of its type, or told the types there are."""
    assert problems(schemas, "Either", [{"status": "YES"}]) == ['$[0]: expected the field "codes", found none']
    assert problems(schemas, "Either", 7) == ["$: expected an array or a string or an object, found 7"]


def test_many_problems_are_cut(schemas: Schemas) -> None:
    """A thousand broken items give a bounded number of lines, and say that there are more."""
    lines = problems(schemas, "Trees", [{}] * 1000)
    assert len(lines) == MOST_PROBLEMS + 1
    assert lines[-1] == "$: there are more problems of this kind"


def test_a_hostile_name_or_value_stays_on_one_short_line() -> None:
    """Line breaks, control characters and long text never reach a problem as they are."""
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
def test_what_json_schema_means(schemas: Schemas, name: str, value: object, valid: bool) -> None:
    """`$` is the very end of the text, 1.0 is an integer, true is none."""
    assert (problems(schemas, name, value) == []) is valid


def test_half_a_surrogate_pair_is_left_to_the_slow_engine(schemas: Schemas) -> None:
    """Text that the fast engine cannot read is judged all the same, both ways."""
    assert problems(schemas, "Tree", GOOD | {"text": "\ud800"}) == []
    assert problems(schemas, "Command", "\ud800") == ['$: expected a match of ^[A-Z_]+$, found "\\ud800"']


def test_a_value_nested_without_end_is_no_success(schemas: Schemas) -> None:
    """What is too deep to be checked is a problem, never a pass."""
    deep: Any = "not an object"
    for _ in range(5_000):
        deep = {"next": deep}
    assert problems(schemas, "Loop", deep) == ["$: expected a value that can be checked, found one nested too deeply"]


def test_engines_that_disagree_are_no_success(schemas: Schemas, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the fast engine refuses and the slow one finds nothing, the value is refused."""
    monkeypatch.setattr(schemas, "_engine", lambda *_, **__: _Content())
    monkeypatch.setattr(schemas, "_compiled", {})
    assert problems(schemas, "Integer", "x") == ['$: "x" is not of type "integer"']


class _Content:
    """An engine that never finds anything."""

    def iter_errors(self, _: object) -> list[object]:
        """Find nothing."""
        return []


@pytest.mark.parametrize("name", ["Nowhere", "Dangling"])
def test_a_schema_that_is_not_there_is_an_error(schemas: Schemas, name: str) -> None:
    """A pointer to nothing is an error and never a schema that admits everything."""
    with pytest.raises(SchemaError, match=name):
        problems(schemas, name, GOOD)


@pytest.mark.parametrize(
    "schema", [{"pattern": "a(?i)b"}, {"pattern": "["}, {"pattern": r"\p{L}"}, {"patternProperties": {"^a$": {}}}]
)
def test_a_pattern_that_cannot_be_read_is_refused_at_once(schema: dict[str, Any]) -> None:
    """What the gate would read otherwise than the contract means it is refused when the schemas are made."""
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
]


@pytest.mark.parametrize(("pattern", "texts"), PATTERNS, ids=[pattern for pattern, _ in PATTERNS])
def test_patterns_mean_what_an_independent_engine_says(pattern: str, texts: list[str]) -> None:
    """Each part of the pattern language means the same here as in the fast engine."""
    compiled = compile_pattern(pattern)
    fast = jsonschema_rs.Draft202012Validator({"pattern": portable(pattern)})
    for text in texts:
        assert (compiled.search(text) is not None) == fast.is_valid(text), repr(text)


def test_python_alone_would_have_let_it_through() -> None:
    """The planted fault: a newline at the end, which Python's own reading of the pattern admits."""
    assert re.search("^[A-Z_]+$", "PING\n")
    assert not compile_pattern("^[A-Z_]+$").search("PING\n")


@pytest.mark.parametrize(
    "pattern", [r"\Z", r"\Aa", "(?P<x>a)", "(?i)a", "(?#c)", r"[\S]", "a\\", "(", "a**", "[]a]", "[^]a]"]
)
def test_patterns_of_another_language_are_refused(pattern: str) -> None:
    """What ECMA 262 does not know is refused, not guessed at."""
    with pytest.raises(PatternError):
        compile_pattern(pattern)


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
def test_the_fast_engine_and_the_slow_one_agree(schemas: Schemas, name: str, value: object) -> None:
    """Whatever the value, the engine that says yes or no and the one that words problems say the same."""
    fast, slow = schemas._at(f"#/components/schemas/{name}")
    assert fast.is_valid(value) == slow.is_valid(value)
