"""MEM: the snapshot of the last executed command. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from technogate.checks import rule_conditions
from technogate.checks.family import Family, GeneratedRule, Scope, SequenceRule
from technogate.checks.response_predicates import has_answer, has_member, has_status_word, is_documented, json_object
from technogate.checks.rule_conditions import command_of
from technogate.checks.sequence_steps import effect, is_memory_read
from technogate.generation.requests.sent_request import Findings, Mode, RuleTerms, SentRequest
from technogate.model.events import Finding
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence
    from technogate.contract.loader import Contract


def _is_snapshot_or_none(terms: RuleTerms, sent: SentRequest) -> Findings:
    """The memory returns a valid snapshot, a blocked envelope, or none (MEM-01)."""
    return rule_conditions.has_allowed_status(terms, sent) or is_documented(terms.contract, sent.exchange)


def _snapshot_is_of_last_execution(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[list[Finding]]:
    """Right after an executed command the snapshot is of that command, with its status (MEM-01)."""
    last: SentRequest | None = None
    for sent in sents:
        if is_memory_read(contract, sent) and last is not None and sent.decided:
            command = command_of(last)
            status = str(json_object(last.exchange).get("status"))
            findings = has_answer(sent.exchange) or has_member(sent.exchange, "command", command)
            yield findings or has_status_word(sent.exchange, status)
        elif sent.case.operation == contract.behavior.operations.execute:
            last = sent if effect(contract, sent) == "executed" else None


def _snapshot(e: ExampleEvidence, **members: object) -> SentRequest:
    return e.read(e.contract.behavior.operations.memory, 200, e.snapshot_body(**members))


def _conforming_snapshot(e: ExampleEvidence) -> SentRequest:
    sent = _snapshot(e)
    e.conforming(sent.exchange)
    return sent


RULES = (
    GeneratedRule(
        requirement="MEM-01",
        subject="Every generated read of the memory returns a valid snapshot, or none.",
        scope=Scope.MEMORY,
        modes=(Mode.ALLOWED,),
        concerns=lambda sent: sent.decided and sent.allowed,
        check=_is_snapshot_or_none,
        good=_conforming_snapshot,
        bad=lambda e: _snapshot(e, status=e.approved.swapcase()),
    ),
)

SEQUENCES = (
    SequenceRule(
        requirement="MEM-01",
        subject="Wherever a sequence reads the memory after an executed command, the snapshot is of that command.",
        check=_snapshot_is_of_last_execution,
        good=lambda e: [*e.executions("t-1"), _snapshot(e)],
        bad=lambda e: [*e.executions("t-1"), _snapshot(e, command="OTHER")],
    ),
)

FAMILY = Family(prefixes=("MEM",), party=Party.BACKEND, rules=RULES, sequences=SEQUENCES)
