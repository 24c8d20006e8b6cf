"""ERR-07: hostile clients at work, and a well-behaved one beside them that must be served as before."""

from collections.abc import Callable

import pytest

from fixtures.fault_injection import SLOW_CLIENTS
from fixtures.faulty_pair import FaultyPair
from technogate.checks.resilience import big_header_is_refused, is_served
from technogate.checks.response_predicates import has_member, has_status_word
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import Case, HttpDriver
from technogate.faults.fault_errors import NotDelivered
from technogate.faults.http_attacks.attack_script import Hostile
from technogate.faults.http_attacks.big_header import BigHeader
from technogate.faults.http_attacks.garbage import Garbage
from technogate.faults.http_attacks.half_request import Cut, HalfRequest
from technogate.faults.http_attacks.idle_connections import Idle
from technogate.faults.http_attacks.request_bytes import RawRequest
from technogate.faults.http_attacks.slow_body import SlowBody
from technogate.faults.http_attacks.slow_header import SlowHeader
from technogate.model.events import Exchange, Finding
from technogate.runner.suite import Crash, MustHold, requirement

Word = Callable[[str], str]
Served = list[tuple[Exchange, list[Finding]]]

#: How often the well-behaved client requests each resource while the fault lasts, on kept and on new connections.
ROUNDS = 3

#: Each kind by name: from an execute request, a read request, the number of slow clients and the seed.
KINDS: dict[str, Callable[[RawRequest, RawRequest, int, int], Hostile]] = {
    "half-line": lambda execute, _read, _slow, _seed: HalfRequest(request=execute, cut=Cut.LINE),
    "half-head": lambda execute, _read, _slow, _seed: HalfRequest(request=execute, cut=Cut.HEAD),
    "half-body": lambda execute, _read, _slow, _seed: HalfRequest(request=execute, cut=Cut.BODY),
    "half-body-reset": lambda execute, _read, _slow, _seed: HalfRequest(request=execute, cut=Cut.BODY, reset=True),
    "slow-header": lambda execute, _read, slow, _seed: SlowHeader(request=execute, clients=slow),
    "slow-body": lambda execute, _read, slow, _seed: SlowBody(request=execute, clients=slow),
    "big-header": lambda _execute, read, _slow, _seed: BigHeader(request=read),
    "pipelined-garbage": lambda _execute, read, _slow, seed: Garbage(request=read, seed=seed),
    "idle": lambda _execute, _read, _slow, _seed: Idle(),
}
#: The kinds that send a read.
READING = ("big-header", "pipelined-garbage")


def send_each_kind(client: HttpDriver, command: str, when: str) -> Served:
    """One request of each kind as a well-behaved client sends it, up to the first that is not served."""
    contract = client.contract
    names = contract.behavior.operations
    body = client.body(command)
    served: Served = []
    for case in (
        client.case(names.execute, body=body, name=f"execute, {when}"),
        client.case(names.memory, name=f"memory, {when}"),
        client.case(names.audit, query=((contract.behavior.audit.limit_parameter, "5"),), name=f"audit, {when}"),
    ):
        served.append((exchange := client.send(case), _findings(contract, case, exchange, command)))
        if served[-1][1]:
            break
    return served


def _findings(contract: Contract, case: Case, exchange: Exchange, command: str) -> list[Finding]:
    """What is wrong with the response to a well-behaved request, the first thing alone."""
    names = contract.behavior.operations
    findings = is_served(contract, exchange, 200)
    if not findings and case.operation == names.execute:
        findings = has_status_word(exchange, contract.behavior.statuses.approved)
    if not findings and case.operation == names.memory:
        findings = has_member(exchange, "command", command)
    return findings


def all_findings(served: Served) -> list[Finding]:
    """What was wrong with any of the responses."""
    return [finding for _, findings in served for finding in findings]


@requirement("ERR-07")
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_clients_take_nothing_away(
    disturbed: FaultyPair, contract: Contract, word: Word, kind: str, must_hold: MustHold
) -> None:
    """While hostile clients are at work and after they left, a well-behaved client is served as before."""
    names, approved = contract.behavior.operations, word("approved")
    operation = names.memory if kind in READING else names.execute
    execute, read = disturbed.request(names.execute, approved), disturbed.request(names.memory)
    slow = SLOW_CLIENTS[disturbed.run_context.settings.profile]
    hostile = KINDS[kind](execute, read, slow, disturbed.run_context.seed)
    sent = None if kind == "idle" else read if kind in READING else execute
    with disturbed.driver() as calm, disturbed.driver(hostile.kind) as kept:
        try:
            early = all_findings([*send_each_kind(calm, approved, "before"), *send_each_kind(kept, approved, "before")])
        except Crash as crash:
            early = [crash.finding]
        if early:
            raise NotDelivered(f"the backend was not well before the attack: {early[0].observed}")
        served: Served = []
        with disturbed.under(hostile, sent, operation) as attackers:
            for number in range(ROUNDS):
                served += send_each_kind(kept, approved, f"{number + 1} while {hostile.kind}, connection kept")
                if all_findings(served):
                    break
                with disturbed.driver(hostile.kind) as fresh:
                    served += send_each_kind(fresh, approved, f"{number + 1} while {hostile.kind}, connection new")
                if all_findings(served):
                    break
        must_hold(*(findings for _, findings in served))
        must_hold(all_findings(send_each_kind(calm, approved, f"after {hostile.kind}")))
    with disturbed.driver() as fresh:
        must_hold(all_findings(send_each_kind(fresh, approved, f"after {hostile.kind}, connection new")))
    if kind == "big-header":
        must_hold(*(big_header_is_refused(exchange) for exchange in attackers))
