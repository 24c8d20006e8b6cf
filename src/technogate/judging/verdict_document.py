"""The verdict document put together; the one place where the verdict of a run is decided."""

from __future__ import annotations

import signal
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from technogate.checks.latency import latencies
from technogate.checks.whole_run import WholeRun
from technogate.journal.journal_file import Journal
from technogate.judging.soundness import unsound
from technogate.judging.verdict_scope import scope_of
from technogate.judging.waivers import effective_verdict_of
from technogate.model.cause import Cause
from technogate.model.events import Outcome
from technogate.model.program_isolation import isolation_of_run
from technogate.model.requirement import Level
from technogate.model.verdict import (
    EXIT_CODES,
    Counts,
    ExitCode,
    GroupResult,
    ItemCounts,
    JournalRef,
    RequirementResult,
    Sample,
    Verdict,
    VerdictDocument,
    WaiverResult,
    roll_up,
)
from technogate.util.phrases import few, many

#: Version of the shape of the verdict document; it grows when a field changes its meaning.
SCHEMA = 1

#: Why a replay that passed proves nothing beyond its finding.
ONE_FINDING = "only one finding was run again: that proves no requirement"

#: Requirements named in one reason.
_MOST_NAMED = 8


def verdict_document(
    whole: WholeRun,
    requirements: tuple[RequirementResult, ...],
    waivers: tuple[WaiverResult, ...],
    samples: tuple[Sample, ...],
    causes: tuple[Cause, ...],
) -> VerdictDocument:
    """Decide the verdict of a run and put its document together."""
    journal, header = whole.journal, whole.header
    validation = header.mode == "validate"
    must = [result for result in requirements if result.level is Level.MUST]
    # Whoever selects a SHOULD wants to know whether it holds.
    deciding = must if validation else list(requirements)
    reasons, broken = _reasons(journal, requirements, deciding, waivers)
    verdict = effective_verdict_of(deciding)
    if any(result.problem for result in waivers):
        verdict = roll_up([verdict, Verdict.FAIL])
    if header.mode == "replay":
        reasons.append(ONE_FINDING)
    if verdict is Verdict.PASS and (broken or header.mode == "replay"):
        verdict = Verdict.INCONCLUSIVE
    if any(proof.problem for self_test in journal.self_tests for proof in self_test.proofs):
        # A check that misses a known violation has proven nothing, a finding included.
        verdict = Verdict.INCONCLUSIVE
    aborted = any(abort.kind == "configuration" for abort in journal.aborts)
    return VerdictDocument(
        schema=SCHEMA,
        verdict=verdict,
        exit_code=int(ExitCode.USAGE if aborted else EXIT_CODES[verdict]),
        is_validation=validation,
        scope=scope_of(header),
        reasons=tuple(reasons),
        run=header.run,
        gate_version=header.gate_version,
        contract=header.contract,
        target=header.target,
        profile=header.profile,
        seed=header.seed,
        selection=header.selection,
        started=header.started,
        ended=end_of(journal),
        counts=_counts(requirements),
        must=_counts(must),
        items=_item_counts(journal, requirements),
        groups=_groups(journal, requirements, deciding),
        requirements=requirements,
        causes=causes,
        findings=samples,
        waivers=waivers,
        # Each process of a run may find out the same.
        warnings=(
            *dict.fromkeys(warning.text for warning in journal.warnings),
            *_runtime_warnings(journal),
            *_fit_warnings(journal),
            *_signal_warnings(journal),
        ),
        runtimes=tuple(sorted({runtime.program for runtime in journal.runtimes})),
        isolation=isolation_of_run(journal.isolations, started_by_gate=header.target.started_by_gate),
        latency=latencies(whole.without_fault, header),
        journal=JournalRef(
            file=journal.path.name,
            sha256=journal.sha256,
            torn=journal.torn,
            unproven=journal.unproven,
            exchanges=len(journal.exchanges),
        ),
    )


def end_of(journal: Journal) -> float:
    """When the run ended, in seconds since the epoch; of a torn journal, the latest time that it still holds."""
    if journal.footer is not None:
        return journal.footer.ended
    return max((exchange.ended for exchange in journal.exchanges), default=journal.header.started)


def _fit_warnings(journal: Journal) -> list[str]:
    """What the fit check missed that is optional: the run goes on without it."""
    return [line for fit in journal.fit_checks for line in fit.warnings]


def _signal_warnings(journal: Journal) -> list[str]:
    """Which programs were ended by a signal that the gate did not send.

    What they did before that is judged; what they left unanswered has no result.
    """
    killed = Counter((output.program, number) for output in journal.outputs for number in output.killed)
    return [
        f"the {program} was ended by {_signal_name(number)}, which the gate did not send"
        + (f", {times} times" if times > 1 else "")
        for (program, number), times in killed.items()
    ]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _runtime_warnings(journal: Journal) -> list[str]:
    """What the consoles' runtimes get wrong, once for each: every process of a run tries its own."""
    return list(dict.fromkeys(line for runtime in journal.runtimes for line in runtime.warnings))


def _reasons(
    journal: Journal,
    requirements: Sequence[RequirementResult],
    deciding: Sequence[RequirementResult],
    waivers: Sequence[WaiverResult],
) -> tuple[list[str], bool]:
    """Why the run is not PASS, worst first, and whether something crashed or is missing altogether."""
    what = "MUST requirement" if journal.header.mode == "validate" else "requirement"
    broken = unsound(journal)
    for result in requirements:
        broken += [f"{item.item} crashed: {item.reason}" for item in result.items if item.outcome is Outcome.ERRORED]
    failed = [result.id for result in deciding if result.effective_verdict is Verdict.FAIL]
    unknown = [result.id for result in deciding if result.effective_verdict is Verdict.INCONCLUSIVE]
    reasons = [f"{many(len(failed), what)} failed: {few(failed, _MOST_NAMED)}"] if failed else []
    reasons += [result.problem for result in waivers if result.problem]
    reasons += broken
    if unknown:
        reasons.append(f"{many(len(unknown), what)} not exercised: {few(unknown, _MOST_NAMED)}")
    return reasons, bool(broken)


def _counts(results: Iterable[RequirementResult]) -> Counts:
    """Requirements by verdict."""
    counted = Counter(result.verdict for result in results)
    return Counts(
        passed=counted[Verdict.PASS], failed=counted[Verdict.FAIL], inconclusive=counted[Verdict.INCONCLUSIVE]
    )


def _item_counts(journal: Journal, requirements: Sequence[RequirementResult]) -> ItemCounts:
    """Items by outcome, run-wide checks included."""
    reported = [item for result in requirements for item in result.items]
    counted = Counter(item.outcome for item in reported)
    in_scope = {result.id for result in requirements}
    planned = {item.item for plan in journal.plans for item in plan.items if item.requirement in in_scope}
    return ItemCounts(
        passed=counted[Outcome.PASSED],
        failed=counted[Outcome.FAILED],
        errored=counted[Outcome.ERRORED],
        skipped=counted[Outcome.SKIPPED],
        unfinished=len(planned - {item.item for item in reported}),
    )


def _groups(
    journal: Journal, requirements: Sequence[RequirementResult], deciding: Sequence[RequirementResult]
) -> tuple[GroupResult, ...]:
    """The lines of the Phase 5 report in the contract's order; what does not decide is counted all the same."""
    members: dict[str, list[RequirementResult]] = defaultdict(list)
    for result in requirements:
        members[result.group].append(result)
    titles = journal.header.groups
    return tuple(
        GroupResult(
            group=group,
            title=titles.get(group, group),
            verdict=effective_verdict_of(result for result in deciding if result.group == group),
            counts=_counts(members[group]),
        )
        for group in [*titles, *(group for group in members if group not in titles)]
        if group in members
    )
