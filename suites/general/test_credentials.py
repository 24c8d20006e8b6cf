"""AUT-04, AUT-06: the credential of an operation without a part."""

from technogate.checks.key_refusals import holds_no_key
from technogate.checks.response_predicates import has_status
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import NO_KEY, near_misses
from technogate.drivers.http.http_driver import HttpDriver
from technogate.generation.requests.general_cases import malformed
from technogate.runner.suite import MustHold, requirement


@requirement("AUT-04")
def test_credential_before_the_request(
    backend: HttpDriver, contract: Contract, general_malformed: str, must_hold: MustHold
) -> None:
    """A request that is malformed and has no credential gets 401."""
    for case in malformed(contract, general_malformed):
        must_hold(has_status(backend.send(case, key=NO_KEY), 401))


@requirement("AUT-06")
def test_credential_is_not_echoed(backend: HttpDriver, general_guarded: str, must_hold: MustHold) -> None:
    """No answer to a right, a nearly right or a misplaced credential holds it in any spelling."""
    value, plain = backend.key.values[0], backend.plain(general_guarded)
    sent = [
        backend.send(plain),
        backend.send(backend.plain(general_guarded, query=(*plain.query, ("x", value)))),
        backend.send(backend.plain(general_guarded, headers=(*plain.headers, ("X-Client", value))), key=NO_KEY),
    ]
    if plain.body is not None:
        sent.append(backend.send(backend.plain(general_guarded, body=f'{{"x": "{value}"}}'.encode())))
    nearly = [key for key in near_misses(value) if any(value in held for held in key.values)]
    sent += [backend.send(plain, key=key) for key in nearly if backend.wrong_keys.admits(key)]
    for exchange in sent:
        must_hold(holds_no_key(exchange))
