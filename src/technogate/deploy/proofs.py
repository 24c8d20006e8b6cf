"""What the deploy gate asks of evidence that it trusts: a function for each line, with the proof or why there is none.

Pure: the facts come in, and nothing else is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from technogate.contract.loader import Contract
from technogate.deploy.evidence.statement import BACKEND, CONSOLE, CONTRACT, RUN_CONTEXT, Proven, Statement, digests
from technogate.judging.waivers import expired
from technogate.model.events import ImageRef, Waiver
from technogate.model.requirement import Level
from technogate.model.verdict import Verdict, WaiverState
from technogate.util.phrases import duration, many, utc_time

#: Why a line is not proven when there is no evidence, or none that can be trusted.
NO_EVIDENCE = "unknown: no evidence to trust"

#: Seconds that the clocks of two machines may differ.
SKEW_S = 60.0

#: The groups of requirements behind a line of the list.
STACK = ("stack",)
ENDPOINTS = ("execute", "audit", "memory", "errors-4xx", "errors-5xx")
TRAIL = ("audit-trail",)

#: The requirement that both images are on the network.
NETWORK = "STK-02"


class UnprovenLine(Exception):  # noqa: N818 - a line that is not proven is no error of ours
    """A line is not proven; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the lines are proven with. An image or the statement is None when there is none to trust."""

    images: Mapping[str, ImageRef | None]
    statement: Statement | None
    contract: Contract
    run_context: str
    max_age_s: float
    now: float

    @property
    def stated(self) -> Statement:
        """The statement; raises Unproven without one."""
        if self.statement is None:
            raise UnprovenLine(NO_EVIDENCE)
        return self.statement

    @property
    def results(self) -> dict[str, Proven]:
        """The requirements as the evidence has them, by id."""
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


def _run_context(facts: Facts) -> str:
    """The gate that judged has the same files as this one."""
    theirs = digests(facts.stated)[RUN_CONTEXT]
    if theirs != facts.run_context:
        raise UnprovenLine(
            f"another gate judged ({theirs[:16]}…, this one is {facts.run_context[:16]}…); validate with this one"
        )
    return f"sha256 {facts.run_context}"


def _contract(facts: Facts) -> str:
    """The contract judged is the one given."""
    theirs, ours = digests(facts.stated)[CONTRACT], facts.contract.digest
    if theirs != ours:
        raise UnprovenLine(f"it was another one ({theirs[:16]}…; {facts.contract.id} is {ours[:16]}…)")
    return f"{facts.contract.id} {facts.contract.version}, sha256 {ours}"


def _same_image(facts: Facts, side: str) -> str:
    """The image judged is the one that is about to be deployed."""
    validated = f"sha256:{digests(facts.stated)[side]}"
    image = facts.images[side]
    if image is None:
        raise UnprovenLine(f"unknown: there is no {side} image to compare with {validated}")
    if image.digest != validated:
        raise UnprovenLine(f"{image.name} is {image.digest}, validated was {validated}")
    return validated


def _age(facts: Facts) -> str:
    """The validation ended neither too long ago nor in the future."""
    run = facts.stated.predicate.technogate
    age = facts.now - run.ended
    if not run.started <= run.ended:
        raise UnprovenLine("its validation ended before it began")
    if not age >= -SKEW_S:
        raise UnprovenLine("it is from the future: it ended at a time that this machine's clock has not reached")
    if not age <= facts.max_age_s:
        raise UnprovenLine(f"it ended {_span(age)} ago, allowed are {_span(facts.max_age_s)}; validate again")
    return f"it ended {utc_time(run.ended)}, {_span(max(age, 0.0))} ago; allowed are {_span(facts.max_age_s)}"


def _span(seconds: float) -> str:
    """A length of time, in hours when it has some."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours:.0f} h {rest // 60:.0f} min" if hours else duration(seconds)


def _verdict(facts: Facts) -> str:
    """The verdict of the whole validation opens the gate, and in-toto's word for it says the same."""
    predicate = facts.stated.predicate
    run = predicate.technogate
    if not run.is_validation:
        raise UnprovenLine("it was a check, never a verdict")
    if run.verdict is not Verdict.PASS:
        raise UnprovenLine(": ".join([run.verdict.value, *run.reasons[:1]]))
    if predicate.result == "FAILED" or predicate.failed_tests:
        raise UnprovenLine(f"PASS, and yet {predicate.result} with {many(len(predicate.failed_tests), 'failure')}")
    return f"PASS ({predicate.result}), target {run.target_argument}, profile {run.profile}, seed {run.seed}"


def _groups(facts: Facts, groups: Iterable[str]) -> str:
    """Every MUST of these groups of the contract held."""
    wanted = list(groups)
    members = {group: _must(facts.contract, (group,)) for group in wanted}
    if empty := [group for group in wanted if not members[group]]:
        raise UnprovenLine(f"{facts.contract.id} has no MUST in {', '.join(empty)}, so nothing proves it")
    return _held(facts, [name for group in wanted for name in members[group]])


def _must(contract: Contract, groups: Iterable[str]) -> list[str]:
    """The MUST requirements of these groups of the contract."""
    chosen = set(groups)
    return [one.id for one in contract.requirements.values() if one.level is Level.MUST and one.group in chosen]


def _others(facts: Facts) -> str:
    """Every MUST of the remaining groups held, and the evidence names just the requirements of the contract."""
    if foreign := sorted(set(facts.results) ^ set(facts.contract.requirements)):
        more = f" and {len(foreign) - 4} more" if len(foreign) > 4 else ""
        raise UnprovenLine(f"evidence and contract differ in {', '.join(foreign[:4])}{more}")
    shown = {*STACK, *ENDPOINTS, *TRAIL}
    names = _must(facts.contract, set(facts.contract.groups) - shown)
    return _held(facts, names) if names else f"{facts.contract.id} has no other"


def _held(facts: Facts, names: list[str]) -> str:
    """The requirements named held, or a waiver that is still in force covers their failure."""
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
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        raise UnprovenLine(", ".join(broken[:3]) + more)
    but = f"; failed and waived: {', '.join(waived)}" if waived else ""
    return (f"{names[0]} held" if len(names) == 1 and not waived else f"{len(names) - len(waived)} held") + but


def _waivers(facts: Facts) -> str:
    """No waiver that the verdict rests on has expired since, and none was wrong to begin with."""
    results = facts.stated.predicate.technogate.waivers
    used = [result.waiver for result in results if result.state is WaiverState.USED]
    for waiver in used:
        if expired(waiver.expires, facts.now):
            raise UnprovenLine(f"the waiver for {waiver.requirement} expired at the end of {waiver.expires}")
    if wrong := [result for result in results if result.problem or result.state is not WaiverState.USED]:
        raise UnprovenLine(f"the waiver for {wrong[0].waiver.requirement} is {wrong[0].state.value}")
    if not used:
        return "none was needed"
    return "; ".join(f"{one.requirement} until {one.expires}, {one.owner}: {one.reason}" for one in used)


#: The lines that evidence alone can prove, in the order of the list.
PROOFS: tuple[tuple[str, Callable[[Facts], str]], ...] = (
    ("validated by this gate", _run_context),
    ("against this contract", _contract),
    ("of this console", lambda facts: _same_image(facts, CONSOLE)),
    ("of this backend", lambda facts: _same_image(facts, BACKEND)),
    ("not too long ago", _age),
    ("verdict PASS", _verdict),
    ("full stack tested", lambda facts: _groups(facts, STACK)),
    ("techno-net verified", lambda facts: _held(facts, [NETWORK])),
    ("endpoints verified", lambda facts: _groups(facts, ENDPOINTS)),
    ("audit trail verified", lambda facts: _groups(facts, TRAIL)),
    ("rest of the contract", _others),
    ("waivers in force", _waivers),
)
