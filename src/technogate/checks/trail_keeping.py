"""TRL-05, TRL-06, TRL-08: the audit trail keeps its entries, shows them soon, and loses none under load. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from technogate.checks.family import Example, Family, RunWideCheck
from technogate.checks.reconciled import HINT, reconciled, unfinished
from technogate.checks.whole_run import RunWideResult, WholeRun, run_wide_result
from technogate.model.events import Finding, TrailEntry
from technogate.model.requirement import Party
from technogate.trail.reconcile.anomaly import AnomalyKind, entry_text
from technogate.util.phrases import few


def entries_are_unchanged(before: Sequence[TrailEntry], after: Sequence[TrailEntry]) -> list[Finding]:
    """Every entry of `before` is unchanged in `after` (TRL-05)."""
    for entry in before:
        if entry not in after:
            same = [later for later in after if entry.trace_id and later.trace_id == entry.trace_id]
            observed = f"it became {entry_text(same[0])}" if same else "it is gone"
            return [
                Finding(
                    check="append-only",
                    expected=f"the entry as it was: {entry_text(entry)}",
                    observed=observed,
                    trace_id=entry.trace_id,
                )
            ]
    return []


def _parallel_requests_have_entries(whole: WholeRun) -> RunWideResult:
    """Of the requests that were under way together with another, there are as many entries as requests (TRL-08)."""
    if not whole.finished:
        return unfinished(whole)
    result = whole.reconciled
    count = result.checks.get("TRL-08", 0)
    kinds = (AnomalyKind.LOST, AnomalyKind.DUPLICATED)
    wrong = [anomaly for anomaly in result.anomalies if anomaly.parallel and anomaly.kind in kinds]
    findings = []
    for kind, group in groupby(sorted(wrong, key=lambda anomaly: anomaly.kind), key=lambda anomaly: anomaly.kind):
        anomalies = list(group)
        trace_ids = [trace_id for anomaly in anomalies for trace_id in anomaly.trace_ids]
        findings.append(
            Finding(
                check=f"trail: {kind} in parallel",
                operation=anomalies[0].operation,
                expected=f"one entry for each of {count} requests that were under way in parallel",
                observed=f"{len(anomalies)} entries {kind}: {few(trace_ids, 5)}",
                exchanges=tuple(name for anomaly in anomalies for name in anomaly.exchanges)[:50],
                trace_id=next(iter(trace_ids), ""),
            )
        )
    return run_wide_result(count, findings, result.gaps.get("TRL-08", ""), HINT)


EXAMPLES = (
    Example(
        requirement="TRL-05",
        predicate=entries_are_unchanged,
        good=lambda e: ([entry := e.entry()], [entry]),
        bad=lambda e: ([e.entry()], [e.entry(state=e.blocked)]),
    ),
)

RUN_WIDE = (
    RunWideCheck(
        requirement="TRL-05",
        subject="No entry that was shown once changed or vanished.",
        run=reconciled("TRL-05"),
        defects=(
            lambda run: run.entry(3, state=run.header.blocked, result=""),
            lambda run: run.last.pop(3),
        ),
    ),
    RunWideCheck(
        requirement="TRL-06",
        subject="No entry became visible too late.",
        run=reconciled("TRL-06"),
        defects=(lambda run: setattr(run, "late", (20,)),),
    ),
    RunWideCheck(
        requirement="TRL-08",
        subject="Requests in parallel left as many entries as they were.",
        run=_parallel_requests_have_entries,
        defects=(lambda run: run.last.pop(20),),
    ),
)

FAMILY = Family(prefixes=("TRL",), party=Party.BACKEND, examples=EXAMPLES, run_wide=RUN_WIDE)
