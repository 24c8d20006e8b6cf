"""Redaction: the key is found in every spelling and in no other text."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from technogate.journal.redaction import MARK, Redactor
from technogate.model.events import Body, Response

KEY = "Tg9aZ-Secret_Key/0=+"

SPELLINGS = {
    "plain": KEY,
    "upper case": KEY.upper(),
    "URL-encoded": quote(KEY, safe=""),
    "every byte URL-encoded": "".join(f"%{byte:02X}" for byte in KEY.encode()),
    "hexadecimal": KEY.encode().hex(),
    "reversed": KEY[::-1],
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 after one byte": base64.b64encode(b":" + KEY.encode()).decode(),
    "base64 of user:key": base64.b64encode(b"me:" + KEY.encode() + b"\n").decode(),
    "base64url": base64.urlsafe_b64encode(b"k=" + KEY.encode()).decode(),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_is_found_and_removed(name: str) -> None:
    """Every spelling of the key is removed, and its place is named."""
    text = f"before {SPELLINGS[name]} after"
    clean, met = Redactor(KEY).clean_text(text)
    assert met
    assert SPELLINGS[name] not in clean
    assert KEY.lower() not in clean.lower()
    assert MARK in clean


@given(st.text())
def test_other_text_is_left_alone(text: str) -> None:
    """Text without the key is unchanged, lone surrogates included."""
    clean, met = Redactor(KEY).clean_text(text)
    assert (clean, met) == (text, ())


@given(before=st.binary(max_size=9), after=st.binary(max_size=9), key=st.text("abcXYZ019-_", min_size=8, max_size=40))
def test_base64_at_any_place(before: bytes, after: bytes, key: str) -> None:
    """A key within any text that is base64-encoded as a whole is found."""
    _, met = Redactor(key).clean(base64.b64encode(before + key.encode() + after))
    assert met


def test_response_names_each_place() -> None:
    """Headers and body are cleaned, and each place that held the key is named."""
    body = json.dumps({"echo": KEY}).encode()
    response, places = Redactor(KEY).response(Response(status=200, headers=(("X-Echo", KEY),), body=Body.of(body)))
    assert KEY not in str(response)
    assert places == ("header X-Echo (plain)", "body (plain)")


def test_short_key_is_refused() -> None:
    """A key that could be an ordinary word is not searched for, because every text would be a leak."""
    with pytest.raises(ValueError, match="at least 8"):
        Redactor("short")
