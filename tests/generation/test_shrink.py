"""Shrinking: nothing that is not needed stays, and the number of tries is bounded."""

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
    """A check that fails for the cases that are `broken`."""
    return lambda case: [FINDING] if broken(case) else []


def members(case: Case) -> dict[str, object]:
    """The members of a body, empty for what is no object."""
    try:
        value = json.loads(case.body or b"")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def test_keeps_only_what_matters() -> None:
    """A defect at one length of one member leaves that member alone, at that length, in plain letters."""
    found = smallest(CASE, where(lambda case: len(str(members(case).get("session_id", ""))) == 128))
    assert (found.headers, found.query) == ((), ())
    assert members(found) == {"session_id": "0" * 128}


def test_finds_a_threshold() -> None:
    """A defect from some length on leaves exactly that length."""
    found = smallest(CASE, where(lambda case: len(str(members(case).get("session_id", ""))) >= 77))
    assert len(str(members(found)["session_id"])) == 77


def test_keeps_a_nested_value_that_matters() -> None:
    """A defect deep within a value keeps the way to it, its texts as short as they may be."""
    found = smallest(CASE, where(lambda case: '"y"' in json.dumps(members(case).get("extra"))))
    assert len(found.body or b"") <= len('{"extra":{"":[{"":"y"}]}}')


def test_keeps_a_header_that_matters() -> None:
    """A defect that needs one header keeps it and nothing else."""
    found = smallest(CASE, where(lambda case: ("X-Two", "2") in case.headers))
    assert (found.headers, found.query, found.body) == ((("X-Two", "2"),), (), b"")


def test_keeps_a_parameter_that_matters() -> None:
    """A defect in one parameter's value keeps the parameter, its value as short as it may be."""
    found = smallest(CASE, where(lambda case: "2" in dict(case.query).get("b", "")))
    assert (found.query, found.headers) == ((("b", "2"),), ())


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        (b'{"command":"ZZZ"}'.ljust(65_537), b'{"command":"ZZZ"}'.ljust(60_000)),
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
    """At most so many cases are tried, each once; a case that cannot be shrunk is given back."""
    tried: list[Case] = []

    def passes(case: Case) -> list[Finding]:
        tried.append(case)
        return []

    assert smallest(CASE, passes, most=40) == CASE
    assert len(tried) == len(set(tried)) == 40
    assert all(weight(case) < weight(CASE) for case in tried)


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
    """Choices that do not give the example back would shrink another one."""
    with pytest.raises(ValueError, match="is not the one"):
        shrink(
            "ab", lambda text, choose: text[: choose(1)], lambda _: [FINDING], weight=lambda text: (len(text),), tries=9
        )
