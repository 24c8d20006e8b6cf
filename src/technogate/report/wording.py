"""The sentences about a verdict that all reports share: what it is about, what it means, who must act.

Pure functions of the verdict document. They return text as it was recorded; each report escapes it for its own
format (`technogate.util.text`).
"""

from __future__ import annotations

from technogate.model.requirement import Level, Party
from technogate.model.verdict import (
    RequirementResult,
    Sample,
    Verdict,
    VerdictDocument,
    WaiverResult,
    WaiverState,
)
from technogate.util.phrases import few, many

#: The team behind a party.
TEAMS = {
    Party.BACKEND: "the backend team",
    Party.CONSOLE: "the console team",
    Party.PAIR: "both teams, backend and console",
}

#: A symbol for each verdict, so that it does not depend on colour.
SHAPES = {Verdict.PASS: "✔", Verdict.FAIL: "✘", Verdict.INCONCLUSIVE: "?"}


#: The word for how a check ended: it is no verdict, and never looks like one.
_CHECKED = {Verdict.PASS: "PASSED", Verdict.FAIL: "FAILED", Verdict.INCONCLUSIVE: "INCONCLUSIVE"}

#: Requirements named in one sentence.
_MOST_NAMED = 8


def subject(document: VerdictDocument) -> str:
    """What was judged: the pair, or the one party described."""
    parties = document.target.parties
    return f"this {parties[0]}" if len(parties) == 1 else "this pair of console and backend"


def label(document: VerdictDocument) -> str:
    """The verdict in one word; for a check how it ended, with the count behind it; and which contract, if not ours."""
    if document.is_validation:
        return document.verdict.value + _other_contract(document)
    return f"CHECK {_CHECKED[document.verdict]}: {_held(document)}{_other_contract(document)}"


def _other_contract(document: VerdictDocument) -> str:
    """That the contract is not the shipped one, with its digest; "" when it is."""
    contract = document.contract
    return "" if contract.shipped else f", by a contract that is not the shipped one: {contract.digest[:16]}…"


def scope_text(document: VerdictDocument) -> str:
    """What the verdict is about: the sides, and whether they are processes or images."""
    return f"{document.scope.sides.value}, {document.scope.kind.value}"


def not_judged(document: VerdictDocument) -> list[str]:
    """What the verdict says nothing of, one line for each reason: few requirements by name, many by number."""
    return [
        f"{few(entry.requirements, _MOST_NAMED)}: {entry.reason}"
        if len(entry.requirements) <= _MOST_NAMED
        else f"{many(len(entry.requirements), 'requirement')}: {entry.reason}"
        for entry in document.scope.not_judged
    ]


def _held(document: VerdictDocument) -> str:
    """How many of the selected requirements hold, or why that is not known."""
    counts = document.counts
    total = many(counts.total, "requirement")
    if document.verdict is Verdict.PASS:
        return f"{counts.passed} of {total} hold{'s' if counts.total == 1 else ''}"
    if document.verdict is Verdict.FAIL:
        return f"{counts.failed} of {total} {'does' if counts.failed == 1 else 'do'} not hold"
    if counts.inconclusive:
        return f"{counts.inconclusive} of {total} {'has' if counts.inconclusive == 1 else 'have'} no result"
    return "the run proves nothing" if counts.total else "no requirement was judged"


def meaning(document: VerdictDocument) -> str:
    """The verdict in one sentence."""
    if not document.is_validation:
        return _meaning_of_check(document)
    if document.verdict is Verdict.PASS:
        return _meaning_of_pass(document)
    must = document.must
    if document.verdict is Verdict.FAIL and not _broken(document):
        return f"The waivers are wrong, not {subject(document)}: it must not be deployed."
    if document.verdict is Verdict.FAIL:
        broken = f"{len(_broken(document))} of {many(must.total, 'MUST requirement')}"
        return f"{subject(document).capitalize()} breaks {broken}: it must not be deployed."
    if must.inconclusive:
        return (
            f"{must.inconclusive} of {many(must.total, 'MUST requirement')} on {subject(document)} "
            f"{'has' if must.inconclusive == 1 else 'have'} no result: it must not be deployed."
        )
    return f"The run proves nothing about {subject(document)}: it must not be deployed."


def _meaning_of_check(document: VerdictDocument) -> str:
    """How a check ended: which of the selected requirements do not hold, or have no result."""
    ids = {verdict: [result.id for result in document.requirements if result.verdict is verdict] for verdict in Verdict}
    failed, unknown = ids[Verdict.FAIL], ids[Verdict.INCONCLUSIVE]
    parts = [f"{few(failed, _MOST_NAMED)} {'does' if len(failed) == 1 else 'do'} not hold"] if failed else []
    parts += [f"{few(unknown, _MOST_NAMED)} {'has' if len(unknown) == 1 else 'have'} no result"] if unknown else []
    if not parts:
        held = document.verdict is Verdict.PASS
        parts = ["each selected requirement was exercised and holds" if held else "the run proves nothing"]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}. A check is not a validation: it says nothing of the rest of the contract."


def _meaning_of_pass(document: VerdictDocument) -> str:
    """The meaning of PASS: on what, with or without waived failures, and what it does not cover."""
    waivers = f", except {many(len(waived(document)), 'failure')} covered by a waiver" if waived(document) else ""
    judged = f"Every MUST on {subject(document)}, as {document.scope.kind.value}, was exercised and passed{waivers}."
    uncovered = sum(len(entry.requirements) for entry in document.scope.not_judged)
    rest = f" {many(uncovered, 'requirement')} of the contract {'is' if uncovered == 1 else 'are'} not in this scope."
    return judged + (rest if uncovered else "")


def _broken(document: VerdictDocument) -> list[RequirementResult]:
    """The requirements that decide, failed and are not waived: in a validation only a MUST decides."""
    return [
        result
        for result in document.requirements
        if result.effective_verdict is Verdict.FAIL and (result.level is Level.MUST or not document.is_validation)
    ]


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
    return "nobody" if document.verdict is Verdict.PASS and not document.is_validation else "the operator of the gate"


def shares(document: VerdictDocument) -> list[tuple[str, tuple[int, ...]]]:
    """The MUST causes of each party: its name and the numbers of its causes, but for those that a waiver covers."""
    deciding = {
        sample.number
        for sample in document.findings
        if level_of(document, sample) is Level.MUST and not waiver_of(document, sample.finding.requirement)
    }
    numbers_of = {
        party: tuple(
            cause.number for cause in document.causes if cause.party is party and deciding.intersection(cause.findings)
        )
        for party in Party
    }
    names = {Party.BACKEND: "backend", Party.CONSOLE: "console", Party.PAIR: "both together"}
    return [(names[party], numbers) for party, numbers in numbers_of.items() if numbers]


def level_of(document: VerdictDocument, sample: Sample) -> Level:
    """Whether a finding is of a MUST or of a SHOULD; what is not in the document counts as MUST."""
    return next((r.level for r in document.requirements if r.id == sample.finding.requirement), Level.MUST)


def text_of(document: VerdictDocument, requirement_id: str) -> str:
    """The sentence of a requirement, "" for one that is not in the document."""
    return next((r.text for r in document.requirements if r.id == requirement_id), "")
