"""TMO: how long responses take. Pure; `technogate.checks.latency` computes the percentiles."""

from __future__ import annotations

from technogate.checks.family import Example, Family, RunWideCheck
from technogate.checks.known_run import COUNT, START, KnownRun
from technogate.checks.latency import FEWEST, latencies
from technogate.checks.response_predicates import finding
from technogate.checks.whole_run import RunWideResult, WholeRun, run_wide_result
from technogate.model.events import Ended, Exchange, Finding
from technogate.model.requirement import Party


def is_complete_within(exchange: Exchange, seconds: float) -> list[Finding]:
    """The response was complete within `seconds` (TMO-01)."""
    if exchange.response is not None and exchange.seconds <= seconds:
        return []
    observed = f"{exchange.seconds:.1f} s" if exchange.response is not None else exchange.error or "no response"
    return finding("time of the response", exchange, f"a complete response within {seconds:g} s", observed)


def _responses_are_complete_in_time(run: WholeRun) -> RunWideResult:
    """No response without fault took longer than the contract allows, and none failed to come (TMO-01)."""
    limit = run.header.response_s
    judged = [exchange for exchange in run.without_fault if exchange.end is not Ended.FAILED]
    findings = [
        Finding(
            check="complete in time",
            operation=exchange.operation,
            expected=f"a complete response within {limit:g} s",
            observed=f"{'complete' if exchange.end is Ended.OK else 'not complete'} after {exchange.seconds:.2f} s",
            exchanges=(exchange.id,),
            trace_id=run.trace_id(exchange),
        )
        for exchange in judged
        if exchange.seconds > limit
    ]
    return run_wide_result(len(judged), findings)


def _responses_are_fast(run: WholeRun) -> RunWideResult:
    """Of each operation, 99 of 100 responses are as fast as the contract demands (TMO-02)."""
    measured = [latency for latency in latencies(run.without_fault, run.header) if latency.limit_s is not None]
    findings = [
        Finding(
            check="p99",
            operation=latency.operation,
            expected=f"99 of 100 responses within {latency.limit_s:g} s",
            observed=f"p99 {latency.p99:.3f} s, p50 {latency.p50:.3f} s, at most {latency.max:.3f} s, "
            f"of {latency.count} responses",
        )
        for latency in measured
        if latency.limit_s is not None and latency.count >= FEWEST and latency.p99 > latency.limit_s
    ]
    enough = {latency.operation for latency in measured if latency.count >= FEWEST}
    few = [operation for operation in run.header.p99_s if operation not in enough]
    gap = f"fewer than {FEWEST} responses of {', '.join(few)}" if few else ""
    return run_wide_result(
        sum(latency.count for latency in measured), findings, gap, "validate the whole, or with a larger profile"
    )


def _make_all_slow(run: KnownRun) -> None:
    for place in range(COUNT):
        run.exchange(place, ended=run.exchanges[place].started + 1.5)


EXAMPLES = (
    Example(
        requirement="TMO-01",
        predicate=is_complete_within,
        good=lambda e: (e.executed(), 5),
        bad=lambda e: (e.exchange(200, {}, seconds=9), 5),
    ),
)

RUN_WIDE = (
    RunWideCheck(
        requirement="TMO-01",
        subject="Every response of the run was complete in time.",
        run=_responses_are_complete_in_time,
        defects=(lambda run: run.exchange(1, ended=START + 16),),
    ),
    RunWideCheck(
        requirement="TMO-02",
        subject="Of each operation, 99 of 100 responses of the run were fast.",
        run=_responses_are_fast,
        defects=(_make_all_slow,),
    ),
)

FAMILY = Family(prefixes=("TMO",), party=Party.BACKEND, examples=EXAMPLES, run_wide=RUN_WIDE)
