"""ERR-03: responses to errors disclose nothing of the backend's inside."""

from collections.abc import Callable

from technogate.checks.disclosure import discloses_nothing
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import NO_KEY
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.runner.suite import MustHold, parts, requirement

Word = Callable[[str], str]


@requirement("ERR-03")
@parts("execute")
def test_errors_disclose_nothing(backend: HttpDriver, contract: Contract, must_hold: MustHold) -> None:
    """Responses to what goes wrong in every usual way disclose nothing of the backend's inside."""
    names = contract.behavior.operations
    for exchange in (
        backend.send(backend.case(names.execute, body=b"{{{")),
        backend.send(backend.case(names.execute, body=b"\xff\xfe\x00")),
        backend.send(backend.case(names.execute, body=backend.body("PING", session_id={"a": [1]}))),
        backend.send(backend.case(names.execute, body=b"[" * 5000)),
        backend.execute("'; DROP TABLE x; --"),
        backend.execute("../../../../x"),
        *(backend.read(name, {"filter": "' OR 1=1 --"}) for name in (names.audit,) if name),
        *(backend.read(name, {"limit": "1e309"}) for name in (names.fallback,) if name),
        backend.ask(names.memory or names.execute, key=NO_KEY),
        backend.send(Case(method="GET", path="/nothing")),
        backend.send(Case(method="DELETE", path=contract.operations[names.execute].path)),
    ):
        must_hold(discloses_nothing(exchange))


@requirement("ERR-03")
@parts("execute")
def test_failing_executor_discloses_nothing(backend: HttpDriver, word: Word, must_hold: MustHold) -> None:
    """The response of a command whose executor fails discloses nothing of the backend's inside."""
    must_hold(discloses_nothing(backend.execute(word("crashing"))))
