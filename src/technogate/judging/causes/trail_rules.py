"""Causes in the audit trail: what is never recorded, what does not survive, what is out of order. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from technogate.judging.causes.backend_roots import BACKEND
from technogate.judging.causes.fact import Fact
from technogate.judging.causes.rule import Rule
from technogate.judging.causes.run_facts import RunFacts
from technogate.model.events import Exchange
from technogate.util.phrases import few

_LOST = frozenset({"trail: lost", "one entry", "trail: lost in parallel", "entry", "trail entry"})
_GONE = frozenset({"entry after a kill", "trail: vanished", "append-only"})


def _requests(fact: Fact, run: RunFacts) -> list[Exchange]:
    """The requests whose entries are missing: those the finding rests on, or that have its trace ids."""
    named = [name for name in fact.finding.example.get("trace ids", "").split(", ") if name and name in run.by_trace_id]
    if named:
        return [run.by_trace_id[name] for name in named]
    if fact.check == "entry" and fact.finding.expected.rpartition(" ")[2] in run.by_trace_id:
        return [run.by_trace_id[fact.finding.expected.rpartition(" ")[2]]]
    return list(fact.exchanges)


def _codes(facts: Sequence[Fact], run: RunFacts) -> list[int]:
    """The status codes of the requests whose entries are missing."""
    requests = [exchange for fact in facts for exchange in _requests(fact, run)]
    return sorted({exchange.response.status for exchange in requests if exchange.response})


def _is_lost(fact: Fact) -> bool:
    """Whether a request has no entry."""
    return fact.check in _LOST and (
        fact.check.startswith("trail: lost") or fact.finding.observed.startswith(("0 ", "[]", "no "))
    )


def _not_durable(fact: Fact, run: RunFacts) -> Hashable | None:
    """Entries that were there, and are gone after the process ended."""
    if not run.entries_die_with_process:
        return None
    lost_executions = _is_lost(fact) and _codes([fact], run) == [200]
    return "gone" if fact.check in _GONE or lost_executions else None


def _refusal_lost(fact: Fact, run: RunFacts) -> Hashable | None:
    """Refused requests without an entry."""
    codes = _codes([fact], run) if _is_lost(fact) else []
    # Of requests in parallel that lost their entries, those that are no refusals are told apart by other findings.
    refused = min(codes, default=0) if fact.check != "trail: lost in parallel" else max(codes, default=0)
    return "refusals" if refused >= 400 else None


def _refusal_lost_title(facts: Sequence[Fact], run: RunFacts) -> str:
    codes = few([str(code) for code in _codes(facts, run) if code >= 400], 8)
    return f"refused requests leave no entry in the audit trail: status {codes}"


def _execution_lost(fact: Fact, _: RunFacts) -> Hashable | None:
    return "executions" if _is_lost(fact) else None


def _order(fact: Fact, _: RunFacts) -> Hashable | None:
    return "order" if fact.check in ("order", "trail: out of order") else None


def _not_synced(fact: Fact, _: RunFacts) -> Hashable | None:
    """An entry that is not on stable storage before its response; which calls come between differs each time."""
    what = fact.finding.observed.partition(":")[0]
    return ("synced", what) if fact.check == "entry synced before the response" else None


def _not_synced_title(facts: Sequence[Fact], _: RunFacts) -> str:
    return f"an entry is not on stable storage before its response: {facts[0].finding.observed.partition(':')[0]}"


def _anomaly(fact: Fact, _: RunFacts) -> Hashable | None:
    """Another anomaly of reconciling: one cause for each kind."""
    return fact.check if fact.check.startswith("trail: ") else None


def _anomaly_title(facts: Sequence[Fact], _: RunFacts) -> str:
    words = {
        "trail: phantom": "the audit trail has entries of no request",
        "trail: duplicated": "a request leaves more than one entry in the audit trail",
        "trail: misstated": "an entry of the audit trail has another state than the response",
        "trail: mistimed": "an entry of the audit trail has a time outside of its request's",
        "trail: altered": "an entry of the audit trail changes afterwards",
        "trail: vanished": "an entry of the audit trail disappears",
        "trail: late": "an entry of the audit trail becomes visible late",
    }
    return words.get(facts[0].check, facts[0].finding.observed)


RULES = (
    Rule(
        name="trail not durable",
        parties=BACKEND,
        key=_not_durable,
        title=lambda _facts, _run: "entries of the audit trail are gone after the process was killed",
        root=True,
    ),
    Rule(name="refusals not recorded", parties=BACKEND, key=_refusal_lost, title=_refusal_lost_title),
    Rule(
        name="requests not recorded",
        parties=BACKEND,
        key=_execution_lost,
        title=lambda _facts, _run: "requests leave no entry in the audit trail",
    ),
    Rule(
        name="order of entries",
        parties=BACKEND,
        key=_order,
        title=lambda _facts, _run: "entries are not listed newest first",
    ),
    Rule(name="entries not synced", parties=BACKEND, key=_not_synced, title=_not_synced_title),
    Rule(name="audit trail", parties=BACKEND, key=_anomaly, title=_anomaly_title),
)
