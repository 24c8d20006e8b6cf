"""Generated responses: conforming ones conform, hostile ones are refused, and every kind occurs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import hypothesis
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from technogate.contract.loader import Contract, load_contract
from technogate.generation.responses.framing import FAULTY, WHOLE, FramedResponse, Framing
from technogate.generation.responses.invalid_json import invalid_json
from technogate.generation.responses.invalid_values import NEAR_MISSES, InvalidValue, broken_field
from technogate.generation.responses.response_cases import OTHER_TYPES, Cases, Responses, encode
from technogate.generation.responses.response_oracle import Meaning
from technogate.generation.responses.valid_values import schema_of
from technogate.mock.mock_backend import MockBackend

pytestmark = pytest.mark.slow

MANY = settings(
    max_examples=300, database=None, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
)
OPERATIONS: dict[str, Callable[[Contract], Responses]] = {
    "execute": Responses.to_execute,
    "audit": Responses.to_audit,
    "fallback": Responses.to_fallback,
    "memory": Responses.to_memory,
}
GOOD = {"status": "APPROVED", "ts_utc": "2026-01-01T12:00:00Z", "trace_id": "t-1", "reason_codes": []}


def drawn(cases: st.SearchStrategy[FramedResponse], examples: int = 150) -> list[FramedResponse]:
    """Draw a number of cases from a strategy, the same each time."""
    framed: list[FramedResponse] = []

    @settings(MANY, max_examples=examples)
    @given(cases)
    def collect(case: FramedResponse) -> None:
        framed.append(case)

    collect()
    return framed


@pytest.mark.parametrize("name", OPERATIONS)
def test_conforming_responses_conform(contract: Contract, name: str) -> None:
    """The contract accepts every conforming response, in each way of sending it."""
    responses = OPERATIONS[name](contract)
    cases = drawn(responses.conforming())
    assert {responses.read(case).meaning for case in cases} == {Meaning.CONFORMS}
    assert {case.wire for case in cases} == set(WHOLE)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("kind", ["hostile", "wrong_types", "no_json", "cut", "torn", "other_success", "any_hostile"])
def test_hostile_responses_are_refused(contract: Contract, name: str, kind: str) -> None:
    """The contract refuses nearly all hostile responses; the few others are dropped."""
    responses = OPERATIONS[name](contract)
    cases: Cases = getattr(responses, kind)()
    meanings = [responses.read(case).meaning for case in drawn(cases)]
    assert meanings.count(Meaning.REFUSED) >= 0.7 * len(meanings)


@pytest.mark.parametrize("first", [400, 500])
def test_codes_stay_in_their_range(contract: Contract, first: int) -> None:
    """Status codes are drawn from their range, include each documented one, and exclude those reserved by browsers."""
    responses = Responses.to_execute(contract)
    codes = {case.status for case in drawn(responses.coded(first, first + 99), 300)}
    documented = {code for code in contract.operation(responses.operation).responses if first <= code < first + 100}
    assert documented < codes <= set(range(first, first + 100)) - {407, 421}


def test_every_kind_of_status_occurs(contract: Contract) -> None:
    """A status is misspelt in every way, has another type, and is missing."""
    responses = Responses.to_execute(contract)
    ways = {way for way in NEAR_MISSES if NEAR_MISSES[way]("APPROVED") != "APPROVED"}
    what = {case.what for case in drawn(responses.status_words(), 5000)}
    assert {f"status: {way}" for way in (*ways, "missing", "another type", "another text")} <= what


@pytest.mark.parametrize("name", ["ExecuteResponse", "AuditItem", "MemorySnapshot", "ErrorResponse"])
def test_every_field_is_broken(contract: Contract, name: str) -> None:
    """Each field of a schema is broken, and each required one is left out."""
    schema = schema_of(contract, name)
    for field in schema.fields:
        what = breaks_of(broken_field(schema, field))
        assert {text.partition(":")[0] for text in what} == {field}
        assert (f"{field}: missing" in what) == schema.fields[field].required


def breaks_of(breaks: st.SearchStrategy[InvalidValue]) -> set[str]:
    """Collect the effects of many breaks of a strategy."""
    what: set[str] = set()

    @settings(MANY, max_examples=80)
    @given(breaks)
    def collect(broken: InvalidValue) -> None:
        what.add(broken.what)

    collect()
    return what


def test_every_wire_and_type_occurs(contract: Contract) -> None:
    """Every transport fault and every other content type occurs."""
    responses = Responses.to_execute(contract)
    assert {case.wire for case in drawn(responses.torn(), 600)} == set(FAULTY)
    assert {case.content_type for case in drawn(responses.wrong_types(), 600)} == set(OTHER_TYPES)
    assert {case.what for case in drawn(responses.no_json(), 900)} >= set(invalid_json(encode(GOOD)))


@pytest.mark.parametrize("value", [GOOD, [], [{"a": 1}], {}, None], ids=str)
def test_spoilt_json_is_no_json(value: object) -> None:
    """No spoilt body is valid JSON."""
    assert [what for what, text in invalid_json(encode(value)).items() if _is_json(text)] == []


def _is_json(text: bytes | str) -> bool:
    """Whether `text` parses as strict JSON."""
    try:
        json.loads(text, parse_constant=_refuse)
    except ValueError:
        return False
    return True


def is_json(text: str) -> bool:
    """Whether a text is JSON by its grammar."""
    try:
        json.loads(text, parse_constant=_refuse)
    except ValueError:
        return False
    return True


def _refuse(word: str) -> object:
    raise ValueError(word)


def test_responses_follow_the_contract(contract: Contract, tmp_path: Path) -> None:
    """A contract with another field gets other responses."""
    folder = tmp_path / "other"
    shutil.copytree(contract.folder, folder)
    path = folder / "openapi.yaml"
    text = path.read_text("utf-8")
    text = text.replace(
        '        execution_id:\n          $ref: "#/components/schemas/ExecutionId"\n        message:',
        "        region:\n          type: string\n          enum: [north]\n        message:",
    )
    path.write_text(text, "utf-8")
    behavior = folder / "behavior.toml"
    behavior.write_text(behavior.read_text("utf-8").replace('"execution_id"', '"region"', 1), "utf-8")
    changed_contract = load_contract(folder)
    responses = Responses.to_execute(changed_contract)
    bodies = [json.loads(case.body) for case in drawn(responses.conforming())]
    assert {body.get("region") for body in bodies} == {"north", None}
    assert not any("execution_id" in body for body in bodies)


SLOPPY: dict[str, Callable[[FramedResponse], bool]] = {
    "takes lower case": lambda sent: b'"approved"' in sent.body.lower() and b'"APPROVED"' not in sent.body,
    "takes null": lambda sent: sent.body.strip() == b"null",
    "takes any code": lambda sent: sent.status == 500 and b"APPROVED" in sent.body,
}


@pytest.mark.parametrize("name", SLOPPY)
def test_failing_responses_shrink(contract: Contract, name: str) -> None:
    """The smallest failing response holds only what the defect needs."""
    responses = Responses.to_execute(contract)
    cases = st.one_of(responses.status_words(), responses.hostile(), responses.coded(500, 500))
    smallest = find(cases, SLOPPY[name], settings=settings(MANY, max_examples=2000))
    assert smallest.wire is Framing.PLAIN
    assert len(smallest.body) <= 120
    assert b"message" not in smallest.body
    assert b"execution_id" not in smallest.body


@pytest.fixture(scope="module")
def mock_backend() -> Iterator[MockBackend]:
    """A mock backend with one operation."""
    with MockBackend(operations={"op": ("GET", "/op")}, defaults={}) as provider:
        yield provider


@pytest.mark.parametrize("wire", Framing, ids=lambda wire: wire.name.lower())
def test_a_client_gets_what_the_case_states(mock_backend: MockBackend, wire: Framing) -> None:
    """A client receives what the case states: the whole, a part, or nothing."""
    sent = FramedResponse(what="a case", body=encode({**GOOD, "message": "x" * 40}), wire=wire, at=9)
    mock_backend.reset()
    order = mock_backend.script("op", sent.fault())[0]
    given_to = sent.received()
    try:
        response = httpx.get(mock_backend.base_url + "/op", timeout=5, trust_env=False)
    except httpx.HTTPError:
        assert given_to.trouble or given_to.unseen
    else:
        assert not given_to.trouble
        assert response.content == given_to.body
    assert order.delivery.delivered, order.delivery.why
