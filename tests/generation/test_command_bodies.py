"""Bodies that hold a command in another place or form: the contract forbids each for the reason that it is made for."""

from __future__ import annotations

import json

import msgspec
import pytest
import yaml

from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import JSON_TYPE, Case
from technogate.generation.requests import command_bodies
from technogate.generation.requests.extreme_inputs import SIZES, broken_escapes, extreme_bodies, long_heads
from technogate.generation.requests.request_oracle import Expectation, RequestDefect, Validity, expected

IN_TYPES = dict(command_bodies.in_declared_type("PING"))


def expectation(contract: Contract, body: bytes, content_type: str = JSON_TYPE) -> Expectation:
    """What the contract expects for an execute request."""
    case = Case(method="POST", path="/api/execute", operation="executeCommand", body=body, content_type=content_type)
    return expected(contract, case)


@pytest.mark.parametrize("content_type", IN_TYPES)
def test_another_type_is_forbidden(contract: Contract, content_type: str) -> None:
    """A command in another type may get 415 or 400, and breaks the rule about types."""
    found = expectation(contract, IN_TYPES[content_type], content_type)
    assert RequestDefect.TYPE in found.faults
    assert found.responses == {400, 415}


def test_bodies_are_commands_in_their_types() -> None:
    """The bodies say the command in the type that they declare: for the types with a reader here, it reads them."""
    assert yaml.safe_load(IN_TYPES["application/yaml"]) == {"command": "PING"}
    assert msgspec.msgpack.decode(IN_TYPES["application/msgpack"]) == {"command": "PING"}
    assert json.loads(IN_TYPES["application/problem+json"]) == {"command": "PING"}


@pytest.mark.parametrize(
    ("bodies", "defect"),
    [
        (command_bodies.in_no_object("PING"), RequestDefect.BODY),
        (command_bodies.wrapped("PING"), RequestDefect.COMMAND),
        (command_bodies.misnamed("PING"), RequestDefect.COMMAND),
    ],
    ids=["no object", "wrapped", "misnamed"],
)
def test_another_place_is_forbidden(contract: Contract, bodies: dict[str, object], defect: RequestDefect) -> None:
    """A command in another place gets 400 for one reason alone."""
    for what, value in bodies.items():
        found = expectation(contract, json.dumps(value).encode())
        assert set(found.faults) == {defect}, what
        assert set(found.responses) == {400}, what


def test_the_same_name_is_allowed(contract: Contract) -> None:
    """An escaped name is the same name, and a name in another case is an unknown field."""
    assert expectation(contract, command_bodies.escaped_name("PING")).validity is Validity.ALLOWED
    for value in command_bodies.beside_another_case("PING", "ZZ_OTHER").values():
        assert expectation(contract, json.dumps(value).encode()).validity is Validity.ALLOWED


def test_extreme_inputs_are_of_every_size(contract: Contract) -> None:
    """Each part has each size, no body is over the limit, and no request is there twice."""
    bodies, heads = list(extreme_bodies(contract)), list(long_heads(contract))
    assert all(len(case.body or b"") <= contract.behavior.request.max_body_bytes for case in bodies)
    names = [case.name for case in (*bodies, *heads, *broken_escapes(contract))]
    assert len(set(names)) == len(names)
    for size in SIZES:
        assert sum(f", {size} bytes" in case.name for case in bodies) >= 12
        assert sum(f", {size} bytes" in case.name for case in heads) == 10


def test_a_broken_escape_is_sent_as_it_is(contract: Contract) -> None:
    """No escape is escaped on its way out."""
    targets = {case.target for case in broken_escapes(contract)}
    assert {"/api/audit%", "/api/audit%zz", "/api/audit?filter=%c0%af", "/api/audit?%c3=1"} <= targets
