"""What reconciling the audit trail with every request of a run found, as the result of a run-wide check. Pure."""

from __future__ import annotations

from collections.abc import Callable

from technogate.checks.whole_run import RunWideResult, WholeRun, run_wide_result
from technogate.model.events import Finding
from technogate.trail.reconcile.anomaly import Anomaly

HINT = "see that the trail can be read: [backend.audit] in the target file; then validate again"


def reconciled(requirement: str) -> Callable[[WholeRun], RunWideResult]:
    """The run-wide check that reports what reconciling found against `requirement`."""

    def run(whole: WholeRun) -> RunWideResult:
        if not whole.finished:
            return unfinished(whole)
        result = whole.reconciled
        findings = [_finding(anomaly) for anomaly in result.of(requirement)]
        return run_wide_result(result.checks.get(requirement, 0), findings, result.gaps.get(requirement, ""), HINT)

    return run


def unfinished(whole: WholeRun) -> RunWideResult:
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
