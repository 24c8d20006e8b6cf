"""Redaction: the key is found in every form, in pieces, and in no other text."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import string
import uuid
import zlib
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from technogate.drivers.http.api_keys import near_misses
from technogate.journal.redaction import MARK, Redactor
from technogate.model.events import Body, Response
from technogate.target.api_key import new_key
from tests.journal.key_holders import HOLDERS, KEY, holds_a_piece

#: A key that a user chose: its pieces are ordinary words.
WORDS = "console-backend-2024"


@pytest.mark.parametrize("holder", HOLDERS)
def test_every_form_is_found_and_removed(holder: str) -> None:
    """Whatever holds the key is removed and named, also within JSON, and what is left holds nothing of it."""
    redactor = Redactor(KEY)
    held = HOLDERS[holder](KEY)
    for text in (f"before {held} after", json.dumps({"status": "BLOCKED", "message": held, "trace_id": "a-1"})):
        clean, met = redactor.clean_text(text)
        assert met
        assert MARK in clean
        assert held not in clean
        assert not holds_a_piece(clean)
        assert not redactor.is_in(clean.encode())


@pytest.mark.parametrize(
    ("holder", "named"),
    [
        ("as it is", "plain"),
        ("upper case", "in another case"),
        ("its first half", "a piece"),
        ("spaced", "spaced out"),
        ("JSON escapes", "JSON-escaped"),
        ("HTML decimal", "HTML-escaped"),
        ("URL of URL", "URL-encoded in URL-encoded"),
        ("base64 twice", "base64 in base64"),
        ("base64 of eight characters", "a piece, base64"),
        ("base64 of gzip", "compressed in base64"),
        ("hexadecimal of base64", "base64 in hexadecimal"),
    ],
)
def test_a_finding_names_the_form(holder: str, named: str) -> None:
    """The name of the form is that which a reader would give it."""
    clean, met = Redactor(KEY).clean_text(HOLDERS[holder](KEY))
    assert met == (named,)
    assert clean.startswith(MARK if named == "plain" else f"{MARK}({named})")


@pytest.mark.parametrize("key", [KEY, WORDS])
def test_near_misses_leave_nothing_legible(key: str) -> None:
    """What a backend repeats of the wrong keys that the gate sends is no more than a mark."""
    for near_miss in near_misses(key):
        for value in near_miss.values:
            if "wrong-key" in value:
                continue
            clean, met = Redactor(key).clean_text(f"the key {value} is not valid")
            assert met, near_miss.name
            assert len(clean.replace("the key ", "").replace(" is not valid", "").replace(MARK, "")) < 24, clean
            assert key[3:15].lower() not in clean.lower()


@given(st.text())
def test_other_text_is_left_alone(text: str) -> None:
    """Text without the key is unchanged, lone surrogates included."""
    clean, met = Redactor(KEY).clean_text(text)
    assert (clean, met) == (text, ())


@given(st.binary(max_size=400))
def test_other_bytes_are_left_alone(raw: bytes) -> None:
    """No bytes, and no encoding of them, are taken for the key."""
    redactor = Redactor(KEY)
    for text in (raw, raw.hex().encode(), base64.b64encode(raw), base64.b32encode(raw), gzip.compress(raw)):
        assert redactor.clean(text) == (text, ())


def test_identifiers_of_a_run_are_left_alone() -> None:
    """Of a great many identifiers none is taken for a piece of a key."""
    redactor = Redactor(new_key())
    numbers = (number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128 for number in range(20_000))
    words = "\n".join(str(uuid.UUID(int=number)) for number in numbers).encode()
    assert not redactor.is_in(words)


@pytest.mark.parametrize("text", ["the console and the backend", "console backend 2025", "backend", "consoles"])
def test_words_of_a_key_are_words(text: str) -> None:
    """Pieces of a key that is made of words prove nothing; the key itself does."""
    redactor = Redactor(WORDS)
    assert redactor.clean_text(text) == (text, ())
    assert redactor.clean_text(f"{text} {WORDS}") == (f"{text} {MARK}", ("plain",))


@given(before=st.binary(max_size=9), after=st.binary(max_size=9), key=st.text("abcXYZ019-_", min_size=8, max_size=40))
def test_base64_at_any_place(before: bytes, after: bytes, key: str) -> None:
    """A key within any text that is base64-encoded as a whole is found."""
    _, met = Redactor(key).clean(base64.b64encode(before + key.encode() + after))
    assert met


@given(
    seed=st.integers(0, 2**32),
    level=st.integers(0, 9),
    head=st.sampled_from([zlib.MAX_WBITS, zlib.MAX_WBITS + 16]),
    code=st.sampled_from([base64.b64encode, base64.urlsafe_b64encode, base64.b32encode, binascii.hexlify]),
    around=st.sampled_from([b"%b", b"debug_%b", b"x-%b-y", b'{"debug":"%b"}']),
    before=st.sampled_from([b"", b"expected=", b"the key is "]),
)
def test_compressed_text_is_found(
    seed: int,
    level: int,
    head: int,
    code: Callable[[bytes], bytes],
    around: bytes,
    before: bytes,
) -> None:
    """A key in a text that is compressed is found in each encoding of that, at any level, and beside other words."""
    # Not Hypothesis but this source draws the letters: thirty-two equal ones, which it would try, are no key.
    key = "".join(Random(seed).choices(string.ascii_letters + string.digits + "-_", k=32))  # noqa: S311 - test data
    packed = zlib.compress(before + key.encode(), level, head)
    _, met = Redactor(key).clean(around % code(packed))
    assert met


@given(start=st.integers(0, 24), before=st.text(max_size=5), after=st.text(max_size=5))
def test_every_piece_is_found(start: int, before: str, after: str) -> None:
    """Eight characters are enough, wherever in the key they are, and whatever stands beside them."""
    _, met = Redactor(KEY).clean_text(before + KEY[start : start + 8] + after)
    assert met


@pytest.mark.parametrize(
    "raw",
    [KEY.encode("utf-16-le"), gzip.compress(KEY.encode()), b"\xff\xfe" + KEY.encode()],
    ids=["utf-16", "gzip", "mixed"],
)
def test_bodies_that_are_no_text(raw: bytes) -> None:
    """A body in UTF-16, compressed, or with bytes that are no text is searched as well."""
    clean, met = Redactor(KEY).clean(raw)
    assert met
    assert not Redactor(KEY).is_in(clean)


def test_response_names_each_place() -> None:
    """Headers and body are cleaned, and each place that held the key is named."""
    body = json.dumps({"echo": KEY}).encode()
    response, places = Redactor(KEY).response(
        Response(status=200, headers=(("X-Echo", KEY), ("X-Half", KEY[:16])), body=Body.of(body))
    )
    assert not holds_a_piece(str(response))
    assert places == ("header X-Echo (plain)", "header X-Half (a piece)", "body (plain)")


def test_headers_that_were_searched_before_are_not_changed_for_others() -> None:
    """What is remembered of headers without the key says nothing about other headers."""
    redactor = Redactor(KEY)
    assert redactor.headers((("A", "b"),)) == ((("A", "b"),), ())
    assert redactor.headers((("A", "b"), ("A", KEY)))[1] == ("header A (plain)",)


def test_drawn_keys_are_found_in_pieces() -> None:
    """Every key that the gate draws can be told from ordinary text in each of its pieces, and names nobody."""
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50
    assert len({len(key) for key in keys}) > 1
    for key in keys:
        assert all(Redactor(key).is_in(key[place : place + 8].encode()) for place in range(len(key) - 7))
        assert key.swapcase() != key


def test_short_key_is_refused() -> None:
    """A key that could be an ordinary word is not searched for, because every text would be a leak."""
    with pytest.raises(ValueError, match="at least 8"):
        Redactor("short")
