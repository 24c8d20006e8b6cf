"""EXE-05: a body that is refused is not read to its end."""

from collections.abc import Callable

import pytest

from technogate.checks.command_execution import SLACK, is_refused_unread
from technogate.checks.response_predicates import has_answer
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import HttpDriver
from technogate.drivers.http.long_body import LongBody
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("execute")

Word = Callable[[str], str]

#: Bytes of the body: far more than every buffer between the two programs holds.
SIZE = 8 << 20


@requirement("EXE-05")
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_body_is_refused_unread(
    backend: HttpDriver, contract: Contract, word: Word, framing: str, must_hold: MustHold
) -> None:
    """A body far over the limit is refused before it is read to its end, and the next request is served."""
    limit = contract.behavior.request.max_body_bytes
    start = backend.body("ZZ_LONG_BODY", padding="")[:-2]
    body = LongBody(start=start, size=SIZE, enough=limit + SLACK // 2, chunked=framing == "chunked")
    exchange = backend.send(backend.case(contract.behavior.operations.execute, body=start), long_body=body)
    must_hold(is_refused_unread(contract, exchange, body.taken))
    must_hold(has_answer(backend.execute(word("approved"))))
