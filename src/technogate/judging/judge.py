"""Judging: a pure function from a journal to the verdict document.

Nothing here touches the world: a stored journal gives the same document every time.
"""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from technogate.checks.family import RunWideCheck
from technogate.checks.latency import latencies
from technogate.checks.registry import REGISTRY
from technogate.checks.whole_run import RunWideResult, WholeRun
from technogate.journal.journal_file import Journal
from technogate.judging.curl import curl_for
from technogate.judging.self_test_result import self_test_problems
from technogate.judging.waivers import apply_waivers, effective_verdict_of
from technogate.model.events import Exchange, Finding, ItemResult, Outcome, PlannedItem, by_id
from technogate.model.requirement import Level, Requirement
from technogate.model.verdict import (
    EXIT_CODES,
    NOT_VALIDATED,
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
    finding_id,
    roll_up,
)

#: Shape of the verdict document; grows when a field changes its meaning.
SCHEMA = 1

#: Seconds that a clock may be corrected by during a run; a tenth is what a time service does.
CLOCK_S = 2.0

_OUTCOMES = {
    Outcome.PASSED: Verdict.PASS,
    Outcome.FAILED: Verdict.FAIL,
    Outcome.ERRORED: Verdict.INCONCLUSIVE,
    Outcome.SKIPPED: Verdict.INCONCLUSIVE,
}


def judge(journal: Journal) -> VerdictDocument:
    """Judge a journal: each requirement in scope, and the run as a whole."""
    planned = {item.item: item for plan in journal.plans for item in plan.items}
    scope = _scope(journal)
    results = _finished(journal, planned)
    findings = [finding for finding in journal.findings if finding.requirement in scope]
    whole = WholeRun(journal)
    covered = {item.requirement for item in planned.values()}
    for run_wide_check in REGISTRY.run_wide_checks:
        if run_wide_check.requirement in scope:
            run_wide_result = run_wide_check.run(whole)
            if (
                not (run_wide_result.checks or run_wide_result.findings or run_wide_result.gap)
                and run_wide_check.requirement in covered
            ):
                # Nothing of its kind was sent in this run: the items of the requirement say what there is to say.
                continue
            result, found = _run_wide_result(run_wide_check, run_wide_result)
            results.append(result)
            findings += found
    samples = _samples(journal, findings, scope)
    requirements = tuple(
        _requirement(requirement, planned, [r for r in results if r.requirement == requirement.id], samples, journal)
        for requirement in scope.values()
    )
    unfinished = {item.requirement for name, item in planned.items() if name not in {result.item for result in results}}
    effective_verdict, waivers = apply_waivers(journal.header, _ended(journal), requirements, unfinished)
    return _document(whole, effective_verdict, waivers, samples)


def _scope(journal: Journal) -> Mapping[str, Requirement]:
    """The requirements judged: those of the parties described (a pair's need both), and selected."""
    header = journal.header
    return {
        requirement.id: requirement
        for requirement in header.requirements
        if requirement.concerns(header.target.parties)
        and (header.mode == "validate" or requirement.id in header.selection)
    }


def _finished(journal: Journal, planned: Mapping[str, PlannedItem]) -> list[ItemResult]:
    """One result for each item: the worst, when a restarted worker reported it twice."""
    order = (Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED, Outcome.PASSED)
    worst: dict[str, ItemResult] = {}
    for result in journal.results:
        known = worst.get(result.item)
        if known is None or order.index(result.outcome) < order.index(known.outcome):
            worst[result.item] = result
    found = {finding.item for finding in journal.findings}
    checked = [_proven(result, result.item in found) for result in worst.values()]
    return [result for result in checked if result.item in planned]


def _proven(result: ItemResult, has_finding: bool) -> ItemResult:
    """A pass that checked nothing, or that stands beside a finding of its own, is no pass."""
    if result.outcome is not Outcome.PASSED or (result.checks > 0 and not has_finding):
        return result
    reason = "it passed beside a finding of its own" if has_finding else "it ended without having checked anything"
    return ItemResult(
        item=result.item,
        requirement=result.requirement,
        outcome=Outcome.ERRORED,
        checks=result.checks,
        seconds=result.seconds,
        reason=reason,
    )


def _run_wide_result(run_wide_check: RunWideCheck, run_wide_result: RunWideResult) -> tuple[ItemResult, list[Finding]]:
    """The result of a run-wide check as an item of its requirement."""
    gap = run_wide_result.gap or ("" if run_wide_result.checks else "the run holds no exchange to check")
    outcome = Outcome.FAILED if run_wide_result.findings else Outcome.SKIPPED if gap else Outcome.PASSED
    result = ItemResult(
        item=run_wide_check.item,
        requirement=run_wide_check.requirement,
        outcome=outcome,
        checks=run_wide_result.checks,
        seconds=0.0,
        reason=gap if outcome is Outcome.SKIPPED else "",
        hint=run_wide_result.hint if outcome is Outcome.SKIPPED else "",
    )
    found = [
        Finding(
            check=finding.check,
            expected=finding.expected,
            observed=finding.observed,
            item=run_wide_check.item,
            requirement=run_wide_check.requirement,
            operation=finding.operation,
            example=finding.example,
            exchanges=finding.exchanges,
            trace_id=finding.trace_id,
        )
        for finding in run_wide_result.findings
    ]
    return result, found


def _samples(journal: Journal, findings: Iterable[Finding], scope: Mapping[str, Requirement]) -> tuple[Sample, ...]:
    """Number the findings in the order of the requirements and add what repeats them."""
    exchanges = by_id(journal.exchanges)
    place = {requirement_id: index for index, requirement_id in enumerate(scope)}
    ordered = sorted(findings, key=lambda finding: (place[finding.requirement], finding.item))
    return tuple(
        Sample(
            number=number,
            finding=finding,
            party=scope[finding.requirement].party,
            decisions=scope[finding.requirement].decisions,
            curl=_curl(finding, exchanges),
            recheck_command=_recheck_command(finding, journal),
            replay=f"technogate replay {shlex.quote(finding_id(journal.header.run, number))}",
        )
        for number, finding in enumerate(ordered, 1)
    )


def _recheck_command(finding: Finding, journal: Journal) -> str:
    """The command that checks the finding's requirement again, as this run did."""
    header = journal.header
    words = f"technogate check {finding.requirement} --seed {header.seed}"
    words += "" if header.profile == "quick" else f" --profile {header.profile}"
    given = header.target.target_argument
    return words + ("" if given == "embedded" else f" --target {shlex.quote(given)}")


def _curl(finding: Finding, exchanges: Mapping[str, Exchange]) -> str:
    """A command for the last exchange with the backend that the finding rests on."""
    mine = [exchanges[exchange_id] for exchange_id in finding.exchanges if exchange_id in exchanges]
    sent = [exchange for exchange in mine if exchange.responded_by == "backend"]
    return curl_for(sent[-1]) if sent else ""


def _requirement(
    requirement: Requirement,
    planned: Mapping[str, PlannedItem],
    results: Sequence[ItemResult],
    samples: Sequence[Sample],
    journal: Journal,
) -> RequirementResult:
    """Roll the items of one requirement up into its result."""
    reported = {result.item for result in results}
    missing = [
        item.item for item in planned.values() if item.requirement == requirement.id and item.item not in reported
    ]
    verdict = roll_up([_OUTCOMES[result.outcome] for result in results] + [Verdict.INCONCLUSIVE] * len(missing))
    if verdict is Verdict.PASS and not any(result.outcome is Outcome.PASSED for result in results):
        verdict = Verdict.INCONCLUSIVE
    mine = [sample for sample in samples if sample.finding.requirement == requirement.id]
    if mine:
        verdict = Verdict.FAIL
    reason, hint = _why(requirement, verdict, results, missing, mine, journal)
    return RequirementResult(
        id=requirement.id,
        party=requirement.party,
        level=requirement.level,
        group=requirement.group,
        text=requirement.text,
        decisions=requirement.decisions,
        verdict=verdict,
        effective_verdict=verdict,
        reason=reason,
        hint=hint,
        items=tuple(results),
        checks=sum(result.checks for result in results),
        findings=tuple(sample.number for sample in mine),
    )


def _why(
    requirement: Requirement,
    verdict: Verdict,
    results: Sequence[ItemResult],
    missing: Sequence[str],
    samples: Sequence[Sample],
    journal: Journal,
) -> tuple[str, str]:
    """Reason and hint for a requirement that did not pass."""
    if verdict is Verdict.PASS:
        return "", ""
    if samples:
        more = f" (and {len(samples) - 1} more)" if len(samples) > 1 else ""
        return samples[0].finding.observed + more, ""
    open_results = [result for result in results if result.outcome is not Outcome.PASSED]
    if open_results:
        first = open_results[0]
        more = f" (and {len(open_results) - 1} more)" if len(open_results) > 1 else ""
        return (first.reason or f"{first.item} {first.outcome.value}") + more, first.hint
    if missing:
        return f"{len(missing)} of its {len(missing) + len(results)} items never finished", "run the validation again"
    if requirement.not_tested:
        return f"no check: {requirement.not_tested}", ""
    if not journal.plans:
        return "the run planned nothing", ""
    return "no check exercises it", ""


def unsound(journal: Journal) -> list[str]:
    """Why a run as a whole proves nothing, whatever its items say; empty when it was sound."""
    broken = list(dict.fromkeys(abort.message for abort in journal.aborts))
    if journal.torn:
        broken.append(f"the journal is torn: {journal.torn}")
    elif journal.footer is not None and journal.footer.end != "finished":
        broken.append(f"the run was {journal.footer.end}")
    broken += _clock(journal)
    broken += self_test_problems(journal)
    if not any(plan.items for plan in journal.plans):
        broken.append("nothing was collected: no check ran")
    return broken


def _clock(journal: Journal) -> list[str]:
    """Why the times of a run prove nothing: a check on them may have passed by the clock's own doing."""
    footer = journal.footer
    back = "the clock was set back during the run"
    if footer is not None and footer.ended < journal.header.started:
        return [back]
    if footer is not None and abs(footer.moved) > CLOCK_S:
        return [back if footer.moved < 0 else "the clock was set forward during the run, or the machine slept"]
    return [back] if any(one.started - one.ended > CLOCK_S for one in journal.exchanges) else []


def _reasons(
    journal: Journal, requirements: Sequence[RequirementResult], waivers: Sequence[WaiverResult]
) -> tuple[list[str], bool]:
    """Why the run is not PASS, worst first, and whether something crashed or is missing altogether."""
    broken = unsound(journal)
    for result in requirements:
        broken += [f"{item.item} crashed: {item.reason}" for item in result.items if item.outcome is Outcome.ERRORED]
    failed = [r.id for r in requirements if r.level is Level.MUST and r.effective_verdict is Verdict.FAIL]
    unknown = [r.id for r in requirements if r.level is Level.MUST and r.effective_verdict is Verdict.INCONCLUSIVE]
    reasons = [f"{_many(failed, 'MUST requirement')} failed: {_few(failed)}"] if failed else []
    reasons += [result.problem for result in waivers if result.problem]
    reasons += broken
    if unknown:
        reasons.append(f"{_many(unknown, 'MUST requirement')} not exercised: {_few(unknown)}")
    return reasons, bool(broken)


def _many(things: Sequence[str], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _few(things: Sequence[str], most: int = 8) -> str:
    return ", ".join(things[:most]) + (f" and {len(things) - most} more" if len(things) > most else "")


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
    planned = {i.item for plan in journal.plans for i in plan.items if i.requirement in in_scope}
    return ItemCounts(
        passed=counted[Outcome.PASSED],
        failed=counted[Outcome.FAILED],
        errored=counted[Outcome.ERRORED],
        skipped=counted[Outcome.SKIPPED],
        unfinished=len(planned - {item.item for item in reported}),
    )


def _groups(journal: Journal, requirements: Sequence[RequirementResult]) -> tuple[GroupResult, ...]:
    """The lines of the Phase 5 report, in the contract's order, SHOULD requirements counted but not deciding."""
    members: dict[str, list[RequirementResult]] = defaultdict(list)
    for result in requirements:
        members[result.group].append(result)
    titles = journal.header.groups
    return tuple(
        GroupResult(
            group=group,
            title=titles.get(group, group),
            verdict=effective_verdict_of(result for result in members[group] if result.level is Level.MUST),
            counts=_counts(members[group]),
        )
        for group in [*titles, *(group for group in members if group not in titles)]
        if group in members
    )


def _document(
    whole: WholeRun,
    requirements: tuple[RequirementResult, ...],
    waivers: tuple[WaiverResult, ...],
    samples: tuple[Sample, ...],
) -> VerdictDocument:
    """Put the document together; the one place where a run's verdict is decided."""
    journal, header = whole.journal, whole.header
    reasons, broken = _reasons(journal, requirements, waivers)
    must = [result for result in requirements if result.level is Level.MUST]
    verdict = effective_verdict_of(must)
    if any(result.problem for result in waivers):
        verdict = roll_up([verdict, Verdict.FAIL])
    validation = header.mode == "validate"
    if verdict is Verdict.PASS and (broken or not validation):
        verdict = Verdict.INCONCLUSIVE
    if any(proof.problem for self_test in journal.self_tests for proof in self_test.proofs):
        # An instrument that does not see what is known has found nothing against anybody.
        verdict = Verdict.INCONCLUSIVE
    if not validation:
        reasons.append(NOT_VALIDATED)
    aborted = any(abort.kind == "configuration" for abort in journal.aborts)
    return VerdictDocument(
        schema=SCHEMA,
        verdict=verdict,
        exit_code=int(ExitCode.USAGE if aborted else EXIT_CODES[verdict]),
        is_validation=validation,
        reasons=tuple(reasons),
        run=header.run,
        gate_version=header.gate_version,
        contract=header.contract,
        target=header.target,
        profile=header.profile,
        seed=header.seed,
        selection=header.selection,
        started=header.started,
        ended=_ended(journal),
        counts=_counts(requirements),
        must=_counts(must),
        items=_item_counts(journal, requirements),
        groups=_groups(journal, requirements),
        requirements=requirements,
        findings=samples,
        waivers=waivers,
        warnings=tuple(note.text for note in journal.warnings),
        latency=latencies(whole.without_fault, header),
        journal=JournalRef(
            file=journal.path.name, sha256=journal.sha256, torn=journal.torn, exchanges=len(journal.exchanges)
        ),
    )


def _ended(journal: Journal) -> float:
    """When the run ended: of a torn journal, the latest time that it still knows."""
    if journal.footer is not None:
        return journal.footer.ended
    return max((exchange.ended for exchange in journal.exchanges), default=journal.header.started)
