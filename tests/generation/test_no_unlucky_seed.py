"""With every seed and in every profile, each rule gets the requests that it is about.

What a rule needs is built, and what is built comes first in each list: so the many seeds are tried on that part
alone, which no profile changes, and a few seeds on whole plans. No request is sent.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec
import pytest

from fixtures.generated import request_lists
from fixtures.request_batches import UNKNOWN_ROUTES
from technogate.checks.family import GeneratedRule, Scope
from technogate.checks.registry import REGISTRY
from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import EMPTY_KEY, NO_KEY, Key, foreign_key, near_misses, right_key
from technogate.drivers.http.http_driver import Case
from technogate.generation.requests import edge_bodies, request_plan
from technogate.generation.requests.commands import CommandSet
from technogate.generation.requests.needed_cases import needed
from technogate.generation.requests.request_oracle import Auth, Expectation, Validity, auth
from technogate.generation.requests.request_plan import FEW, Mode, Planned, RequestPlan, size
from technogate.generation.requests.sent_request import SentRequest
from technogate.generation.requests.sequences import COUNT, SequenceStep, Steps, drawn
from technogate.generation.requests.unknown_routes import unknown_routes
from technogate.model.events import Body, Exchange, Request, Response
from technogate.model.settings import Profile
from technogate.target.spec import Commands
from technogate.target.target_file import read_target_file
from tests.generation.tiny_backend import KEY, RequestReceived, TinyBackend, strict

REPOSITORY = Path(__file__).parents[2]
RIGHT = right_key("TgAbCdEfGh0123456789")
PROFILES = tuple(pytest.param(name, marks=pytest.mark.slow) for name in ("quick", "standard", "thorough"))
TARGETS = ("images/embedded.toml", "examples/node-backend/target.toml", "one word")
#: Seeds of the fast tests; the slow one tries all.
SEEDS, ALL_SEEDS = range(10), range(1000)

Plans = Mapping[str, Mapping[Mode, tuple[Planned, ...]]]


@cache
def keys() -> dict[str, Key]:
    """The keys that a run sends besides the right one, by name."""
    return {key.name: key for key in (NO_KEY, EMPTY_KEY, foreign_key(), *near_misses(RIGHT.values[0]))}


def key_names() -> tuple[str, ...]:
    """Their names as a plan takes them: every second one is none, or empty."""
    none = (NO_KEY.name, EMPTY_KEY.name)
    wrong = [name for name in keys() if name not in none]
    return tuple(name for number, key in enumerate(wrong) for name in (key, none[number % 2]))


@cache
def words(target: str) -> CommandSet:
    """The commands of a target file, or one command alone: as little as a backend can be judged by."""
    if target == "one word":
        return CommandSet.of(Commands(approved="PING"))
    backend = read_target_file(REPOSITORY / target).backend
    assert backend is not None
    return CommandSet.of(backend.commands)


def plan(contract: Contract, operation: str, target: str, seed: int, profile: Profile = "quick") -> RequestPlan:
    """The plan of one operation, as a run has it."""
    count = size(contract, operation, profile)
    return RequestPlan(contract, operation, count=count, seed=seed, words=words(target), keys=key_names())


def built(contract: Contract, target: str, seed: int) -> Plans:
    """What is built for the rules, by list and mode."""
    plans: dict[str, Mapping[Mode, tuple[Planned, ...]]] = {
        operation.id: plan(contract, operation.id, target, seed).built() for operation in contract.guarded
    }
    return {**plans, UNKNOWN_ROUTES: {Mode.OPEN: unknown_routes(contract, count=32, seed=seed)}}


def as_answered(planned: Planned, statuses: Mapping[str, str]) -> SentRequest:
    """The request with the response that a backend must give which serves as little as the contract allows."""
    key = keys().get(planned.key, RIGHT)
    expectation = planned.expectation
    within = min if expectation.validity is Validity.ALLOWED else max
    served = within(expectation.responses) if expectation.responses else 404
    status = {Auth.MISSING: 401, Auth.WRONG: 403}.get(auth(key, RIGHT), served)
    request = Request(method=planned.case.method, path=planned.case.path)
    exchange = Exchange(
        id="x", item="", responded_by="backend", request=request, started=0, ended=0, response=Response(status=status)
    )
    command = re.search(rb'"comman(?:d|\\u0064)": "([A-Z_]+)"', planned.case.body or b"")
    deserves = statuses.get(command[1].decode(), "") if command else ""
    return SentRequest(
        case=planned.case, key=key, auth=auth(key, RIGHT), expectation=expectation, exchange=exchange, deserves=deserves
    )


def pairs(contract: Contract) -> list[tuple[GeneratedRule, str]]:
    """Every rule of generated requests with each list that it judges."""
    return [(rule, name) for rule in REGISTRY.rules.values() for name in request_lists(contract, rule.scope)]


def without_requests(contract: Contract, target: str, seeds: range) -> dict[str, int]:
    """The rules that some seed leaves with fewer than a few requests, by rule and list."""
    fewest: Counter[str] = Counter()
    statuses = words(target).statuses
    for seed in seeds:
        plans = built(contract, target, seed)
        sents = {
            (name, mode): [as_answered(planned, statuses) for planned in entries]
            for name, modes in plans.items()
            for mode, entries in modes.items()
        }
        for rule, name in pairs(contract):
            concerned = (sent for mode in rule.modes for sent in sents.get((name, mode), ()) if rule.concerns(sent))
            count = sum(1 for _, _ in zip(range(FEW), concerned, strict=False))
            place = f"{rule.requirement} {name}"
            fewest[place] = min(count, fewest.get(place, count))
    assert fewest
    return {place: count for place, count in fewest.items() if count < FEW}


@pytest.mark.parametrize("target", TARGETS)
def test_every_rule_has_requests(contract: Contract, target: str) -> None:
    """With some seeds, each rule has a few requests of each operation that it applies to."""
    assert without_requests(contract, target, SEEDS) == {}


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_every_rule_has_requests_whatever_the_seed(contract: Contract, target: str) -> None:
    """With each of 1,000 seeds, each rule has a few requests of each operation that it applies to."""
    assert without_requests(contract, target, ALL_SEEDS) == {}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_sends_what_is_built(contract: Contract, profile: Profile) -> None:
    """In every profile, the lists of an operation begin with all that is built for the rules."""
    for operation in contract.guarded:
        whole = plan(contract, operation.id, TARGETS[0], 1, profile)
        for mode, entries in plan(contract, operation.id, TARGETS[0], 1).built().items():
            assert whole.of(mode)[: len(entries)] == entries


def missing_classes(contract: Contract, target: str, seed: int) -> set[str]:
    """The classes of input that no built request belongs to."""
    plans = built(contract, target, seed)
    execute, audit = contract.behavior.operations.execute, contract.behavior.operations.audit
    bodies = [planned.case.body or b"" for mode in Mode for planned in plans[execute].get(mode, ())]
    types = {planned.case.content_type for planned in plans[execute][Mode.FORBIDDEN]}
    filters = {
        value for planned in plans[audit][Mode.ALLOWED] for name, value in planned.case.query if name == "filter"
    }
    rejected = {value for planned in plans[audit][Mode.FORBIDDEN] for _, value in planned.case.query}
    wrong = {key: [p for p in plans[execute][Mode.UNKEYED] if p.key == key] for key in keys()}
    found = {
        *(f"body {body!r}" for body in edge_bodies.not_objects() if body in bodies),
        *(f"type {name}" for name in types),
        *(f"filter {word}" for word in filters),
        *(f"rejected {value}" for value in rejected),
        *(f"key {key}" for key, sent in wrong.items() if any(not planned.expectation.faults for planned in sent)),
    }
    wanted = {
        *(f"body {body!r}" for body in edge_bodies.not_objects()),
        *(f"type {name}" for name in edge_bodies.OTHER_TYPES),
        *(f"filter {word}" for word in (*contract.status_words, "all")),
        *(f"rejected {value}" for value in ("0", "-1000", "1001", "1000.5", "1000abc", "PENDING", "approved")),
        *(f"key {key}" for key in keys()),
    }
    return wanted - found


@pytest.mark.parametrize("target", TARGETS)
def test_every_class_of_input_is_built(contract: Contract, target: str) -> None:
    """Each bad body, other content type, filter, bad limit, and wrong key on a right request is sent with each seed."""
    assert [missing_classes(contract, target, seed) for seed in SEEDS] == [set() for _ in SEEDS]


@pytest.mark.parametrize("left_out", ["a body over the limit", "a session id"])
def test_notices_a_class_without_requests(contract: Contract, monkeypatch: pytest.MonkeyPatch, left_out: str) -> None:
    """Without one class of bodies, some rule has no request."""
    complete = needed

    def incomplete(
        contract: Contract, operation: str, words: CommandSet, rng: random.Random, few: int
    ) -> Iterator[tuple[str, Case]]:
        built = complete(contract, operation, words, rng, few)
        return ((kind, case) for kind, case in built if not kind.startswith(left_out))

    monkeypatch.setattr(request_plan, "needed", incomplete)
    assert without_requests(contract, TARGETS[0], range(1)) != {}


def test_scopes_are_all_judged(contract: Contract) -> None:
    """The rules that are tried here are those of every scope but sequences."""
    assert {rule.scope for rule in REGISTRY.rules.values()} <= set(Scope) - {Scope.SEQUENCES}
    assert {name for _, name in pairs(contract)} == {*(operation.id for operation in contract.guarded), UNKNOWN_ROUTES}


def sequence_rules_without_requests(contract: Contract, target: str, seeds: range) -> set[str]:
    """The rules of sequences that compare nothing with some seed, when a conforming backend gets the sequences."""
    silent: set[str] = set()
    commands = words(target)
    for seed in seeds:
        compared: Counter[str] = Counter()
        for steps in drawn(contract, commands, key_names(), count=COUNT["quick"], seed=seed):
            sents = served_by_tiny_backend(steps, commands)
            for rule in REGISTRY.sequences:
                if rule.scope is Scope.SEQUENCES:
                    compared[rule.requirement] += sum(1 for findings in rule.check(contract, sents) if findings == [])
        silent |= {
            rule.requirement
            for rule in REGISTRY.sequences
            if rule.scope is Scope.SEQUENCES and not compared[rule.requirement]
        }
    return silent


def served_by_tiny_backend(steps: Steps, commands: CommandSet) -> list[SentRequest]:
    """The steps with the responses of a conforming backend in this process, which knows these commands."""
    backend = TinyBackend(outcomes=commands.statuses)
    return [served(backend, step) for step in steps]


def served(backend: TinyBackend, step: SequenceStep) -> SentRequest:
    """One step with its response."""
    case, key = step.case, keys().get(step.key, right_key(KEY))
    request = RequestReceived(
        method=case.method,
        path=case.path,
        query=list(case.query),
        headers=[("Content-Type", case.content_type), *(("X-API-Key", value) for value in key.values)],
        body=case.body or b"",
        fields=strict(case.body or b""),
    )
    planned, trace_id = backend.response(request)
    body = b"" if planned.body is None else msgspec.json.encode(planned.body)
    exchange = Exchange(
        id=trace_id,
        item="",
        responded_by="backend",
        operation=case.operation,
        request=Request(method=case.method, path=case.path),
        response=Response(status=planned.status, headers=(("X-Trace-Id", trace_id),), body=Body.of(body)),
        started=0,
        ended=0,
    )
    expectation = Expectation(validity=Validity.OPEN, responses=frozenset())
    return SentRequest(case=case, key=key, auth=auth(key, right_key(KEY)), expectation=expectation, exchange=exchange)


@pytest.mark.parametrize("target", TARGETS)
def test_every_rule_of_sequences_compares(contract: Contract, target: str) -> None:
    """With some seeds, each rule of sequences has something to compare."""
    assert sequence_rules_without_requests(contract, target, SEEDS) == set()


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_every_rule_of_sequences_compares_whatever_the_seed(contract: Contract, target: str) -> None:
    """With each of 1,000 seeds, each rule of sequences has something to compare."""
    assert sequence_rules_without_requests(contract, target, ALL_SEEDS) == set()
