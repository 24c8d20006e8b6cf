"""Causes: findings of one mistake come together, those of two do not, and none is left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from technogate.judging.causes.group import causes_of
from technogate.judging.numbered_findings import numbered_findings
from technogate.model.cause import Cause
from technogate.model.events import Body, Exchange, Finding, Request, Response
from technogate.model.requirement import Level, Party, Requirement
from tests import builders

REQUIREMENTS = tuple(
    Requirement(
        id=name,
        party=Party.CONSOLE if name.startswith("CON") else Party.BACKEND,
        level=Level.MUST,
        group="execute",
        text=f"the requirement {name}",
    )
    for name in (
        *(f"ENV-0{number}" for number in range(1, 8)),
        *(f"AUT-0{number}" for number in range(1, 7)),
        *(f"EXE-0{number}" for number in range(1, 9)),
        *(f"AUD-0{number}" for number in range(1, 7)),
        *(
            "MEM-01",
            "ERR-01",
            "ERR-04",
            "ERR-06",
            "TRL-01",
            "TRL-02",
            "TRL-05",
            "TRL-07",
            "TRL-11",
            "CON-02",
            "CON-03",
            "CON-21",
        ),
    )
)
TRACE = "X-Trace-Id"
ENTRIES = '{"entries":[]}'
DETAIL = '{"detail":"Unauthorized"}'
REFUSAL = '{"status":"BLOCKED","reason_codes":["X"],"message":"no"}'


@dataclass(kw_only=True)
class Seen:
    """A finding, and the exchange that it rests on."""

    requirement: str
    check: str = "status"
    expected: str = "status 400"
    observed: str = ""
    operation: str = "executeCommand"
    path: str = "/api/execute"
    status: int = 0
    body: str = REFUSAL
    defects: tuple[str, ...] = ()
    trace_id: str = ""
    request: str = '{"command":"A"}'
    example: tuple[tuple[str, str], ...] = ()

    def events(self, number: int) -> tuple[Exchange, Finding]:
        """Its exchange and itself."""
        headers = ((TRACE, self.trace_id or f"t-{number}"),)
        response = Response(status=self.status, headers=headers, body=Body.of(self.body.encode()))
        exchange = Exchange(
            id=f"main-{number}",
            item="a",
            responded_by="backend",
            operation=self.operation,
            request=Request(method="POST", path=self.path, body=Body.of(self.request.encode())),
            response=response if self.status else None,
            started=float(number),
            ended=number + 0.5,
            defects=self.defects,
        )
        finding = Finding(
            check=self.check,
            expected=self.expected,
            observed=self.observed or f"status {self.status}",
            item="a",
            requirement=self.requirement,
            operation=self.operation,
            exchanges=(exchange.id,),
            example={"request": f"POST {self.path}", **dict(self.example)},
        )
        return exchange, finding


def causes(folder: Path, seen: Sequence[Seen]) -> tuple[Cause, ...]:
    """The causes of findings; each of them is in exactly one."""
    events = [event for number, one in enumerate(seen) for event in one.events(number)]
    head = builders.header(requirements=REQUIREMENTS, parties=("backend", "console"))
    journal = builders.journal(folder, *events, head=head)
    scope = {requirement.id: requirement for requirement in REQUIREMENTS}
    samples = numbered_findings(journal, journal.findings, scope)
    found = causes_of(journal, samples, scope)
    assert sorted(number for cause in found for number in cause.findings) == [sample.number for sample in samples]
    assert {name for cause in found for name in cause.requirements} == {one.requirement for one in seen}
    assert all(cause.example in cause.findings for cause in found)
    return found


def wrong_shape(requirement: str, operation: str) -> Seen:
    """A list in an envelope."""
    return Seen(
        requirement=requirement,
        check="documented response",
        expected="a valid response of status 200",
        observed='$: expected the field "status", found none',
        operation=operation,
        status=200,
        body=ENTRIES,
    )


ONE_MISTAKE = {
    "a status code in place of another, in every operation and requirement": [
        Seen(requirement="EXE-02", status=422, defects=("command",)),
        Seen(requirement="EXE-03", status=422, defects=("body",)),
        Seen(requirement="EXE-04", status=422, defects=("content type",), expected="status 415 or 400"),
        Seen(requirement="AUD-05", status=422, defects=("query",), operation="fetchMemory"),
        Seen(
            requirement="ERR-01",
            check="documented response",
            expected="a valid response of status 422",
            observed="HTTP status: expected one of 200, 400, found 422",
            status=422,
            defects=("command",),
        ),
    ],
    "a wrong key is taken, in every operation": [
        Seen(requirement="AUT-02", expected="status 403", status=200, defects=("wrong key",)),
        Seen(requirement="AUT-02", expected="status 403", status=200, defects=("wrong key",), operation="fetchMemory"),
    ],
    "an unknown command is refused": [
        Seen(requirement="EXE-06", expected="status 200", status=404),
        Seen(requirement="EXE-08", expected="status 200", status=404),
    ],
    "errors of another shape": [
        Seen(requirement="AUT-03", check="error response", observed="$: expected an object", status=401, body=DETAIL),
        Seen(requirement="ENV-04", check="trace_id", observed="$: found null", status=422, body=DETAIL),
        Seen(requirement="ENV-03", check="UTC time", observed="ts_utc None", status=422, body=DETAIL),
    ],
    "times of another form": [
        Seen(
            requirement="ENV-03",
            check="UTC time",
            expected="ts_utc as RFC 3339, UTC, ending in Z",
            observed="ts_utc '2026-11-30T00:00:00.5+00:00'",
            status=200,
        ),
        Seen(
            requirement="AUD-04",
            check="order",
            expected="a UTC time in each entry",
            observed="'2026-11-30T00:00:01+00:00', '2026-11-30T00:00:00+00:00'",
            status=200,
        ),
    ],
    "no trace header": [
        Seen(requirement="ENV-05", check="trace header", observed="no such header (status 401)", status=401),
        Seen(
            requirement="ENV-05",
            check="trace header",
            observed="X-Trace-Id: none; trace_id in the body: None",
            status=422,
        ),
    ],
    "a list in an envelope": [
        wrong_shape("AUD-01", "fetchMemory"),
        Seen(
            requirement="AUD-02",
            check="limit",
            expected="5 entries of a trail that holds more",
            observed="0 entries",
            operation="fetchMemory",
            status=200,
            body=ENTRIES,
        ),
    ],
    "entries oldest first": [
        Seen(requirement="AUD-02", check="order", expected="entries in the order [1]", observed="[2]", status=200),
        Seen(requirement="AUD-04", check="order", expected="newest first", observed="a stands before b", status=200),
    ],
    "a list that ignores its query": [
        Seen(requirement="AUD-02", check="filter", expected="only entries of state A", observed="3", status=200),
        Seen(requirement="AUD-03", check="limit", expected="at most 1 entries", observed="9 entries", status=200),
        Seen(requirement="AUD-06", check="same entries", expected="the 3", observed="the 9", status=200),
        Seen(requirement="AUD-05", status=200, defects=("query",)),
    ],
    "an operation that needs no key": [
        Seen(requirement="AUT-01", expected="status 401", status=200, defects=("no key",)),
        Seen(requirement="AUT-02", expected="status 403", status=200, defects=("wrong key",)),
        Seen(requirement="AUT-03", check="error response", observed="an array", status=200, defects=("no key",)),
    ],
    "refusals without an entry": [
        Seen(requirement="TRL-02", check="trail: lost", observed="lost: none", status=401, defects=("no key",)),
        Seen(requirement="TRL-01", check="one entry", observed="0 such entries among 5", status=400),
    ],
    "a trail that does not survive the process": [
        Seen(requirement="TRL-07", check="entry after a kill", observed="3 have none", status=200),
        Seen(requirement="TRL-05", check="trail: vanished", observed="it was gone", status=200),
        Seen(requirement="TRL-01", check="trail: lost", observed="lost: none", status=200),
    ],
    "a query that is not validated: accepted, or no response": [
        Seen(requirement="AUD-05", status=200, defects=("query",)),
        Seen(requirement="ERR-06", check="no failure", observed="the connection was closed", defects=("query",)),
    ],
    "another code for a wrong method": [
        Seen(requirement="ERR-04", expected="status 405", status=404, operation=""),
        Seen(requirement="ERR-06", check="no failure", status=501, operation=""),
    ],
    "member names in any case": [
        Seen(requirement="EXE-02", status=200, defects=("command",), request='{"COMMAND":"A"}'),
        Seen(requirement="EXE-08", expected="status 200", status=400, request='{"command":"A","Command":1}'),
    ],
    "a clock that is off": [
        Seen(requirement="ENV-03", check="UTC time", expected="within 5 s", observed="t, 20700.0 s off", status=200),
        Seen(
            requirement="TRL-01", check="trail: mistimed", observed="mistimed: t, 20699.9 s outside of it", status=200
        ),
    ],
    "ways around the key": [
        Seen(
            requirement="AUT-02", check="no way around the key", observed="status 200 with {}", path="/a/", status=200
        ),
        Seen(
            requirement="AUT-02", check="no way around the key", observed="status 200 with []", path="/b/", status=200
        ),
    ],
    "a body over the limit, taken and read to its end": [
        Seen(requirement="EXE-05", status=200, defects=("size",)),
        Seen(requirement="EXE-05", check="body unread", observed="9 bytes were taken", status=200, defects=("size",)),
    ],
    "a console that does not check the status": [
        Seen(
            requirement="CON-03",
            check="fails closed",
            expected="BLOCKED is shown",
            observed=f"{word!r} is shown",
            operation="",
        )
        for word in ("MAYBE", "approved", " APPROVED ", "null")
    ],
    "an approval left beside other commands": [
        Seen(
            requirement="CON-21",
            check="last result while waiting",
            operation="",
            expected=f"nothing that could be read as APPROVED until {command} is answered",
            observed=f"the APPROVED of FIRST_COMMAND is left beside {command}",
        )
        for command in ("FIRST_COMMAND", "SECOND_COMMAND")
    ],
    "entries that are not synced": [
        Seen(
            requirement="TRL-11",
            check="entry synced before the response",
            expected="the entry is written and synced",
            observed=f"trail.jsonl is written and not synced: {calls}",
            status=200,
        )
        for calls in ("write(trail.jsonl), sendto(client)", "write(trail.jsonl), fdatasync(wal), sendto(client)")
    ],
    "a crash": [
        Seen(requirement="EXE-03", check="crash", observed="the backend exited with code 1: TypeError"),
        Seen(requirement="ERR-06", check="crash", observed="the backend exited with code 1: TypeError"),
    ],
}


@pytest.mark.parametrize("mistake", ONE_MISTAKE)
def test_findings_of_one_mistake_have_one_cause(tmp_path: Path, mistake: str) -> None:
    """However many requirements, operations and cases it touches, a mistake is one cause."""
    [cause] = causes(tmp_path, ONE_MISTAKE[mistake])
    assert cause.count == len(ONE_MISTAKE[mistake])


TWO_MISTAKES = {
    "other inputs are accepted": [
        Seen(requirement="EXE-04", status=200, defects=("content type",)),
        Seen(requirement="AUD-05", status=200, defects=("query",)),
    ],
    "other codes in place of one": [
        Seen(requirement="EXE-02", status=422, defects=("command",)),
        Seen(requirement="EXE-02", status=409, defects=("command",)),
    ],
    "one code in place of others": [
        Seen(requirement="EXE-02", status=422, defects=("command",)),
        Seen(requirement="AUT-04", expected="status 401", status=422, defects=("no key", "command")),
    ],
    "a wrong key is taken, and refused with another code": [
        Seen(requirement="AUT-02", expected="status 403", status=200, defects=("wrong key",)),
        Seen(requirement="AUT-02", expected="status 403", status=401, defects=("wrong key",)),
    ],
    "valid requests are refused for two reasons": [
        Seen(requirement="EXE-08", expected="status 200", status=400, body='{"reason_codes":["A"]}'),
        Seen(requirement="EXE-06", expected="status 200", status=400, body='{"reason_codes":["B"]}'),
    ],
    "two crashes": [
        Seen(requirement="EXE-03", check="crash", observed="the backend exited with code 1: TypeError"),
        Seen(requirement="EXE-02", check="crash", observed="the backend exited with code 139"),
    ],
    "lost refusals and lost executions": [
        Seen(requirement="TRL-02", check="trail: lost", observed="lost: none", status=401),
        Seen(requirement="TRL-01", check="trail: lost", observed="lost: none", status=200),
    ],
    "an unknown status shown as it is, and another taken for an approval": [
        Seen(requirement="CON-03", check="fails closed", expected="BLOCKED", observed="'MAYBE' is shown", operation=""),
        Seen(
            requirement="CON-03", check="fails closed", expected="BLOCKED", observed="'APPROVED' is shown", operation=""
        ),
    ],
    "one side each": [
        Seen(requirement="CON-02", check="shown status", observed="status 'BLOCKED'", operation=""),
        Seen(requirement="EXE-02", status=422, defects=("command",)),
    ],
}


@pytest.mark.parametrize("mistakes", TWO_MISTAKES)
def test_findings_of_two_mistakes_have_two_causes(tmp_path: Path, mistakes: str) -> None:
    """What one change of the program would not mend is two causes."""
    assert len(causes(tmp_path, TWO_MISTAKES[mistakes])) == 2


def test_nothing_behind_the_routes_is_one_cause(tmp_path: Path) -> None:
    """404 for every request to every operation: whatever else is found, one sentence explains it."""
    seen = [
        Seen(
            requirement=requirement, operation=operation, path=f"/{operation}", status=404, body="<p>", expected=wanted
        )
        for operation in ("executeCommand", "fetchMemory")
        for requirement, wanted in (("AUT-01", "status 401"), ("EXE-02", "status 400"), ("AUD-05", "status 400"))
    ]
    seen.append(
        Seen(requirement="ERR-04", check="error response", observed="<p>", operation="", status=404, body="<p>")
    )
    [cause] = causes(tmp_path, seen)
    assert cause.title == "None of the two endpoints exists: 404 for POST /executeCommand, POST /fetchMemory"


def test_a_response_that_is_sent_again_is_one_cause(tmp_path: Path) -> None:
    """Whatever is wrong with a response from a cache is wrong because it is one."""
    first = Seen(requirement="ENV-01", check="odd", status=200, body="{}", trace_id="same", observed="by itself")
    again = [
        Seen(requirement="MEM-01", check="command", observed="command A", status=200, body="{}", trace_id="same"),
        Seen(requirement="AUT-01", expected="status 401", status=200, body="{}", trace_id="same"),
    ]
    replayed, own = causes(tmp_path, [first, *again])
    assert (replayed.rule, replayed.count, own.requirements) == ("replayed response", 2, ("ENV-01",))


def test_a_crash_comes_first(tmp_path: Path) -> None:
    """The cause that hides others is the first to read, however few findings it has; its output is shown."""
    seen = [Seen(requirement="EXE-02", status=422, defects=("command",))] * 5
    trace = "TypeError: null\n    at execute"
    crash = Seen(
        requirement="EXE-03",
        check="crash",
        expected="the backend keeps running",
        observed="the backend exited with code 1: TypeError: null",
        example=(("request body", "null"), ("standard error", trace)),
    )
    first, second = causes(tmp_path, [*seen, crash])
    assert first.title == "The backend exited with code 1: TypeError: null, on POST /api/execute with body null"
    assert (first.output, second.output) == (trace, "")


def test_the_same_findings_give_the_same_causes(tmp_path: Path) -> None:
    """Titles and numbers do not depend on chance."""
    seen = [one for group in (*ONE_MISTAKE.values(), *TWO_MISTAKES.values()) for one in group]
    assert causes(tmp_path, seen) == causes(tmp_path, seen)


def test_titles_are_json_text(tmp_path: Path) -> None:
    """A title holds text of a program; it is kept as it is and escaped by each report."""
    seen = [Seen(requirement="EXE-06", check="odd", expected="x", observed='<script>"\u202e', status=200)]
    [cause] = causes(tmp_path, seen)
    assert json.loads(json.dumps(cause.title)) == '<script>"\u202e in place of x'
