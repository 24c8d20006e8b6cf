"""Phase 4: the gaps that a validation (or, before there is a server, an evaluation) shows, run after run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from technogate.contract.loader import Contract
from technogate.contract.selection import select
from technogate.journal.journal_file import Journal
from technogate.judging.soundness import unsound
from technogate.model.errors import UserError
from technogate.model.requirement import Level, Party
from technogate.model.verdict import Document, RequirementResult, Verdict, VerdictDocument
from technogate.util.phrases import utc_time
from technogate.workflow.evaluation import Evaluation
from technogate.workflow.intake_answer_file import required_entries

NAME = "BACKEND_CONTRACT_GAPS.md"
HISTORY = "gaps.json"

#: Critical: a MUST that failed. Unproven: a MUST without a result. Minor: a SHOULD.
Priority = Literal["critical", "unproven", "minor"]
Source = Literal["evaluation", "check", "validation"]

#: Layer of an intake -> the family or group that checks it, where the contract has one.
_LAYER_WORDS = {
    "authentication": "AUT",
    "audit_log": "audit-trail",
    "fail_closed": "fail-closed",
    "memory_diagnostics": "memory",
    "command_execution": "execute",
}

_ORDER: tuple[Priority, ...] = ("critical", "unproven", "minor")
_LIMIT = 600


class Item(Document, frozen=True):
    """A gap after a run: its requirement (or layer or endpoint), what was observed, and a possible fix."""

    id: str
    priority: Priority
    observed: str
    fix: Annotated[str, msgspec.Meta(description='the fix that the run or the answer proposes, "" for none')]
    since: Annotated[str, msgspec.Meta(description="the run that found it first")]


class GapRun(Document, frozen=True):
    """One run of `technogate gaps`: its source, when it ended, the gaps open after it, and what it changed."""

    run: str
    source: Source
    at: Annotated[str, msgspec.Meta(description="UTC")]
    contract_digest: str
    open: tuple[Item, ...]
    closed: tuple[str, ...]
    new: tuple[str, ...]

    def count(self, priority: Priority) -> int:
        """How many gaps of a priority are open."""
        return sum(item.priority == priority for item in self.open)


class GapHistory(Document, frozen=True):
    """Every run, oldest first: `gaps.json`."""

    schema: Annotated[int, msgspec.Meta(description="version of this document's shape")]
    runs: tuple[GapRun, ...]


EMPTY = GapHistory(schema=1, runs=())


def word_of(gap: str, contract: Contract) -> str:
    """The argument of `technogate check` that accepts a gap: a requirement, the checks of a layer, or the backend."""
    if gap in contract.requirements:
        return gap
    word = _LAYER_WORDS.get(gap, "")
    groups = {requirement.group for requirement in contract.requirements.values()}
    families = {requirement_id.partition("-")[0] for requirement_id in contract.requirements}
    return word if word in groups | families else "backend"


def _is_required(gap: str, contract: Contract) -> bool:
    """Whether a gap of an evaluation concerns a layer or an endpoint that the contract still has."""
    return any(gap in names for names in required_entries(contract).values())


def _accepted(gap: str, contract: Contract, passed: set[str]) -> bool:
    """Whether every requirement of the backend that accepts a gap of an evaluation has passed."""
    chosen = select(contract, [word_of(gap, contract)])
    required = {name for name in chosen if contract.requirements[name].party is Party.BACKEND}
    return bool(required) and required <= passed


def from_run(journal: Journal, document: VerdictDocument, contract: Contract, history: GapHistory) -> GapHistory:
    """The history, with the run of a journal added at its end.

    `document` is judged from the journal. Only a pass closes a gap: a gap that the run did not exercise stays open,
    and a gap of an evaluation is closed when every check of it has passed. Raises UserError for a run that proves
    nothing: against another contract, without a backend, interrupted, without a self-test, or older than the latest.
    """
    if document.contract.digest != contract.digest:
        raise UserError(
            f"the journal is of another contract than the current {contract.id}; name that contract with --contract"
        )
    if problem := _untrusted(journal):
        raise UserError(f"the run of this journal proves nothing ({problem}); run it again")
    results = [result for result in document.requirements if result.party in (Party.BACKEND, Party.PAIR)]
    if not any(result.party is Party.BACKEND for result in results):
        raise UserError("the journal judges no backend; validate one with --target")
    gaps = [_item(result, document.run) for result in results if result.verdict is not Verdict.PASS]
    judged = {result.id for result in results}
    passed = {result.id for result in results if result.verdict is Verdict.PASS}
    kept = [
        item
        for item in _before(history, document.run)
        if item.id not in judged
        and (
            item.id in contract.requirements
            or (_is_required(item.id, contract) and not _accepted(item.id, contract, passed))
        )
    ]
    source: Source = "validation" if document.is_validation else "check"
    return _extended(history, document.run, source, utc_time(document.ended), contract, [*gaps, *kept])


def from_evaluation(evaluation: Evaluation, contract: Contract, history: GapHistory) -> GapHistory:
    """The history, with the gaps of an evaluated answer added at its end.

    Raises UserError for an answer to another contract, for an incomplete one, and once a backend was judged.
    """
    if evaluation.contract_digest != contract.digest:
        raise UserError(f"the evaluation is of another contract than {contract.id}; evaluate the answer again")
    if any(earlier.source != "evaluation" for earlier in history.runs):
        raise UserError("a backend was already judged; name the journal of its latest validation")
    if not evaluation.grades:
        raise UserError("the answer is incomplete, so its gaps are not known; fill it in and evaluate it again")
    run = f"evaluation-{evaluation.date}"
    items: dict[str, Item] = {}
    # Critical gaps come first, so that a layer or an endpoint gets the priority of its worst gap.
    for gap in evaluation.gaps:
        item = Item(id=gap.concerns, priority=gap.priority.value, observed=gap.what, fix=gap.fix, since=run)
        if worse := items.get(item.id):
            item = msgspec.structs.replace(
                worse, observed=_joined(worse.observed, item.observed), fix=_joined(worse.fix, item.fix)
            )
        items[item.id] = item
    return _extended(history, run, "evaluation", evaluation.date, contract, list(items.values()))


def _untrusted(journal: Journal) -> str:
    """Why the passes of a run prove nothing; "" when they do."""
    problem = next(iter(unsound(journal)), "")
    unfinished = journal.footer is not None and journal.footer.end != "finished"
    return f"it did not finish: {problem}" if unfinished else problem


def _item(result: RequirementResult, run: str) -> Item:
    priority: Priority = "unproven" if result.verdict is Verdict.INCONCLUSIVE else "critical"
    waived = "; waived, but still a gap" if result.waived else ""
    return Item(
        id=result.id,
        priority="minor" if result.level is Level.SHOULD else priority,
        observed=(result.reason or result.verdict.value)[:_LIMIT] + waived,
        fix=result.hint,
        since=run,
    )


def _before(history: GapHistory, run: str) -> tuple[Item, ...]:
    """The gaps open before a run."""
    earlier = [entry for entry in history.runs if entry.run != run]
    return earlier[-1].open if earlier else ()


def _extended(
    history: GapHistory, run: str, source: Source, at: str, contract: Contract, items: Sequence[Item]
) -> GapHistory:
    """The history with a run at its end; a run that is there already is replaced."""
    earlier = tuple(entry for entry in history.runs if entry.run != run)
    if earlier and at < earlier[-1].at[: len(at)]:
        raise UserError(f"the history has a later run: {earlier[-1].run} ended {earlier[-1].at}; name its journal")
    since = {item.id: item.since for item in _before(history, run)}
    items = [msgspec.structs.replace(item, since=since.get(item.id, item.since)) for item in items]
    now = {item.id for item in items}
    entry = GapRun(
        run=run,
        source=source,
        at=at,
        contract_digest=contract.digest,
        open=tuple(sorted(items, key=lambda item: (_ORDER.index(item.priority), item.id))),
        closed=tuple(sorted(since.keys() - now)),
        new=tuple(sorted(now - since.keys())),
    )
    return GapHistory(schema=1, runs=(*earlier, entry))


def _joined(first: str, second: str) -> str:
    return "; ".join(filter(None, [first, second]))
