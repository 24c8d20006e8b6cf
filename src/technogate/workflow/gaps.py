"""Phase 4: the gaps that a validation (or, before there is a server, an evaluation) leaves, run after run. Pure."""

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
from technogate.workflow.intake_answer_file import asked

NAME = "BACKEND_CONTRACT_GAPS.md"
HISTORY = "gaps.json"

#: Critical: a MUST that failed. Unproven: a MUST without a result. Minor: a SHOULD.
Priority = Literal["critical", "unproven", "minor"]
Source = Literal["evaluation", "check", "validation"]

#: Layer of an intake -> what checks it, where the contract has such a family or group.
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
    """A gap as a run left it: its requirement (or layer or endpoint), what was observed, and how it may be fixed."""

    id: str
    priority: Priority
    observed: str
    fix: Annotated[str, msgspec.Meta(description='what the run or the answer proposes, "" for nothing')]
    since: Annotated[str, msgspec.Meta(description="the run that saw it first")]


class GapRun(Document, frozen=True):
    """One run of the list: where it came from, when it ended, the gaps open after it, and what it changed."""

    run: str
    source: Source
    at: Annotated[str, msgspec.Meta(description="UTC")]
    contract_digest: str
    open: tuple[Item, ...]
    closed: tuple[str, ...]
    new: tuple[str, ...]

    def count(self, priority: Priority) -> int:
        """How many gaps of a priority are open."""
        return sum(one.priority == priority for one in self.open)


class GapHistory(Document, frozen=True):
    """Every run, oldest first: `gaps.json`."""

    schema: Annotated[int, msgspec.Meta(description="version of this document's shape")]
    runs: tuple[GapRun, ...]


EMPTY = GapHistory(schema=1, runs=())


def word_of(gap: str, contract: Contract) -> str:
    """What `technogate check` is given to accept a gap: its requirement, what checks its layer, or the backend."""
    if gap in contract.requirements:
        return gap
    word = _LAYER_WORDS.get(gap, "")
    groups = {one.group for one in contract.requirements.values()}
    families = {one.partition("-")[0] for one in contract.requirements}
    return word if word in groups | families else "backend"


def _is_asked(gap: str, contract: Contract) -> bool:
    """Whether a gap of an evaluation concerns what the contract has still."""
    return any(gap in names for names in asked(contract).values())


def _accepted(gap: str, contract: Contract, passed: set[str]) -> bool:
    """Whether every requirement of the backend that accepts a gap of an evaluation has passed."""
    chosen = select(contract, [word_of(gap, contract)])
    wanted = {one for one in chosen if contract.requirements[one].party is Party.BACKEND}
    return bool(wanted) and wanted <= passed


def from_run(journal: Journal, document: VerdictDocument, contract: Contract, history: GapHistory) -> GapHistory:
    """The history with the run of a journal, and the document judged from it, at its end.

    Only a pass closes a gap: one that the run did not exercise stays open, and one that an evaluation showed
    is closed when all that checks it has passed. Raises UserError for a run that
    proves nothing: against another contract, of no backend, broken off, without a self-test, or older than the
    latest.
    """
    if document.contract.digest != contract.digest:
        raise UserError(f"the journal is of another contract than {contract.id} as it is now; name it with --contract")
    if problem := _untrusted(journal):
        raise UserError(f"the run of this journal proves nothing ({problem}); run it again")
    mine = [one for one in document.requirements if one.party in (Party.BACKEND, Party.PAIR)]
    if not any(one.party is Party.BACKEND for one in mine):
        raise UserError("the journal judges no backend; validate one with --target")
    found = [_item(one, document.run) for one in mine if one.verdict is not Verdict.PASS]
    judged = {one.id for one in mine}
    passed = {one.id for one in mine if one.verdict is Verdict.PASS}
    before = [one for one in _before(history, document.run) if one.id not in judged]
    kept = [
        one
        for one in before
        if one.id in contract.requirements or (_is_asked(one.id, contract) and not _accepted(one.id, contract, passed))
    ]
    source: Source = "validation" if document.is_validation else "check"
    return _extended(history, document.run, source, utc_time(document.ended), contract, [*found, *kept])


def from_evaluation(evaluation: Evaluation, contract: Contract, history: GapHistory) -> GapHistory:
    """The history with the gaps that an answer shows at its end.

    Raises UserError for an answer to another contract, an incomplete one, or once a backend was judged.
    """
    if evaluation.contract_digest != contract.digest:
        raise UserError(f"the evaluation is of another contract than {contract.id}; evaluate the answer again")
    if any(one.source != "evaluation" for one in history.runs):
        raise UserError("a backend was judged already; name the journal of its latest validation")
    if not evaluation.grades:
        raise UserError("the answer is incomplete, so its gaps are not known; fill it in and evaluate it again")
    run = f"evaluation-{evaluation.date}"
    found: dict[str, Item] = {}
    # The critical ones come first, so that what a layer or an endpoint weighs is its worst.
    for gap in evaluation.gaps:
        one = Item(id=gap.concerns, priority=gap.priority.value, observed=gap.what, fix=gap.fix, since=run)
        before = found.get(one.id)
        if before:
            one = msgspec.structs.replace(
                before, observed=_joined(before.observed, one.observed), fix=_joined(before.fix, one.fix)
            )
        found[one.id] = one
    return _extended(history, run, "evaluation", evaluation.date, contract, list(found.values()))


def _untrusted(journal: Journal) -> str:
    """Why the passes of a run prove nothing; "" when they do."""
    problem = next(iter(unsound(journal)), "")
    broken_off = journal.footer is not None and journal.footer.end != "finished"
    return f"it was broken off: {problem}" if broken_off else problem


def _item(result: RequirementResult, run: str) -> Item:
    priority: Priority = "unproven" if result.verdict is Verdict.INCONCLUSIVE else "critical"
    waived = "; waived, and a gap all the same" if result.waived else ""
    return Item(
        id=result.id,
        priority="minor" if result.level is Level.SHOULD else priority,
        observed=(result.reason or result.verdict.value)[:_LIMIT] + waived,
        fix=result.hint,
        since=run,
    )


def _before(history: GapHistory, run: str) -> tuple[Item, ...]:
    """The gaps open before a run."""
    earlier = [one for one in history.runs if one.run != run]
    return earlier[-1].open if earlier else ()


def _extended(
    history: GapHistory, run: str, source: Source, at: str, contract: Contract, items: Sequence[Item]
) -> GapHistory:
    """The history with a run at its end; the same run again takes the place of its own entry there."""
    earlier = tuple(one for one in history.runs if one.run != run)
    if earlier and at < earlier[-1].at[: len(at)]:
        raise UserError(f"the history goes on after this run: {earlier[-1].run} ended {earlier[-1].at}; list that one")
    since = {one.id: one.since for one in _before(history, run)}
    items = [msgspec.structs.replace(one, since=since.get(one.id, one.since)) for one in items]
    now = {one.id for one in items}
    entry = GapRun(
        run=run,
        source=source,
        at=at,
        contract_digest=contract.digest,
        open=tuple(sorted(items, key=lambda one: (_ORDER.index(one.priority), one.id))),
        closed=tuple(sorted(since.keys() - now)),
        new=tuple(sorted(now - since.keys())),
    )
    return GapHistory(schema=1, runs=(*earlier, entry))


def _joined(first: str, second: str) -> str:
    return "; ".join(filter(None, [first, second]))
