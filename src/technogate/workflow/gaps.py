"""Phase 4: the gaps that a validation (or, before there is a server, an evaluation) leaves, run after run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import msgspec

from technogate.contract import Contract
from technogate.errors import UserError
from technogate.requirement import Level, Party
from technogate.text import markdown_block, markdown_code, markdown_text
from technogate.verdict import Verdict, VerdictDocument
from technogate.workflow.evaluation import Evaluation
from technogate.workflow.facts import about, exchange_example, page, row

NAME = "BACKEND_CONTRACT_GAPS.md"
HISTORY = "gaps.json"

_LIMIT = 600
_STATUS = re.compile(r"\b([1-5][0-9]{2})\b")


class _Doc(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the history."""


class Item(_Doc, frozen=True):
    """A gap as a run left it: its requirement (or layer or endpoint), its priority, and what was observed."""

    id: str
    priority: str
    observed: str


class Run(_Doc, frozen=True):
    """One run of the list: where it came from, when (UTC), the gaps open after it, and what it closed."""

    run: str
    source: str
    at: str
    contract_digest: str
    open: tuple[Item, ...]
    closed: tuple[str, ...]
    new: tuple[str, ...]


class History(_Doc, frozen=True):
    """Every run, oldest first."""

    schema: int = 1
    runs: tuple[Run, ...] = ()


def from_document(document: VerdictDocument, contract: Contract, history: History, at: str) -> Run:
    """The gaps that the backend has after a run.

    A gap of an earlier run that this one did not exercise stays open: only a pass closes it. Raises
    UserError for a run against another contract, or one that judged no backend.
    """
    if document.contract.digest != contract.digest:
        raise UserError(f"the journal is of another contract than {contract.id}; name it with --contract")
    mine = [one for one in document.requirements if one.party in (Party.BACKEND, Party.PAIR)]
    if not mine:
        raise UserError("the journal judges no backend; validate one with --target")
    items = [
        Item(id=one.id, priority=_priority(one.level, one.verdict), observed=one.reason[:_LIMIT] or one.verdict.value)
        for one in mine
        if one.verdict is not Verdict.PASS
    ]
    passed = {one.id for one in mine if one.verdict is Verdict.PASS}
    before = _before(history, document.run)
    known = {one.id for one in items} | passed
    items += [one for one in before if one.id not in known and one.id in contract.requirements]
    return _run(document.run, "validation" if document.is_validation else "check", at, contract, items, before)


def from_evaluation(evaluation: Evaluation, contract: Contract, history: History, at: str) -> Run:
    """The gaps that an answer shows; raises UserError for one to another contract, or once a server was judged."""
    if evaluation.contract_digest != contract.digest:
        raise UserError(f"the evaluation is of another contract than {contract.id}; evaluate the answer again")
    if any(one.source != "evaluation" for one in history.runs):
        raise UserError("a backend was judged already; name the journal of its latest validation")
    items = [Item(id=one.concerns, priority=one.priority.value, observed=one.what[:_LIMIT]) for one in evaluation.gaps]
    if not evaluation.grades:
        raise UserError("the answer is incomplete, so its gaps are not known; fill it in and evaluate it again")
    run = f"evaluation-{evaluation.date}"
    return _run(run, "evaluation", at, contract, items, _before(history, run))


def extended(history: History, run: Run) -> History:
    """The history with `run` at its end; the same run again takes the place of its earlier entry."""
    return History(runs=(*(one for one in history.runs if one.run != run.run), run))


def _before(history: History, run: str) -> tuple[Item, ...]:
    earlier = [one for one in history.runs if one.run != run]
    return earlier[-1].open if earlier else ()


def _run(run: str, source: str, at: str, contract: Contract, items: list[Item], before: tuple[Item, ...]) -> Run:
    order = {"critical": 0, "unproven": 1, "minor": 2}
    was, now = {one.id for one in before}, {one.id for one in items}
    return Run(
        run=run,
        source=source,
        at=at,
        contract_digest=contract.digest,
        open=tuple(sorted(items, key=lambda one: (order.get(one.priority, 0), one.id))),
        closed=tuple(sorted(was - now)),
        new=tuple(sorted(now - was)),
    )


def _priority(level: Level, verdict: Verdict) -> str:
    """A MUST that failed is critical, one without a result unproven; a SHOULD is minor."""
    if level is Level.SHOULD:
        return "minor"
    return "critical" if verdict is Verdict.FAIL else "unproven"


def markdown(history: History, contract: Contract, document: VerdictDocument | None, target: str) -> str:
    """`BACKEND_CONTRACT_GAPS.md`: the latest run of the history, beside those before it."""
    run = history.runs[-1]
    counted = {name: sum(one.priority == name for one in run.open) for name in ("critical", "unproven", "minor")}
    parts = ["# Gaps of the backend\n", about(contract)]
    parts.append(
        f"From {'an' if run.source == 'evaluation' else 'a'} {run.source}, run {markdown_code(run.run)}, {run.at}.\n"
    )
    if document:
        parts.append(
            f"MUST requirements: {document.must.passed} passed, {document.must.failed} failed, "
            f"{document.must.inconclusive} inconclusive, of {document.must.total}. Findings: {len(document.findings)}.\n"
        )
    still = len(run.open) - len(run.new)
    parts.append(f"**{len(run.open)} open** ({', '.join(f'{number} {name}' for name, number in counted.items())}): "
                 f"{len(run.new)} new, {still} still open; {len(run.closed)} closed since the run before.\n")  # fmt: skip
    if run.closed:
        parts.append(f"Closed: {', '.join(markdown_text(one) for one in run.closed)}.\n")
    parts += [row("run", "when", "open", "new", "closed"), "|---|---|--:|--:|--:|"]
    for one in history.runs:
        parts.append(
            row(markdown_code(one.run, cell=True), one.at, str(len(one.open)), str(len(one.new)), str(len(one.closed)))
        )
    for one in run.open:
        state = "new" if one.id in run.new else "still open"
        parts += ["", *_gap(one, state, contract, document, target)]
    return page(parts)


def _gap(item: Item, state: str, contract: Contract, document: VerdictDocument | None, target: str) -> Iterator[str]:
    """One gap: what is owed, what was seen, how to fix it, and how that is accepted."""
    yield f"## {markdown_text(item.id)} ({item.priority}, {state})\n"
    requirement = contract.requirements.get(item.id)
    if requirement:
        yield f"> {markdown_text(requirement.text)}\n"
    samples = [one for one in document.findings if one.finding.requirement == item.id] if document else []
    first = samples[0] if samples else None
    operation = contract.operations.get(first.finding.operation if first else item.id)
    if first:
        yield f"- Expected: {markdown_text(first.finding.expected, _LIMIT)}"
    yield f"- Observed: **{markdown_text(item.observed, _LIMIT)}**"
    if len(samples) > 1:
        yield f"- Findings: {len(samples)}, numbers {', '.join(str(one.number) for one in samples)} of the report"
    yield "\n### Steps to fix\n"
    yield from _steps(item, first is not None)
    if first and first.curl:
        yield markdown_block(first.curl, 4000, language="sh")
    if operation:
        found = _STATUS.search(first.finding.expected) if first else None
        wanted = int(found[1]) if found else 0
        status = wanted if wanted in operation.answer_schemas else operation.answers[0]
        yield "\nA conforming exchange:\n"
        yield markdown_block(exchange_example(contract, operation, status), language="http")
    yield "### Accepted when\n"
    word = item.id if requirement else "backend"
    yield "This command exits 0:\n"
    yield markdown_block(f"technogate check {word} --target {shlex.quote(target)}", language="sh")


def _steps(item: Item, seen: bool) -> Iterator[str]:
    if item.priority == "unproven":
        yield "1. Make it possible to exercise this: the reason above says what was missing."
        yield "2. Run the command below.\n"
    elif seen:
        yield "1. Send the request below and see what is observed."
        yield "2. Change the backend until the answer is what is expected."
        yield "3. Run the command below.\n"
    else:
        yield "1. Build what is missing, as the specification has it."
        yield "2. Run the command below.\n"
