"""The list of gaps as a document to send: `BACKEND_CONTRACT_GAPS.md`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from technogate.contract.loader import Contract, Operation
from technogate.model.verdict import Sample, VerdictDocument
from technogate.util.text import markdown_block, markdown_code, markdown_text
from technogate.workflow.facts import about, exchange_example, page, row, table
from technogate.workflow.gaps import GapHistory, GapRun, Item, word_of

_LIMIT = 600

#: Characters of a part of the smallest example; the report has all of it.
_EXAMPLE = 200
_STATUS = re.compile(r"\bstatus (?:of )?([1-5][0-9]{2})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a list is made from; `document` is None before a backend was judged, `contract_option` "" by default."""

    contract: Contract
    document: VerdictDocument | None
    contract_option: str

    def samples(self, gap: str) -> list[Sample]:
        """The findings of a gap."""
        findings = self.document.findings if self.document else ()
        return [sample for sample in findings if sample.finding.requirement == gap]


def markdown(history: GapHistory, source: Source) -> str:
    """The latest run of the history, and the runs before it."""
    run = history.runs[-1]
    parts = ["# Gaps of the backend\n", about(source.contract), *_summary(run, source.document)]
    if run.open:
        parts += [f"## Open ({len(run.open)})\n", *_overview(run, source)]
    parts += ["## Run after run\n", *_runs(history)]
    for item in run.open:
        parts += [*_gap(item, _state(item, run), source)]
    return page(parts)


def _summary(run: GapRun, document: VerdictDocument | None) -> Iterator[str]:
    still = len(run.open) - len(run.new)
    yield (
        f"**{len(run.open)} open**: {run.count('critical')} critical, {run.count('unproven')} unproven, "
        f"{run.count('minor')} minor. {len(run.new)} new, {still} still open, {len(run.closed)} closed.\n"
    )
    article = "an" if run.source == "evaluation" else "a"
    yield f"From {article} {run.source}, run {markdown_code(run.run)}, {run.at}.\n"
    if document:
        must = document.must
        what = "Verdict" if document.is_validation else "A check (not a verdict)"
        yield (
            f"{what}: **{document.verdict.value}**. MUST requirements: {must.passed} passed, {must.failed} failed, "
            f"{must.inconclusive} inconclusive, of {must.total}. Findings: {len(document.findings)}.\n"
        )
    if run.closed:
        yield f"Closed by this run: {', '.join(markdown_text(gap) for gap in run.closed)}.\n"
    if not run.open:
        yield "No gap is open.\n"


def _state(item: Item, run: GapRun) -> str:
    return "new" if item.id in run.new else "still open"


def _overview(run: GapRun, source: Source) -> Iterator[str]:
    requirements = source.contract.requirements
    yield from table(
        "gap | priority | state | requirement",
        *(
            row(
                markdown_text(item.id),
                item.priority,
                _state(item, run),
                markdown_text(requirements[item.id].text if item.id in requirements else item.observed, _LIMIT),
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


def _gap(item: Item, state: str, source: Source) -> Iterator[str]:
    """One gap: the requirement, expected and observed, how to fix it, and the command that accepts the fix."""
    yield f"## {markdown_text(item.id)} ({item.priority}, {state})\n"
    requirement = source.contract.requirements.get(item.id)
    if requirement:
        yield f"> {markdown_text(requirement.text)}\n"
        known = source.contract.decisions
        decisions = [f"{name} ({markdown_text(known[name].title.replace('`', ''))})" for name in requirement.decisions]
        if decisions:
            yield f"Rests on decision {', '.join(decisions)}.\n"
    samples = source.samples(item.id)
    first = samples[0] if samples else None
    if first:
        yield f"- Expected: {markdown_text(first.finding.expected, _LIMIT)}"
        yield f"- Observed: **{markdown_text(first.finding.observed, _LIMIT)}**"
        if first.finding.example:
            yield "- Smallest example:"
        for name, value in first.finding.example.items():
            yield f"  - {markdown_text(name)}: {markdown_code(str(value), _EXAMPLE)}"
        numbers = ", ".join(str(sample.number) for sample in samples)
        yield f"- In the report: finding{'' if len(samples) == 1 else 's'} {numbers}"
    else:
        yield f"- Observed: **{markdown_text(item.observed, _LIMIT)}**"
    yield f"- Open since: {markdown_code(item.since)}\n"
    yield "### Steps to fix\n"
    yield from _steps(item, first)
    operation, status = _conforming(first, item, source.contract)
    yield f"### A conforming exchange of {markdown_text(operation.id)}\n"
    yield markdown_block(exchange_example(source.contract, operation, status), language="http")
    yield "### Accepted when\n"
    yield "This command exits 0:\n"
    yield markdown_block(acceptance(item, source), language="sh")


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
    requirement = contract.requirements.get(item.id)
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


def acceptance(item: Item, source: Source) -> str:
    """The command that a fixed backend passes, with the seed, profile and target of the run."""
    contract, document = source.contract, source.document
    words = ["technogate", "check", word_of(item.id, contract)]
    if document:
        words += ["--seed", str(document.seed)]
        words += [] if document.profile == "quick" else ["--profile", document.profile]
        words += [] if document.target.target_argument == "embedded" else ["--target", document.target.target_argument]
    else:
        words += ["--target", "my-backend.toml"]
    words += ["--contract", source.contract_option] if source.contract_option else []
    return shlex.join(words)
