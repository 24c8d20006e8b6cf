"""Keys: near misses differ from the key, and their expressions produce the sent values."""

from __future__ import annotations

import os
import subprocess

import pytest

from technogate.drivers.http.api_keys import near_misses, right_key

KEY = "TgAbc-1234567890xyz"


def test_near_misses_differ_from_the_key() -> None:
    """No near miss equals the key, and no two are the same."""
    sent = [key.values for key in near_misses(KEY)]
    assert (KEY,) not in sent
    assert len(set(sent)) == len(sent)


@pytest.mark.parametrize("key", [right_key(KEY), *near_misses(KEY)], ids=lambda key: key.name)
def test_expressions_make_the_values(key: object) -> None:
    """A shell that has the key expands each expression to the sent value."""
    values = getattr(key, "values")  # noqa: B009 - parametrized as object
    for value, expression in zip(values, getattr(key, "expressions"), strict=True):  # noqa: B009
        printed = subprocess.run(
            ["sh", "-c", f'printf %s "{expression}"'],
            env={**os.environ, "TECHNOGATE_API_KEY": KEY},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert printed == value


@pytest.mark.parametrize("key", near_misses(KEY), ids=lambda key: key.name)
def test_expressions_hide_the_key(key: object) -> None:
    """No expression holds a usable part of the key."""
    assert KEY[1:-1] not in "".join(getattr(key, "expressions"))  # noqa: B009
