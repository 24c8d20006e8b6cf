"""ERR-02, ERR-03, TMO-02: what is judged over the whole run, given something to judge when it is checked alone."""

from collections.abc import Callable

from technogate.checks.disclosure import discloses_nothing
from technogate.checks.latency import FEWEST
from technogate.checks.response_predicates import has_response, has_status, is_error_response
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import NO_KEY
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.runner.suite import MustHold, requirement

Word = Callable[[str], str]


@requirement("ERR-02")
def test_server_error_is_an_error_answer(
    backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold
) -> None:
    """A command whose executor fails is answered by a valid ErrorResponse, if by a 5xx; the sweep takes all others."""
    exchange = backend.execute(word("crashing"))
    must_hold(has_response(exchange))
    if exchange.response is not None and exchange.response.status >= 500:
        must_hold(is_error_response(contract, exchange))


@requirement("ERR-03")
def test_errors_tell_nothing(backend: HttpDriver, contract: Contract, must_hold: MustHold) -> None:
    """Answers to what goes wrong in every usual way tell nothing of the backend's inside."""
    names = contract.behavior.operations
    for exchange in (
        backend.send(backend.case(names.execute, body=b"{{{")),
        backend.send(backend.case(names.execute, body=b"\xff\xfe\x00")),
        backend.send(backend.case(names.execute, body=b'{"command": "PING", "session_id": {"a": [1]}}')),
        backend.send(backend.case(names.execute, body=b"[" * 5000)),
        backend.execute("'; DROP TABLE x; --"),
        backend.execute("../../../../x"),
        backend.read(names.audit, {"filter": "' OR 1=1 --"}),
        backend.read(names.fallback, {"limit": "1e309"}),
        backend.read(names.memory, key=NO_KEY),
        backend.send(Case(method="GET", path="/api/nothing")),
        backend.send(Case(method="DELETE", path=contract.operations[names.execute].path)),
    ):
        must_hold(discloses_nothing(exchange))


@requirement("ERR-03")
def test_failing_executor_discloses_nothing(backend: HttpDriver, word: Word, must_hold: MustHold) -> None:
    """The answer of a command whose executor fails tells nothing of the backend's inside."""
    must_hold(discloses_nothing(backend.execute(word("crashing"))))


@requirement("TMO-02")
def test_operations_are_answered_often(
    backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold
) -> None:
    """Each operation is asked often enough to tell how fast it is; the sweep tells, over all answers of the run."""
    for operation in contract.guarded:
        for _ in range(FEWEST):
            if operation.id == contract.behavior.operations.execute:
                must_hold(has_status(backend.execute(word("approved")), 200))
            else:
                must_hold(has_status(backend.read(operation.id), 200, 204))
