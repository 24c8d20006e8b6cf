"""Waivers: which failures are accepted, until when, and what can be wrong with a waiver itself.

Pure: the expiry is compared with the recorded time of the run, so that judging a stored journal again gives the same.
A waiver covers the failures of one MUST requirement. It covers nothing after its last day, and never a requirement
without a result. A waiver with nothing to cover fails the run: if it stayed, it would silently cover the next failure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

import msgspec

from technogate.model.events import Header, Outcome, Waiver
from technogate.model.requirement import Level
from technogate.model.verdict import RequirementResult, Verdict, WaiverResult, WaiverState, roll_up


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
    known = {requirement.id for requirement in header.requirements}
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
    waiver: Waiver, at: float, header: Header, known: Collection[str], result: RequirementResult | None
) -> WaiverResult:
    """The state of one waiver."""
    state, reason = _state(waiver, at, header, known, result)
    problem = f"{waiver.place or 'waivers'}: the waiver for {waiver.requirement} {reason}" if reason else ""
    return WaiverResult(waiver=waiver, state=state, problem=problem)


def _state(
    waiver: Waiver, at: float, header: Header, known: Collection[str], result: RequirementResult | None
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
    if waiver.image and waiver.image not in _digests(header):
        return WaiverState.UNUSED, f"is for the image {waiver.image}, which was not judged; remove it"
    if result is None:
        return WaiverState.OPEN, ""
    if result.level is not Level.MUST:
        return WaiverState.UNUSED, "covers a SHOULD, which does not fail a run; remove it"
    if result.verdict is Verdict.PASS:
        return WaiverState.UNUSED, "covers nothing: its requirement passed; remove it"
    return (WaiverState.USED if result.verdict is Verdict.FAIL else WaiverState.OPEN), ""


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
