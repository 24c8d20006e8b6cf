"""ERR: what an error response holds, and what happens outside of the four operations."""

from collections.abc import Callable

import pytest

from technogate.checks.error_responses import allows_method
from technogate.checks.response_predicates import has_response, has_status, is_error_response
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import NO_KEY, foreign_key
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.runner.suite import MustHold, not_exercised, parts, requirement

Word = Callable[[str], str]


@requirement("ERR-01")
@parts("execute")
@pytest.mark.parametrize(
    "cause",
    [
        *("no-key", "wrong-key", "bad-command", "not-json", "other-type", "too-large"),
        *(pytest.param(cause, marks=parts("audit")) for cause in ("bad-filter", "bad-limit")),
    ],
)
def test_4xx_is_an_error_response(backend: HttpDriver, contract: Contract, cause: str, must_hold: MustHold) -> None:
    """Every 4xx of the four operations is a valid error response."""
    names = contract.behavior.operations
    exchange = {
        "no-key": lambda: backend.ask(names.memory or names.execute, key=NO_KEY),
        "wrong-key": lambda: backend.ask(names.memory or names.execute, key=foreign_key()),
        "bad-command": lambda: backend.execute("lower case"),
        "not-json": lambda: backend.send(backend.case(names.execute, body=b"{{{")),
        "other-type": lambda: backend.send(backend.case(names.execute, body=b"x", content_type="text/plain")),
        "too-large": lambda: backend.send(backend.case(names.execute, body=b" " * 70_000 + b"{}")),
        "bad-filter": lambda: backend.read(names.audit, {"filter": "NOPE"}),
        "bad-limit": lambda: backend.read(names.fallback or names.audit, {"limit": "0"}),
    }[cause]()
    if cause == "too-large" and exchange.response is None and exchange.error:
        # A backend that responds before it has read all may close the connection: then the response can be lost.
        exchange = backend.execute("lower case")
    must_hold(has_response(exchange))
    if exchange.response is not None and exchange.response.status // 100 != 4:
        not_exercised(
            f"the response has status {exchange.response.status}, and is no 4xx that could be judged",
            "see the requirement that this request is to be refused",
        )
    must_hold(is_error_response(contract, exchange))


@requirement("ERR-02")
@parts("execute")
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
    execute = backend.plain(contract.behavior.operations.execute or contract.judged[0].id).path
    known = {operation.path for operation in contract.operations.values()}
    above = execute.rpartition("/")[0]
    path = path.format(execute=execute, above="/nothing/above" if above in known else above or "/nothing/above")
    if contract.operations_at(path):
        # A parameter in a path of the contract takes any word.
        path = f"/nothing{path}"
    exchange = backend.send(Case(method="GET", path=path))
    must_hold(has_status(exchange, 404), is_error_response(contract, exchange))


@requirement("ERR-04")
def test_wrong_method(backend: HttpDriver, contract: Contract, judged: str, must_hold: MustHold) -> None:
    """With the key, another method gets 405 with `Allow` and an error response."""
    expected, path = contract.operations[judged].method.upper(), backend.plain(judged).path
    known = {operation.method.upper() for operation in contract.operations_at(path)}
    # Below a parameter in the path there may be nothing, whatever the method.
    missing = (404,) if "{" in contract.operations[judged].path else ()
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        if method in known:
            continue
        exchange = backend.send(Case(method=method, path=path))
        must_hold(has_status(exchange, 405, *missing), is_error_response(contract, exchange))
        if not has_status(exchange, 405):
            must_hold(allows_method(exchange, expected))
