"""Strict JSON: ambiguous text is refused, everything else is read unchanged."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from technogate.util.strict_json import NotStrictJson, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)

REFUSED = {
    "empty": (b"", "it is empty", 0),
    "blank": (b" \r\n\t", "it is empty", 0),
    "no-break space": (b"\xc2\xa0", "it is not JSON: expecting value", 0),
    "byte order mark": (b"\xef\xbb\xbf{}", "it begins with a byte order mark", 0),
    "latin-1": (b'{"a": "\xe9"}', "it is not UTF-8", 7),
    "utf-16": ('{"a": 1}'.encode("utf-16"), "it is not UTF-8", 0),
    "surrogate in utf-8": (b'"\xed\xa0\x80"', "it is not UTF-8", 1),
    "nan": (b'{"a": NaN}', '"NaN" is not a number of JSON', 6),
    "infinity": (b'["Infinity", Infinity]', '"Infinity" is not a number of JSON', 13),
    "minus infinity": (b"-Infinity", '"-Infinity" is not a number of JSON', 0),
    "too large a float": (b"[1e400]", "a number is out of range", 1),
    "too large an integer": (b"[" + b"9" * 5000 + b"]", "a number is out of range", 1),
    "duplicate key": (b'{"a": 1, "b": 2, "a": 1}', 'an object has the key "a" twice', 17),
    "duplicate key within": (b'[{"x": [{}, {"k": 1, "k": 2}]}]', 'an object has the key "k" twice', 21),
    "duplicate key, escaped": (b'{"status": 1, "stat\\u0075s": 2}', 'an object has the key "status" twice', 14),
    "duplicate key after text": ('{"é": "k", "k": 1, "k": 2}'.encode(), 'an object has the key "k" twice', 20),
    "trailing text": (b'{"a": 1} x', "something follows the document", 9),
    "two documents": (b"{}{}", "something follows the document", 2),
    "cut short": (b'{"a": [1, 2', "it is not JSON: expecting ',' delimiter", 11),
    "html": (b"<html>", "it is not JSON: expecting value", 0),
    "single quotes": (b"{'a': 1}", "it is not JSON: expecting property name enclosed in double quotes", 1),
    "control character": (b'"a\nb"', "it is not JSON: invalid control character at", 2),
    "leading zero": (b"[01]", "it is not JSON: expecting ',' delimiter", 2),
    "lone high surrogate": (b'["\\ud83d"]', "\\ud83d is half a surrogate pair", 2),
    "lone low surrogate": (b'["ok", "\\uDE00"]', "\\uDE00 is half a surrogate pair", 8),
    "surrogates the wrong way round": (b'"\\ude00\\ud83d"', "\\ude00 is half a surrogate pair", 1),
    "two high surrogates": (b'"\\ud83d\\ud83d\\ude00"', "\\ud83d is half a surrogate pair", 1),
    "surrogates apart": (b'"\\ud83d-\\ude00"', "\\ud83d is half a surrogate pair", 1),
    "surrogate in a key": (b'{"\\ud83d": 1}', "\\ud83d is half a surrogate pair", 2),
    "too deep": (b"[" * 100_000 + b"]" * 100_000, "it is nested more than 100 deep", 100),
}

READ = {
    "spaces around": (b' \r\n{"a": 1}\t', {"a": 1}),
    "scalar": (b"null", None),
    "same key in two objects": (b'[{"a": 1}, {"a": 1, "b": {"a": 1}}]', [{"a": 1}, {"a": 1, "b": {"a": 1}}]),
    "a value like a key": (b'{"a": "b", "b": "a"}', {"a": "b", "b": "a"}),
    "surrogate pair": (b'"\\ud83d\\ude00"', "\U0001f600"),
    "escaped backslash before u": (b'"\\\\ud83d"', "\\ud83d"),
    "raw astral character": ('"\U0001f600"'.encode(), "\U0001f600"),
    "large integer": (b"12345678901234567890", 12345678901234567890),
    "tiny float": (b"1e-400", 0.0),
}


@pytest.mark.parametrize(("raw", "reason", "position"), REFUSED.values(), ids=REFUSED)
def test_ambiguous_json_is_refused_with_its_place(raw: bytes, reason: str, position: int) -> None:
    """Each departure from strict JSON is refused with one line and its byte offset."""
    with pytest.raises(NotStrictJson) as caught:
        parse(raw)
    assert (caught.value.reason, caught.value.position) == (reason, position)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("raw", "value"), READ.values(), ids=READ)
def test_strict_json_is_read(raw: bytes, value: object) -> None:
    """Text that only resembles a departure is read."""
    assert parse(raw) == value


@given(VALUES, st.booleans())
def test_every_document_of_a_writer_is_read_back(value: object, ascii_only: bool) -> None:
    """Any JSON value of a correct writer is read back unchanged."""
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_end_in_a_value_or_a_reason(raw: bytes) -> None:
    """Any input gives a value or NotStrictJson, and no other exception."""
    try:
        parse(raw)
    except NotStrictJson as refused:
        assert 0 <= refused.position <= len(raw)  # noqa: PT017 (either end is right)


@given(VALUES, st.sampled_from([b"\xef\xbb\xbf%s", b"%s,", b"[%s, NaN]", b'{"a": %s, "a": 0}', b'[%s, "\\ud800"]']))
def test_a_planted_departure_is_always_found(value: object, pattern: bytes) -> None:
    """One departure around any value is enough for a refusal."""
    with pytest.raises(NotStrictJson):
        parse(pattern % json.dumps(value).encode())
