"""The sentences about a verdict that all reports share: what it means, who must act, what to do next.

Pure functions of the verdict document. They return text as it was recorded; each report escapes it for its own
format (`technogate.util.text`).
"""

from __future__ import annotations

from technogate.model.requirement import Level, Party
from technogate.model.verdict import (
    ExitCode,
    RequirementResult,
    Sample,
    Verdict,
    VerdictDocument,
    WaiverResult,
    WaiverState,
    exit_code,
)
from technogate.util.phrases import many

#: The team behind a party.
TEAMS = {
    Party.BACKEND: "the backend team",
    Party.CONSOLE: "the console team",
    Party.PAIR: "both teams, backend and console",
}

#: A symbol for each verdict, so that it does not depend on colour.
SHAPES = {Verdict.PASS: "✔", Verdict.FAIL: "✘", Verdict.INCONCLUSIVE: "?"}


def subject(document: VerdictDocument) -> str:
    """What was judged: the pair, or the one party described."""
    parties = document.target.parties
    return f"this {parties[0]}" if len(parties) == 1 else "this pair of console and backend"


def label(document: VerdictDocument) -> str:
    """The verdict in one word; for a check also how it ended, because a check is not a verdict."""
    if document.is_validation:
        return document.verdict.value
    what = "a check that passed" if exit_code(document) is ExitCode.PASS else "a check"
    return f"{document.verdict.value} ({what}, not a validation)"


def meaning(document: VerdictDocument) -> str:
    """The verdict in one sentence."""
    if not document.is_validation:
        passed = f"{document.counts.passed} of {many(document.counts.total, 'requirement')} checked passed"
        return f"This was a check, not a validation: {passed}. Do not deploy on it."
    if document.verdict is Verdict.PASS:
        return _meaning_of_pass(document)
    must = document.must
    if document.verdict is Verdict.FAIL and not _broken(document):
        return f"No MUST requirement decided this, but a waiver is wrong: {subject(document)} must not be deployed."
    if document.verdict is Verdict.FAIL:
        broken = f"{len(_broken(document))} of {many(must.total, 'MUST requirement')}"
        return f"{subject(document).capitalize()} breaks {broken}: it must not be deployed."
    if must.inconclusive:
        return (
            f"Nothing is proven about {subject(document)}: {must.inconclusive} of "
            f"{many(must.total, 'MUST requirement')} had no result, so it must not be deployed."
        )
    return f"Nothing is proven about {subject(document)}: the run itself was not sound, so it must not be deployed."


def _meaning_of_pass(document: VerdictDocument) -> str:
    """The meaning of PASS: for a pair or for one side, with or without waived failures."""
    waivers = f", except {many(len(waived(document)), 'failure')} covered by a waiver" if waived(document) else ""
    if not {Party.BACKEND, Party.CONSOLE} <= set(document.target.parties):
        return (
            f"Every MUST that concerns {subject(document)} was exercised and passed{waivers}. The other side was not "
            "judged: only a validation of both sides allows a deployment."
        )
    return f"Every MUST of the contract was exercised on {subject(document)} and passed{waivers}: it may be deployed."


def _broken(document: VerdictDocument) -> list[RequirementResult]:
    """The MUST requirements that failed and are not waived."""
    return [r for r in document.requirements if r.level is Level.MUST and r.effective_verdict is Verdict.FAIL]


def waived(document: VerdictDocument) -> list[RequirementResult]:
    """The requirements that failed and are covered by a waiver."""
    return [requirement for requirement in document.requirements if requirement.waived]


def waiver_of(document: VerdictDocument, requirement_id: str) -> str:
    """By whom, until when and why a requirement's failure is waived, "" when it is not."""
    used = [
        result
        for result in document.waivers
        if result.state is WaiverState.USED and result.waiver.requirement == requirement_id
    ]
    return "; ".join(waiver_text(result) for result in used)


def waiver_text(result: WaiverResult) -> str:
    """A waiver on one line: until when, by whom, why."""
    waiver = result.waiver
    image = f", only for the image {waiver.image}" if waiver.image else ""
    return f"until the end of {waiver.expires} (UTC) by {waiver.owner}{image}: {waiver.reason}"


def actors(document: VerdictDocument) -> str:
    """Who must act, by the parties of the MUST requirements that failed."""
    parties = {requirement.party for requirement in _broken(document)}
    if Party.PAIR in parties or {Party.BACKEND, Party.CONSOLE} <= parties:
        return TEAMS[Party.PAIR]
    if parties:
        return TEAMS[parties.pop()]
    if any(result.problem for result in document.waivers):
        return "the owner of the waivers"
    return "nobody" if document.verdict is Verdict.PASS else "the operator of the gate"


def shares(document: VerdictDocument) -> list[tuple[str, tuple[int, ...]]]:
    """The MUST findings of each party: its name and the numbers of its findings."""
    numbers_of = {
        party: tuple(
            sample.number
            for sample in document.findings
            if sample.party is party
            and level_of(document, sample) is Level.MUST
            and not waiver_of(document, sample.finding.requirement)
        )
        for party in Party
    }
    names = {Party.BACKEND: "backend", Party.CONSOLE: "console", Party.PAIR: "both together"}
    return [(names[party], numbers) for party, numbers in numbers_of.items() if numbers]


def next_step(document: VerdictDocument) -> str:
    """What to do next, in one sentence."""
    if document.verdict is Verdict.FAIL and not _broken(document):
        return "Correct each waiver as described below, then validate again."
    if document.verdict is Verdict.FAIL:
        return "Fix the findings below (each has commands that reproduce it), then validate again."
    if document.verdict is Verdict.PASS and waived(document):
        return "Deploy, and fix the waived failures before their waivers expire."
    if document.verdict is Verdict.PASS and document.counts.failed:
        return "Deploy. The failed SHOULD requirements do not block a deployment; review them."
    if document.verdict is Verdict.PASS:
        return "Deploy."
    if not document.is_validation and not document.must.inconclusive:
        return "Run the whole validation to get a verdict."
    return "Follow the hint beside each reason below, then validate again."


def level_of(document: VerdictDocument, sample: Sample) -> Level:
    """Whether a finding is of a MUST or of a SHOULD; what is not in the document counts as MUST."""
    return next((r.level for r in document.requirements if r.id == sample.finding.requirement), Level.MUST)


def text_of(document: VerdictDocument, requirement_id: str) -> str:
    """The sentence of a requirement, "" for one that is not in the document."""
    return next((r.text for r in document.requirements if r.id == requirement_id), "")
