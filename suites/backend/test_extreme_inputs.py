"""ERR-06: broken escapes, and sizes from one byte to a whole body."""

from collections.abc import Callable, Iterator

import pytest

from technogate.checks.error_responses import survives, survives_or_closes
from technogate.checks.response_predicates import has_answer
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.generation.requests.extreme_inputs import broken_escapes, extreme_bodies, long_heads
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("execute")

Word = Callable[[str], str]
Cases = Callable[[Contract], Iterator[Case]]


@requirement("ERR-06")
def test_extreme_bodies_make_no_failure(
    backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold
) -> None:
    """No size of any part of a body makes a 5xx, and the backend serves the next request."""
    for case in extreme_bodies(contract):
        must_hold(survives(backend.send(case)))
    must_hold(has_answer(backend.execute(word("approved"))))


@requirement("ERR-06")
@pytest.mark.parametrize("cases", [broken_escapes, long_heads], ids=["escapes", "sizes"])
def test_extreme_heads_make_no_failure(
    backend: HttpDriver, contract: Contract, word: Word, cases: Cases, must_hold: MustHold
) -> None:
    """No broken escape and no size of any part of a head makes a 5xx, and the backend serves the next request."""
    for case in cases(contract):
        must_hold(survives_or_closes(contract, backend.send(case)))
    must_hold(has_answer(backend.execute(word("approved"))))
