"""AUT-07: what a router may answer to another spelling, and what proves that it reached the operation."""

from __future__ import annotations

import msgspec
import pytest

from technogate.checks.example_evidence import ExampleEvidence
from technogate.checks.other_spellings import executes_nothing, is_recorded, lists_no_execution, reaches_nothing
from technogate.contract.loader import Contract
from technogate.model.events import Exchange
from tests.checks.test_registry import contract as contract
from tests.checks.test_registry import evidence as evidence

HTML = b"<!doctype html><title>Console</title>"


def by(method: str, exchange: Exchange) -> Exchange:
    """The same exchange with another method."""
    return msgspec.structs.replace(exchange, request=msgspec.structs.replace(exchange.request, method=method))


def test_accepts_what_a_router_may_answer(evidence: ExampleEvidence) -> None:
    """Refusals, redirects, 404, 405, a page for every path, a bare 204, a closed connection reach nothing."""
    behavior, plain = evidence.contract.behavior, evidence.executed()
    key = behavior.reason_codes.key_refused
    harmless = [evidence.refused(status) for status in (301, 308, 400, 401, 403, 404, 405, 500)]
    harmless += [evidence.exchange(200, HTML, content_type="text/html"), evidence.exchange(200, {"status": "ok"})]
    harmless += [evidence.refused(200, key), evidence.no_response(), by("OPTIONS", evidence.exchange(204, b""))]
    harmless += [by("HEAD", evidence.exchange(200, b""))]
    for exchange in harmless:
        assert reaches_nothing(behavior, plain, exchange) == []


@pytest.mark.parametrize("body", [[], [{"state": "APPROVED"}]])
def test_a_list_for_a_list_is_the_operation(evidence: ExampleEvidence, body: list[object]) -> None:
    """A list without the key is what the operation answers, also when it is empty."""
    plain = evidence.exchange(200, [evidence.entry_body()])
    assert reaches_nothing(evidence.contract.behavior, plain, evidence.exchange(200, body))


def test_the_operations_own_words_are_the_operation(evidence: ExampleEvidence) -> None:
    """The same refusal of an unknown command, the same empty memory, most of the same members: it was reached."""
    behavior = evidence.contract.behavior
    unknown = evidence.executed(status=behavior.statuses.blocked, reason_codes=["UNKNOWN_COMMAND"])
    empty = evidence.exchange(204, b"")
    part = evidence.exchange(201, {"status": "APPROVED", "trace_id": "t-2", "more": 1})
    for plain, exchange in ((unknown, unknown), (empty, empty), (evidence.executed(), part)):
        assert reaches_nothing(behavior, plain, exchange)


def test_without_a_response_nothing_is_proven(contract: Contract, evidence: ExampleEvidence) -> None:
    """A read that got no response is a finding about that, and never an unchanged memory."""
    none, some = evidence.no_response(), evidence.exchange(204, b"")
    assert executes_nothing(none, some, some)
    assert lists_no_execution(some, none, "PING", [some])
    assert reaches_nothing(contract.behavior, none, some)
    assert is_recorded(contract.behavior, none, evidence.executed())


def test_entries_of_others_are_no_execution(evidence: ExampleEvidence) -> None:
    """Entries that were there before, and entries of refusals, are none of the command."""
    old, refusal = evidence.entry_body(age_s=9), evidence.entry_body(action="EXECUTE", trace_id="t-2")
    before, after = evidence.exchange(200, [old]), evidence.exchange(200, [refusal, old])
    assert lists_no_execution(before, after, "PING", [after]) == []


def test_an_execution_is_that_of_the_request_it_names(evidence: ExampleEvidence) -> None:
    """The finding is about the request whose response names the entry, else about the last one."""
    before, after = evidence.exchange(200, []), evidence.exchange(200, [evidence.entry_body(trace_id="t-7")])
    other = msgspec.structs.replace(evidence.executed(), id="main-1")
    named = msgspec.structs.replace(evidence.executed(trace_id="t-7"), id="main-2")
    for sent, blamed in (([named, other], "main-2"), ([named, named, other], "main-2"), ([other], "main-1")):
        assert lists_no_execution(before, after, "PING", sent)[0].exchanges == (blamed,)


def test_what_was_not_executed_needs_no_entry(evidence: ExampleEvidence) -> None:
    """A spelling that is not found, or BLOCKED, may leave no entry."""
    behavior, listed = evidence.contract.behavior, evidence.exchange(200, [])
    for exchange in (evidence.refused(404), evidence.refused(200), evidence.no_response()):
        assert is_recorded(behavior, listed, exchange) == []
