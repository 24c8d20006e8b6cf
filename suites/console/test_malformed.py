"""CON-08: a 200 that is not a conforming response, one item for each thing that can be wrong with it."""

from typing import Any

import pytest

from fixtures.console_harnesses import MISSING, Harness
from technogate.checks.console_display import shows_blocked
from technogate.checks.console_requests import sent_times
from technogate.generation.responses.framing import FAULTY, FramedResponse, Framing
from technogate.generation.responses.invalid_json import invalid_json
from technogate.generation.responses.response_cases import OTHER_TYPES, encode
from technogate.mock.responses.raw_bytes import Raw
from technogate.mock.responses.unfinished import Form, Unfinished
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

#: What the wire does to a response. A connection that breaks is CON-07.
TORN = [wire for wire in FAULTY if not wire.name.startswith(("RESET", "CLOSED"))]

FIELDS: dict[str, dict[str, Any]] = {
    "no time": {"ts_utc": MISSING},
    "a time without Z": {"ts_utc": "2026-01-01T12:00:00"},
    "a time with an offset": {"ts_utc": "2026-01-01T12:00:00+00:00"},
    "a time that is a number": {"ts_utc": 1767268800},
    "no trace id": {"trace_id": MISSING},
    "an empty trace id": {"trace_id": ""},
    "a trace id in upper case": {"trace_id": "TRACE-1"},
    "a trace id of 65 characters": {"trace_id": "a" * 65},
    "a trace id that is null": {"trace_id": None},
    "no reason codes": {"reason_codes": MISSING},
    "reason codes that are null": {"reason_codes": None},
    "reason codes that are a text": {"reason_codes": "A_CODE"},
    "a reason code that is a number": {"reason_codes": [7]},
    "a reason code with a space": {"reason_codes": ["NOT A CODE"]},
    "an execution id that is null": {"execution_id": None},
    "an execution id in upper case": {"execution_id": "EXEC-1"},
    "a message that is a list": {"message": ["done"]},
    "a refusal without a reason": {"status": "blocked"},
    "an expired one without a reason": {"status": "expired"},
    "a refusal without reason codes": {"status": "blocked", "reason_codes": MISSING},
}
#: Any object: what is done to it is done to an approval.
BAIT = {"one": "text", "list": []}
CODES = (201, 202, 203, 204, 205, 206, 207, 226, 299)


@requirement("CON-08")
@pytest.mark.parametrize("wire", TORN, ids=lambda wire: wire.name.lower())
def test_damaged_on_the_way(harness: Harness, wire: Framing, must_hold: MustHold) -> None:
    """A response that is cut, or whose length, chunks or compression are wrong, is shown as a refusal."""
    sent = FramedResponse(what="an approval", body=encode(harness.value()), wire=wire, at=40)
    interaction = harness.execute(sent.fault(), case=sent.case)
    must_hold(sent_times(interaction, harness.names.execute, 1), harness.require_blocked(interaction))


@requirement("CON-08")
@pytest.mark.parametrize("kind", OTHER_TYPES, ids=str)
def test_another_content_type(wide_harness: Harness, kind: str | None, must_hold: MustHold) -> None:
    """An approval under another content type, or none, is shown as a refusal."""
    sent = FramedResponse(what="an approval", body=encode(wide_harness.value()), content_type=kind)
    must_hold(shows_blocked(wide_harness.execute(sent.fault(), case=sent.case)))


@requirement("CON-08")
@pytest.mark.parametrize("way", invalid_json(encode(BAIT)), ids=lambda way: way.replace(" ", "-"))
def test_no_json(wide_harness: Harness, way: str, must_hold: MustHold) -> None:
    """An approval that is no JSON is shown as a refusal."""
    text = invalid_json(encode(wide_harness.value()))[way]
    must_hold(shows_blocked(wide_harness.execute(FramedResponse(what=way, body=text.encode()).fault(), case=way)))


@requirement("CON-08")
@pytest.mark.parametrize("body", [b"", b"<html>WORD</html>", b"WORD"], ids=["empty", "html", "bare-word"])
def test_no_response_at_all(harness: Harness, body: bytes, must_hold: MustHold) -> None:
    """A 200 that is empty, a page or a bare word is shown as a refusal."""
    body = body.replace(b"WORD", harness.approved.encode())
    must_hold(shows_blocked(harness.execute(FramedResponse(what="no response", body=body).fault())))


@requirement("CON-08")
@pytest.mark.parametrize("code", CODES)
def test_another_success(wide_harness: Harness, code: int, must_hold: MustHold) -> None:
    """An approval under a 2xx that is not 200 is shown as a refusal."""
    must_hold(shows_blocked(wide_harness.execute(wide_harness.conforming(code=code))))


@requirement("CON-08")
@pytest.mark.parametrize("name", FIELDS, ids=lambda name: name.replace(" ", "-"))
def test_invalid_field(wide_harness: Harness, name: str, must_hold: MustHold) -> None:
    """An approval with a field that is missing or invalid is shown as a refusal."""
    fields = dict(FIELDS[name])
    if "status" in fields:
        fields["status"] = wide_harness.status(fields["status"])
    interaction = wide_harness.execute(wide_harness.conforming(**fields), case=name)
    must_hold(shows_blocked(interaction))


@requirement("CON-08")
@pytest.mark.parametrize("value", [None, [], ["WORD"], "WORD", True, 200, {}], ids=str)
def test_another_type(wide_harness: Harness, value: object, must_hold: MustHold) -> None:
    """A body that is no object, or an empty one, is shown as a refusal."""
    body = encode(value).replace(b"WORD", wide_harness.approved.encode())
    must_hold(shows_blocked(wide_harness.execute(FramedResponse(what="another type", body=body).fault())))


@requirement("CON-08")
def test_no_http(harness: Harness, must_hold: MustHold) -> None:
    """Bytes that are no HTTP response are shown as a refusal."""
    must_hold(
        harness.require_blocked(
            harness.execute(
                Raw(data=b"\x16\x03\x01" + harness.approved.encode() + b"\r\n\r\n" + encode(harness.value()))
            )
        )
    )


@requirement("CON-08")
@pytest.mark.parametrize("form", ["length", "chunks"])
def test_whole_body_without_an_end(harness: Harness, form: Form, must_hold: MustHold) -> None:
    """A whole body whose response never ends, by its length or its chunks, is shown as BLOCKED."""
    must_hold(harness.require_blocked(harness.execute(Unfinished(template=harness.template(), form=form))))
