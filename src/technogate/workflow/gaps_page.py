"""The list of gaps as a document to send: `BACKEND_CONTRACT_GAPS.md`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from technogate.contract.loader import Contract, Operation
from technogate.model.cause import Cause
from technogate.model.requirement import Requirement
from technogate.model.verdict import Sample, VerdictDocument
from technogate.report.cause_text import printed
from technogate.util.phrases import few, many
from technogate.util.text import markdown_block, markdown_code, markdown_text
from technogate.workflow.facts import about, exchange_example, page, row, table
from technogate.workflow.gap_history import GapHistory, GapRun, Item, is_cause
from technogate.workflow.gaps import word_of

_LIMIT = 600

#: Characters of a part of the smallest example; the report has all of it.
_EXAMPLE = 200
#: Requirements named at once, numbers of findings, and lines that the backend printed.
_NAMED = 12
_NUMBERS = 40
_PRINTED = 20
_STATUS = re.compile(r"\bstatus (?:of )?([1-5][0-9]{2})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a list is made from; `document` is None before a backend was judged, `contract_option` "" by default."""

    contract: Contract
    document: VerdictDocument | None
    contract_option: str

    def cause(self, gap: str) -> Cause | None:
        """The cause that a gap is, None when the run does not show it or it is none."""
        causes = self.document.causes if self.document else ()
        return next((cause for cause in causes if cause.id == gap), None)

    def samples(self, item: Item) -> list[Sample]:
        """The findings of a gap, its smallest example first."""
        findings = self.document.findings if self.document else ()
        cause = self.cause(item.id)
        if cause is None:
            return [sample for sample in findings if sample.finding.requirement == item.id]
        chosen = [sample for sample in findings if sample.number in cause.findings]
        return sorted(chosen, key=lambda sample: (sample.number != cause.example, sample.number))

    def requirements(self, item: Item) -> list[Requirement]:
        """The requirements of a gap that the contract still has."""
        known = self.contract.requirements
        return [known[name] for name in item.broken if name in known]


def markdown(history: GapHistory, source: Source) -> str:
    """The latest run of the history, and the runs before it."""
    run = history.runs[-1]
    parts = ["# Gaps of the backend\n", about(source.contract), *_summary(run, source.document)]
    if run.open:
        parts += [f"## Open ({len(run.open)})\n", *_overview(run, source)]
    parts += ["## Run after run\n", *_runs(history)]
    for items in _together(run.open):
        parts += [*_gap(items, run, source)]
    return page(parts)


def _together(items: Iterable[Item]) -> list[list[Item]]:
    """Each gap by itself, but requirements that have no result for the same reason as one."""
    groups: dict[tuple[str, ...], list[Item]] = {}
    for item in items:
        same = item.priority == "unproven" and not is_cause(item)
        groups.setdefault((item.observed, item.fix) if same else (item.id,), []).append(item)
    return list(groups.values())


def _summary(run: GapRun, document: VerdictDocument | None) -> Iterator[str]:
    still = len(run.open) - len(run.new)
    yield (
        f"**{len(run.open)} open**: {run.count('critical')} critical, {run.count('unproven')} unproven, "
        f"{run.count('minor')} minor. {len(run.new)} new, {still} still open, {len(run.closed)} closed.\n"
    )
    article = "an" if run.source == "evaluation" else "a"
    yield f"From {article} {run.source}, run {markdown_code(run.run)}, {run.at}.\n"
    if run.problem:
        yield f"This run could close no gap: {markdown_text(run.problem, _LIMIT)}.\n"
    if document:
        must = document.must
        what = "Verdict" if document.is_validation else "A check (not a verdict)"
        yield (
            f"{what}: **{document.verdict.value}**. MUST requirements: {must.passed} passed, {must.failed} failed, "
            f"{must.inconclusive} inconclusive, of {must.total}. Findings: {len(document.findings)}, of "
            f"{many(len(document.causes), 'cause')}.\n"
        )
    if run.closed:
        yield f"Closed by this run: {', '.join(markdown_text(gap) for gap in run.closed)}.\n"
    if not run.open:
        yield "No gap is open.\n"


def _state(item: Item, run: GapRun) -> str:
    return "new" if item.id in run.new else "still open"


def _title(item: Item, source: Source) -> str:
    """What a gap is: the title of its cause, or the sentence of its requirement."""
    known = source.contract.requirements
    text = known[item.id].text if item.id in known else item.observed
    return markdown_text(text, _LIMIT)


def _overview(run: GapRun, source: Source) -> Iterator[str]:
    yield from table(
        "gap | priority | state | what | requirements",
        *(
            row(
                markdown_text(item.id),
                item.priority,
                _state(item, run),
                _title(item, source),
                markdown_text(few(item.requirements, _NAMED)),
            )
            for item in run.open
        ),
    )


def _runs(history: GapHistory) -> Iterator[str]:
    yield from table(
        "run | from | when | open: | new: | closed:",
        *(
            row(
                markdown_code(run.run, cell=True), run.source, run.at, str(len(run.open)), str(len(run.new)),
                str(len(run.closed)),
            )
            for run in history.runs
        ),
    )  # fmt: skip


def _gap(items: list[Item], run: GapRun, source: Source) -> Iterator[str]:
    """One gap: what it breaks, its smallest example, how to fix it, and the command that accepts the fix.

    Several `items` are requirements that have no result for the same reason.
    """
    item = items[0]
    title = item.observed if is_cause(item) else ", ".join(one.id for one in items[:_NAMED])
    left = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    yield f"## {markdown_text(title, _LIMIT)}{left} ({item.priority}, {_state(item, run)})\n"
    yield from _broken([requirement for one in items for requirement in source.requirements(one)], source)
    samples, cause = source.samples(item), source.cause(item.id)
    first = samples[0] if samples else None
    if first:
        yield from _example(first, cause.output if cause else "")
        numbers = few([str(sample.number) for sample in samples], _NUMBERS)
        yield f"- In the report: finding{'' if len(samples) == 1 else 's'} {numbers}"
    else:
        yield f"- Observed: **{markdown_text(item.observed, _LIMIT)}**"
    if is_cause(item):
        yield f"- Gap: {markdown_code(item.id)}"
    yield f"- Open since: {markdown_code(item.since)}\n"
    if cause and cause.output:
        yield "The backend printed meanwhile:\n"
        yield markdown_block("\n".join(printed(cause, _PRINTED)), 4000)
    yield "### Steps to fix\n"
    yield from _steps(item, first)
    operation, status = _conforming(first, item, source.contract)
    yield f"### A conforming exchange of {markdown_text(operation.id)}\n"
    yield markdown_block(exchange_example(source.contract, operation, status), language="http")
    yield "### Accepted when\n"
    yield "This command exits 0:\n" if len(source.requirements(item)) < 2 else "This command no longer reports it:\n"
    yield markdown_block(acceptance(items, source), language="sh")


def _broken(requirements: list[Requirement], source: Source) -> Iterator[str]:
    """The sentences of the requirements of a gap, and the decisions that they rest on."""
    for requirement in requirements[:_NAMED]:
        name = f"{requirement.id}: " if len(requirements) > 1 else ""
        yield f"> {name}{markdown_text(requirement.text)}\n"
    if len(requirements) > _NAMED:
        yield f"> … and {many(len(requirements) - _NAMED, 'more requirement')}\n"
    known = source.contract.decisions
    names = dict.fromkeys(name for requirement in requirements for name in requirement.decisions)
    decisions = [f"{name} ({markdown_text(known[name].title.replace('`', ''))})" for name in names]
    if decisions:
        yield f"Rests on decision {', '.join(decisions)}.\n"


def _example(sample: Sample, output: str) -> Iterator[str]:
    """Expected, observed, and the smallest example of a finding; `output` is shown elsewhere."""
    yield f"- Expected: {markdown_text(sample.finding.expected, _LIMIT)}"
    yield f"- Observed: **{markdown_text(sample.finding.observed, _LIMIT)}**"
    fields = [(name, value) for name, value in sample.finding.example.items() if value != output]
    if fields:
        yield "- Smallest example:"
    for name, value in fields:
        yield f"  - {markdown_text(name)}: {markdown_code(str(value), _EXAMPLE)}"


def _steps(item: Item, first: Sample | None) -> Iterator[str]:
    if first and first.curl:
        yield "1. Reproduce with:\n"
        yield markdown_block(first.curl, 4000, language="sh")
        yield "2. Change the backend until the response is the expected one."
        yield "3. Run the command below.\n"
        return
    if item.fix:
        yield f"1. {markdown_text(item.fix, _LIMIT)}"
    elif item.priority == "unproven":
        yield "1. Make it possible to exercise this requirement: the line 'Observed' names what was missing."
    elif first:
        yield "1. Change the backend until it behaves as expected; the report holds the exchanges."
    else:
        yield "1. Build what is missing, as the integration specification describes it."
    yield "2. Run the command below.\n"


def _conforming(first: Sample | None, item: Item, contract: Contract) -> tuple[Operation, int]:
    """The operation and the status of the example: those of the finding, else those that the gap concerns."""
    parts = contract.behavior.operations
    requirement = contract.requirements.get(item.broken[0])
    subject = requirement.group if requirement else item.id
    default = {
        "audit": parts.audit,
        "audit_log": parts.audit,
        "memory": parts.memory,
        "memory_diagnostics": parts.memory,
    }
    named = contract.operations.get(first.finding.operation if first else item.id)
    operation = named or contract.operation(default.get(subject, parts.execute))
    match = _STATUS.search(first.finding.expected) if first else None
    status = int(match[1]) if match else 0
    return operation, status if status in operation.response_schemas else operation.responses[0]


def acceptance(items: Sequence[Item], source: Source) -> str:
    """The command that a fixed backend passes, with the seed, profile and target of the run."""
    contract, document = source.contract, source.document
    broken = [requirement.id for item in items for requirement in source.requirements(item)]
    words = ["technogate", "check", *(dict.fromkeys(broken) or [word_of(items[0].id, contract)])]
    if document:
        words += ["--seed", str(document.seed)]
        words += [] if document.profile == "quick" else ["--profile", document.profile]
        words += ["--target", document.target.target_argument] if document.target.target_argument else []
    else:
        words += ["--target", "my-backend.toml"]
    words += ["--contract", source.contract_option] if source.contract_option else []
    return shlex.join(words)
