"""AUT: the API key, and everything that is nearly one."""

from collections.abc import Callable

import msgspec
import pytest

from technogate.checks.key_refusals import holds_no_key
from technogate.checks.response_predicates import has_status, is_error_response
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import EMPTY_KEY, NO_KEY, Key, foreign_key, near_misses
from technogate.drivers.http.http_driver import HttpDriver
from technogate.model.events import Exchange
from technogate.runner.suite import MustHold, parts, requirement

Word = Callable[[str], str]
WITHOUT = pytest.mark.parametrize("key", [NO_KEY, EMPTY_KEY], ids=["no-key", "empty-key"])


def send(backend: HttpDriver, operation: str, key: Key) -> Exchange:
    """A request that only its key can make fail."""
    return backend.send(backend.plain(operation), key=key)


@requirement("AUT-01")
@WITHOUT
def test_without_a_key_401(backend: HttpDriver, guarded: str, key: Key, must_hold: MustHold) -> None:
    """No key or an empty key gets 401."""
    must_hold(has_status(send(backend, guarded, key), 401))


@requirement("AUT-02")
def test_wrong_key_403(backend: HttpDriver, guarded: str, must_hold: MustHold) -> None:
    """A wrong key gets 403."""
    must_hold(has_status(send(backend, guarded, foreign_key()), 403))


@requirement("AUT-02")
def test_near_miss_403(backend: HttpDriver, guarded: str, near_miss: Key, must_hold: MustHold) -> None:
    """A key that is nearly right gets 403."""
    must_hold(has_status(send(backend, guarded, near_miss), 403))


@requirement("AUT-03")
@parts("envelope")
@pytest.mark.parametrize("key", [NO_KEY, EMPTY_KEY, foreign_key()], ids=["no-key", "empty-key", "wrong-key"])
def test_refusal_gives_its_reason(
    backend: HttpDriver, contract: Contract, guarded: str, key: Key, must_hold: MustHold
) -> None:
    """A refused key gets a valid error response with the reason code for it."""
    exchange = send(backend, guarded, key)
    must_hold(is_error_response(contract, exchange, contract.behavior.reason_codes.key_refused))


@requirement("AUT-04")
@parts("execute")
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b'{"COMMAND": "lower"}', "application/json"),
        (b"", "application/json"),
        (b"COMMAND=PING", "text/plain"),
        (b"{}", ""),
    ],
    ids=["cut-json", "bad-command", "empty", "text", "no-type"],
)
def test_key_before_body(
    backend: HttpDriver, contract: Contract, body: bytes, content_type: str, must_hold: MustHold
) -> None:
    """A request that is malformed and has no key gets 401."""
    body = body.replace(b"COMMAND", contract.words.name("request", "command").encode())
    execute = contract.behavior.operations.execute
    exchange = backend.send(backend.case(execute, body=body, content_type=content_type), key=NO_KEY)
    must_hold(has_status(exchange, 401))


@requirement("AUT-04")
@parts("audit")
def test_key_before_query(backend: HttpDriver, contract: Contract, must_hold: MustHold) -> None:
    """A read with an impossible query and no key gets 401."""
    names = contract.behavior.operations
    for operation in filter(None, (names.audit, names.fallback)):
        must_hold(has_status(backend.read(operation, {"filter": "NOPE", "limit": "-1"}, key=NO_KEY), 401))


@requirement("AUT-05")
@pytest.mark.parametrize("place", ["query", "authorization", "cookie"])
def test_key_elsewhere_does_not_count(
    backend: HttpDriver, contract: Contract, guarded: str, place: str, must_hold: MustHold
) -> None:
    """A key in the query string, in Authorization or in a cookie is no key: 401."""
    name, value = contract.behavior.headers.key, backend.key.values[0]
    # Where the key is a bearer token, that header is its own, and another scheme is another place.
    other = f"Bearer {value}" if not contract.words.key_prefix else f"Basic {value}"
    query, headers = {
        "query": (((name, value), ("api_key", value)), ()),
        "authorization": ((), (("Authorization", other),)),
        "cookie": ((), (("Cookie", f"{name}={value}; api_key={value}"),)),
    }[place]
    case = backend.plain(guarded)
    case = msgspec.structs.replace(case, query=(*case.query, *query), headers=(*case.headers, *headers))
    exchange = backend.send(case, key=NO_KEY)
    must_hold(has_status(exchange, 401))


@requirement("AUT-06")
@parts("execute")
def test_key_is_not_echoed(backend: HttpDriver, guarded: str, word: Word, must_hold: MustHold) -> None:
    """No response to a right, a nearly right or a misplaced key holds the key in any spelling."""
    value = backend.key.values[0]
    sent = [
        backend.execute(word("approved"), session_id=value[:64]),
        backend.send(backend.case(guarded, headers=(("Authorization", f"Bearer {value}"),)), key=NO_KEY),
        backend.read(guarded, {"filter": value}),
        backend.execute(value),
    ]
    nearly = [key for key in near_misses(value) if any(value in held for held in key.values)]
    sent += [send(backend, guarded, key) for key in nearly if backend.wrong_keys.admits(key)]
    for exchange in sent:
        must_hold(holds_no_key(exchange))
