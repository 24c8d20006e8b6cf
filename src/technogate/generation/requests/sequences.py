"""Sequences of requests: what one leaves behind for the next. Drawing and judging are pure.

A sequence begins with an executed command, goes on with executed, blocked, refused and unkeyed requests
and reads between them, and ends with a read of the memory and of the trail.
"""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Iterator, Sequence

import msgspec

from technogate.checks import audit_list, response_checks
from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import Case
from technogate.generation.requests.commands import Words
from technogate.generation.requests.edge_cases import mixed
from technogate.generation.requests.request_oracle import expected
from technogate.generation.requests.request_plan import Mode
from technogate.generation.requests.sent_request import Sent
from technogate.model.events import Exchange, Finding
from technogate.model.settings import Profile

#: Sequences of one run, by profile.
COUNT: dict[Profile, int] = {"quick": 4, "standard": 24, "thorough": 240}

#: Entries that surely hold all that one sequence left in the trail, its reads too.
WHOLE = 60

_LENGTHS = (2, 3, 4, 6, 9)
#: What a step does, and how often.
_KINDS = ("command", "command", "unknown", "forbidden", "forbidden", "unkeyed", "memory", "audit")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a sequence: a case, and the name of the key that it comes with."""

    case: Case
    key: str = ""


Steps = tuple[Step, ...]


def drawn(contract: Contract, words: Words, keys: Sequence[str], *, count: int, seed: int) -> list[Steps]:
    """`count` sequences, the same for the same seed; empty when the target names no command that is executed."""
    rng = random.Random(seed ^ zlib.crc32(b"sequences"))  # noqa: S311 - test data
    executed = [word for word in words.usable if words.statuses[word] in contract.behavior.statuses.executed]
    if not executed:
        return []
    made = []
    for number in range(count):
        steps = [_execute(contract, rng.choice(executed))]
        if number == 0:
            # Whatever else is drawn: one snapshot right after an execution, and one after a command that nobody knows.
            memory = _read(contract, contract.behavior.operations.memory)
            steps += [memory, _execute(contract, "ZZ_UNKNOWN"), memory]
        for _ in range(rng.choice(_LENGTHS)):
            step = _step(contract, words, keys, rng.choice(_KINDS), rng)
            around = [_read(contract, contract.behavior.operations.memory)] if rng.random() < 0.4 else []
            steps += [*around, *([step] if step is not None else []), *around]
        made.append((*steps, *_ending(contract, rng)))
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
    """Memory, the whole trail, then the trail and its fallback with one query."""
    names, audit = contract.behavior.operations, contract.behavior.audit
    yield _read(contract, names.memory)
    yield _read(contract, names.audit, **{audit.limit_parameter: WHOLE})
    query: dict[str, object] = {audit.limit_parameter: rng.choice([1, 5, 20])}
    if rng.random() < 0.5:
        query[audit.filter_parameter] = rng.choice([*contract.status_words, audit.filter_all])
    yield _read(contract, names.audit, **query)
    yield _read(contract, names.fallback, **query)


# ---- judging ----


def effect(contract: Contract, sent: Sent) -> str:
    """What a step did to the memory: `executed` it, `kept` it, or nobody knows."""
    if sent.case.operation != contract.behavior.operations.execute:
        return "kept"
    statuses = contract.behavior.statuses
    said = response_checks.json_object(sent.exchange).get("status")
    if sent.status == 200 and said in statuses.executed:
        return "executed"
    refused = sent.decided and (sent.status >= 400 or said == statuses.blocked)
    return "kept" if refused else "unknown"


def snapshots(contract: Contract, sents: Sequence[Sent]) -> Iterator[list[Finding]]:
    """MEM-01: right after an executed command the snapshot is of that command, with its status."""
    last: Sent | None = None
    for sent in sents:
        if _is_memory(contract, sent) and last is not None and sent.decided:
            command = msgspec.json.decode(last.case.body or b"{}").get("command")
            said = str(response_checks.json_object(last.exchange).get("status"))
            found = response_checks.status(sent.exchange, 200) or response_checks.member(
                sent.exchange, "command", command
            )
            yield found or response_checks.says(sent.exchange, said)
        elif sent.case.operation == contract.behavior.operations.execute:
            last = sent if effect(contract, sent) == "executed" else None


def untouched(contract: Contract, sents: Sequence[Sent]) -> Iterator[list[Finding]]:
    """EXE-09: between two reads of the memory with nothing but refusals and BLOCKED, it stays as it was."""
    before: Exchange | None = None
    refused = False
    for sent in sents:
        if _is_memory(contract, sent):
            if before is not None and refused and sent.decided:
                yield response_checks.same_bytes(before, sent.exchange)
            before, refused = (sent.exchange if sent.decided else None), False
        elif sent.case.operation == contract.behavior.operations.execute:
            before = before if effect(contract, sent) == "kept" else None
            refused = True


def executions(contract: Contract, sents: Sequence[Sent]) -> Iterator[list[Finding]]:
    """EXE-10: each executed command has a trace id and an entry of its own, the same command as well."""
    whole = _whole(contract, sents)
    ids: list[str] = []
    for sent in sents:
        if effect(contract, sent) != "executed":
            continue
        found = response_checks.trace_id(sent.exchange)
        if found in ids:
            yield response_checks.finding("two executions", sent.exchange, "a trace id of its own", found)
        ids.append(found)
        if whole is not None:
            yield audit_list.holds(whole.exchange, found)


def ordered(contract: Contract, sents: Sequence[Sent]) -> Iterator[list[Finding]]:
    """AUD-04: the entries of requests that were sent one after the other stand newest first."""
    execute = contract.behavior.operations.execute
    ids = [response_checks.trace_id(sent.exchange) for sent in sents if sent.case.operation == execute and sent.decided]
    whole = _whole(contract, sents)
    if whole is not None:
        present = set(audit_list.trace_ids(whole.exchange))
        yield audit_list.in_this_order(whole.exchange, [found for found in reversed(ids) if found in present])


def alike(contract: Contract, sents: Sequence[Sent]) -> Iterator[list[Finding]]:
    """AUD-06: the fallback answers the query that the audit list was just asked with the same entries."""
    names, header = contract.behavior.operations, contract.behavior.headers.trace
    for one, two in itertools.pairwise(sents):
        same = one.case.query == two.case.query
        if (one.case.operation, two.case.operation) == (names.audit, names.fallback) and same:
            if one.status != 200 or two.status != 200:
                continue
            reads = {each.exchange.answer.header(header) or "" for each in (one, two) if each.exchange.answer}
            yield audit_list.same_entries(one.exchange, two.exchange, reads - {""})


def _is_memory(contract: Contract, sent: Sent) -> bool:
    return sent.case.operation == contract.behavior.operations.memory


def _whole(contract: Contract, sents: Sequence[Sent]) -> Sent | None:
    """The read of the whole trail at the end of a sequence."""
    names, audit = contract.behavior.operations, contract.behavior.audit
    query = ((audit.limit_parameter, str(WHOLE)),)
    reads = [sent for sent in sents if sent.case.operation == names.audit and sent.case.query == query]
    return reads[-1] if reads and reads[-1].status == 200 else None
