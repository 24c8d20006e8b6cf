"""Shrinking removes everything that a failure does not need, in a bounded number of tries."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from technogate.drivers.http.http_driver import Case
from technogate.generation.requests.simpler_cases import smallest, weight
from technogate.generation.shrink import Choose, shrink
from technogate.model.events import Finding

BODY = {
    "command": "ZZ_QWERTY",
    "session_id": "".join(chr(97 + index % 26) for index in range(128)),
    "extra": {"deep": [1, 2, {"x": "y"}]},
    "more": [True, None, 1.5],
}
CASE = Case(
    method="POST",
    path="/api/execute",
    operation="executeCommand",
    headers=(("X-One", "1"), ("X-Two", "2")),
    query=(("a", "1"), ("b", "22")),
    body=json.dumps(BODY, indent=2).encode(),
)
FINDING = Finding(check="check", expected="this", observed="that")


def where(broken: Callable[[Case], bool]) -> Callable[[Case], Sequence[Finding]]:
    """Return a check that fails for the cases that are `broken`."""
    return lambda case: [FINDING] if broken(case) else []


def members(case: Case) -> dict[str, object]:
    """Return the members of a body; it is empty for anything but an object."""
    try:
        value = json.loads(case.body or b"")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def test_keeps_only_what_matters() -> None:
    """A defect at one length of one member keeps only that member, with that length, in plain letters."""
    shrunk = smallest(CASE, where(lambda case: len(str(members(case).get("session_id", ""))) == 128))
    assert (shrunk.headers, shrunk.query) == ((), ())
    assert members(shrunk) == {"session_id": "0" * 128}


def test_finds_a_threshold() -> None:
    """A defect from some length on shrinks to exactly that length."""
    shrunk = smallest(CASE, where(lambda case: len(str(members(case).get("session_id", ""))) >= 77))
    assert len(str(members(shrunk)["session_id"])) == 77


@pytest.mark.slow
def test_keeps_a_nested_value_that_matters() -> None:
    """A defect deep within a value keeps the path to it, and shortens its texts."""
    shrunk = smallest(CASE, where(lambda case: '"y"' in json.dumps(members(case).get("extra"))))
    assert len(shrunk.body or b"") <= len('{"extra":{"":[{"":"y"}]}}')


def test_keeps_a_header_that_matters() -> None:
    """A defect that needs one header keeps it and nothing else."""
    shrunk = smallest(CASE, where(lambda case: ("X-Two", "2") in case.headers))
    assert (shrunk.headers, shrunk.query, shrunk.body) == ((("X-Two", "2"),), (), b"")


def test_keeps_a_parameter_that_matters() -> None:
    """A defect in one parameter's value keeps the parameter and shortens its value."""
    shrunk = smallest(CASE, where(lambda case: "2" in dict(case.query).get("b", "")))
    assert (shrunk.query, shrunk.headers) == ((("b", "2"),), ())


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        pytest.param(
            b'{"command":"ZZZ"}'.ljust(65_537),
            b'{"command":"ZZZ"}'.ljust(60_000),
            marks=pytest.mark.slow,
        ),
        (b"\x00\x01garbage!\xff rest of it", b"\xff"),
        (b'{"command": "ZZZ", "x": NaN, "session_id": "abcdefgh"}', b"NaN"),
        (b'{"command": "ZZZ", "x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}", b"[" * 100),
    ],
    ids=["large", "not JSON", "nearly JSON", "nested without end"],
)
def test_shrinks_bytes_that_are_no_json(body: bytes, needed: bytes) -> None:
    """A body that is not JSON loses every byte that is not needed."""
    case = Case(method="POST", path="/x", body=body)
    assert smallest(case, where(lambda smaller: needed in (smaller.body or b""))).body == needed


def test_limits_the_number_of_tries() -> None:
    """The number of tries is limited, no case is tried twice, and a case that cannot be shrunk is returned."""
    tried: list[Case] = []

    def passes(case: Case) -> list[Finding]:
        tried.append(case)
        return []

    assert smallest(CASE, passes, most=40) == CASE
    assert len(tried) == len(set(tried)) == 40
    assert all(weight(case) < weight(CASE) for case in tried)


@pytest.mark.slow
def test_is_deterministic() -> None:
    """The same case and the same defect give the same tries, in the same order."""

    def run() -> list[Case]:
        tried: list[Case] = []

        def check(case: Case) -> list[Finding]:
            tried.append(case)
            return [FINDING] if str(members(case).get("command", "")).startswith("ZZ_Q") else []

        smallest(CASE, check)
        return tried

    assert run() == run()


def fewer(steps: tuple[str, ...], choose: Choose) -> tuple[str, ...]:
    """Fewer steps of a sequence."""
    return tuple(step for step in steps if choose(1))


def test_shrinks_a_sequence() -> None:
    """A sequence loses every step that is not needed, wherever the needed ones stand."""
    steps = tuple("abcdefghijkl")
    tried: list[tuple[str, ...]] = []

    def check(shorter: tuple[str, ...]) -> list[Finding]:
        tried.append(shorter)
        return [FINDING] if {"c", "k"} <= set(shorter) else []

    assert shrink(steps, fewer, check, weight=lambda shorter: (len(shorter),), tries=30)[0] == ("c", "k")
    assert len(tried) <= 30


def test_refuses_a_simplification_that_changes_what_it_starts_from() -> None:
    """Choices that do not reproduce the example are refused, because they would shrink another one."""
    with pytest.raises(ValueError, match="is not the one"):
        shrink(
            "ab", lambda text, choose: text[: choose(1)], lambda _: [FINDING], weight=lambda text: (len(text),), tries=9
        )
