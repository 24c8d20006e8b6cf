"""The oracle and the cases of operations without a part, by three documents of three kinds."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from technogate.authoring.new.new_folder import new_folder
from technogate.contract.loader import Contract, load_contract
from technogate.contract.plain_request import plain_case
from technogate.generation.requests.commands import CommandSet
from technogate.generation.requests.general_cases import malformed, mixed_of_any, needed_of_any
from technogate.generation.requests.request_oracle import RequestDefect, Validity, expected
from technogate.generation.requests.request_plan import RequestPlan, size
from technogate.generation.requests.sent_request import Mode
from technogate.generation.requests.unknown_routes import unknown_routes
from technogate.model.case import Case

DOCUMENTS = Path(__file__).resolve().parents[1] / "authoring" / "documents"


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Contract]:
    """The contracts that are made of the documents."""
    base = tmp_path_factory.mktemp("contracts")
    return {
        name: load_contract(new_folder(DOCUMENTS / f"{name}.yaml", base / name)[0])
        for name in ("bearer", "crud", "nullable")
    }


def test_a_plain_request_is_allowed(contracts: dict[str, Contract]) -> None:
    """What the examples of a contract make is what the contract allows, with a documented answer."""
    for contract in contracts.values():
        for operation in contract.judged:
            case = plain_case(contract, operation.id)
            expectation = expected(contract, case)
            assert expectation.validity is Validity.ALLOWED, case
            assert set(operation.successes) <= expectation.responses
            assert 400 not in expectation.responses
            assert operation.is_at(case.path)


CASES: dict[str, tuple[str, Case, Validity, set[RequestDefect]]] = {
    "a path parameter": ("crud", Case(method="GET", path="/notes/7", operation="getNotesId"), Validity.ALLOWED, set()),
    "a word for a number": (
        "crud",
        Case(method="GET", path="/notes/x", operation="getNotesId"),
        Validity.FORBIDDEN,
        {RequestDefect.PATH},
    ),
    "below the minimum": (
        "crud",
        Case(method="GET", path="/notes/0", operation="getNotesId"),
        Validity.FORBIDDEN,
        {RequestDefect.PATH},
    ),
    "leading zeros": ("crud", Case(method="GET", path="/notes/007", operation="getNotesId"), Validity.OPEN, set()),
    "an encoded slash": ("crud", Case(method="GET", path="/notes/7%2F", operation="getNotesId"), Validity.OPEN, set()),
    "a list": (
        "crud",
        Case(method="GET", path="/notes", operation="getNotes", query=(("tag", "a"), ("tag", "b"))),
        Validity.ALLOWED,
        set(),
    ),
    "a list with a long member": (
        "crud",
        Case(method="GET", path="/notes", operation="getNotes", query=(("tag", "a"), ("tag", "b" * 21))),
        Validity.FORBIDDEN,
        {RequestDefect.QUERY},
    ),
    "twice what is no list": (
        "crud",
        Case(method="GET", path="/notes", operation="getNotes", query=(("page", "1"), ("page", "2"))),
        Validity.OPEN,
        set(),
    ),
    "an unknown parameter": (
        "crud",
        Case(method="GET", path="/notes", operation="getNotes", query=(("x", "1"),)),
        Validity.OPEN,
        set(),
    ),
    "a missing field": (
        "crud",
        Case(method="POST", path="/notes", operation="postNotes", body=b"{}"),
        Validity.FORBIDDEN,
        {RequestDefect.FIELDS},
    ),
    "no body where one is demanded": (
        "crud",
        Case(method="POST", path="/notes", operation="postNotes"),
        Validity.FORBIDDEN,
        {RequestDefect.BODY},
    ),
    "no body where one may be": (
        "crud",
        Case(method="PUT", path="/notes/1", operation="putNotesId"),
        Validity.ALLOWED,
        set(),
    ),
    "no JSON": (
        "crud",
        Case(method="POST", path="/notes", operation="postNotes", body=b"{"),
        Validity.FORBIDDEN,
        {RequestDefect.BODY},
    ),
    "another type": (
        "crud",
        Case(method="POST", path="/notes", operation="postNotes", body=b'{"title": "a"}', content_type="text/plain"),
        Validity.FORBIDDEN,
        {RequestDefect.TYPE},
    ),
    "a character that counts twice": (
        "crud",
        Case(method="POST", path="/notes", operation="postNotes", body='{"title": "\U0001f600"}'.encode()),
        Validity.OPEN,
        set(),
    ),
    "a pattern in the path": (
        "bearer",
        Case(method="GET", path="/parcels/PN-12", operation="findParcel"),
        Validity.FORBIDDEN,
        {RequestDefect.PATH},
    ),
    "a header that is ignored": (
        "bearer",
        Case(method="GET", path="/parcels/PN-000001", operation="findParcel", headers=(("Accept", "x"),)),
        Validity.ALLOWED,
        set(),
    ),
    "a header with another word": (
        "bearer",
        Case(method="GET", path="/parcels/PN-000001", operation="findParcel", headers=(("Accept-Language", "fr"),)),
        Validity.FORBIDDEN,
        {RequestDefect.HEADER},
    ),
    "a format is a note": (
        "nullable",
        Case(method="GET", path="/readings", operation="listReadings", query=(("since", "yesterday"),)),
        Validity.OPEN,
        set(),
    ),
    "the example of a format": (
        "nullable",
        Case(method="GET", path="/readings", operation="listReadings", query=(("since", "2026-02-01"),)),
        Validity.ALLOWED,
        set(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_sent_decides(contracts: dict[str, Contract], name: str) -> None:
    """The oracle judges a request by its text alone."""
    document, case, validity, faults = CASES[name]
    expectation = expected(contracts[document], case)
    assert (expectation.validity, set(expectation.faults)) == (validity, faults)
    if validity is Validity.FORBIDDEN:
        assert 400 in expectation.responses
        assert not any(status < 300 for status in expectation.responses)


def test_every_mode_of_a_plan_has_cases(contracts: dict[str, Contract]) -> None:
    """Whatever can be allowed or forbidden is drawn, the same for the same seed; keys only where one is demanded."""
    words = CommandSet(statuses={}, provoke=frozenset())
    for contract in contracts.values():
        for operation in contract.general:
            count = size(contract, operation.id, "quick")
            one, other = (
                RequestPlan(contract, operation.id, count=count, seed=7, words=words, keys=("no key", "a wrong key"))
                for _ in range(2)
            )
            assert one.of(Mode.ALLOWED) == other.of(Mode.ALLOWED) != ()
            assert bool(one.of(Mode.FORBIDDEN)) is bool(malformed(contract, operation.id))
            assert bool(one.of(Mode.UNKEYED)) is operation.guarded
            assert all(expected(contract, planned.case) == planned.expectation for planned in one.of(Mode.FORBIDDEN))


def test_what_is_mixed_has_its_kind(contracts: dict[str, Contract]) -> None:
    """An allowed mixture is allowed, and a forbidden one is found."""
    contract, rng = contracts["crud"], random.Random(7)  # noqa: S311 - test data
    allowed = [mixed_of_any(contract, "postNotes", "allowed", rng) for _ in range(20)]
    assert {expected(contract, case).validity for case in allowed if case} == {Validity.ALLOWED}
    forbidden = [mixed_of_any(contract, "postNotes", "forbidden", rng) for _ in range(20)]
    assert Validity.FORBIDDEN in {expected(contract, case).validity for case in forbidden if case}
    kinds = {kind for kind, _ in needed_of_any(contract, "getNotesId", rng, 3)}
    assert "nothing but what is demanded" in kinds
    assert any("path parameter id" in kind for kind in kinds)


def test_no_unknown_route_is_a_known_one(contracts: dict[str, Contract]) -> None:
    """A parameter in a path takes any word: what it takes is no unknown path."""
    for contract in contracts.values():
        for planned in unknown_routes(contract, count=60, seed=7):
            found = contract.operations_at(planned.case.path)
            assert planned.case.method not in {operation.method for operation in found}
            assert "{" not in planned.case.path
