"""What every report says in the same words: the meaning of a verdict, who must act, how an exchange reads.

Pure functions of the verdict document and the journal. They return text as it was recorded; each writer
makes it harmless for its own format (`technogate.util.text`).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime

from technogate.journal.journal_file import Journal
from technogate.model.events import Body, Exchange, Finding, Headers, ItemResult, RenderedOutput, by_id
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

#: Who is meant by a party.
TEAMS = {
    Party.BACKEND: "the backend team",
    Party.CONSOLE: "the console team",
    Party.PAIR: "both teams, backend and console",
}

#: By which driver a console was made to act, in words.
_DRIVERS = {"browser": "in the page", "module": "in the client module"}

#: The form of a verdict besides its word and its colour.
SHAPES = {Verdict.PASS: "✔", Verdict.FAIL: "✘", Verdict.INCONCLUSIVE: "?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One test item: its result, None when it was planned and never reported one."""

    item: str
    requirement: str
    result: ItemResult | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """Requirements that are inconclusive for the same reason, with the same hint."""

    reason: str
    hint: str
    requirements: tuple[RequirementResult, ...]


def many(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def subject(document: VerdictDocument) -> str:
    """What was judged: the pair, or the one party described."""
    parties = document.target.parties
    return f"this {parties[0]}" if len(parties) == 1 else "this pair of console and backend"


def label(document: VerdictDocument) -> str:
    """The verdict in one word, and for a check how it ended: that is none to deploy on."""
    if document.is_validation:
        return document.verdict.value
    what = "a check that passed" if exit_code(document) is ExitCode.PASS else "a check"
    return f"{document.verdict.value} ({what}, not a validation)"


def meaning(document: VerdictDocument) -> str:
    """The verdict in one sentence."""
    must = document.must
    if not document.is_validation:
        passed = f"{document.counts.passed} of {many(document.counts.total, 'requirement')} checked passed"
        return f"This was a check, never a verdict to deploy on: {passed}."
    if document.verdict is Verdict.PASS and not {Party.BACKEND, Party.CONSOLE} <= set(document.target.parties):
        but = f", but for {many(len(waived(document)), 'failure')} that a waiver covers" if waived(document) else ""
        one = f"Every MUST that concerns {subject(document)} was exercised and held{but}."
        return f"{one} The other side was not judged: only a validation of both says that a pair may be deployed."
    if document.verdict is Verdict.PASS and waived(document):
        but = f"but for {many(len(waived(document)), 'failure')} that a waiver covers"
        return f"Every MUST of the contract was exercised on {subject(document)} and held, {but}: it may be deployed."
    if document.verdict is Verdict.PASS:
        return f"Every MUST of the contract was exercised on {subject(document)} and held: it may be deployed."
    if document.verdict is Verdict.FAIL and not _broken(document):
        return f"Not {subject(document)} but the waivers are wrong: it must not be deployed."
    if document.verdict is Verdict.FAIL:
        broken = f"{len(_broken(document))} of {many(must.total, 'MUST requirement')}"
        return f"{subject(document).capitalize()} breaks {broken}: it must not be deployed."
    if must.inconclusive:
        return (
            f"Nothing is proven of {subject(document)}: {must.inconclusive} of "
            f"{many(must.total, 'MUST requirement')} came to no result, so it must not be deployed."
        )
    return f"Nothing is proven of {subject(document)}: the run itself was not sound, so it must not be deployed."


def _broken(document: VerdictDocument) -> list[RequirementResult]:
    """The MUST requirements that failed and are not waived."""
    return [r for r in document.requirements if r.level is Level.MUST and r.effective_verdict is Verdict.FAIL]


def waived(document: VerdictDocument) -> list[RequirementResult]:
    """The requirements that failed and are covered by a waiver."""
    return [requirement for requirement in document.requirements if requirement.waived]


def waiver_of(document: VerdictDocument, requirement_id: str) -> str:
    """By whom, until when and why a requirement's failure is waived, "" when it is not."""
    used = [
        one for one in document.waivers if one.state is WaiverState.USED and one.waiver.requirement == requirement_id
    ]
    return "; ".join(waiver_text(one) for one in used)


def waiver_text(result: WaiverResult) -> str:
    """A waiver on one line: until when, by whom, why."""
    waiver = result.waiver
    image = f", for the image {waiver.image} alone" if waiver.image else ""
    return f"until the end of {waiver.expires} (UTC) by {waiver.owner}{image}: {waiver.reason}"


def actors(document: VerdictDocument) -> str:
    """Who must act, by the parties of the MUST requirements that failed."""
    parties = {requirement.party for requirement in _broken(document)}
    if Party.PAIR in parties or {Party.BACKEND, Party.CONSOLE} <= parties:
        return TEAMS[Party.PAIR]
    if parties:
        return TEAMS[parties.pop()]
    if any(result.problem for result in document.waivers):
        return "whoever keeps the waivers"
    return "nobody" if document.verdict is Verdict.PASS else "whoever runs the gate"


def shares(document: VerdictDocument) -> list[tuple[str, tuple[int, ...]]]:
    """Which MUST findings are whose: a party's name and the numbers of its findings."""
    mine = {
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
    return [(names[party], numbers) for party, numbers in mine.items() if numbers]


def next_step(document: VerdictDocument) -> str:
    """What to do next, in one sentence."""
    if document.verdict is Verdict.FAIL and not _broken(document):
        return "Mend each waiver as said below, and validate once more."
    if document.verdict is Verdict.FAIL:
        return "Fix the findings below, each with the command that shows it again, and validate once more."
    if document.verdict is Verdict.PASS and waived(document):
        return "Deploy, and have what is waived fixed before the waivers expire."
    if document.verdict is Verdict.PASS and document.counts.failed:
        return "Deploy. The SHOULD requirements that are not met decide nothing, and are worth a look."
    if document.verdict is Verdict.PASS:
        return "Deploy."
    if not document.is_validation and not document.must.inconclusive:
        return "Run the whole validation for a verdict."
    return "Follow the hint beside each reason below, and validate once more."


def level_of(document: VerdictDocument, sample: Sample) -> Level:
    """Whether a finding is of a MUST or of a SHOULD; what is not in the document counts as MUST."""
    return next((r.level for r in document.requirements if r.id == sample.finding.requirement), Level.MUST)


def text_of(document: VerdictDocument, requirement_id: str) -> str:
    """The sentence of a requirement, "" for one that is not in the document."""
    return next((r.text for r in document.requirements if r.id == requirement_id), "")


def interaction_before(finding: Finding) -> list[tuple[str, str]]:
    """What a console was made to do and what it was answered, a line each; nothing for what is no scene."""
    example = finding.example
    if not {"call", "driver"} <= example.keys():
        return []
    lines = [("call", f"{example['call']}, {_DRIVERS.get(example['driver'], example['driver'])}")]
    for name, text in example.items():
        if name.startswith("answer to "):
            head, _, body = text.partition("\n\n")
            status, *_ = head.split("\n", 1)
            lines.append(("answered", f"{name.removeprefix('answer to ')}: {status} {body}".rstrip()))
    return lines


def interaction_after(finding: Finding) -> str:
    """What a console showed, on one line; "" for what is no scene."""
    shown = {
        name.removeprefix("shown as "): text for name, text in finding.example.items() if name.startswith("shown as ")
    }
    # The text of a row names its fields itself.
    parts = [f"{name} ({text})" if name.startswith("row ") else f"{name} {text!r}" for name, text in shown.items()]
    return ", ".join([*parts, *([finding.example["shown"]] if "shown" in finding.example else [])])


def item_rows(journal: Journal, document: VerdictDocument) -> list[ItemRow]:
    """Every item of the requirements judged, those that never finished last, as the document counts them."""
    judged = {requirement.id for requirement in document.requirements}
    rows = [
        ItemRow(item=item.item, requirement=requirement.id, result=item)
        for requirement in document.requirements
        for item in requirement.items
    ]
    known = {row.item for row in rows}
    for plan in journal.plans:
        for planned in plan.items:
            if planned.requirement in judged and planned.item not in known:
                known.add(planned.item)
                rows.append(ItemRow(item=planned.item, requirement=planned.requirement, result=None))
    return rows


def samples_of(document: VerdictDocument, row: ItemRow) -> list[Sample]:
    """The findings of one item."""
    return [
        sample
        for sample in document.findings
        if sample.finding.item == row.item and sample.finding.requirement == row.requirement
    ]


def unproven(document: VerdictDocument) -> list[Unproven]:
    """The inconclusive requirements, put together by reason and hint, in the order of the document."""
    groups: dict[tuple[str, str], list[RequirementResult]] = {}
    for requirement in document.requirements:
        if requirement.verdict is Verdict.INCONCLUSIVE:
            groups.setdefault((requirement.reason, requirement.hint), []).append(requirement)
    return [
        Unproven(reason=reason, hint=hint, requirements=tuple(members)) for (reason, hint), members in groups.items()
    ]


def exchanges_of(journal: Journal, sample: Sample) -> tuple[list[Exchange], list[str]]:
    """The exchanges that a finding rests on, and the ids that the journal does not hold."""
    known = by_id(journal.exchanges)
    ids = sample.finding.exchanges
    return [known[one] for one in ids if one in known], [one for one in ids if one not in known]


def rendered_outputs_of(journal: Journal, sample: Sample) -> list[RenderedOutput]:
    """What the console showed, of the views that a finding rests on."""
    return [rendered for rendered in journal.rendered_outputs if rendered.id in sample.finding.rendered_outputs]


def moment(seconds: float) -> str:
    """A time since the epoch as UTC, to the second."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(seconds: float) -> str:
    """A length of time for a person."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{rest:.1f} s"


def body_text(body: Body) -> str:
    """A body as text, bytes that are not UTF-8 as escapes, and a word when the journal cut it."""
    shown = body.text if not body.base64 else body.raw.decode("utf-8", "backslashreplace")
    return f"{shown}\n… (cut: the body had {body.size} bytes)" if body.cut else shown


def message_text(first: str, headers: Headers, body: Body) -> str:
    """A request or an answer as lines: the first line, the headers, and the body after an empty line."""
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    shown = body_text(body)
    return "\n".join([*lines, "", shown] if shown else lines)


def request_text(exchange: Exchange) -> str:
    """The request of an exchange as it was sent."""
    request = exchange.request
    return message_text(f"{request.method} {request.path} HTTP/1.1", request.headers, request.body)


def response_text(exchange: Exchange) -> str:
    """The answer of an exchange as it was received, or why there is none."""
    response = exchange.response
    if response is None:
        return f"(no answer: {exchange.error or exchange.end.value})"
    return message_text(f"{response.http_version} {response.status}", response.headers, response.body)


def exchange_line(exchange: Exchange) -> str:
    """An exchange on one line: what was asked, by whom it was answered, how and how fast."""
    result = (
        f"{exchange.response.status}" if exchange.response else f"no answer ({exchange.error or exchange.end.value})"
    )
    line = f"{exchange.request.method} {exchange.request.path} → {result} in {duration(exchange.seconds)}"
    auth = {"mock": "answered by the gate's double", "console": "answered by the console"}.get(exchange.responded_by)
    extra = [part for part in (auth, exchange.under_fault and f"under the fault {exchange.under_fault}") if part]
    return f"{line}, {', '.join(extra)}" if extra else line


def repeat_command(journal: Journal) -> str:
    """The command that makes the same run again, as one line."""
    header = journal.header
    if header.mode == "replay":
        words = ["technogate", "replay", header.replays]
        return shlex.join(
            words
            if header.target.target_argument == "embedded"
            else [*words, "--target", header.target.target_argument]
        )
    words = ["technogate", header.mode, *(header.selection if header.mode == "check" else ())]
    words += ["--seed", str(header.seed)]
    if header.profile != "standard":
        words += ["--profile", header.profile]
    if header.target.target_argument != "embedded":
        words += ["--target", header.target.target_argument]
    if header.waivers and (file := header.waivers[0].place.rpartition(", ")[0]) not in ("", "waivers.toml"):
        words += ["--waivers", file]
    return shlex.join(words)
