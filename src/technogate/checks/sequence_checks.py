"""Checks of a sequence of requests: what one leaves behind for the next. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import msgspec

from technogate.checks import audit_list, response_checks
from technogate.contract.loader import Contract
from technogate.generation.requests.sent_request import SentRequest
from technogate.generation.requests.sequences import WHOLE
from technogate.model.events import Exchange, Finding


def effect(contract: Contract, sent: SentRequest) -> str:
    """What a step did to the memory: `executed` it, `kept` it, or nobody knows."""
    if sent.case.operation != contract.behavior.operations.execute:
        return "kept"
    statuses = contract.behavior.statuses
    said = response_checks.json_object(sent.exchange).get("status")
    if sent.status == 200 and said in statuses.executed:
        return "executed"
    refused = sent.decided and (sent.status >= 400 or said == statuses.blocked)
    return "kept" if refused else "unknown"


def snapshots(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[list[Finding]]:
    """MEM-01: right after an executed command the snapshot is of that command, with its status."""
    last: SentRequest | None = None
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


def untouched(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[list[Finding]]:
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


def executions(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[list[Finding]]:
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


def ordered(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[list[Finding]]:
    """AUD-04: the entries of requests that were sent one after the other stand newest first."""
    execute = contract.behavior.operations.execute
    ids = [response_checks.trace_id(sent.exchange) for sent in sents if sent.case.operation == execute and sent.decided]
    whole = _whole(contract, sents)
    if whole is not None:
        present = set(audit_list.trace_ids(whole.exchange))
        yield audit_list.in_this_order(whole.exchange, [found for found in reversed(ids) if found in present])


def alike(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[list[Finding]]:
    """AUD-06: the fallback answers the query that the audit list was just asked with the same entries."""
    names, header = contract.behavior.operations, contract.behavior.headers.trace
    for one, two in itertools.pairwise(sents):
        same = one.case.query == two.case.query
        if (one.case.operation, two.case.operation) == (names.audit, names.fallback) and same:
            if one.status != 200 or two.status != 200:
                continue
            reads = {each.exchange.response.header(header) or "" for each in (one, two) if each.exchange.response}
            yield audit_list.same_entries(one.exchange, two.exchange, reads - {""})


def _is_memory(contract: Contract, sent: SentRequest) -> bool:
    return sent.case.operation == contract.behavior.operations.memory


def _whole(contract: Contract, sents: Sequence[SentRequest]) -> SentRequest | None:
    """The read of the whole trail at the end of a sequence."""
    names, audit = contract.behavior.operations, contract.behavior.audit
    query = ((audit.limit_parameter, str(WHOLE)),)
    reads = [sent for sent in sents if sent.case.operation == names.audit and sent.case.query == query]
    return reads[-1] if reads and reads[-1].status == 200 else None
