"""Sequences of requests, drawn from the contract: they find effects of one request on the next. Pure.

A sequence begins with an executed command, goes on with executed, blocked, refused and unkeyed requests
and reads between them, and ends with a read of the memory and of the trail.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence

import msgspec

from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import Case
from technogate.generation.requests.commands import CommandSet
from technogate.generation.requests.edge_cases import mixed
from technogate.generation.requests.request_oracle import expected
from technogate.generation.requests.sent_request import WHOLE as WHOLE
from technogate.generation.requests.sent_request import Mode
from technogate.model.settings import Profile

#: Sequences of one run, by profile.
COUNT: dict[Profile, int] = {"quick": 4, "standard": 24, "thorough": 240}

_LENGTHS = (2, 3, 4, 6, 9)
#: What a step does, and how often.
_KINDS = ("command", "command", "unknown", "forbidden", "forbidden", "unkeyed", "memory", "audit")


class SequenceStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a sequence: a case, and the name of the key that it comes with."""

    case: Case
    key: str = ""


Steps = tuple[SequenceStep, ...]


def drawn(contract: Contract, words: CommandSet, keys: Sequence[str], *, count: int, seed: int) -> list[Steps]:
    """`count` sequences, the same for the same seed; empty when the target names no command that is executed."""
    rng = random.Random(seed ^ zlib.crc32(b"sequences"))  # noqa: S311 - test data
    executed = [word for word in words.usable if words.statuses[word] in contract.behavior.statuses.executed]
    if not executed:
        return []
    made = []
    for number in range(count):
        steps = [_execute(contract, rng.choice(executed))]
        if number == 0:
            # Always: a snapshot right after an execution, and one after an unknown command.
            memory = _read(contract, contract.behavior.operations.memory)
            steps += [memory, _execute(contract, "ZZ_UNKNOWN"), memory]
        for _ in range(rng.choice(_LENGTHS)):
            step = _step(contract, words, keys, rng.choice(_KINDS), rng)
            around = [_read(contract, contract.behavior.operations.memory)] if rng.random() < 0.4 else []
            steps += [*around, *([step] if step is not None else []), *around]
        made.append((*steps, *_ending(contract, rng)))
    return made


def _step(
    contract: Contract, words: CommandSet, keys: Sequence[str], kind: str, rng: random.Random
) -> SequenceStep | None:
    names = contract.behavior.operations
    if kind == "command":
        return _execute(contract, rng.choice(words.usable))
    if kind == "unknown":
        return _execute(contract, "ZZ_" + "".join(rng.choices("ABCXYZ_", k=rng.randint(1, 20))))
    if kind == "memory":
        return _read(contract, names.memory)
    operation, mode = (names.audit, Mode.ALLOWED) if kind == "audit" else (names.execute, Mode.FORBIDDEN)
    if kind == "unkeyed":
        return SequenceStep(case=_execute(contract, rng.choice(words.usable)).case, key=rng.choice(keys))
    for _ in range(20):
        case = mixed(contract, operation, mode.value, words, rng)
        fits = case is not None and expected(contract, case).validity == mode.value and len(case.body or b"") < 2000
        if case is not None and fits:
            return SequenceStep(case=msgspec.structs.replace(case, name=f"step: {mode.value}"))
    return None


def _execute(contract: Contract, command: str) -> SequenceStep:
    operation = contract.operations[contract.behavior.operations.execute]
    body = msgspec.json.encode(contract.words.written("request", {"command": command}))
    case = Case(method=operation.method.upper(), path=operation.path, operation=operation.id, body=body)
    return SequenceStep(case=msgspec.structs.replace(case, name=f"step: {command}"))


def _read(contract: Contract, operation: str, **query: object) -> SequenceStep:
    described = contract.operations[operation]
    pairs = tuple((name, str(value)) for name, value in query.items())
    case = Case(
        method=described.method.upper(), path=described.path, operation=operation, query=pairs, name="step: read"
    )
    return SequenceStep(case=case)


def _ending(contract: Contract, rng: random.Random) -> Iterator[SequenceStep]:
    """Memory, the whole audit trail, then the audit trail and its fallback, if there is one, with one query."""
    names, audit = contract.behavior.operations, contract.behavior.audit
    yield _read(contract, names.memory)
    yield _read(contract, names.audit, **{audit.limit_parameter: WHOLE})
    query: dict[str, object] = {audit.limit_parameter: rng.choice([1, 5, 20])}
    if rng.random() < 0.5:
        query[audit.filter_parameter] = rng.choice([*contract.status_words, audit.filter_all])
    yield _read(contract, names.audit, **query)
    if names.fallback:
        yield _read(contract, names.fallback, **query)
