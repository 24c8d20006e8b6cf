"""ENV-07, ERR-01, ERR-03, ERR-06: what an operation without a part answers, to what is right and to what is not."""

import pytest

from technogate.checks.disclosure import discloses_nothing
from technogate.checks.error_responses import survives, survives_or_closes
from technogate.checks.response_predicates import has_status, is_documented
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import HttpDriver
from technogate.generation.requests.extreme_inputs import general_bodies, general_heads
from technogate.generation.requests.request_oracle import expected
from technogate.runner.suite import MustHold, requirement

#: Texts that a backend may take for code, a path or a query.
HOSTILE = ("'; DROP TABLE x; --", "../../../../x", "' OR 1=1 --", "1e309", "{{7*7}}", "%00", "\u0661")


@requirement("ENV-07")
def test_plain_request_has_a_documented_answer(
    backend: HttpDriver, contract: Contract, general: str, must_hold: MustHold
) -> None:
    """The request that the examples of the contract make gets an answer that the contract documents for it."""
    case = backend.plain(general)
    exchange = backend.send(case)
    must_hold(has_status(exchange, *sorted(expected(contract, case).responses)), is_documented(contract, exchange))


@requirement("ERR-03")
def test_hostile_texts_disclose_nothing(backend: HttpDriver, general: str, must_hold: MustHold) -> None:
    """Answers to texts that look like code disclose nothing of the backend's inside."""
    plain = backend.plain(general)
    for text in HOSTILE:
        must_hold(discloses_nothing(backend.send(backend.plain(general, query=(*plain.query, ("x", text))))))
        if plain.body is not None:
            must_hold(discloses_nothing(backend.send(backend.plain(general, body=text.encode()))))


@requirement("ERR-06")
@pytest.mark.parametrize("part", ["head", "body"])
def test_extreme_sizes_make_no_failure(
    backend: HttpDriver, contract: Contract, general: str, part: str, must_hold: MustHold
) -> None:
    """No broken escape and no size of any part of a request makes a 5xx, and the backend serves the next request."""
    if part == "head":
        for case in general_heads(contract, general):
            must_hold(survives_or_closes(contract, backend.send(case)))
    else:
        for case in general_bodies(contract, general):
            must_hold(survives(backend.send(case)))
    must_hold(survives(backend.send(backend.plain(general))))
