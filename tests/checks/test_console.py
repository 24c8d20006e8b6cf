"""The predicates of a console: each passes a conforming interaction and reports a violation."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from technogate.checks import console_page_leaks
from technogate.checks.console_display import (
    after_failures,
    is_not_stuck,
    mentions,
    never_shows,
    rows_show,
    shows,
    shows_blocked,
    shows_empty_list,
    shows_no_snapshot,
    shows_reasons,
)
from technogate.checks.console_interaction import Interaction
from technogate.checks.console_page_leaks import markup_stays_text, place_holds_no_key, requested_no_operation
from technogate.checks.console_readings import command_is_shown, list_is_shown, snapshot_is_shown
from technogate.checks.console_recovery import goes_on, sends_again
from technogate.checks.console_requests import (
    carries_key,
    key_stays_at,
    queries_agree,
    query_is,
    sent_command,
    sent_nothing,
    sent_nothing_to,
    sent_only_valid,
    sent_times,
    was_sent,
)
from technogate.checks.console_timeout import aborted_in_time, requested_in_time, shown_in_time
from technogate.contract.behavior import Time
from technogate.contract.loader import Contract, load_contract
from technogate.drivers.console_driver import Exposure
from technogate.generation.responses.response_oracle import Meaning, ResponseReading
from technogate.journal.redaction import MARK, Redactor
from technogate.model.events import Body, Exchange, Finding, RenderedOutput, Request, Response

KEY = "TgSecretOfTheTests01"
OWN, OTHER = "http://own.test", "http://other.test"
CONTRACT = load_contract(Path(__file__).parents[2] / "contracts" / "console-v0.1")
TIME: Time = CONTRACT.behavior.time
GOOD = {"status": "APPROVED", "ts_utc": "2026-01-01T12:00:00Z", "trace_id": "t-1", "reason_codes": ["A", "B"]}
ENTRY = {"timestamp": "2026-01-01T12:00:00Z", "action": "PING", "result": "SUCCESS", "state": "APPROVED"}
AUDIT, FALLBACK, EXECUTE = "fetchAuditLog", "fetchDiagnosticMetrics", "executeCommand"


def sent(
    operation: str = EXECUTE,
    *,
    path: str = "/api/execute",
    key: str = MARK,
    base_url: str = OWN,
    body: str = '{"command":"PING"}',
    started: float = 100.0,
    seconds: float = 0.1,
    error: str = "",
) -> Exchange:
    """One request that the console sent."""
    return Exchange(
        id=f"main-{operation}-{started}", item="one", responded_by="mock", operation=operation, base_url=base_url,
        key=key, request=Request(method="POST", path=path, body=Body.of(body.encode())),
        response=Response(status=200, headers=(("X-Trace-Id", "t-1"),), body=Body.of(b"{}")),
        started=started, ended=started + seconds, error=error,
    )  # fmt: skip


def interaction(
    *exchanges: Exchange,
    rows: tuple[dict[str, str], ...] = (),
    driver: Literal["browser", "module"] = "module",
    ended: float = 101.0,
    **fields: str,
) -> Interaction:
    """The interaction that was shown after those requests."""
    rendered = RenderedOutput(
        id="view-1", item="one", call="executeCommand", driver=driver, fields=fields, rows=rows, started=100.0,
        ended=ended,
    )  # fmt: skip
    return Interaction(rendered=rendered, exchanges=exchanges, case="a case")


def gone(*exchanges: Exchange, how: str) -> Interaction:
    """The interaction in which the client module ended by itself."""
    made = interaction(*exchanges)
    return replace(made, rendered=msgspec.structs.replace(made.rendered, fields={"ended": how}))


def conforms(value: object) -> ResponseReading:
    """A reading of a conforming response."""
    return ResponseReading(meaning=Meaning.CONFORMS, value=value)


REFUSED = ResponseReading(meaning=Meaning.REFUSED, value={"status": "approved"}, problems=("$.status: no",))
OPEN = ResponseReading(meaning=Meaning.OPEN)
SNAPSHOT = {"command": "PING", "output": "a  b", "timestamp": "2026-01-01T12:00:00Z", "status": "APPROVED"}
SHOWN: dict[str, Any] = {"status": "APPROVED", "trace_id": "t-1", "reason_codes": "A B"}
ROW = {name: str(value) for name, value in ENTRY.items()}
LATE = sent(started=100.0, seconds=15.0)

Check = Callable[[Interaction], list[Finding]]


def as_good(shown: Interaction) -> list[Finding]:
    """The response GOOD is shown unchanged."""
    return command_is_shown(shown, conforms(GOOD))


def as_list(shown: Interaction) -> list[Finding]:
    """The list of one ENTRY is shown unchanged."""
    return list_is_shown(shown, conforms([ENTRY]))


#: Name: the check, an interaction that holds, an interaction that does not.
CHECKS: dict[str, tuple[Check, Interaction, Interaction]] = {
    "shows": (
        lambda s: shows(s, "status", "APPROVED"),
        interaction(status="APPROVED"),
        interaction(status="BLOCKED"),
    ),
    "shows reasons": (
        lambda s: shows_reasons(s, ["A"]),
        interaction(reason_codes="A"),
        interaction(reason_codes="A B"),
    ),
    "blocked": (shows_blocked, interaction(status="BLOCKED"), interaction(error="TypeError")),
    "never": (
        lambda s: never_shows(s, "APPROVED"),
        interaction(refused="no"),
        interaction(status="APPROVED"),
    ),
    "mentions": (
        lambda s: mentions(s, "message", "falhou"),
        interaction(message="x falhou"),
        interaction(message="no"),
    ),
    "asked": (lambda s: sent_times(s, EXECUTE, 1), interaction(sent()), interaction(sent(), sent())),
    "asked nothing": (lambda s: sent_times(s, EXECUTE, 0), interaction(), interaction(sent())),
    "reached": (lambda s: was_sent(s, EXECUTE), interaction(sent()), interaction(status="BLOCKED")),
    "not stuck": (is_not_stuck, interaction(status="BLOCKED"), interaction(pending="true")),
    "empty list": (shows_empty_list, interaction(empty="true"), interaction(rows=(ROW,))),
    "empty list, no error": (
        shows_empty_list,
        interaction(empty="true"),
        interaction(error="TypeError"),
    ),
    "no snapshot": (shows_no_snapshot, interaction(empty="true"), interaction(command="PING")),
    "key in the header": (carries_key, interaction(sent()), interaction(sent(key=""))),
    "key in no URL": (
        carries_key,
        interaction(sent()),
        interaction(sent(path=f"/api/execute?key={MARK}")),
    ),
    "goes on": (goes_on, interaction(sent()), gone(sent(), how="ended its process with exit code 1")),
    "silent": (sent_nothing, interaction(status="BLOCKED"), interaction(sent())),
    "same query": (
        lambda s: queries_agree(s, AUDIT, FALLBACK),
        interaction(sent(AUDIT, path="/a?filter=all&limit=5"), sent(FALLBACK, path="/b?limit=5&filter=all")),
        interaction(sent(AUDIT, path="/a?filter=all&limit=5"), sent(FALLBACK, path="/b?filter=all")),
    ),
    "asked for": (
        lambda s: query_is(s, AUDIT, {"filter": "all", "limit": "50"}, {"limit": "50"}),
        interaction(sent(AUDIT, path="/a?filter=all")),
        interaction(sent(AUDIT, path="/a?filter=all&limit=5")),
    ),
    "rows say": (
        lambda s: rows_show(s, "action", ["PING"]),
        interaction(rows=(ROW,)),
        interaction(rows=(ROW, ROW)),
    ),
    "key at home": (
        lambda s: key_stays_at(s, OWN),
        interaction(sent(), sent(base_url=OTHER, key="")),
        interaction(sent(base_url=OTHER)),
    ),
    "nothing at the other": (
        lambda s: sent_nothing_to(s, OTHER, EXECUTE),
        interaction(sent()),
        interaction(sent(), sent(base_url=OTHER, key="")),
    ),
    "sent valid": (
        lambda s: sent_only_valid(CONTRACT, s, EXECUTE),
        interaction(sent()),
        interaction(sent(body='{"command":"PING\\n"}')),
    ),
    "sent command": (
        lambda s: sent_command(s, EXECUTE, "PING"),
        interaction(sent()),
        interaction(sent(body='{"command":"PONG"}')),
    ),
    "command shown": (as_good, interaction(**SHOWN), interaction(status="BLOCKED")),
    "trace id shown": (as_good, interaction(**SHOWN), interaction(**{**SHOWN, "trace_id": "t"})),
    "reasons shown": (as_good, interaction(**SHOWN), interaction(**{**SHOWN, "reason_codes": "A"})),
    "command refused": (
        lambda s: command_is_shown(s, REFUSED),
        interaction(status="BLOCKED"),
        interaction(**SHOWN),
    ),
    "snapshot shown": (
        lambda s: snapshot_is_shown(s, conforms(SNAPSHOT)),
        interaction(command="PING", output="a  b", status="APPROVED", timestamp="2026-01-01T12:00:00Z"),
        interaction(command="PING", output="a b", status="APPROVED", timestamp="2026-01-01T12:00:00Z"),
    ),
    "snapshot on a page": (
        lambda s: snapshot_is_shown(s, conforms(SNAPSHOT)),
        interaction(driver="browser", command="PING", output="a b", status="APPROVED", timestamp="noon"),
        interaction(driver="browser", command="PING", output="", status="APPROVED"),
    ),
    "snapshot refused": (
        lambda s: snapshot_is_shown(s, REFUSED),
        interaction(empty="true"),
        interaction(command="PING"),
    ),
    "list shown": (as_list, interaction(rows=(ROW,)), interaction(rows=({**ROW, "state": ""},))),
    "list whole": (as_list, interaction(rows=(ROW,)), interaction(rows=(ROW, ROW))),
    "list refused": (
        lambda s: list_is_shown(s, REFUSED),
        interaction(empty="true"),
        interaction(rows=(ROW,)),
    ),
    "in time": (
        lambda s: shown_in_time(s, EXECUTE, TIME),
        interaction(LATE, ended=115.0),
        interaction(LATE, ended=117.0),
    ),
    "not too soon": (
        lambda s: shown_in_time(s, EXECUTE, TIME),
        interaction(LATE, ended=115.0),
        interaction(LATE, ended=110.0),
    ),
    "an end in time": (
        lambda s: shown_in_time(s, EXECUTE, TIME),
        interaction(LATE, ended=115.0),
        interaction(LATE, ended=115.0, pending="true"),
    ),
    "aborted in time": (
        lambda s: aborted_in_time(s, EXECUTE, TIME),
        interaction(LATE),
        interaction(sent(started=100.0, seconds=10.0)),
    ),
    "aborted at all": (
        lambda s: aborted_in_time(s, EXECUTE, TIME),
        interaction(LATE),
        interaction(sent(error="the reply is still under way")),
    ),
    "asked in time": (
        lambda s: requested_in_time(s, AUDIT, FALLBACK, TIME),
        interaction(sent(AUDIT, started=100.0), sent(FALLBACK, started=115.1)),
        interaction(sent(AUDIT, started=100.0), sent(FALLBACK, started=101.0)),
    ),
}


@pytest.mark.parametrize("name", CHECKS)
def test_check_passes_and_fails(name: str) -> None:
    """Each check passes a conforming interaction and reports a wrong one."""
    check, good, bad = CHECKS[name]
    assert check(good) == []
    (found,) = check(bad)
    assert found.expected
    assert found.observed
    assert found.rendered_outputs == ("view-1",)


@pytest.mark.parametrize(
    ("driver", "reasons", "right"), [("browser", [], True), ("browser", ["A"], False), ("module", [], False)]
)
def test_a_page_may_leave_out_a_part_without_content(
    driver: Literal["browser", "module"], reasons: list[str], right: bool
) -> None:
    """A page without reasons to show need not have the part for them; a module returns an empty list."""
    shown = interaction(driver=driver, status="APPROVED", trace_id="t-1")
    reading = conforms({"status": "APPROVED", "trace_id": "t-1", "reason_codes": reasons})
    assert (command_is_shown(shown, reading) == []) is right


@pytest.mark.parametrize("shown", [command_is_shown, list_is_shown, snapshot_is_shown])
def test_open_responses_have_no_finding(shown: Callable[[Interaction, ResponseReading], list[Finding]]) -> None:
    """A response that the contract leaves open has no finding, however a console shows it."""
    assert shown(interaction(status="APPROVED"), OPEN) == shown(interaction(error="TypeError"), OPEN) == []


def test_finding_shows_call_bytes_reading_and_output() -> None:
    """A finding shows the call, the bytes of the response, its reading by the contract, and the output."""
    (found,) = command_is_shown(interaction(sent(), **SHOWN), REFUSED)
    assert found.example["call"] == "executeCommand"
    assert found.example["response to executeCommand"] == "HTTP/1.1 200\nX-Trace-Id: t-1\n\n{}"
    assert found.example["the contract says"] == "$.status: no"
    assert found.example["response field status"] == '"approved"'
    assert found.example["shown as status"] == "APPROVED"
    assert (found.expected, found.observed) == ("BLOCKED is shown", "'APPROVED' is shown")


def test_finding_shows_that_a_console_still_waits() -> None:
    """A finding shows in words what a driver returns instead of an outcome."""
    (found,) = shows_blocked(interaction(sent(error="cut off"), pending="true"))
    assert found.example["shown"] == "nothing: it was still waiting when the gate stopped waiting for it"


def test_finding_shows_the_failures_before() -> None:
    """A finding of CON-16 shows the responses that came before."""
    (found,) = after_failures(shows_blocked(interaction(status="APPROVED")), ["no JSON", "HTTP 500"])
    assert found.example["responses before"] == "no JSON; then HTTP 500"


EXPOSED: dict[str, tuple[str, Exposure]] = {
    "localStorage": ("localStorage", Exposure(storage={"localStorage:config": json.dumps({"k": KEY})})),
    "sessionStorage": (
        "sessionStorage",
        Exposure(storage={"sessionStorage:s": "dXNlcjpUZ1NlY3JldE9mVGhlVGVzdHMwMQ=="}),
    ),
    "a name in storage": ("localStorage", Exposure(storage={f"localStorage:{KEY}": "1"})),
    "cookies": ("cookies", Exposure(cookies=(f"key={KEY}",))),
    "the text": ("the page", Exposure(text=f"key: {KEY.lower()}")),
    "an attribute": ("the page", Exposure(html=f'<body data-k="{KEY}">')),
    "the console output": ("the console output", Exposure(lines=("hello", KEY.encode().hex()))),
    "URLs": ("URLs", Exposure(urls=(f"http://x.test/?k={KEY}",))),
}


@pytest.mark.parametrize("name", EXPOSED)
def test_key_is_found_in_each_place(name: str) -> None:
    """The key is found in each place and spelling, is masked in the finding, and is not found elsewhere."""
    place, exposure = EXPOSED[name]
    redact = Redactor(KEY)
    (found,) = place_holds_no_key(exposure, place, redact)
    assert MARK in found.example["text"]
    assert KEY not in str(found)
    for other_place in console_page_leaks.places(exposure).keys() - {place}:
        assert place_holds_no_key(exposure, other_place, redact) == []


AS_TEXT = "&lt;technogate-mark id=&quot;message&quot;&gt;x&lt;/technogate-mark&gt;"


def test_markup_that_stays_text() -> None:
    """Markup that is escaped, in an attribute, or blocked as a script counts as text."""
    blocked = "Refused to execute a script: Content Security Policy: technogate-script-ran"
    html = f'<p title="<technogate-mark id=1>">{AS_TEXT}</p>'
    assert markup_stays_text(Exposure(html=html, lines=(blocked,)), {}) == []


@pytest.mark.parametrize(
    "exposure",
    [
        Exposure(html=f"<p>{console_page_leaks.markup('message')}</p>"),
        Exposure(html="<p><technogate-mark id='x'></technogate-mark></p>"),
        Exposure(html="<p></p>", lines=("technogate-script-ran message",)),
        Exposure(html="<img onerror=\"console.log('technogate-script-ran x')\">"),
    ],
    ids=["all", "element", "script", "handler"],
)
def test_markup_that_became_an_element(exposure: Exposure) -> None:
    """An element, a handler or a script from a response is reported."""
    (found,) = markup_stays_text(exposure, {"field message": "<b>"})
    assert found.example["field message"] == "<b>"
    (found,) = markup_stays_text(exposure, {"field message": "<b>"}, interaction(sent(), **SHOWN))
    assert found.example["response to executeCommand"] == "HTTP/1.1 200\nX-Trace-Id: t-1\n\n{}"
    assert (found.operation, found.rendered_outputs) == (EXECUTE, ("view-1",))


def test_requests_without_configuration() -> None:
    """A request for a guarded operation is reported for any host; the page's own files are not."""
    contract: Contract = CONTRACT
    assert requested_no_operation(Exposure(urls=(f"{OWN}/", f"{OWN}/config.json")), contract) == []
    assert requested_no_operation(Exposure(urls=(f"{OWN}/api/audit?limit=5",)), contract) != []


def test_a_request_that_was_never_sent_proves_nothing_about_its_key() -> None:
    """Without a request there is nothing to judge, and no verdict on it."""
    with pytest.raises(ValueError, match="no request was sent"):
        carries_key(interaction(status="BLOCKED"))


@pytest.mark.parametrize(("shown", "words"), [
    (interaction(error="threw TypeError: Invalid URL"), "executeCommand threw TypeError: Invalid URL"),
    (interaction(error="executeCommand returned 5, not an object"), "executeCommand returned 5, not an object"),
    (interaction(status="BLOCKED"), "BLOCKED was shown"),
    (interaction(unchanged="true"), "it did not react"),
    (gone(how="crashed"), "the client module crashed"),
    (interaction(), "nothing was shown"),
])  # fmt: skip
def test_says_what_came_of_a_call_that_sent_nothing(shown: Interaction, words: str) -> None:
    """A finding names what was thrown or shown instead of the request."""
    assert was_sent(shown, EXECUTE)[0].observed == f"nothing was requested: {words}"


def test_names_the_response_after_which_a_console_was_stuck() -> None:
    """The finding says after what, and what was to be seen until it was started afresh."""
    stuck = replace(interaction(sent()), stuck=interaction(status="BLOCKED"), after="403")
    (found,) = sends_again(stuck)
    assert (found.check, found.expected) == ("stuck", "executeCommand sends its request after 403")
    assert found.observed == "nothing was sent and BLOCKED was shown until the console was started afresh"


def test_another_request_in_its_place_is_named() -> None:
    """A console that requests something else did not send what it should."""
    (found,) = was_sent(interaction(sent("", path="/api/run")), EXECUTE)
    assert found.observed == "POST /api/run in its place: nothing was shown"
