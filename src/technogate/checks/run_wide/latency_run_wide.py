"""Sweeps of how long answers take."""

from __future__ import annotations

from technogate.checks.latency import FEWEST, latencies
from technogate.checks.run_wide.run_wide_check import RunWideCheck, RunWideResult, WholeRun, run_wide_result
from technogate.model.events import Ended, Finding


def _complete_in_time(run: WholeRun) -> RunWideResult:
    """TMO-01: no answer that nothing disturbed took longer than the contract allows, and none failed to come."""
    limit = run.header.response_s
    asked = [one for one in run.undisturbed if one.end is not Ended.FAILED]
    findings = [
        Finding(
            check="complete in time",
            operation=exchange.operation,
            expected=f"a complete answer within {limit:g} s",
            observed=f"{'complete' if exchange.end is Ended.OK else 'not complete'} after {exchange.seconds:.2f} s",
            exchanges=(exchange.id,),
            trace_id=run.trace_id(exchange),
        )
        for exchange in asked
        if exchange.seconds > limit
    ]
    return run_wide_result(len(asked), findings)


def _fast(run: WholeRun) -> RunWideResult:
    """TMO-02: 99 of 100 answers of each operation are as fast as the contract says."""
    measured = [one for one in latencies(run.undisturbed, run.header) if one.limit_s is not None]
    findings = [
        Finding(
            check="p99",
            operation=one.operation,
            expected=f"99 of 100 answers within {one.limit_s:g} s",
            observed=f"p99 {one.p99:.3f} s, p50 {one.p50:.3f} s, at most {one.max:.3f} s, of {one.count} answers",
        )
        for one in measured
        if one.limit_s is not None and one.count >= FEWEST and one.p99 > one.limit_s
    ]
    enough = {one.operation for one in measured if one.count >= FEWEST}
    few = [operation for operation in run.header.p99_s if operation not in enough]
    gap = f"fewer than {FEWEST} answers of {', '.join(few)}" if few else ""
    return run_wide_result(
        sum(one.count for one in measured), findings, gap, "validate the whole, or with a larger profile"
    )


RUN_WIDE_CHECKS = (
    RunWideCheck(requirement="TMO-01", subject="Every answer of the run was complete in time.", run=_complete_in_time),
    RunWideCheck(requirement="TMO-02", subject="Of each operation, 99 of 100 answers of the run were fast.", run=_fast),
)
