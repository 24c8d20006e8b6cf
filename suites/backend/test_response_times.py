"""TMO-02: enough requests to measure how fast each operation is."""

from collections.abc import Callable

from technogate.checks.latency import FEWEST
from technogate.checks.response_predicates import has_status
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import HttpDriver
from technogate.generation.requests.request_oracle import expected
from technogate.runner.suite import MustHold, requirement

Words = Callable[[str], tuple[str, ...]]


@requirement("TMO-02")
def test_each_operation_is_requested_often(
    backend: HttpDriver, contract: Contract, words: Words, must_hold: MustHold
) -> None:
    """Each operation is requested often enough to measure its speed; the run-wide check judges all responses."""
    for operation in contract.judged:
        case = backend.plain(operation.id)
        if operation.id == contract.behavior.operations.execute:
            case = backend.case(operation.id, body=backend.body(words("approved")[0]))
        for _ in range(FEWEST):
            must_hold(has_status(backend.send(case), *sorted(expected(contract, case).responses)))
