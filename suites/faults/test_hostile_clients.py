"""ERR-07: hostile clients at work, and a well-behaved one beside them that must be served as before."""

from collections.abc import Callable

import msgspec
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
from technogate.generation.requests.request_oracle import expected
from technogate.model.events import Exchange, Finding
from technogate.runner.suite import Crash, MustHold, requirement

Words = Callable[[str], tuple[str, ...]]
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
    served: Served = []
    for what, case in _plain_cases(client, command).items():
        named = msgspec.structs.replace(case, name=f"{what}, {when}")
        served.append((exchange := client.send(named), _findings(contract, named, exchange, command)))
        if served[-1][1]:
            break
    return served


def _plain_cases(client: HttpDriver, command: str) -> dict[str, Case]:
    """An execution and reads of what it left; in a contract without any, requests of its first operations."""
    contract, names = client.contract, client.contract.behavior.operations
    if not command:
        return {operation.id: client.plain(operation.id) for operation in contract.repeatable[:3]}
    cases = {"execute": client.case(names.execute, body=client.body(command))}
    if names.memory:
        cases["memory"] = client.case(names.memory)
    if names.audit:
        cases["audit"] = client.case(names.audit, query=((contract.behavior.audit.limit_parameter, "5"),))
    return cases


def _findings(contract: Contract, case: Case, exchange: Exchange, command: str) -> list[Finding]:
    """What is wrong with the response to a well-behaved request, the first thing alone."""
    names = contract.behavior.operations
    findings = is_served(contract, exchange, *sorted(expected(contract, case).responses))
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
    disturbed: FaultyPair, contract: Contract, words: Words, kind: str, must_hold: MustHold
) -> None:
    """While hostile clients are at work and after they left, a well-behaved client is served as before."""
    names, executes = contract.behavior.operations, "execute" in contract.parts
    approved = words("approved")[0] if executes else ""
    acting = names.execute or next((one.id for one in contract.general if one.request_pointer), contract.judged[0].id)
    reading = names.memory or next((one.id for one in contract.repeatable if one.id != names.execute), acting)
    operation = reading if kind in READING else acting
    execute, read = disturbed.request(acting, approved), disturbed.request(reading)
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
