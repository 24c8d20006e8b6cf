"""The evidence behind a verdict as text that all reports share: items, exchanges, what a console was given and showed.

Pure functions of the verdict document and the journal. They return text as it was recorded; each report escapes it
for its own format (`technogate.util.text`).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from technogate.journal.journal_file import Journal
from technogate.model.events import Body, Exchange, Finding, Headers, ItemResult, RenderedOutput, by_id
from technogate.model.verdict import RequirementResult, Sample, Verdict, VerdictDocument
from technogate.util.phrases import duration

#: The field of an example that holds what an operation returned to a console.
_RESPONSE_TO = re.compile(r"(?:response|answer) to ")

#: Where a console was driven, in words.
_DRIVERS = {
    "browser": "in the page",
    "module": "in the client module",
    "module-browser": "in the client module, in a browser",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One test item and its result; None when it was planned and never reported one."""

    item: str
    requirement: str
    result: ItemResult | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """Requirements that are inconclusive for the same reason, with the same hint."""

    reason: str
    hint: str
    requirements: tuple[RequirementResult, ...]


def interaction_before(finding: Finding) -> list[tuple[str, str]]:
    """What a console was called with and the responses it got, one line each; empty for other findings."""
    example = finding.example
    if not {"call", "driver"} <= example.keys():
        return []
    lines = [("call", f"{example['call']}, {_DRIVERS.get(example['driver'], example['driver'])}")]
    for name, text in example.items():
        if operation := _RESPONSE_TO.match(name):
            head, _, body = text.partition("\n\n")
            status, *_ = head.split("\n", 1)
            lines.append(("response", f"{name[operation.end() :]}: {status} {body}".rstrip()))
    return lines


def interaction_after(finding: Finding) -> str:
    """What a console showed, on one line; "" for other findings."""
    shown = {
        name.removeprefix("shown as "): text for name, text in finding.example.items() if name.startswith("shown as ")
    }
    # The text of a row contains the names of its fields.
    parts = [f"{name} ({text})" if name.startswith("row ") else f"{name} {text!r}" for name, text in shown.items()]
    return ", ".join([*parts, *([finding.example["shown"]] if "shown" in finding.example else [])])


def item_rows(journal: Journal, document: VerdictDocument) -> list[ItemRow]:
    """Every item of the requirements judged, as the document counts them; items that never finished come last."""
    judged = {requirement.id for requirement in document.requirements}
    rows = [
        ItemRow(item=result.item, requirement=requirement.id, result=result)
        for requirement in document.requirements
        for result in requirement.items
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
    """The inconclusive requirements, grouped by reason and hint, in the order of the document."""
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
    present = [known[exchange_id] for exchange_id in ids if exchange_id in known]
    return present, [exchange_id for exchange_id in ids if exchange_id not in known]


def rendered_outputs_of(journal: Journal, sample: Sample) -> list[RenderedOutput]:
    """The rendered outputs of the console that a finding rests on."""
    return [rendered for rendered in journal.rendered_outputs if rendered.id in sample.finding.rendered_outputs]


def body_text(body: Body) -> str:
    """A body as text: bytes that are not UTF-8 as escapes, and a remark when the journal kept only a part."""
    shown = body.text if not body.base64 else body.raw.decode("utf-8", "backslashreplace")
    return f"{shown}\n… (cut: the body had {body.size} bytes)" if body.cut else shown


def message_text(first: str, headers: Headers, body: Body) -> str:
    """A request or a response as lines: the first line, the headers, and the body after an empty line."""
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    shown = body_text(body)
    return "\n".join([*lines, "", shown] if shown else lines)


def request_text(exchange: Exchange) -> str:
    """The request of an exchange as it was sent."""
    request = exchange.request
    return message_text(f"{request.method} {request.path} HTTP/1.1", request.headers, request.body)


def response_text(exchange: Exchange) -> str:
    """The response of an exchange as it was received, or why there is none."""
    response = exchange.response
    if response is None:
        return f"(no response: {exchange.error or exchange.end.value})"
    return message_text(f"{response.http_version} {response.status}", response.headers, response.body)


def exchange_line(exchange: Exchange) -> str:
    """An exchange on one line: the request, the result, the time it took, who responded, and the fault injected."""
    result = (
        f"{exchange.response.status}" if exchange.response else f"no response ({exchange.error or exchange.end.value})"
    )
    line = f"{exchange.request.method} {exchange.request.path} → {result} in {duration(exchange.seconds)}"
    responder = {"mock": "from the mock backend", "console": "from the console"}.get(exchange.responded_by)
    fault = exchange.under_fault and f"under the fault {exchange.under_fault}"
    remarks = [remark for remark in (responder, fault) if remark]
    return f"{line}, {', '.join(remarks)}" if remarks else line


def repeat_command(journal: Journal) -> str:
    """The command that repeats the run, on one line."""
    header = journal.header
    target = header.target.target_argument
    named = ["--target", target] if target else []
    named += ["--contract", header.contract.argument] if header.contract.argument else []
    if header.mode == "replay":
        return shlex.join(["technogate", "replay", header.replays, *named])
    words = ["technogate", header.mode, *(header.selection if header.mode == "check" else ())]
    words += ["--seed", str(header.seed)]
    if header.profile != "standard":
        words += ["--profile", header.profile]
    words += named
    if header.waivers and (file := header.waivers[0].place.rpartition(", ")[0]):
        words += ["--waivers", file]
    return shlex.join(words)
