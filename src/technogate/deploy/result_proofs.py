"""The lines about results: which requirements must have passed, with how many checks, and which failures are waived."""

from __future__ import annotations

from collections.abc import Iterable

from technogate.contract.loader import Contract
from technogate.deploy.decision_facts import Facts, UnprovenLine
from technogate.deploy.least_checks import least_checks
from technogate.deploy.policy import PROFILES
from technogate.model.requirement import Level
from technogate.model.verdict import Verdict, WaiverState
from technogate.util.phrases import few, many

#: The groups of requirements behind a line of the checklist.
STACK = ("stack",)
ENDPOINTS = ("execute", "audit", "memory", "errors-4xx", "errors-5xx")
TRAIL = ("audit-trail",)

#: The requirement that both images are on the network.
NETWORK = "STK-02"


def verdict(facts: Facts) -> str:
    """The verdict of the whole validation is PASS, and the in-toto result agrees."""
    predicate, run = facts.stated.predicate, facts.run
    if not run.is_validation:
        raise UnprovenLine("it was a check, not a validation")
    if not run.scope.images_of_both:
        judged = f"{run.scope.sides.value}, {run.scope.kind.value}"
        raise UnprovenLine(f"its scope is {judged}, not the images of both sides")
    if run.verdict is not Verdict.PASS:
        raise UnprovenLine(": ".join([run.verdict.value, *run.reasons[:1]]))
    if predicate.result == "FAILED" or predicate.failed_tests:
        raise UnprovenLine(
            f"PASS, but the in-toto result is {predicate.result} with {many(len(predicate.failed_tests), 'failure')}"
        )
    return f"PASS ({predicate.result}), seed {run.seed}"


def depth(facts: Facts) -> str:
    """The profile is not weaker than the policy's, and each MUST that passed made enough checks."""
    run, least = facts.run, facts.policy.profile
    known: tuple[str, ...] = PROFILES
    if run.profile not in known or known.index(run.profile) < known.index(least):
        raise UnprovenLine(f"profile {run.profile}, but {least} is the least; validate with --profile {least}")
    wanted = {**least_checks(), **facts.policy.checks}
    few_checks = [
        f"{proven.id} made {proven.checks} of {wanted.get(proven.id, 1)}"
        for proven in run.requirements
        if proven.level is Level.MUST and proven.verdict is Verdict.PASS and proven.checks < wanted.get(proven.id, 1)
    ]
    if few_checks:
        raise UnprovenLine(f"too few checks: {few(few_checks, 3)}; see [checks] of the policy")
    return f"profile {run.profile}, {sum(proven.checks for proven in run.requirements)} checks"


def passed_groups(facts: Facts, groups: Iterable[str]) -> str:
    """Every MUST of these groups of the contract passed."""
    members = {group: must_of(facts.contract, (group,)) for group in groups}
    if empty := [group for group, names in members.items() if not names]:
        raise UnprovenLine(f"{facts.contract.id} has no MUST in {', '.join(empty)}, so nothing proves it")
    return passed(facts, [name for names in members.values() for name in names])


def must_of(contract: Contract, groups: Iterable[str]) -> list[str]:
    """The MUST requirements of these groups of the contract."""
    chosen = set(groups)
    return [
        requirement.id
        for requirement in contract.requirements.values()
        if requirement.level is Level.MUST and requirement.group in chosen
    ]


def others(facts: Facts) -> str:
    """Every MUST of the remaining groups passed, and evidence and contract have the same requirements."""
    if different := sorted(set(facts.results) ^ set(facts.contract.requirements)):
        raise UnprovenLine(f"evidence and contract differ in {few(different, 4)}")
    listed = {*STACK, *ENDPOINTS, *TRAIL}
    names = must_of(facts.contract, set(facts.contract.groups) - listed)
    return passed(facts, names) if names else f"{facts.contract.id} has no other MUST"


def passed(facts: Facts, names: list[str]) -> str:
    """The requirements passed, or a waiver that is still in force covers their failure."""
    results, broken, waived = facts.results, [], []
    for name in names:
        if name not in facts.contract.requirements:
            raise UnprovenLine(f"{facts.contract.id} has no requirement {name}, so nothing proves it")
        result = results.get(name)
        if result is None:
            broken.append(f"{name} is missing in the evidence")
        elif result.verdict is Verdict.PASS and result.effective_verdict is Verdict.PASS and result.checks > 0:
            continue
        elif result.verdict is Verdict.FAIL and result.effective_verdict is Verdict.PASS and facts.waiver(name):
            waived.append(name)
        else:
            broken.append(f"{name} {result.verdict.value}{' without a check' if not result.checks else ''}")
    if broken:
        raise UnprovenLine(few(broken, 3))
    failures = f"; failed and waived: {', '.join(waived)}" if waived else ""
    return (f"{names[0]} passed" if len(names) == 1 and not waived else f"{len(names) - len(waived)} passed") + failures


def waivers(facts: Facts) -> str:
    """Every waiver that the verdict rests on was correct, has not expired since, and is one that the policy admits."""
    results = facts.run.waivers
    used = [result.waiver for result in results if result.state is WaiverState.USED]
    for waiver in used:
        if why := facts.inadmissible(waiver):
            raise UnprovenLine(f"the waiver for {waiver.requirement}: {why}")
    if faulty := [result for result in results if result.problem or result.state is not WaiverState.USED]:
        raise UnprovenLine(f"the waiver for {faulty[0].waiver.requirement} is {faulty[0].state.value}")
    if not used:
        return "none was needed"
    return "; ".join(f"{waiver.requirement} until {waiver.expires}, {waiver.owner}: {waiver.reason}" for waiver in used)
