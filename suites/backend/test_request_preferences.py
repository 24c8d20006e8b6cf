"""ENV-07, ERR-04: headers that ask for another response, another method or another path change nothing (D18)."""

from collections.abc import Iterator

import msgspec
import pytest

from technogate.checks.request_preferences import is_as_without, is_documented_whatever
from technogate.checks.response_comparisons import is_unchanged
from technogate.checks.response_predicates import has_status, is_error_response
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.generation.requests.preference_headers import forwarding, preferences
from technogate.model.events import Exchange, Headers, Response
from technogate.runner.suite import MustHold, not_exercised, requirement
from technogate.target import Running

#: Headers with which frameworks let a request choose its method, and its path.
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
REWRITES = ("X-Original-URL", "X-Rewrite-URL")


@pytest.fixture
def plain_case(backend: HttpDriver, repeatable: str) -> Case:
    """A request of each operation that the contract allows and that may be sent again; no backend knows the command."""
    return backend.plain(repeatable)


@pytest.fixture
def plain(backend: HttpDriver, running: Running, plain_case: Case) -> Exchange:
    """That request with its response, which is a success; the memory has a snapshot where a command is known."""
    for command in running.backend.commands.named("approved") if running.backend else ():
        backend.execute(command)
    exchange = backend.send(plain_case)
    if exchange.response is None or not 200 <= exchange.response.status < 300:
        not_exercised("the plain request has no success to compare with", "make the plain request work first")
    return exchange


def sent(backend: HttpDriver, case: Case, many: Iterator[tuple[str, Headers]]) -> Iterator[Exchange]:
    """The request with each of these headers, by their names, sent one after the other."""
    # What the contract describes for the operation is no mere preference.
    operation = backend.contract.operations.get(case.operation)
    described = {made.name.lower() for made in operation.parameters if made.location == "header"} if operation else ()
    for name, headers in many:
        if any(header.lower() in described for header, _ in headers):
            continue
        exchange = backend.send(msgspec.structs.replace(case, headers=headers, name=name))
        if exchange.response is None:
            not_exercised(
                f"no response to a request with {name}: {exchange.error}", "answer whatever a request prefers"
            )
        yield exchange


@requirement("ENV-07")
def test_preference_changes_nothing(
    backend: HttpDriver, contract: Contract, plain_case: Case, plain: Exchange, must_hold: MustHold
) -> None:
    """Whatever a client prefers, and on whatever condition, the response is the operation's own."""
    validators = plain.response or Response(status=0)
    for exchange in sent(backend, plain_case, preferences(validators)):
        must_hold(is_as_without(contract, plain, exchange))


@requirement("ENV-07")
def test_word_of_a_proxy_changes_nothing(
    backend: HttpDriver, contract: Contract, plain_case: Case, plain: Exchange, must_hold: MustHold
) -> None:
    """Whatever a proxy says of a request, the response is one that the contract documents for the operation."""
    for exchange in sent(backend, plain_case, forwarding()):
        must_hold(is_documented_whatever(contract, plain, exchange))


@requirement("ERR-04")
def test_override_is_no_method(backend: HttpDriver, contract: Contract, plain_case: Case, must_hold: MustHold) -> None:
    """With the key, a header that names the right method makes no right method of another: 405, nothing executed."""
    memory = contract.behavior.operations.memory
    known = {operation.method for operation in contract.operations_at(plain_case.path)}
    method = next((name for name in ("POST", "GET", "PUT", "DELETE") if name not in known), "PATCH")
    wrong = msgspec.structs.replace(plain_case, method=method, operation="")
    before = backend.read(memory) if memory else None
    for exchange in sent(backend, wrong, ((header, ((header, plain_case.method),)) for header in OVERRIDES)):
        must_hold(has_status(exchange, 405), is_error_response(contract, exchange))
    if before is not None:
        must_hold(is_unchanged(before, backend.read(memory)))


@requirement("ERR-04")
def test_rewritten_path_is_no_path(
    backend: HttpDriver, contract: Contract, plain_case: Case, must_hold: MustHold
) -> None:
    """With the key, a header that names a known path does not make an unknown path known: 404."""
    unknown = msgspec.structs.replace(plain_case, path="/nothing", operation="")
    for exchange in sent(backend, unknown, ((header, ((header, plain_case.path),)) for header in REWRITES)):
        must_hold(has_status(exchange, 404), is_error_response(contract, exchange))
