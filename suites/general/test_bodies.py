"""EXE-03, EXE-04, EXE-05: the body of an operation without a part."""

import msgspec
import pytest

from technogate.checks.command_execution import SLACK, is_refused_unread
from technogate.checks.error_responses import survives
from technogate.checks.response_predicates import has_status
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import HttpDriver
from technogate.drivers.http.long_body import LongBody
from technogate.generation.requests.request_oracle import expected
from technogate.runner.suite import MustHold, requirement

#: Bytes of a long body beyond the limit: far more than every buffer between the two programs holds.
BEYOND = 8 << 20


@requirement("EXE-03")
@pytest.mark.parametrize("body", [b"{", b"nothing", b"\xff\xfe"], ids=["cut", "word", "not-utf8"])
def test_body_that_is_no_json(
    backend: HttpDriver, contract: Contract, general_body: str, body: bytes, must_hold: MustHold
) -> None:
    """A body that is not JSON is refused."""
    case = backend.plain(general_body, body=body)
    must_hold(has_status(backend.send(case), *sorted(expected(contract, case).responses)))


@requirement("EXE-04")
@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""], ids=["text", "xml", "none"])
def test_body_of_another_type(
    backend: HttpDriver, contract: Contract, general_body: str, content_type: str, must_hold: MustHold
) -> None:
    """A body of another media type is refused."""
    plain = backend.plain(general_body)
    case = msgspec.structs.replace(plain, body=plain.body or b"{}", content_type=content_type)
    must_hold(has_status(backend.send(case), *sorted(expected(contract, case).responses)))


@requirement("EXE-05")
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_body_is_refused_unread(
    backend: HttpDriver, contract: Contract, general_body: str, framing: str, must_hold: MustHold
) -> None:
    """A body far over the limit is refused before it is read to its end, and the next request is served."""
    limit = contract.behavior.request.max_body_bytes
    start = b'{"x": "'
    body = LongBody(start=start, size=limit + BEYOND, enough=limit + SLACK // 2, chunked=framing == "chunked")
    exchange = backend.send(backend.plain(general_body, body=start), long_body=body)
    must_hold(is_refused_unread(contract, exchange, body.taken))
    must_hold(survives(backend.send(backend.plain(general_body))))
