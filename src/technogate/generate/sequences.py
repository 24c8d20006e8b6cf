"""Sequences of requests: what one leaves behind for the next. Drawing and judging are pure.

A sequence begins with an executed command, goes on with executed, blocked, refused and unkeyed requests
and reads between them, and ends with a read of the memory and of the trail.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence

import msgspec

from technogate.check import answer, trail
from technogate.contract import Contract
from technogate.driver.http import Case
from technogate.evidence import Exchange, Finding
from technogate.generate.commands import Words
from technogate.generate.mix import mixed
from technogate.generate.plan import Mode
from technogate.generate.expected import Said, expected
from technogate.generate.rules import Sent
from technogate.settings import Profile

#: Sequences of one run, by profile.
COUNT: dict[Profile, int] = {"quick": 4, "standard": 24, "thorough": 240}

_LENGTHS = (2, 3, 4, 6, 9)
#: What a step does, and how often.
_KINDS = ("command", "command", "unknown", "forbidden", "forbidden", "unkeyed", "memory", "audit")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a sequence: a case, and the name of the key that it comes with."""

    case: Case
    key: str = ""


Sequence_ = tuple[Step, ...]


def drawn(contract: Contract, words: Words, keys: Sequence[str], *, count: int, seed: int) -> list[Sequence_]:
    """`count` sequences, the same for the same seed; empty when the target names no command that is executed."""
    rng = random.Random(seed ^ zlib.crc32(b"sequences"))  # noqa: S311 - test data
    executed = [word for word in words.usable if words.statuses[word] in contract.behavior.statuses.executed]
    if not executed:
        return []
    made = []
    for _ in range(count):
        inner = [_step(contract, words, keys, rng.choice(_KINDS), rng) for _ in range(rng.choice(_LENGTHS))]
        first = _execute(contract, rng.choice(executed))
        made.append((first, *(step for step in inner if step is not None), *_ending(contract, rng)))
    return made


def _step(contract: Contract, words: Words, keys: Sequence[str], kind: str, rng: random.Random) -> Step | None:
    names = contract.behavior.operations
    if kind == "command":
        return _execute(contract, rng.choice(words.usable))
    if kind == "unknown":
        return _execute(contract, "ZZ_" + "".join(rng.choices("ABCXYZ_", k=rng.randint(1, 20))))
    if kind == "memory":
        return _read(contract, names.memory)
    operation, mode = (names.audit, Mode.ALLOWED) if kind == "audit" else (names.execute, Mode.FORBIDDEN)
    if kind == "unkeyed":
        return Step(case=_execute(contract, rng.choice(words.usable)).case, key=rng.choice(keys))
    for _ in range(20):
        case = mixed(contract, operation, mode.value, words, rng)
        fits = case is not None and expected(contract, case).said == mode.value and len(case.body or b"") < 2000
        if case is not None and fits:
            return Step(case=msgspec.structs.replace(case, name=f"step: {mode.value}"))
    return None


def _execute(contract: Contract, command: str) -> Step:
    operation = contract.operations[contract.behavior.operations.execute]
    body = msgspec.json.encode({"command": command})
    case = Case(method=operation.method.upper(), path=operation.path, operation=operation.id, body=body)
    return Step(case=msgspec.structs.replace(case, name=f"step: {command}"))


def _read(contract: Contract, operation: str, **query: object) -> Step:
    found = contract.operations[operation]
    pairs = tuple((name, str(value)) for name, value in query.items())
    case = Case(method=found.method.upper(), path=found.path, operation=operation, query=pairs, name="step: read")
    return Step(case=case)


def _ending(contract: Contract, rng: random.Random) -> Iterator[Step]:
    """Memory, then the trail and its fallback with one query."""
    names, audit = contract.behavior.operations, contract.behavior.audit
    yield _read(contract, names.memory)
    query: dict[str, object] = {audit.limit_parameter: rng.choice([5, 20, 50])}
    if rng.random() < 0.5:
        query[audit.filter_parameter] = rng.choice([*contract.status_words, audit.filter_all])
    yield _read(contract, names.audit, **query)
    yield _read(contract, names.fallback, **query)


# ---- judging ----


def effect(contract: Contract, sent: Sent) -> str:
    """What a step did to the memory: `executed`, `kept` or `unsure`."""
    if sent.case.operation != contract.behavior.operations.execute:
        return "kept"
    statuses = contract.behavior.statuses
    said = answer.json_object(sent.exchange).get("status")
    if sent.status == 200 and said in statuses.executed:
        return "executed"
    refused = sent.expectation.said is Said.FORBIDDEN or not sent.decided or sent.status >= 400
    if sent.exchange.answer is None or sent.status >= 500 or said in statuses.maybe_executed:
        return "unsure"
    return "kept" if refused or said == statuses.blocked else "unsure"


def snapshots(contract: Contract, sents: Sequence[Sent]) -> Iterator[list[Finding]]:
    """MEM-01: right after an executed command the snapshot is of that command, with its status."""
    last: Sent | None = None
    for sent in sents:
        if _is_memory(contract, sent) and last is not None and sent.decided:
            command = msgspec.json.decode(last.case.body or b"{}").get("command")
            said = str(answer.json_object(last.exchange).get("status"))
            yield [
                *answer.status(sent.exchange, 200),
                *answer.member(sent.exchange, "command", command),
                *answer.says(sent.exchange, said),
            ][:1]
        elif sent.case.operation == contract.behavior.operations.execute:
            last = sent if effect(contract, sent) == "executed" else None


def untouched(contract: Contract, sents: Sequence[Sent]) -> Iterator[list[Finding]]:
    """EXE-09: between two reads of the memory with nothing but refusals and BLOCKED, it stays as it was."""
    before: Exchange | None = None
    refused = False
    for sent in sents:
        if _is_memory(contract, sent):
            if not sent.decided:
                before = None
                continue
            if before is not None and refused:
                yield answer.same_bytes(before, sent.exchange)
            before, refused = sent.exchange, False
        elif sent.case.operation == contract.behavior.operations.execute:
            before = before if effect(contract, sent) == "kept" else None
            refused = True
