"""EXE: which commands are executed, which are refused, and what either leaves behind. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from technogate.checks import audit_list, rule_conditions
from technogate.checks.family import Example, Family, GeneratedRule, Scope, SequenceRule
from technogate.checks.response_comparisons import is_unchanged
from technogate.checks.response_predicates import (
    finding,
    has_answer,
    has_reason_code,
    has_status,
    has_status_word,
    is_error_response,
    json_object,
    json_value,
    trace_id,
)
from technogate.checks.rule_conditions import command_of, members
from technogate.checks.sequence_steps import effect, is_memory_read, whole_trail
from technogate.generation.requests.commands import is_unknown
from technogate.generation.requests.request_oracle import RequestDefect, Validity
from technogate.generation.requests.sent_request import Findings, Mode, RuleTerms, SentRequest
from technogate.model.events import Exchange, Finding
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence
    from technogate.contract.loader import Contract


# ---- which requests a rule concerns ----


def has_session_alone(sent: SentRequest) -> bool:
    """Whether it is a command with a session id and nothing else that could make a difference."""
    return sent.decided and (
        sent.faulty(RequestDefect.SESSION) or (sent.allowed and set(members(sent)) == {"command", "session_id"})
    )


def has_unknown_fields_alone(sent: SentRequest) -> bool:
    """Whether it is a command with fields that the contract does not define, and without a session id."""
    names = set(members(sent))
    return sent.decided and sent.allowed and "session_id" not in names and len(names) > 1


def is_known_command(sent: SentRequest) -> bool:
    """Whether it is a command that the target names; EXE-07 and EXE-08 judge those with further fields."""
    known = sent.decided and sent.allowed and bool(sent.deserves)
    return known and not has_session_alone(sent) and not has_unknown_fields_alone(sent)


# ---- rules of generated requests ----


def _has_deserved_status(_: RuleTerms, sent: SentRequest) -> Findings:
    """A command that the target names has the status that it deserves (EXE-01)."""
    return has_answer(sent.exchange) or has_status_word(sent.exchange, sent.deserves)


def _is_refused_as_invalid(terms: RuleTerms, sent: SentRequest) -> Findings:
    """An invalid command gets 400 with the reason for that (EXE-02)."""
    reason = terms.contract.behavior.reason_codes.invalid_request
    return has_status(sent.exchange, 400) or is_error_response(terms.contract, sent.exchange, reason)


def _is_blocked_as_unknown(terms: RuleTerms, sent: SentRequest) -> Findings:
    """An unknown command gets 200, blocked, with a reason (EXE-06)."""
    exchange = sent.exchange
    blocked = terms.contract.behavior.statuses.blocked
    return has_answer(exchange) or has_status_word(exchange, blocked) or has_reason_code(exchange)


def _same_as_plain(terms: RuleTerms, sent: SentRequest) -> Findings:
    """The response means the same as the one to the command alone (EXE-08)."""
    plain = terms.plain.get(command_of(sent))
    if plain is None or plain.response is None:
        # Whatever an unknown command gets, it gets for being one.
        return has_answer(sent.exchange) if sent.deserves else []
    if sent.status != plain.response.status:
        return has_status(sent.exchange, plain.response.status)
    compared = ("status", "reason_codes")
    without, with_more = json_object(plain), json_object(sent.exchange)
    expected = [f"{name} {without.get(name)!r}" for name in compared]
    observed = [f"{name} {with_more.get(name)!r}" for name in compared]
    if expected == observed:
        return []
    return finding("same response", sent.exchange, f"{', '.join(expected)}, as without", ", ".join(observed))


def _session_changes_nothing(terms: RuleTerms, sent: SentRequest) -> Findings:
    """A valid session id changes nothing, any other gets 400 (EXE-07)."""
    return has_status(sent.exchange, 400) if sent.faulty(RequestDefect.SESSION) else _same_as_plain(terms, sent)


# ---- a body over the limit ----

#: How many bytes beyond its limit a server may take before it responds: buffers of the system, and of a proxy.
SLACK = 1 << 20


def is_refused_unread(contract: Contract, exchange: Exchange, taken: int) -> list[Finding]:
    """A body over the limit is refused before much more than the limit was `taken` of it, in bytes (EXE-05).

    A server that closes the connection without a response, or whose response is lost, has refused the body too.
    """
    most = contract.behavior.request.max_body_bytes + SLACK
    if taken > most:
        return finding("body unread", exchange, f"a response after at most {most} bytes", f"{taken} bytes were taken")
    return [] if exchange.response is None and exchange.error else has_status(exchange, 413, 400)


# ---- rules of sequences ----


def _refusals_leave_memory(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[list[Finding]]:
    """Between two reads of the memory with nothing but refusals and what is blocked, it stays as it was (EXE-09)."""
    before: Exchange | None = None
    refused = False
    for sent in sents:
        if is_memory_read(contract, sent):
            if before is not None and refused and sent.decided:
                yield is_unchanged(before, sent.exchange)
            before, refused = (sent.exchange if sent.decided else None), False
        elif sent.case.operation == contract.behavior.operations.execute:
            before = before if effect(contract, sent) == "kept" else None
            refused = True


def _executions_are_distinct(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[list[Finding]]:
    """Each executed command has a trace id and an entry of its own, also a command that is repeated (EXE-10)."""
    whole = whole_trail(contract, sents)
    ids: list[str] = []
    for sent in sents:
        if effect(contract, sent) != "executed":
            continue
        own_id = trace_id(sent.exchange)
        if own_id in ids:
            yield finding("two executions", sent.exchange, "a trace id of its own", own_id)
        ids.append(own_id)
        if whole is not None and isinstance(json_value(whole.exchange), list):
            yield audit_list.holds_one_entry(whole.exchange, own_id)


# ---- examples ----


def _refused_between_reads(e: ExampleEvidence, trace_after: str) -> list[SentRequest]:
    memory = e.contract.behavior.operations.memory
    before, after = e.snapshot_body(timestamp="t", trace_id="t-1"), e.snapshot_body(timestamp="t", trace_id=trace_after)
    return [e.read(memory, 200, before), e.sent(e.refused(400)), e.read(memory, 200, after)]


def _invalid(e: ExampleEvidence, exchange: Exchange, *defects: RequestDefect, status: int = 400) -> SentRequest:
    responses = frozenset({400, status})
    return e.sent(exchange, validity=Validity.FORBIDDEN, responses=responses, defects=frozenset(defects))


EXAMPLES = (
    Example(
        requirement="EXE-05",
        predicate=is_refused_unread,
        good=lambda e: (e.contract, e.refused(413), e.contract.behavior.request.max_body_bytes + SLACK),
        bad=lambda e: (e.contract, e.refused(413), e.contract.behavior.request.max_body_bytes + SLACK + 1),
    ),
)

RULES = (
    GeneratedRule(
        requirement="EXE-01",
        subject="Every generated request of a known command has the status that the command deserves.",
        scope=Scope.EXECUTE,
        modes=(Mode.ALLOWED,),
        concerns=is_known_command,
        check=_has_deserved_status,
        good=lambda e: e.sent(e.executed(), deserves=e.approved),
        bad=lambda e: e.sent(e.executed(), deserves=e.blocked),
    ),
    GeneratedRule(
        requirement="EXE-02",
        subject="Every generated command that breaks the contract gets 400, with the reason code for it.",
        scope=Scope.EXECUTE,
        modes=(Mode.FORBIDDEN,),
        concerns=lambda sent: sent.decided and sent.faulty(RequestDefect.COMMAND, RequestDefect.SESSION),
        check=_is_refused_as_invalid,
        good=lambda e: _invalid(
            e,
            e.conforming(e.refused(400, e.contract.behavior.reason_codes.invalid_request)),
            RequestDefect.COMMAND,
        ),
        bad=lambda e: _invalid(e, e.executed(), RequestDefect.COMMAND),
    ),
    GeneratedRule(
        requirement="EXE-03",
        subject="Every generated body that is no JSON object gets 400.",
        scope=Scope.BODIES,
        modes=(Mode.FORBIDDEN,),
        concerns=lambda sent: sent.decided and sent.faulty(RequestDefect.BODY),
        check=rule_conditions.has_allowed_status,
        good=lambda e: _invalid(e, e.refused(400), RequestDefect.BODY),
        bad=lambda e: _invalid(e, e.executed(), RequestDefect.BODY),
    ),
    GeneratedRule(
        requirement="EXE-04",
        subject="Every generated request of another content type gets 415 or 400.",
        scope=Scope.BODIES,
        modes=(Mode.FORBIDDEN,),
        concerns=lambda sent: (
            sent.decided and sent.faulty(RequestDefect.TYPE, *(set(RequestDefect) - {RequestDefect.SIZE}))
        ),
        check=rule_conditions.has_allowed_status,
        good=lambda e: _invalid(e, e.refused(415), RequestDefect.TYPE, status=415),
        bad=lambda e: _invalid(e, e.executed(), RequestDefect.TYPE, status=415),
    ),
    GeneratedRule(
        requirement="EXE-05",
        subject="Every generated body over the limit gets 413 or 400.",
        scope=Scope.BODIES,
        modes=(Mode.FORBIDDEN,),
        concerns=lambda sent: sent.decided and sent.faulty(RequestDefect.SIZE, *RequestDefect),
        check=rule_conditions.has_allowed_status,
        good=lambda e: _invalid(e, e.refused(413), RequestDefect.SIZE, status=413),
        bad=lambda e: _invalid(e, e.executed(), RequestDefect.SIZE, status=413),
    ),
    GeneratedRule(
        requirement="EXE-06",
        subject="Every generated unknown command gets 200, blocked, with a reason.",
        scope=Scope.EXECUTE,
        modes=(Mode.ALLOWED,),
        concerns=lambda sent: sent.decided and sent.allowed and is_unknown(command_of(sent)),
        check=_is_blocked_as_unknown,
        good=lambda e: e.sent(e.executed(status=e.contract.behavior.statuses.blocked)),
        bad=lambda e: e.sent(e.executed()),
    ),
    GeneratedRule(
        requirement="EXE-07",
        subject="A generated session id changes nothing when it is valid, and gets 400 when it is not.",
        scope=Scope.EXECUTE,
        modes=(Mode.ALLOWED, Mode.FORBIDDEN),
        concerns=has_session_alone,
        check=_session_changes_nothing,
        good=lambda e: _invalid(e, e.refused(400), RequestDefect.SESSION),
        bad=lambda e: e.sent(e.refused(400), body=e.request_body(session_id="s")),
    ),
    GeneratedRule(
        requirement="EXE-08",
        subject="Generated unknown fields change nothing.",
        scope=Scope.EXECUTE,
        modes=(Mode.ALLOWED,),
        concerns=has_unknown_fields_alone,
        check=_same_as_plain,
        good=lambda e: e.sent(e.executed(), body=e.request_body(unknown="x")),
        bad=lambda e: e.sent(e.executed(reason_codes=["OTHER"]), body=e.request_body(unknown="x")),
    ),
)

SEQUENCES = (
    SequenceRule(
        requirement="EXE-09",
        subject="Whatever a sequence has refused or blocked, in any order, leaves the memory as it was.",
        check=_refusals_leave_memory,
        good=lambda e: _refused_between_reads(e, "t-1"),
        bad=lambda e: _refused_between_reads(e, "t-2"),
    ),
    SequenceRule(
        requirement="EXE-10",
        subject="Each command that a sequence executes has a trace id and an entry of its own.",
        check=_executions_are_distinct,
        good=lambda e: [*e.executions("t-1", "t-2"), e.whole_trail(e.entry_body(), e.entry_body(trace_id="t-2"))],
        bad=lambda e: [*e.executions("t-1", "t-2"), e.whole_trail(e.entry_body())],
    ),
)

FAMILY = Family(prefixes=("EXE",), party=Party.BACKEND, examples=EXAMPLES, rules=RULES, sequences=SEQUENCES)
