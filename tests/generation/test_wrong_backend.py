# ruff: noqa: ARG001, ARG005 - a defect is given all that there is, and looks at what it needs
"""Generated requests against a backend with one planted defect: it is found, shrunk and reported by requirement."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from fixtures.generated import SEQUENCES, request_lists
from fixtures.request_batches import Batches
from fixtures.request_sequences import Sequences
from technogate.checks.family import Scope
from technogate.checks.registry import REGISTRY
from technogate.generation.requests.sent_request import Mode
from technogate.model.events import Finding
from technogate.runner.suite import CheckCounter, Violation
from tests.generation.conftest import Bench
from tests.generation.tiny_backend import Defect, PlannedResponse, RequestReceived, TinyBackend, error

pytestmark = pytest.mark.slow

Start = Callable[[Defect | None], Bench]

LISTING = [rule for rule in REGISTRY.sequences if rule.scope is not Scope.SEQUENCES]


def judged(batches: Batches) -> dict[tuple[str, str], Finding]:
    """Return the findings of every item of the suites, by requirement and list."""
    findings: dict[tuple[str, str], Finding] = {}
    played = Sequences(batches=batches)
    for requirement, rule in REGISTRY.rules.items():
        for name in request_lists(batches.driver.contract, rule.scope):
            counter = CheckCounter()
            try:
                batches.hold(rule, name, counter)
            except Violation as violation:
                findings[requirement, name] = violation.finding
            except pytest.skip.Exception as skipped:
                pytest.fail(f"{requirement} {name}: {skipped}")
            else:
                assert counter.count > 0
    for sequence_rule in REGISTRY.sequences:
        if sequence_rule.scope is not Scope.SEQUENCES:
            continue
        try:
            played.hold(sequence_rule.check, CheckCounter())
        except Violation as violation:
            findings[sequence_rule.requirement, SEQUENCES] = violation.finding
    return findings


def test_a_conforming_backend_passes(bench: Start) -> None:
    """A conforming backend has no finding, and every rule judges some exchange."""
    assert judged(bench(None).batches()) == {}


def test_a_defect_deep_in_one_operation(bench: Start) -> None:
    """A 500 for a session id of exactly 128 characters is found, shrunk, and reported for ERR-06 alone."""

    def defect(_: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
        exact = len(str(request.fields.get("session_id", ""))) == 128 and response.status == 200
        return (
            error(500, response.body["trace_id"], "INTERNAL_ERROR")
            if exact and isinstance(response.body, dict)
            else response
        )

    findings = judged(bench(defect).batches())
    assert set(findings) == {("ERR-06", "executeCommand")}
    finding = findings["ERR-06", "executeCommand"]
    body = json.loads(finding.example["request body"])
    assert set(body) == {"command", "session_id"}
    assert (len(body["session_id"]), len(set(body["session_id"]))) == (128, 1)
    assert len(body["command"]) <= 4
    assert (finding.observed, finding.example["response"]) == ("status 500", "500")
    assert "shrunk" in finding.example["case"]


def replaced(wrong: Callable[[RequestReceived, PlannedResponse], bool], **members: object) -> Defect:
    """A defect: where `wrong`, members of the body have other values."""

    def defect(_: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
        if wrong(request, response) and isinstance(response.body, dict):
            response.body = {**response.body, **members}
        return response

    return defect


def refused_as(status: int, wrong: Callable[[RequestReceived, PlannedResponse], bool]) -> Defect:
    """A defect: where `wrong`, the response has another status."""

    def defect(_: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
        if wrong(request, response):
            response.status = status
        return response

    return defect


def approved(request: RequestReceived, response: PlannedResponse) -> bool:
    """Whether a command is executed."""
    return request.path == "/api/execute" and response.status == 200 and response.body["status"] == "APPROVED"  # type: ignore[index]


def execute(request: RequestReceived, response: PlannedResponse, status: int) -> bool:
    """Whether an execute request gets that response."""
    return request.path == "/api/execute" and response.status == status


def ascending(_: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
    """The trail, oldest entry first."""
    response.body = list(reversed(response.body)) if isinstance(response.body, list) else response.body
    return response


def unfiltered(backend: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
    """A defect: the filter NEUTRAL is unknown, and returns everything."""
    if ("filter", "NEUTRAL") in request.query and response.status == 200:
        response.body = list(reversed(backend.entries))[: len(backend.entries)][:3]
    return response


def unbounded(backend: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
    """A defect: one entry more than requested."""
    limit = dict(request.query).get("limit", "50")
    if isinstance(response.body, list) and "filter" not in dict(request.query) and len(response.body) == int(limit):
        response.body = list(reversed(backend.entries))[: int(limit) + 1]
    return response


def executes_refused(backend: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
    """A defect: a command that is refused for its key is executed."""
    if request.path == "/api/execute" and response.status in (401, 403) and backend.snapshot:
        backend.snapshot = {**backend.snapshot, "output": "executed without a key"}
    return response


def forgets(backend: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
    """A defect: a second execution of the same command leaves no entry."""
    entries = backend.entries
    if len(entries) > 1 and entries[-1]["state"] == "WARNING" and entries[-1]["trace_id"] == _trace(response):
        entries.pop()
    return response


def _trace(response: PlannedResponse) -> object:
    return response.body.get("trace_id") if isinstance(response.body, dict) else None


def stale_memory(backend: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
    """A defect: the memory keeps the status of the previous command."""
    if (
        request.path == "/api/memory"
        and response.status == 200
        and backend.snapshot
        and backend.snapshot["status"] == "NEUTRAL"
    ):
        response.body = {**backend.snapshot, "status": "APPROVED"}
    return response


def fallback_lags(_: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
    """A defect: the fallback lacks the newest entry."""
    if request.path.endswith("metrics") and isinstance(response.body, list):
        response.body = response.body[1:]
    return response


def shadowed(_: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
    """A defect: the trace header has another value for one kind of response."""
    if response.status == 403:
        response.headers["X-Trace-Id"] = "another-one"
    return response


HOUR_AGO = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
DEFECTS: dict[str, tuple[Defect, set[str]]] = {
    "trace id missing from the response to a command": (replaced(approved, trace_id=None), {"ENV-01", "ENV-04"}),
    "status in lower case": (replaced(approved, status="approved"), {"ENV-02"}),
    "local time": (replaced(lambda a, t: execute(a, t, 400), ts_utc=HOUR_AGO), {"ENV-03"}),
    "trace id in capitals": (replaced(approved, trace_id="TINY-1"), {"ENV-04"}),
    "trace header of its own": (shadowed, {"ENV-05"}),
    "expired without a reason": (
        replaced(lambda a, t: execute(a, t, 200) and a.fields["command"] == "OLD", reason_codes=[]),
        {"ENV-06"},
    ),
    "another media type": (
        lambda b, a, t: PlannedResponse(
            status=t.status, body=t.body, headers={**t.headers, "Content-Type": "text/plain"}
        ),
        {"ENV-07"},
    ),
    "no key is a wrong key": (refused_as(403, lambda a, t: t.status == 401), {"AUT-01"}),
    "a wrong key is none": (refused_as(401, lambda a, t: t.status == 403), {"AUT-02"}),
    "no reason for a refused key": (replaced(lambda a, t: t.status == 401, reason_codes=["OTHER"]), {"AUT-03"}),
    "malformed before unkeyed": (
        refused_as(400, lambda a, t: t.status == 401 and a.path == "/api/execute" and not a.fields),
        {"AUT-04"},
    ),
    "warning is approved": (
        replaced(lambda a, t: execute(a, t, 200) and a.fields["command"] == "CHECK", status="APPROVED"),
        {"EXE-01"},
    ),
    "422 for a bad command": (refused_as(422, lambda a, t: execute(a, t, 400) and "command" in a.fields), {"EXE-02"}),
    "422 for no object": (refused_as(422, lambda a, t: execute(a, t, 400) and not a.fields), {"EXE-03"}),
    "422 for another type": (refused_as(422, lambda a, t: execute(a, t, 415)), {"EXE-04"}),
    "large bodies are taken": (
        lambda b, a, t: PlannedResponse(status=422, body=t.body) if execute(a, t, 413) else t,
        {"EXE-05"},
    ),
    "unknown commands are neutral": (
        replaced(lambda a, t: execute(a, t, 200) and a.fields["command"].startswith("ZZ"), status="NEUTRAL"),
        {"EXE-06"},
    ),
    "a long session is refused": (
        refused_as(400, lambda a, t: execute(a, t, 200) and len(a.fields.get("session_id", "")) > 100),
        {"EXE-07"},
    ),
    "unknown fields are noticed": (
        replaced(
            lambda a, t: approved(a, t) and "session_id" not in a.fields and len(a.fields) > 1, reason_codes=["X"]
        ),
        {"EXE-08"},
    ),
    "an entry without a result": (
        lambda b, a, t: (
            PlannedResponse(status=t.status, body=[{**each, "result": "?"} for each in t.body], headers=t.headers)
            if isinstance(t.body, list) and t.body
            else t
        ),
        {"AUD-01"},
    ),
    "a filter that lets through": (unfiltered, {"AUD-02"}),
    "one entry too many": (unbounded, {"AUD-03"}),
    "oldest first": (ascending, {"AUD-04"}),
    "422 for a bad query": (refused_as(422, lambda a, t: t.status == 400 and "audit" in a.path), {"AUD-05"}),
    "the memory of another status": (stale_memory, {"MEM-01"}),
    "refused and executed": (executes_refused, {"EXE-09"}),
    "an execution without an entry": (forgets, {"EXE-10"}),
    "a fallback that lags": (fallback_lags, {"AUD-06"}),
    "an error without a message": (replaced(lambda a, t: t.status == 415, message=""), {"ERR-01"}),
    "404 without a body": (
        lambda b, a, t: PlannedResponse(status=404, body={}) if t.status == 404 else t,
        {"ERR-04"},
    ),
    "500 that says nothing": (
        lambda b, a, t: PlannedResponse(status=500, body={}) if ("limit", "1") in a.query else t,
        {"ERR-02", "ERR-06"},
    ),
    "no response at all": (
        lambda b, a, t: PlannedResponse(status=0, body={}) if ("filter", "EXPIRED") in a.query else t,
        {"ERR-06"},
    ),
}

#: What a defect may break besides: a requirement whose sentence covers it as well.
BESIDES = {
    "no key is a wrong key": {"AUT-04"},
    "422 for a bad command": {"EXE-07"},
    "422 for no object": {"EXE-02"},
    "a long session is refused": {"ERR-01", "EXE-01", "EXE-06"},
    "trace id missing from the response to a command": {"ENV-05", "EXE-10", "AUD-04"},
    "status in lower case": {"ENV-01", "EXE-01", "ENV-06", "EXE-07", "EXE-08", "MEM-01", "EXE-10"},
    "trace id in capitals": {"ENV-01", "ENV-05", "EXE-10", "AUD-04"},
    "expired without a reason": {"ENV-01"},
    "another media type": {"ENV-01", "AUT-03", "EXE-02", "AUD-01", "AUD-05", "MEM-01", "ERR-01", "ERR-04", "AUD-06"},
    "no reason for a refused key": {"ERR-01"},
    "unknown commands are neutral": {"MEM-01", "EXE-10"},
    "an entry without a result": {"EXE-10", "AUD-04"},
    "a filter that lets through": {"AUD-03", "AUD-06"},
    "one entry too many": {"AUD-06"},
    "500 that says nothing": {"ENV-05"},
    "warning is approved": {"MEM-01"},
}


@pytest.mark.parametrize("name", DEFECTS)
def test_each_rule_finds_its_defect(bench: Start, name: str) -> None:
    """Each planted defect is found under its requirement, and under no other that it satisfies."""
    defect, requirements = DEFECTS[name]
    broken = {requirement for requirement, _ in judged(bench(defect).batches())}
    assert requirements <= broken <= requirements | BESIDES.get(name, set())


def test_reports_a_missing_entry(bench: Start) -> None:
    """A lost entry is reported by the next read that should return it."""

    def loses(backend: TinyBackend, request: RequestReceived, response: PlannedResponse) -> PlannedResponse:
        if isinstance(response.body, list) and len(backend.requests) % 40 == 0 and backend.entries:
            backend.entries.pop(len(backend.entries) // 2)
        return response

    [complete] = LISTING
    for defect, whole in ((None, True), (loses, False)):
        batches = bench(defect).batches()
        for _ in range(30):
            batches.driver.execute("PING")
        if whole:
            batches.hold_in_order(complete.check, "fetchAuditLog", CheckCounter())
            continue
        with pytest.raises(Violation, match="which an earlier response showed"):
            batches.hold_in_order(complete.check, "fetchAuditLog", CheckCounter())


def reason(batches: Batches, requirement: str, operation: str) -> str:
    """Why the item of a rule is not exercised."""
    with pytest.raises(pytest.skip.Exception) as skipped:
        batches.hold(REGISTRY.rules[requirement], operation, CheckCounter())
    return str(skipped.value)


def test_requests_that_were_not_drawn_are_told_from_those_without_a_response(bench: Start) -> None:
    """What was not drawn, what got no response, and what got another kind of response are three reasons."""
    plain, mute, failing = (
        bench(defect).batches()
        for defect in (
            None,
            lambda *_: PlannedResponse(status=0, body=None),
            lambda _, __, response: error(503, "tiny-1", "INTERNAL_ERROR"),
        )
    )
    rule = REGISTRY.rules["EXE-03"]
    plain.plans = {name: NothingDrawn() for name in ("executeCommand",)}  # type: ignore[misc]
    assert reason(plain, rule.requirement, "executeCommand").startswith(
        "no generated request covered this requirement (0 of 0) || hint: none of the kind was drawn"
    )
    unanswered = reason(mute, rule.requirement, "executeCommand")
    assert re.match(r"none of the \d+ generated requests that this requirement needs got a response", unanswered)
    other = reason(failing, rule.requirement, "executeCommand")
    assert re.match(r"no response to the \d+ generated requests .* can be judged: \d+ of status 503", other)


class NothingDrawn:
    """A plan without any request."""

    def of(self, _: Mode) -> tuple[()]:
        """No request of this list."""
        return ()
