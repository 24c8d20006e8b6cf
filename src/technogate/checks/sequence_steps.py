"""What one step of a generated sequence did, as rules of sequences read it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from technogate.checks.response_predicates import is_answer, json_object
from technogate.generation.requests.sent_request import WHOLE, SentRequest

if TYPE_CHECKING:
    from technogate.contract.loader import Contract

#: What a step did to the memory snapshot.
Effect = Literal["executed", "kept", "unknown"]


def effect(contract: Contract, sent: SentRequest) -> Effect:
    """What a step did to the memory: it was executed and moved it, left it, or may have done either."""
    if sent.case.operation != contract.behavior.operations.execute:
        return "kept"
    statuses = contract.behavior.statuses
    word = json_object(sent.exchange).get("status")
    if is_answer(sent.exchange) and word in statuses.executed:
        return "executed"
    refused = sent.decided and (sent.status >= 400 or word == statuses.blocked)
    return "kept" if refused else "unknown"


def is_memory_read(contract: Contract, sent: SentRequest) -> bool:
    """Whether a step reads the memory."""
    return sent.case.operation == contract.behavior.operations.memory


def whole_trail(contract: Contract, sents: Sequence[SentRequest]) -> SentRequest | None:
    """The read of the whole audit trail at the end of a sequence; None when there is no such 200."""
    names, audit = contract.behavior.operations, contract.behavior.audit
    query = ((audit.limit_parameter, str(WHOLE)),)
    reads = [sent for sent in sents if sent.case.operation == names.audit and sent.case.query == query]
    return reads[-1] if reads and is_answer(reads[-1].exchange) else None
