"""Phase 4: the gaps that a validation (or, before there is a server, an evaluation) shows, run after run. Pure.

A gap is a cause of findings, known by its id in every run; or a requirement without a result; or, of an answer to an
intake, a layer or an endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from technogate.contract.loader import Contract
from technogate.contract.selection import select
from technogate.journal.journal_file import Journal
from technogate.judging.soundness import invalid, unsound
from technogate.model.cause import Cause
from technogate.model.errors import UserError
from technogate.model.requirement import Level, Party
from technogate.model.verdict import RequirementResult, Verdict, VerdictDocument
from technogate.util.phrases import utc_time
from technogate.workflow.evaluation import Evaluation
from technogate.workflow.gap_history import ORDER, GapHistory, GapRun, Item, Priority, Source
from technogate.workflow.intake_answer_file import required_entries

NAME = "BACKEND_CONTRACT_GAPS.md"
HISTORY = "gaps.json"

#: Layer of an intake -> the family or group that checks it, where the contract has one.
_LAYER_WORDS = {
    "authentication": "AUT",
    "audit_log": "audit-trail",
    "fail_closed": "fail-closed",
    "memory_diagnostics": "memory",
    "command_execution": "execute",
}

#: The verdicts of a requirement that has a result.
_KNOWN = (Verdict.PASS, Verdict.FAIL)

_LIMIT = 600


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

    `document` is judged from the journal. A gap is closed by a run in which its cause does not occur, each of its
    requirements has a result, and at least one of them passes: one that fails then has other causes, and each is a
    gap. A gap of an evaluation is closed when every check of it has passed. A run that crashed or was interrupted
    opens gaps and closes none. Raises UserError for a run that proves nothing: against another contract, without a
    backend, without a self-test, with a clock that was set, or older than the latest.
    """
    if document.contract.digest != contract.digest:
        raise UserError(
            f"the journal is of another contract than the current {contract.id}; name that contract with --contract"
        )
    if problem := next(iter(invalid(journal)), ""):
        raise UserError(f"the run of this journal proves nothing ({problem}); run it again")
    verdicts = {
        result.id: result.verdict for result in document.requirements if result.party in (Party.BACKEND, Party.PAIR)
    }
    if not any(result.party is Party.BACKEND for result in document.requirements):
        raise UserError("the journal judges no backend; validate one with --target")
    problem = next(iter(unsound(journal)), "")
    items, closed = _after(document, verdicts, _before(history, document.run), contract, sound=not problem)
    source: Source = "validation" if document.is_validation else "check"
    run = GapRun(
        run=document.run,
        source=source,
        at=utc_time(document.ended),
        contract_digest=contract.digest,
        open=tuple(items),
        closed=tuple(closed),
        new=(),
        problem=problem[:_LIMIT],
    )
    return _extended(history, run)


def _after(
    document: VerdictDocument,
    verdicts: Mapping[str, Verdict],
    before: Sequence[Item],
    contract: Contract,
    *,
    sound: bool,
) -> tuple[list[Item], list[str]]:
    """The gaps open after a run, and the ids of those that it closes when they are not among them."""
    earlier = {item.id: item for item in before}
    found = []
    for cause in document.causes:
        if cause.party is not Party.CONSOLE:
            before_it = earlier[cause.id].requirements if cause.id in earlier else ()
            broken = {*cause.requirements, *(name for name in before_it if verdicts.get(name) not in _KNOWN)}
            found.append(_cause_item(cause, document, tuple(name for name in contract.requirements if name in broken)))
    shown = {item.id for item in found}
    single = [item for item in before if item.id in contract.requirements]
    others = [item for item in before if item.id not in contract.requirements and item.id not in shown]
    kept = [item for item in others if not sound or _stays(item, verdicts, contract)]
    unproven = [item for item in single if not sound or verdicts.get(item.id) is None]
    if sound:
        unproven += [
            _single_item(result, document.run)
            for result in document.requirements
            if verdicts.get(result.id, Verdict.PASS) is not Verdict.PASS
        ]
    explained = {requirement for item in [*found, *kept] for requirement in item.broken}
    closed = [item.id for item in others] + [item.id for item in single if verdicts.get(item.id) is Verdict.PASS]
    return [*found, *kept, *(item for item in unproven if item.id not in explained)], closed


def _stays(item: Item, verdicts: Mapping[str, Verdict], contract: Contract) -> bool:
    """Whether a gap that a sound run did not show stays open."""
    if not item.requirements and item.id not in contract.requirements:
        passed = {name for name, verdict in verdicts.items() if verdict is Verdict.PASS}
        return _is_required(item.id, contract) and not _accepted(item.id, contract, passed)
    broken = [verdicts.get(name) for name in item.broken if name in contract.requirements]
    judged = all(verdict in _KNOWN for verdict in broken)
    return bool(broken) and not (judged and Verdict.PASS in broken)


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
    entry = GapRun(
        run=run,
        source="evaluation",
        at=evaluation.date,
        contract_digest=contract.digest,
        open=tuple(sorted(items.values(), key=lambda item: item.id)),
        closed=tuple(item.id for item in _before(history, run)),
        new=(),
    )
    return _extended(history, entry)


def _cause_item(cause: Cause, document: VerdictDocument, broken: tuple[str, ...]) -> Item:
    """A cause as a gap; `broken` are its requirements, and those of the run before that have no result now."""
    waived = {result.id for result in document.requirements if result.waived}
    return Item(
        id=cause.id,
        priority="critical" if cause.level is Level.MUST else "minor",
        observed=cause.title[:_LIMIT] + ("; waived, but still a gap" if waived.issuperset(cause.requirements) else ""),
        fix="",
        since=document.run,
        requirements=broken,
    )


def _single_item(result: RequirementResult, run: str) -> Item:
    """A requirement that did not pass and that no cause explains, as a gap."""
    priority: Priority = "unproven" if result.verdict is Verdict.INCONCLUSIVE else "critical"
    return Item(
        id=result.id,
        priority="minor" if result.level is Level.SHOULD else priority,
        observed=(result.reason or result.verdict.value)[:_LIMIT],
        fix=result.hint,
        since=run,
        requirements=(result.id,),
    )


def _before(history: GapHistory, run: str) -> tuple[Item, ...]:
    """The gaps open before a run."""
    earlier = [entry for entry in history.runs if entry.run != run]
    return earlier[-1].open if earlier else ()


def _extended(history: GapHistory, run: GapRun) -> GapHistory:
    """The history with a run at its end, which replaces the same run; `closed` of it are those that may be closed."""
    earlier = tuple(entry for entry in history.runs if entry.run != run.run)
    if earlier and run.at < earlier[-1].at[: len(run.at)]:
        raise UserError(f"the history has a later run: {earlier[-1].run} ended {earlier[-1].at}; name its journal")
    since = {item.id: item.since for item in _before(history, run.run)}
    items = [msgspec.structs.replace(item, since=since.get(item.id, item.since)) for item in run.open]
    now = {item.id for item in items}
    run = msgspec.structs.replace(
        run,
        # Within a priority they keep the order of the document: what explains most comes first.
        open=tuple(sorted(items, key=lambda item: ORDER.index(item.priority))),
        closed=tuple(sorted((since.keys() - now) & set(run.closed))),
        new=tuple(sorted(now - since.keys())),
    )
    return GapHistory(schema=1, runs=(*earlier, run))


def _joined(first: str, second: str) -> str:
    return "; ".join(filter(None, [first, second]))
