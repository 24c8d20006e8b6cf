"""Making a case smaller: nothing that is not needed stays, and the question is asked only so often."""

from __future__ import annotations

import json

from technogate.drivers.http.http_driver import Case
from technogate.generation.shrink import smallest

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


def members(case: Case) -> dict[str, object]:
    """The members of a body, empty for what is no object."""
    try:
        value = json.loads(case.body or b"")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def test_only_what_matters_stays() -> None:
    """A defect at one length of one member leaves that member alone, at that length, in plain letters."""
    found = smallest(CASE, lambda case: len(str(members(case).get("session_id", ""))) == 128)
    assert (found.headers, found.query) == ((), ())
    assert members(found) == {"session_id": "0" * 128}


def test_a_threshold_is_found() -> None:
    """A defect from some length on leaves exactly that length."""
    found = smallest(CASE, lambda case: len(str(members(case).get("session_id", ""))) >= 77)
    assert len(str(members(found)["session_id"])) == 77


def test_a_header_that_matters_stays() -> None:
    """A defect that needs one header keeps it and nothing else."""
    found = smallest(CASE, lambda case: ("X-Two", "2") in case.headers)
    assert (found.headers, found.query, found.body) == ((("X-Two", "2"),), (), b"")


def test_a_parameter_that_matters_stays() -> None:
    """A defect in one parameter's value keeps the parameter, its value as short as it may be."""
    found = smallest(CASE, lambda case: "2" in dict(case.query).get("b", ""))
    assert (found.query, found.headers) == ((("b", "2"),), ())


def test_bytes_that_are_no_json_shrink_too() -> None:
    """A body that is no JSON loses every byte that is not needed."""
    case = Case(method="POST", path="/x", body=b"\x00\x01garbage!\xff rest of it")
    assert smallest(case, lambda one: b"\xff" in (one.body or b"")).body == b"\xff"


def test_the_number_of_questions_is_bounded() -> None:
    """A case that cannot be made smaller is given back after at most so many questions."""
    asked: list[Case] = []

    def never(case: Case) -> bool:
        asked.append(case)
        return False

    assert smallest(CASE, never, most=40) == CASE
    assert len(asked) == len(set(asked)) == 40
