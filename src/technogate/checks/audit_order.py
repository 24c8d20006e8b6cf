"""AUD-04, AUD-06: the newest entry comes first, and the fallback holds the same entries as the audit list. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from technogate.checks import rule_conditions
from technogate.checks.audit_list import entries, trace_ids
from technogate.checks.family import Example, Family, GeneratedRule, RunWideCheck, Scope, SequenceRule
from technogate.checks.reconciled import reconciled
from technogate.checks.response_predicates import finding, has_response, json_value, seconds_of, trace_id
from technogate.checks.sequence_steps import whole_trail
from technogate.generation.requests.sent_request import Mode, SentRequest
from technogate.model.events import Exchange, Finding
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.checks.example_evidence import ExampleEvidence
    from technogate.contract.loader import Contract


def is_newest_first(exchange: Exchange) -> list[Finding]:
    """Timestamps never rise from one entry to the next (AUD-04)."""
    times = [(entry.get("timestamp"), seconds_of(entry.get("timestamp"))) for entry in entries(exchange)]
    for (upper, newer), (lower, older) in itertools.pairwise(times):
        if newer is None or older is None:
            return finding("order", exchange, "a UTC time in each entry", f"{upper!r}, {lower!r}")
        if older > newer:
            return finding("order", exchange, "newest first", f"{upper} stands before {lower}")
    return has_response(exchange)


def holds_in_order(exchange: Exchange, newest_first_ids: list[str]) -> list[Finding]:
    """The entries of these requests come in this order (AUD-04)."""
    wanted = set(newest_first_ids)
    observed = [name for name in trace_ids(exchange) if name in wanted]
    if observed == newest_first_ids:
        return []
    return finding("order", exchange, f"entries in the order {newest_first_ids}", f"{observed}")


def holds_same_entries(first: Exchange, second: Exchange, reads: set[str]) -> list[Finding]:
    """Two responses hold the same entries in the same order (AUD-06).

    An audit trail may hold reads too (D12): the entries of the requests whose trace ids are `reads` are left
    out, and entries that they pushed over the limit may be missing.
    """
    values = json_value(first), json_value(second)
    if not isinstance(values[0], list) or not isinstance(values[1], list):
        return finding("same entries", second, "two arrays", " and ".join(type(value).__name__ for value in values))
    left = [entry for entry in entries(first) if entry.get("trace_id") not in reads]
    right = [entry for entry in entries(second) if entry.get("trace_id") not in reads]
    pushed = (len(values[0]) - len(left)) - (len(values[1]) - len(right))
    if pushed:
        common = min(len(left), len(right))
        left, right = left[:common], right[:common]
    if left == right:
        return []
    pairs = enumerate(zip(left, right, strict=False))
    place = next((index for index, (a, b) in pairs if a != b), min(len(left), len(right))) + 1
    observed = f"{len(right)} entries, differing from place {place}"
    return finding("same entries", second, f"the {len(left)} entries that {first.operation} returned", observed)


# ---- rules of sequences ----


def _entries_are_in_order(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[list[Finding]]:
    """The entries of requests that were sent one after the other come newest first (AUD-04)."""
    execute = contract.behavior.operations.execute
    ids = [trace_id(sent.exchange) for sent in sents if sent.case.operation == execute and sent.decided]
    whole = whole_trail(contract, sents)
    if whole is not None:
        present = set(trace_ids(whole.exchange))
        yield holds_in_order(whole.exchange, [name for name in reversed(ids) if name in present])


def _fallback_agrees(contract: Contract, sents: Sequence[SentRequest]) -> Iterator[list[Finding]]:
    """The fallback returns the same entries for the query that the audit list was requested with before (AUD-06)."""
    names, header = contract.behavior.operations, contract.behavior.headers.trace
    for first, second in itertools.pairwise(sents):
        same = first.case.query == second.case.query
        if (first.case.operation, second.case.operation) == (names.audit, names.fallback) and same:
            if not all(isinstance(json_value(sent.exchange), list) for sent in (first, second)):
                continue
            responses = [sent.exchange.response for sent in (first, second)]
            reads = {response.header(header) or "" for response in responses if response is not None}
            yield holds_same_entries(first.exchange, second.exchange, reads - {""})


# ---- examples ----


def _listed(e: ExampleEvidence, *ages_s: float) -> Exchange:
    """An audit list whose entries are so old; the trace id of each is its age."""
    return e.exchange(200, [e.entry_body(age_s, trace_id=f"t-{age_s:g}", timestamp=_at(age_s)) for age_s in ages_s])


def _at(age_s: float) -> str:
    return f"2026-01-01T12:00:{59 - age_s:02.0f}Z"


def _both_lists(e: ExampleEvidence, *ages_s: float) -> list[SentRequest]:
    names = e.contract.behavior.operations
    audit, fallback = ([e.entry_body(timestamp=_at(age_s)) for age_s in ages] for ages in ((1, 2), ages_s))
    return [e.read(names.audit, 200, audit), e.read(names.fallback, 200, fallback)]


EXAMPLES = (
    Example(
        requirement="AUD-04",
        predicate=is_newest_first,
        good=lambda e: (_listed(e, 1, 9),),
        bad=lambda e: (_listed(e, 9, 1),),
    ),
    Example(
        requirement="AUD-04",
        predicate=holds_in_order,
        good=lambda e: (_listed(e, 1, 9), ["t-1", "t-9"]),
        bad=lambda e: (_listed(e, 9, 1), ["t-1", "t-9"]),
    ),
    Example(
        requirement="AUD-06",
        predicate=holds_same_entries,
        good=lambda e: (_listed(e, 1, 9), _listed(e, 1, 9), set()),
        bad=lambda e: (_listed(e, 1, 9), _listed(e, 1), set()),
    ),
)

RULES = (
    GeneratedRule(
        requirement="AUD-04",
        subject="Every generated read of the audit trail has the newest entry first.",
        scope=Scope.AUDIT,
        modes=(Mode.ALLOWED, Mode.OPEN),
        concerns=rule_conditions.is_200,
        check=lambda _, sent: is_newest_first(sent.exchange),
        good=lambda e: e.sent(_listed(e, 1, 9)),
        bad=lambda e: e.sent(_listed(e, 9, 1)),
    ),
)

SEQUENCES = (
    SequenceRule(
        requirement="AUD-04",
        subject="The entries of a sequence come newest first, whatever the results of its requests.",
        check=_entries_are_in_order,
        good=lambda e: [*e.executions("t-1", "t-2"), e.whole_trail(e.entry_body(trace_id="t-2"), e.entry_body())],
        bad=lambda e: [*e.executions("t-1", "t-2"), e.whole_trail(e.entry_body(), e.entry_body(trace_id="t-2"))],
    ),
    SequenceRule(
        requirement="AUD-06",
        subject="After any sequence the fallback has the same entries as the audit list.",
        check=_fallback_agrees,
        good=lambda e: _both_lists(e, 1, 2),
        bad=lambda e: _both_lists(e, 1),
    ),
)

RUN_WIDE = (
    RunWideCheck(
        requirement="AUD-04",
        subject="Each reading of the audit trail had the newest entry first.",
        run=reconciled("AUD-04"),
        defects=(lambda run: run.last.insert(0, run.last.pop(20)),),
    ),
)

FAMILY = Family(
    prefixes=("AUD",), party=Party.BACKEND, examples=EXAMPLES, rules=RULES, sequences=SEQUENCES, run_wide=RUN_WIDE
)
