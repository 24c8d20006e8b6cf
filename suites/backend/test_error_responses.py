"""ERR: what an error response holds, and what happens outside of the four operations."""

from collections.abc import Callable

import pytest

from technogate.checks.error_responses import allows_method
from technogate.checks.response_predicates import has_response, has_status, is_error_response
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import NO_KEY, foreign_key
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.runner.suite import MustHold, not_exercised, requirement

Word = Callable[[str], str]


@requirement("ERR-01")
@pytest.mark.parametrize(
    "cause", ["no-key", "wrong-key", "bad-command", "not-json", "other-type", "too-large", "bad-filter", "bad-limit"]
)
def test_4xx_is_an_error_response(backend: HttpDriver, contract: Contract, cause: str, must_hold: MustHold) -> None:
    """Every 4xx of the four operations is a valid error response."""
    names = contract.behavior.operations
    exchange = {
        "no-key": lambda: backend.read(names.memory, key=NO_KEY),
        "wrong-key": lambda: backend.read(names.memory, key=foreign_key()),
        "bad-command": lambda: backend.execute("lower case"),
        "not-json": lambda: backend.send(backend.case(names.execute, body=b"{{{")),
        "other-type": lambda: backend.send(backend.case(names.execute, body=b"x", content_type="text/plain")),
        "too-large": lambda: backend.send(backend.case(names.execute, body=b" " * 70_000 + b"{}")),
        "bad-filter": lambda: backend.read(names.audit, {"filter": "NOPE"}),
        "bad-limit": lambda: backend.read(names.fallback, {"limit": "0"}),
    }[cause]()
    if cause == "too-large" and exchange.response is None and exchange.error:
        # A backend that responds before it has read all may close the connection: then the response can be lost.
        exchange = backend.read(names.audit, {"limit": "-1"})
    must_hold(has_response(exchange))
    if exchange.response is not None and exchange.response.status // 100 != 4:
        not_exercised(
            f"the response has status {exchange.response.status}, and is no 4xx that could be judged",
            "see the requirement that this request is to be refused",
        )
    must_hold(is_error_response(contract, exchange))


@requirement("ERR-02")
def test_5xx_is_an_error_response(backend: HttpDriver, contract: Contract, word: Word, must_hold: MustHold) -> None:
    """A 5xx to a command whose executor fails is a valid error response; the run-wide check judges all others."""
    exchange = backend.execute(word("crashing"))
    must_hold(has_response(exchange))
    if exchange.response is not None and exchange.response.status >= 500:
        must_hold(is_error_response(contract, exchange))


@requirement("ERR-04")
@pytest.mark.parametrize("path", ["/nothing", "{execute}/more", "{above}", "/nothing.html", "{above}s/nothing"])
def test_unknown_path(backend: HttpDriver, contract: Contract, path: str, must_hold: MustHold) -> None:
    """With the key, a path that does not exist gets 404 with an error response."""
    execute = contract.operations[contract.behavior.operations.execute].path
    known = {operation.path for operation in contract.operations.values()}
    above = execute.rpartition("/")[0]
    path = path.format(execute=execute, above="/nothing/above" if above in known else above or "/nothing/above")
    exchange = backend.send(Case(method="GET", path=path))
    must_hold(has_status(exchange, 404), is_error_response(contract, exchange))


@requirement("ERR-04")
def test_wrong_method(backend: HttpDriver, contract: Contract, guarded: str, must_hold: MustHold) -> None:
    """With the key, another method gets 405 with `Allow` and an error response."""
    operation = contract.operations[guarded]
    expected = operation.method.upper()
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        if method == expected:
            continue
        exchange = backend.send(Case(method=method, path=operation.path))
        must_hold(has_status(exchange, 405), is_error_response(contract, exchange))
        must_hold(allows_method(exchange, expected))
