"""AUT-07: other spellings of a guarded path, other methods, and headers that rewrite either."""

import msgspec
import pytest

from fixtures.audit import need_list
from fixtures.guarded_paths import PathGuard
from technogate.checks.other_spellings import is_recorded
from technogate.checks.response_predicates import has_status, trace_id
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import NO_KEY, foreign_key
from technogate.drivers.http.http_driver import HttpDriver
from technogate.model.events import Exchange
from technogate.runner.suite import MustHold, parts, requirement
from technogate.target import Running

KEYS = (NO_KEY, foreign_key())
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY")
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
REWRITES = ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Path", "X-Original-URI")


@pytest.fixture
def path_guard(backend: HttpDriver, running: Running, guarded: str) -> PathGuard:
    """The key of each guarded operation."""
    return PathGuard(backend, running, guarded)


@requirement("AUT-07")
def test_other_spelling_reaches_nothing(path_guard: PathGuard, must_hold: MustHold) -> None:
    """Without the right key no other spelling of the path reaches the operation."""
    path_guard.hold([(case, key) for case in path_guard.spelled() for key in KEYS], must_hold)


@requirement("AUT-07")
def test_other_method_reaches_nothing(path_guard: PathGuard, must_hold: MustHold) -> None:
    """Without the right key no other method reaches the operation, under its path or another spelling of it."""
    spelled = list(path_guard.spelled())[:2]
    others = [method for method in (*METHODS, path_guard.plain.method.lower()) if method != path_guard.plain.method]
    requests = [(path_guard.case(name=f"by {method}", method=method), key) for method in others for key in KEYS]
    requests += [
        (msgspec.structs.replace(case, method=method, name=f"{case.name}, by {method}"), NO_KEY)
        for case in spelled
        for method in others[:4]
    ]
    path_guard.hold(requests, must_hold)


@requirement("AUT-07")
def test_override_header_reaches_nothing(path_guard: PathGuard, must_hold: MustHold) -> None:
    """Without the right key no header or parameter that names a method or a path reaches the operation."""
    method, path = path_guard.plain.method, path_guard.plain.path
    other = "GET" if method == "POST" else "POST"
    requests = [
        (path_guard.case(name=f"{header} with {sent}", method=sent, headers=((header, method),)), NO_KEY)
        for header in OVERRIDES
        for sent in (other, "OPTIONS")
    ]
    requests.append((path_guard.case(name="_method", method=other, query=(("_method", method),)), NO_KEY))
    requests += [
        (path_guard.case(name=f"{header} with {sent}", path=sent, headers=((header, path),)), NO_KEY)
        for header in REWRITES
        for sent in (path_guard.public, "/")
    ]
    requests += [
        (
            path_guard.case(name=f"X-Forwarded-Prefix with {sent}", path=sent, headers=(("X-Forwarded-Prefix", path),)),
            NO_KEY,
        )
        for sent in ("/", "/..")
    ]
    path_guard.hold(requests, must_hold)


@requirement("AUT-07")
@parts("audit", "execute")
def test_other_spelling_leaves_its_entry(
    backend: HttpDriver, contract: Contract, running: Running, must_hold: MustHold
) -> None:
    """What is executed under another spelling, with the right key, has its entry, as under the plain path."""
    behavior = contract.behavior
    path_guard = PathGuard(backend, running, behavior.operations.execute)
    sent = path_guard.sent([(case, backend.key) for case in path_guard.spelled()])
    query = {behavior.audit.filter_parameter: behavior.audit.filter_all, behavior.audit.limit_parameter: 200}
    last = next((trace_id(exchange) for exchange in reversed(sent) if _is_success(exchange)), "")
    listed = backend.read_entry(behavior.operations.audit, query, last)
    need_list(listed)
    must_hold(*(is_recorded(behavior, listed, exchange) for exchange in sent))


def _is_success(exchange: Exchange) -> bool:
    return exchange.response is not None and exchange.response.status // 100 == 2


@requirement("AUT-01")
@pytest.mark.parametrize(
    "header",
    [
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Real-IP", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1;host=localhost;proto=https"),
        ("X-Forwarded-Host", "localhost"),
        ("X-Forwarded-User", "admin"),
    ],
    ids=lambda header: header[0].lower(),
)
def test_forwarding_header_is_no_key(path_guard: PathGuard, header: tuple[str, str], must_hold: MustHold) -> None:
    """A header that says where a request came from does not stand for the key: 401."""
    case = msgspec.structs.replace(path_guard.plain, name=header[0], headers=(header,))
    must_hold(has_status(path_guard.backend.send(case, key=NO_KEY), 401))
