"""Sweeps of the audit trail: what reconciling it with every request of the run brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from technogate.checks.run_wide.run_wide_check import RunWideCheck, RunWideResult, WholeRun, run_wide_result
from technogate.model.events import Finding
from technogate.trail.reconcile.anomaly import Anomaly, AnomalyKind

HINT = "see that the trail can be read: [backend.audit] in the target file; then validate again"


def _of(requirement: str) -> Callable[[WholeRun], RunWideResult]:
    """The sweep that tells what reconciling found against `requirement`."""

    def run(whole: WholeRun) -> RunWideResult:
        if not whole.finished:
            return _unfinished(whole)
        found = whole.reconciled
        findings = [_finding(anomaly) for anomaly in found.of(requirement)]
        return run_wide_result(found.checks.get(requirement, 0), findings, found.gaps.get(requirement, ""), HINT)

    return run


def _unfinished(whole: WholeRun) -> RunWideResult:
    """An interrupted run may have sent a request that it never recorded: its entry would look like a phantom."""
    gap = "the run did not finish, so its record of requests may not be whole"
    return run_wide_result(len(whole.backend), gap=gap, hint="validate again")


def _finding(anomaly: Anomaly) -> Finding:
    """An anomaly as a finding."""
    example = {"trace ids": ", ".join(anomaly.trace_ids)} if anomaly.trace_ids else {}
    if anomaly.entry is not None:
        entry = anomaly.entry
        fields = ("timestamp", "action", "result", "state", "execution_id", "trace_id")
        example |= {f"entry's {name}": value for name in fields if (value := getattr(entry, name))}
    return Finding(
        check=f"trail: {anomaly.kind}",
        operation=anomaly.operation,
        expected=anomaly.expected,
        observed=f"{anomaly.kind}: {anomaly.observed}",
        example=example,
        exchanges=anomaly.exchanges,
        trace_id=next(iter(anomaly.trace_ids), ""),
    )


def _parallel(whole: WholeRun) -> RunWideResult:
    """TRL-08: of the requests that were under way together with another, as many entries as requests."""
    if not whole.finished:
        return _unfinished(whole)
    found = whole.reconciled
    count = found.checks.get("TRL-08", 0)
    wrong = [one for one in found.anomalies if one.parallel and one.kind in (AnomalyKind.LOST, AnomalyKind.DUPLICATED)]
    findings = [
        Finding(
            check=f"trail: {kind} in parallel",
            operation=some[0].operation,
            expected=f"one entry for each of {count} requests that were under way in parallel",
            observed=f"{len(some)} entries {kind}: {_few([trace for one in some for trace in one.trace_ids])}",
            exchanges=tuple(name for one in some for name in one.exchanges)[:50],
            trace_id=next((trace for one in some for trace in one.trace_ids), ""),
        )
        for kind, group in groupby(sorted(wrong, key=lambda one: one.kind), key=lambda one: one.kind)
        if (some := list(group))
    ]
    return run_wide_result(count, findings, found.gaps.get("TRL-08", ""), HINT)


def _few(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


SUBJECTS = {
    "TRL-01": "Each execute request of the run has its one entry, with its status as state.",
    "TRL-02": "Each refused request of the run has its one entry, BLOCKED.",
    "TRL-03": "Each entry's time lies within its request's.",
    "TRL-04": "No entry of the run belongs to no request.",
    "TRL-05": "No entry that was seen once changed or vanished.",
    "TRL-06": "No entry became visible too late.",
    "AUD-04": "Each reading of the trail had the newest entry first.",
}

RUN_WIDE_CHECKS = (
    *(RunWideCheck(requirement=name, subject=subject, run=_of(name)) for name, subject in SUBJECTS.items()),
    RunWideCheck(
        requirement="TRL-08", subject="Requests in parallel left as many entries as they were.", run=_parallel
    ),
)
