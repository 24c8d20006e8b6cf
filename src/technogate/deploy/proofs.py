"""The lines that trusted evidence must prove: one function for each, which returns the proof or raises the reason.

Pure: the functions use the facts and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from technogate.contract.loader import Contract
from technogate.deploy.evidence.statement import BACKEND, CONSOLE, CONTRACT, GATE, Proven, Statement, digests
from technogate.judging.waivers import expired
from technogate.model.events import ImageRef, Waiver
from technogate.model.requirement import Level
from technogate.model.verdict import Verdict, WaiverState
from technogate.util.phrases import duration, few, many, utc_time

#: The reason of a line when there is no evidence, or none that can be trusted.
NO_EVIDENCE = "unknown: no trusted evidence"

#: Seconds that the clocks of two machines may differ.
SKEW_S = 60.0

#: The groups of requirements behind a line of the checklist.
STACK = ("stack",)
ENDPOINTS = ("execute", "audit", "memory", "errors-4xx", "errors-5xx")
TRAIL = ("audit-trail",)

#: The requirement that both images are on the network.
NETWORK = "STK-02"


class UnprovenLine(Exception):  # noqa: N818 - a line that is not proven is not an error of the gate
    """A line is not proven; the text is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What proves the lines. An image or the statement is None when there is none to trust."""

    images: Mapping[str, ImageRef | None]
    statement: Statement | None
    contract: Contract
    gate_digest: str
    max_age_s: float
    now: float

    @property
    def stated(self) -> Statement:
        """The statement; raises UnprovenLine without one."""
        if self.statement is None:
            raise UnprovenLine(NO_EVIDENCE)
        return self.statement

    @property
    def results(self) -> dict[str, Proven]:
        """The requirements in the evidence, by id."""
        return {proven.id: proven for proven in self.stated.predicate.technogate.requirements}

    def waiver(self, requirement_id: str) -> Waiver | None:
        """A waiver that covers the requirement's failure today, for these images."""
        known = digests(self.stated)
        images = {f"sha256:{known[side]}" for side in (CONSOLE, BACKEND)}
        for result in self.stated.predicate.technogate.waivers:
            waiver = result.waiver
            if (
                result.state is WaiverState.USED
                and waiver.requirement == requirement_id
                and not expired(waiver.expires, self.now)
                and (not waiver.image or waiver.image in images)
            ):
                return waiver
        return None


def _gate(facts: Facts) -> str:
    """The gate that judged has the same files as this gate."""
    theirs = digests(facts.stated)[GATE]
    if theirs != facts.gate_digest:
        raise UnprovenLine(
            f"another gate judged ({theirs[:16]}…, not {facts.gate_digest[:16]}…); validate with this one"
        )
    return f"sha256 {facts.gate_digest}"


def _contract(facts: Facts) -> str:
    """The contract that was judged is the current one."""
    theirs, ours = digests(facts.stated)[CONTRACT], facts.contract.digest
    if theirs != ours:
        raise UnprovenLine(f"another contract was judged ({theirs[:16]}…; {facts.contract.id} is {ours[:16]}…)")
    return f"{facts.contract.id} {facts.contract.version}, sha256 {ours}"


def _same_image(facts: Facts, side: str) -> str:
    """The image that was judged is the one to deploy."""
    validated = f"sha256:{digests(facts.stated)[side]}"
    image = facts.images[side]
    if image is None:
        raise UnprovenLine(f"unknown: no {side} image to compare with {validated}")
    if image.digest != validated:
        raise UnprovenLine(f"{image.name} is {image.digest}, but {validated} was validated")
    return validated


def _age(facts: Facts) -> str:
    """The validation ended neither too long ago nor in the future."""
    run = facts.stated.predicate.technogate
    age = facts.now - run.ended
    if not run.started <= run.ended:
        raise UnprovenLine("the validation ended before it began")
    if not age >= -SKEW_S:
        raise UnprovenLine("it is from the future: it ended later than the current time of this machine")
    if not age <= facts.max_age_s:
        raise UnprovenLine(f"it ended {_span(age)} ago, the maximum age is {_span(facts.max_age_s)}; validate again")
    return f"it ended {utc_time(run.ended)}, {_span(max(age, 0.0))} ago; the maximum age is {_span(facts.max_age_s)}"


def _span(seconds: float) -> str:
    """A length of time, with hours from one hour on."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours:.0f} h {rest // 60:.0f} min" if hours else duration(seconds)


def _verdict(facts: Facts) -> str:
    """The verdict of the whole validation is PASS, and the in-toto result agrees."""
    predicate = facts.stated.predicate
    run = predicate.technogate
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
    return f"PASS ({predicate.result}), target {run.target_argument}, profile {run.profile}, seed {run.seed}"


def _groups(facts: Facts, groups: Iterable[str]) -> str:
    """Every MUST of these groups of the contract passed."""
    members = {group: _must(facts.contract, (group,)) for group in groups}
    if empty := [group for group, names in members.items() if not names]:
        raise UnprovenLine(f"{facts.contract.id} has no MUST in {', '.join(empty)}, so nothing proves it")
    return _passed(facts, [name for names in members.values() for name in names])


def _must(contract: Contract, groups: Iterable[str]) -> list[str]:
    """The MUST requirements of these groups of the contract."""
    chosen = set(groups)
    return [
        requirement.id
        for requirement in contract.requirements.values()
        if requirement.level is Level.MUST and requirement.group in chosen
    ]


def _others(facts: Facts) -> str:
    """Every MUST of the remaining groups passed, and evidence and contract have the same requirements."""
    if different := sorted(set(facts.results) ^ set(facts.contract.requirements)):
        raise UnprovenLine(f"evidence and contract differ in {few(different, 4)}")
    listed = {*STACK, *ENDPOINTS, *TRAIL}
    names = _must(facts.contract, set(facts.contract.groups) - listed)
    return _passed(facts, names) if names else f"{facts.contract.id} has no other MUST"


def _passed(facts: Facts, names: list[str]) -> str:
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


def _waivers(facts: Facts) -> str:
    """Every waiver that the verdict rests on was correct and has not expired since."""
    results = facts.stated.predicate.technogate.waivers
    used = [result.waiver for result in results if result.state is WaiverState.USED]
    for waiver in used:
        if expired(waiver.expires, facts.now):
            raise UnprovenLine(f"the waiver for {waiver.requirement} expired at the end of {waiver.expires}")
    if faulty := [result for result in results if result.problem or result.state is not WaiverState.USED]:
        raise UnprovenLine(f"the waiver for {faulty[0].waiver.requirement} is {faulty[0].state.value}")
    if not used:
        return "none was needed"
    return "; ".join(f"{waiver.requirement} until {waiver.expires}, {waiver.owner}: {waiver.reason}" for waiver in used)


#: The lines that the evidence alone proves, in the order of the checklist.
PROOFS: tuple[tuple[str, Callable[[Facts], str]], ...] = (
    ("validated by this gate", _gate),
    ("against this contract", _contract),
    ("of this console", lambda facts: _same_image(facts, CONSOLE)),
    ("of this backend", lambda facts: _same_image(facts, BACKEND)),
    ("not too long ago", _age),
    ("verdict PASS", _verdict),
    ("full stack tested", lambda facts: _groups(facts, STACK)),
    ("techno-net verified", lambda facts: _passed(facts, [NETWORK])),
    ("endpoints verified", lambda facts: _groups(facts, ENDPOINTS)),
    ("audit trail verified", lambda facts: _groups(facts, TRAIL)),
    ("rest of the contract", _others),
    ("waivers in force", _waivers),
)
