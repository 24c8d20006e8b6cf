"""TMO-02: enough requests to measure how fast each operation is."""

from collections.abc import Callable

from technogate.checks.latency import FEWEST
from technogate.checks.response_predicates import has_status
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import HttpDriver
from technogate.runner.suite import MustHold, requirement

Word = Callable[[str], str]


@requirement("TMO-02")
def test_each_operation_is_requested_often(
    backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold
) -> None:
    """Each operation is requested often enough to measure its speed; the run-wide check judges all responses."""
    for operation in contract.guarded:
        for _ in range(FEWEST):
            if operation.id == contract.behavior.operations.execute:
                must_hold(has_status(backend.execute(word("approved")), 200))
            else:
                must_hold(has_status(backend.read(operation.id), 200, 204))
