"""Waivers: which failures are accepted, until when, and what can be wrong with a waiver itself.

Pure: the expiry is compared with the recorded time of the run, so that judging a stored journal again gives the same.
A waiver covers the failures of one MUST requirement. It covers nothing after its last day, and never a requirement
without a result. A waiver with nothing to cover fails the run: if it stayed, it would silently cover the next failure.
So does one that no owner may give: for a requirement that fails closed or keeps the key, for longer than `MOST_DAYS`,
or without a reason of more than a word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

import msgspec

from technogate.model.events import Header, Outcome, Waiver
from technogate.model.requirement import Level, Requirement
from technogate.model.verdict import RequirementResult, Verdict, WaiverResult, WaiverState, roll_up

#: The most days that a waiver counts, from the day of the run that uses it.
MOST_DAYS = 90
DAY_S = 86_400.0

#: What may never be waived: whatever fails closed, and whatever keeps the key. By group, by family and by id.
NEVER_GROUPS = frozenset({"fail-closed"})
NEVER_FAMILIES = frozenset({"AUT"})
NEVER_IDS = frozenset({"CON-01", "STK-07"})

_WORD = re.compile(r"[^\W\d_]{2,}")


def never_waived(requirement_id: str, group: str = "") -> bool:
    """Whether no waiver may cover this requirement; without its group, as far as its id tells."""
    return group in NEVER_GROUPS or requirement_id.partition("-")[0] in NEVER_FAMILIES or requirement_id in NEVER_IDS


def is_reason(text: str) -> bool:
    """Whether a text is a reason: it has two words of letters or more."""
    return len(_WORD.findall(text)) > 1


def too_long(expires: str, at: float, days: float = MOST_DAYS) -> bool:
    """Whether a waiver with the last day `expires` counts for more than `days` after the day of `at`."""
    return end_of_day(expires) > at + (days + 1) * DAY_S


def end_of_day(expires: str) -> float:
    """The end of the day `expires` (UTC) in seconds since the epoch; 0 for anything but a day: expired long ago."""
    try:
        day = date.fromisoformat(expires)
    except ValueError:
        return 0.0
    # Adding a day would fail for the last day that Python supports.
    return datetime(day.year, day.month, day.day, 23, 59, 59, 999_999, tzinfo=UTC).timestamp()


def expired(expires: str, at: float) -> bool:
    """Whether a waiver with the last day `expires` has expired at `at`, in seconds since the epoch."""
    return at > end_of_day(expires)


def apply_waivers(
    header: Header, ended: float, requirements: Sequence[RequirementResult], unfinished: Collection[str]
) -> tuple[tuple[RequirementResult, ...], tuple[WaiverResult, ...]]:
    """Apply the waivers of a run to its results.

    Returns the requirements with their effective verdict, and the state of each waiver. `unfinished` are the ids of
    requirements that have an item without a result.
    """
    by_id = {result.id: result for result in requirements}
    known = {requirement.id: requirement for requirement in header.requirements}
    at = max(header.started, ended)
    results = tuple(_result(waiver, at, header, known, by_id.get(waiver.requirement)) for waiver in header.waivers)
    covered = {result.waiver.requirement for result in results if result.state is WaiverState.USED}
    effective = tuple(
        msgspec.structs.replace(result, effective_verdict=_effective_verdict(result, result.id in unfinished))
        if result.id in covered
        else result
        for result in requirements
    )
    return effective, results


def _effective_verdict(result: RequirementResult, unfinished: bool) -> Verdict:
    """The effective verdict of a requirement whose failures are waived: its other items must have passed."""
    undecided = any(item.outcome in (Outcome.ERRORED, Outcome.SKIPPED) for item in result.items)
    return Verdict.INCONCLUSIVE if undecided or unfinished else Verdict.PASS


def _result(
    waiver: Waiver, at: float, header: Header, known: Mapping[str, Requirement], result: RequirementResult | None
) -> WaiverResult:
    """The state of one waiver."""
    state, reason = _state(waiver, at, header, known, result)
    problem = f"{waiver.place or 'waivers'}: the waiver for {waiver.requirement} {reason}" if reason else ""
    return WaiverResult(waiver=waiver, state=state, problem=problem)


def _state(
    waiver: Waiver, at: float, header: Header, known: Mapping[str, Requirement], result: RequirementResult | None
) -> tuple[WaiverState, str]:
    """The state of a waiver, and what is wrong with it, with a hint; "" when nothing is."""
    if waiver.requirement not in known:
        return (
            WaiverState.UNKNOWN,
            f"names no requirement of {header.contract.id}; `technogate requirements` lists them",
        )
    if expired(waiver.expires, at):
        hint = "fix the failure, or let the owner decide again"
        return WaiverState.EXPIRED, f"expired at the end of {waiver.expires} and covers nothing; {hint}"
    if why := _inadmissible(waiver, header.started, known[waiver.requirement].group):
        return WaiverState.REFUSED, why
    if waiver.image and waiver.image not in _digests(header):
        return WaiverState.UNUSED, f"is for the image {waiver.image}, which was not judged; remove it"
    if result is None:
        return WaiverState.OPEN, ""
    if result.level is not Level.MUST:
        return WaiverState.UNUSED, "covers a SHOULD, which does not fail a run; remove it"
    if result.verdict is Verdict.PASS:
        return WaiverState.UNUSED, "covers nothing: its requirement passed; remove it"
    return (WaiverState.USED if result.verdict is Verdict.FAIL else WaiverState.OPEN), ""


def _inadmissible(waiver: Waiver, at: float, group: str) -> str:
    """Why no owner may give this waiver in a run that began at `at`, "" when one may."""
    if never_waived(waiver.requirement, group):
        return "is of no effect: what fails closed and what keeps the key is never waived; fix the failure"
    if too_long(waiver.expires, at):
        return f"counts until {waiver.expires}, more than {MOST_DAYS} days after the run; choose an earlier day"
    if not is_reason(waiver.reason):
        return "gives no reason of more than a word; write why the failure is accepted"
    return ""


def _digests(header: Header) -> set[str]:
    """The digests of the images that were judged."""
    return {image.digest for image in header.target.images.values()}


def effective_verdict_of(requirements: Iterable[RequirementResult]) -> Verdict:
    """The roll-up of the effective verdicts of requirements."""
    return roll_up(result.effective_verdict for result in requirements)


def used_by(waivers: Iterable[WaiverResult]) -> Mapping[str, WaiverResult]:
    """The waivers that cover a failure, by requirement; of several, the one with the latest expiry."""
    used = [result for result in waivers if result.state is WaiverState.USED]
    return {result.waiver.requirement: result for result in sorted(used, key=lambda result: result.waiver.expires)}
