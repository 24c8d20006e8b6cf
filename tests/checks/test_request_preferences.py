"""ENV-07: what a preference may change (compression that is offered, texts), and what it may not."""

from __future__ import annotations

import gzip
import json
import zlib

import msgspec
import pytest

from technogate.checks.example_evidence import ExampleEvidence
from technogate.checks.request_preferences import is_as_without, is_documented_whatever
from technogate.generation.requests.preference_headers import preferences
from technogate.model.events import Body, Exchange, Headers, Request, Response
from tests.checks.test_registry import contract as contract
from tests.checks.test_registry import evidence as evidence


def compressed(exchange: Exchange, coding: str, raw: bytes, offered: str) -> Exchange:
    """The exchange with these bytes in place of its body, for a request that offers compressions."""
    assert exchange.response is not None
    headers = (*exchange.response.headers, ("Content-Encoding", coding))
    response = msgspec.structs.replace(exchange.response, headers=headers, body=Body.of(raw))
    request = Request(method="GET", path="/self-test", headers=(("Accept-Encoding", offered),))
    return msgspec.structs.replace(exchange, request=request, response=response)


def body_of(exchange: Exchange) -> bytes:
    """The body of a response."""
    assert exchange.response is not None
    return exchange.response.body.raw


@pytest.mark.parametrize("offered", ["gzip", "br, gzip;q=0.1", "deflate, gzip ; q=1.0", "GZIP"])
def test_an_offered_compression_is_read(evidence: ExampleEvidence, offered: str) -> None:
    """A body that is compressed as offered is judged as it is when it is decompressed."""
    plain = evidence.executed()
    good = compressed(plain, "gzip", gzip.compress(body_of(plain)), offered)
    assert is_as_without(evidence.contract, plain, good) == []
    other = evidence.executed(status="WARNING")
    assert is_as_without(evidence.contract, plain, compressed(other, "gzip", gzip.compress(body_of(other)), offered))
    wrong = gzip.compress(json.dumps({"status": "approved"}).encode())
    assert is_documented_whatever(evidence.contract, evidence.executed(), compressed(plain, "gzip", wrong, offered))


@pytest.mark.parametrize("offered", ["", "gzip;q=0", "gzip; q=0.00", "br", "identity"])
def test_no_other_compression_is(evidence: ExampleEvidence, offered: str) -> None:
    """A compression that the request does not offer, or refuses, is a finding."""
    plain = evidence.executed()
    for coding, raw in (("gzip", gzip.compress(body_of(plain))), ("deflate", zlib.compress(body_of(plain)))):
        assert is_documented_whatever(evidence.contract, evidence.executed(), compressed(plain, coding, raw, offered))


@pytest.mark.parametrize("raw", [b"", b"plain", gzip.compress(b"{}", mtime=0)[:-4]], ids=["empty", "plain", "cut"])
def test_a_broken_compression_is_found(evidence: ExampleEvidence, raw: bytes) -> None:
    """Bytes that are not what their header says are a finding, and none is a crash."""
    assert is_documented_whatever(
        evidence.contract, evidence.executed(), compressed(evidence.executed(), "gzip", raw, "gzip")
    )


def test_an_unreadable_compression_keeps_code_and_type(evidence: ExampleEvidence) -> None:
    """Of Brotli, which the gate cannot read, the code and the type are judged."""
    good = compressed(evidence.executed(), "br", b"\x0b", "br")
    assert is_documented_whatever(evidence.contract, evidence.executed(), good) == []
    html = evidence.exchange(200, b"x", content_type="text/html", operation=good.operation)
    assert is_documented_whatever(evidence.contract, evidence.executed(), compressed(html, "br", b"\x0b", "br"))


def test_what_is_wrong_without_a_preference_is_no_finding(evidence: ExampleEvidence) -> None:
    """A body that breaks its schema with and without the header is another requirement's finding."""
    wrong = evidence.executed(status="approved")
    assert is_as_without(evidence.contract, wrong, wrong) == []
    assert is_documented_whatever(evidence.contract, wrong, wrong) == []
    html = evidence.exchange(200, b"x", content_type="text/html", operation=wrong.operation)
    assert is_documented_whatever(evidence.contract, wrong, html)


def test_a_text_may_be_in_another_language(evidence: ExampleEvidence) -> None:
    """The message for a person may differ; what is decided may not."""
    plain, other = evidence.executed(message="Done."), evidence.executed(message="Erledigt.", trace_id="t-2")
    assert is_as_without(evidence.contract, plain, other) == []
    assert is_as_without(evidence.contract, plain, evidence.executed(reason_codes=["B"]))


def test_conditions_name_the_validators_that_came() -> None:
    """The tag and the time of the plain response come back in conditions, each in each of its forms."""
    tag, time = 'W/"17"', "Mon, 05 Jan 2026 10:00:00 GMT"
    validators = Response(status=200, headers=(("ETag", tag), ("Last-Modified", time)))
    sent: dict[str, Headers] = dict(preferences(validators))
    assert len(set(sent.values())) == len(sent) == len(list(preferences(validators)))
    conditions = {pair for headers in sent.values() for pair in headers}
    # A replay compares the names: they are the same in every run.
    assert list(sent) == list(dict(preferences(Response(status=204))))
    assert conditions >= {("If-None-Match", tag), ("If-None-Match", '"17"'), ("If-Range", tag)}
    assert ("If-Modified-Since", time) in conditions
