"""Requirements for clients under a fault: each predicate passes a right response and reports a wrong one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from technogate.checks.no_audit_no_action import is_refused_unaudited, leaves_no_execution
from technogate.checks.resilience import big_header_is_refused, is_served
from technogate.checks.response_times import is_complete_within
from technogate.contract.loader import Contract, load_contract
from technogate.model.events import Body, Ended, Exchange, Finding, Request, Response, TrailEntry

ROOT = Path(__file__).resolve().parents[2]
APPROVED = {"status": "APPROVED", "ts_utc": "2026-01-02T03:04:05Z", "trace_id": "t-1", "reason_codes": []}
REFUSED = {
    "status": "BLOCKED",
    "ts_utc": "2026-01-02T03:04:05Z",
    "trace_id": "t-1",
    "reason_codes": ["AUDIT_UNAVAILABLE"],
    "message": "no trail",
}


@cache
def contract() -> Contract:
    """The contract that ships."""
    return load_contract(ROOT / "contracts" / "console-v0.1")


def exchange(status: int = 200, value: object = None, *, seconds: float = 1.0, error: str = "") -> Exchange:
    """One execute with the response `value`; with `error` there was no response."""
    body = Body.of(json.dumps(APPROVED if value is None else value).encode())
    response = Response(status=status, headers=(("Content-Type", "application/json"),), body=body)
    return Exchange(
        id="gw0d-1",
        item="suites/x",
        responded_by="backend",
        operation="executeCommand",
        request=Request(method="POST", path="/api/execute"),
        response=None if error else response,
        end=Ended.INDETERMINATE if error else Ended.OK,
        error=error,
        started=100.0,
        ended=100.0 + seconds,
    )


def observed(findings: list[Finding]) -> str:
    """Return what the only finding observed."""
    (found,) = findings
    return found.observed


def test_a_response_in_time_is_served() -> None:
    """A complete, documented response within the limit passes."""
    assert is_served(contract(), exchange(), 200) == []
    assert is_complete_within(exchange(seconds=15.0), 15.0) == []


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (exchange(seconds=15.1), "15.1 s"),
        (exchange(error="the connection was closed"), "the connection was closed"),
        (exchange(503, REFUSED), "status 503"),
        (exchange(value={"status": "APPROVED"}), "ts_utc"),
    ],
    ids=["late", "lost", "refused", "invalid"],
)
def test_reports_what_is_not_served(response: Exchange, expected: str) -> None:
    """Only the first violation is reported."""
    assert expected in observed(is_served(contract(), response, 200))


@pytest.mark.parametrize("status", [500, 503])
def test_a_refusal_without_an_audit_trail(status: int) -> None:
    """A 500 or 503 with the reason passes."""
    assert is_refused_unaudited(contract(), exchange(status, REFUSED)) == []


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (exchange(), "status 200"),
        (exchange(400, REFUSED), "status 400"),
        (exchange(503, {**REFUSED, "reason_codes": ["INTERNAL_ERROR"]}), "reason codes INTERNAL_ERROR"),
        (exchange(error="late"), "late"),
    ],
    ids=["approved", "another-status", "another-reason", "none"],
)
def test_anything_else_is_no_refusal(response: Exchange, expected: str) -> None:
    """An approval, another status, another reason and a missing response are reported."""
    assert expected in observed(is_refused_unaudited(contract(), response))


def test_an_entry_of_a_refused_execution_is_reported() -> None:
    """An entry of an execution that was refused is reported; an entry of the state BLOCKED is not."""
    entries = [TrailEntry(action="PING", state="BLOCKED", trace_id="t-1"), TrailEntry(state="APPROVED", trace_id="t-2")]
    refused = exchange(503, REFUSED)
    assert leaves_no_execution(contract(), refused, entries) == []
    executed = [*entries, TrailEntry(action="PING", state="APPROVED", trace_id="t-1")]
    assert "PING APPROVED" in observed(leaves_no_execution(contract(), refused, executed))


@pytest.mark.parametrize(
    ("response", "fine"),
    [
        (exchange(431, REFUSED), True),
        (exchange(), True),
        (exchange(error="the backend closed the connection"), True),
        (exchange(500, REFUSED), False),
        (exchange(error="no whole answer"), False),
    ],
    ids=["4xx", "taken", "closed", "5xx", "silence"],
)
def test_outcomes_of_a_large_header(response: Exchange, fine: bool) -> None:
    """A status below 500 or a closed connection passes; a 5xx or no response is reported."""
    assert (big_header_is_refused(response) == []) is fine
