"""AUD-01 to AUD-03, AUD-05: the audit list as the API returns it: shape, filter, limit. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from technogate.checks import rule_conditions
from technogate.checks.family import Example, Family, GeneratedRule, Scope, SequenceRule
from technogate.checks.response_predicates import (
    finding,
    has_response,
    has_status,
    is_answer,
    is_documented,
    is_error_response,
    json_value,
    seconds_of,
)
from technogate.checks.rule_conditions import WITH_KEY
from technogate.generation.requests.request_oracle import Auth, RequestDefect, Validity, limit_of, state_of
from technogate.generation.requests.sent_request import Findings, Mode, RuleTerms, SentRequest
from technogate.model.contract_words import spoken
from technogate.model.events import Exchange, Finding
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence
    from technogate.contract.loader import Contract

_QUERY = frozenset({RequestDefect.QUERY})

# ---- evidence ----


def entries(exchange: Exchange) -> list[dict[str, Any]]:
    """The entries of an audit list, their fields by what they mean; empty for anything but an array of objects."""
    value, words = json_value(exchange), spoken()
    return (
        [words.meaning("entry", entry) for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
    )


def trace_ids(exchange: Exchange) -> list[str]:
    """The trace ids of the entries, in the order of the list."""
    return [str(entry.get("trace_id", "")) for entry in entries(exchange)]


# ---- predicates ----


def holds_only_state(exchange: Exchange, state: str) -> list[Finding]:
    """Every entry is of `state` (AUD-02)."""
    wrong = [entry for entry in entries(exchange) if entry.get("state") != state]
    if not wrong:
        return has_response(exchange)
    return finding("filter", exchange, f"only entries of state {state}", f"{len(wrong)} others, the first: {wrong[0]}")


def holds_at_most(exchange: Exchange, limit: int) -> list[Finding]:
    """No more than `limit` entries (AUD-03)."""
    count = len(entries(exchange))
    if count <= limit:
        return has_response(exchange)
    return finding("limit", exchange, f"at most {limit} entries", f"{count} entries")


def holds_exactly(exchange: Exchange, count: int) -> list[Finding]:
    """Exactly `count` entries, where the audit trail is known to hold at least as many (AUD-03)."""
    observed = len(entries(exchange))
    if observed == count:
        return []
    return finding("limit", exchange, f"{count} entries of a trail that holds more", f"{observed} entries")


def holds_one_entry(exchange: Exchange, trace_id: str) -> list[Finding]:
    """Exactly one entry has `trace_id` (AUD-02)."""
    count = trace_ids(exchange).count(trace_id)
    if count == 1:
        return []
    return finding("entry", exchange, f"one entry with trace id {trace_id}", f"{count} such entries")


# ---- rules of generated requests ----


def _is_filtered(terms: RuleTerms, sent: SentRequest) -> Findings:
    """A list holds entries of the requested state alone (AUD-02)."""
    state = state_of(terms.contract, sent.case)
    return holds_only_state(sent.exchange, state) if state else has_response(sent.exchange)


def _bad_query_is_refused(terms: RuleTerms, sent: SentRequest) -> Findings:
    """A forbidden query gets 400; one that the contract leaves open, 400 or as it reads (AUD-05)."""
    if sent.expectation.validity is Validity.OPEN:
        return rule_conditions.has_allowed_status(terms, sent)
    return has_status(sent.exchange, 400) or is_error_response(terms.contract, sent.exchange)


# ---- rules of reads in the order sent ----


def _no_entry_is_missing(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[list[Finding]]:
    """No read leaves out an entry that an earlier read showed (AUD-02).

    The audit trail only grows, so an entry that was shown once is in every later list that requests its state,
    unless the list is full: then entries as old as its last one may be cut off.
    """
    known: dict[str, tuple[str, float]] = {}
    for sent in sents:
        if not (is_answer(sent.exchange) and sent.allowed and isinstance(json_value(sent.exchange), list)):
            continue
        shown = {json.dumps(entry, sort_keys=True): entry for entry in entries(sent.exchange)}
        yield _missing(contract, sent, known, shown)
        for text, entry in shown.items():
            at = seconds_of(entry.get("timestamp"))
            if at is not None:
                known[text] = (str(entry.get("state")), at)


def _missing(
    contract: Contract,
    sent: SentRequest,
    known: Mapping[str, tuple[str, float]],
    shown: Mapping[str, Mapping[str, object]],
) -> list[Finding]:
    """The finding on the first entry that a read leaves out, if there is one."""
    state = state_of(contract, sent.case)
    full = len(shown) >= limit_of(contract, sent.case)
    times = (seconds_of(entry.get("timestamp")) for entry in shown.values())
    oldest = min((at for at in times if at is not None), default=0.0)
    for text, (its_state, at) in known.items():
        if text not in shown and state in ("", its_state) and (not full or at > oldest):
            wanted = f"the entry {text}, which an earlier response showed"
            return finding("complete", sent.exchange, wanted, f"{len(shown)} entries without it")
    return []


# ---- examples ----


def _listed(e: ExampleEvidence, *states: str) -> Exchange:
    listed = [e.entry_body(state=state, trace_id=f"t-{number}") for number, state in enumerate(states, 1)]
    return e.exchange(200, listed, operation=e.contract.behavior.operations.audit)


def _read(e: ExampleEvidence, name: str, value: str, *states: str) -> SentRequest:
    return e.sent(_listed(e, *states), query=((name, value),))


def _bad_query(e: ExampleEvidence, exchange: Exchange) -> SentRequest:
    return e.sent(exchange, validity=Validity.FORBIDDEN, responses=frozenset({400}), defects=_QUERY)


def _two_reads(e: ExampleEvidence, *then: str) -> list[SentRequest]:
    audit, first = e.contract.behavior.operations.audit, [e.entry_body(9, trace_id=name) for name in ("t-1", "t-2")]
    trace_id = e.contract.words.name("entry", "trace_id")
    second = [entry for entry in first if entry[trace_id] in then]
    return [e.read(audit, 200, first), e.read(audit, 200, second)]


EXAMPLES = (
    Example(
        requirement="AUD-02",
        predicate=holds_only_state,
        good=lambda e: (_listed(e, e.approved), e.approved),
        bad=lambda e: (_listed(e, e.approved, e.blocked), e.approved),
    ),
    Example(
        requirement="AUD-02",
        predicate=holds_one_entry,
        good=lambda e: (_listed(e, e.approved, e.blocked), "t-1"),
        bad=lambda e: (_listed(e, e.approved, e.blocked), "t-9"),
    ),
    Example(
        requirement="AUD-03",
        predicate=holds_at_most,
        good=lambda e: (_listed(e, e.approved, e.blocked), 2),
        bad=lambda e: (_listed(e, e.approved, e.blocked), 1),
    ),
    Example(
        requirement="AUD-03",
        predicate=holds_exactly,
        good=lambda e: (_listed(e, e.approved, e.blocked), 2),
        bad=lambda e: (_listed(e, e.approved, e.blocked), 3),
    ),
)

RULES = (
    GeneratedRule(
        requirement="AUD-01",
        subject="Every 200 to a generated read of the audit trail is an array of valid entries, or a refusal.",
        scope=Scope.AUDIT,
        modes=WITH_KEY,
        concerns=rule_conditions.is_200,
        check=lambda terms, sent: is_documented(terms.contract, sent.exchange),
        good=lambda e: e.sent(e.conforming(_listed(e, e.approved))),
        bad=lambda e: e.sent(_listed(e, e.approved.swapcase())),
    ),
    GeneratedRule(
        requirement="AUD-02",
        subject="Every generated filter returns entries of its state alone.",
        scope=Scope.AUDIT,
        modes=(Mode.ALLOWED,),
        concerns=rule_conditions.is_allowed_200,
        check=_is_filtered,
        good=lambda e: _read(e, e.contract.behavior.audit.filter_parameter, e.blocked, e.blocked),
        bad=lambda e: _read(e, e.contract.behavior.audit.filter_parameter, e.blocked, e.blocked, e.approved),
    ),
    GeneratedRule(
        requirement="AUD-03",
        subject="Every generated limit bounds the length, and its absence does.",
        scope=Scope.AUDIT,
        modes=(Mode.ALLOWED,),
        concerns=rule_conditions.is_allowed_200,
        check=lambda terms, sent: holds_at_most(sent.exchange, limit_of(terms.contract, sent.case)),
        good=lambda e: _read(e, e.contract.behavior.audit.limit_parameter, "1", e.approved),
        bad=lambda e: _read(e, e.contract.behavior.audit.limit_parameter, "1", e.approved, e.blocked),
    ),
    GeneratedRule(
        requirement="AUD-05",
        subject="Every generated query that the contract forbids gets 400.",
        scope=Scope.AUDIT,
        modes=(Mode.FORBIDDEN, Mode.OPEN),
        concerns=lambda sent: (
            sent.decided and sent.auth is Auth.RIGHT and sent.expectation.validity is not Validity.ALLOWED
        ),
        check=_bad_query_is_refused,
        good=lambda e: _bad_query(e, e.conforming(e.refused(400))),
        bad=lambda e: _bad_query(e, _listed(e, e.approved)),
    ),
)

SEQUENCES = (
    SequenceRule(
        requirement="AUD-02",
        subject="No generated read of the audit trail leaves out an entry of its state that an earlier one showed.",
        scope=Scope.AUDIT,
        check=_no_entry_is_missing,
        good=lambda e: _two_reads(e, "t-1", "t-2"),
        bad=lambda e: _two_reads(e, "t-2"),
    ),
)

FAMILY = Family(prefixes=("AUD",), party=Party.BACKEND, examples=EXAMPLES, rules=RULES, sequences=SEQUENCES)
