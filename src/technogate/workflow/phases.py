"""The six phases: done, next or blocked, with the evidence found in the project folder. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from technogate.contract.loader import Contract
from technogate.model.verdict import Verdict, VerdictDocument, exit_code
from technogate.report.project_progress import Phase, PhaseStep, ProjectProgress, State
from technogate.util.phrases import many
from technogate.workflow.deployment import Deployment
from technogate.workflow.evaluation import Evaluation
from technogate.workflow.gaps import GapHistory
from technogate.workflow.intake_answer_file import AnswerReading
from technogate.workflow.rubric import RubricDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDocuments:
    """What the project folder holds, None for what it does not.

    `answer` and `document` are a line of text where the file is there and cannot be used. `spec_given` is the
    specification in the folder, `spec_wanted` the one that the contract gives. `evidence_sha256` is "" without any.
    """

    prompt: str | None
    prompt_wanted: str
    answer: AnswerReading | str | None
    evaluation: Evaluation | None
    spec: str | None
    spec_wanted: str
    history: GapHistory
    document: VerdictDocument | str | None
    evidence_sha256: str
    deployment: Deployment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What a look at a phase comes to: `done`, or `barred` by more than its not being done yet."""

    evidence: str
    command: str = ""
    done: bool = False
    barred: bool = False


def progress_of(found: FoundDocuments, contract: Contract) -> ProjectProgress:
    """The phases and the gaps of a project."""
    steps = tuple(
        PhaseStep(
            run=one.run,
            source=one.source,
            at=one.at,
            critical=one.count("critical"),
            unproven=one.count("unproven"),
            minor=one.count("minor"),
            new=len(one.new),
            closed=len(one.closed),
        )
        for one in found.history.runs
    )
    return ProjectProgress(title=contract.title, phases=phases(found, contract), steps=steps)


def phases(found: FoundDocuments, contract: Contract) -> tuple[Phase, ...]:
    """Every phase: the first that is not done is next, unless something bars it; what follows waits for it."""
    looks = (
        ("Intake", _intake(found)),
        ("Evaluation", _evaluation(found, contract)),
        ("Specification", _specification(found)),
        ("Implementation", _implementation(found, contract)),
        ("Validation", _validation(found, contract)),
        ("Deployment", _deployment(found)),
    )
    rows: list[Phase] = []
    waits_for = ""
    for number, (title, look) in enumerate(looks, 1):
        state: State = "done" if look.done else "blocked" if look.barred else "next"
        evidence = look.evidence
        if waits_for:
            state, evidence = "blocked", f"{evidence}; waits for {waits_for}"
        waits_for = waits_for or ("" if look.done else f"phase {number}")
        rows.append(Phase(number=number, title=title, state=state, evidence=evidence, command=look.command))
    return tuple(rows)


def _intake(found: FoundDocuments) -> _Look:
    check = "technogate intake check INTAKE_ANSWER.md"
    if found.prompt is None:
        return _Look(evidence="there is no prompt yet", command="technogate intake prompt")
    if found.prompt != found.prompt_wanted:
        return _Look(evidence="the prompt is not the one that this contract gives", command="technogate intake prompt")
    if found.answer is None:
        return _Look(evidence="the prompt is written, there is no answer yet", command="technogate intake template")
    if isinstance(found.answer, str):
        return _Look(evidence=found.answer, command=check)
    missing = [one for one in found.answer.problems if not one.detail]
    if missing:
        return _Look(evidence=f"the answer lacks {many(len(missing), 'thing')}", command=check)
    details = len(found.answer.problems)
    but = f", but for {many(details, 'detail')}" if details else ""
    return _Look(done=True, evidence=f"the answer is complete{but}")


def _evaluation(found: FoundDocuments, contract: Contract) -> _Look:
    one = found.evaluation
    again = "technogate evaluate INTAKE_ANSWER.md"
    if one is None:
        return _Look(evidence="the answer was not evaluated yet", command=again)
    if one.contract_digest != contract.digest:
        return _Look(evidence="the evaluation is of another contract", command=again)
    if not isinstance(found.answer, AnswerReading) or found.answer.sha256 != one.answer_sha256:
        return _Look(evidence="the evaluation is of another answer than the one that is there", command=again)
    decided = f"{one.decision.value} by rule {one.decided_by} ({one.rule.text}), {one.date}"
    if one.decision is RubricDecision.HOLD:
        return _Look(barred=True, evidence=decided, command="technogate gaps")
    if not one.confirmed_by:
        return _Look(evidence=f"{decided}; no person has confirmed it", command=f"{again} --confirmed-by NAME")
    return _Look(done=True, evidence=f"{decided}; confirmed by {one.confirmed_by}, {one.confirmed_at}")


def _specification(found: FoundDocuments) -> _Look:
    if found.spec is None:
        return _Look(evidence="it is not written yet", command="technogate spec")
    if found.spec != found.spec_wanted:
        return _Look(evidence="it is not the one that this contract gives", command="technogate spec")
    digest = hashlib.sha256(found.spec.encode("utf-8")).hexdigest()
    return _Look(done=True, evidence=f"the specification is that of this contract (sha256 {digest[:16]}…)")


def _implementation(found: FoundDocuments, contract: Contract) -> _Look:
    runs = [one for one in found.history.runs if one.source != "evaluation"]
    again = "technogate gaps reports/journal.jsonl"
    if not runs:
        return _Look(evidence="no list of gaps from a run against a backend yet", command=again)
    last = runs[-1]
    if last.contract_digest != contract.digest:
        return _Look(evidence="the gaps are of another contract", command=again)
    if last.open:
        counted = ", ".join(f"{last.count(name)} {name}" for name in ("critical", "unproven", "minor"))
        evidence = f"{many(len(last.open), 'gap')} open after run {last.run} ({counted})"
        must = len(last.open) - last.count("minor")
        return _Look(done=not must, evidence=evidence, command="" if not must else "see BACKEND_CONTRACT_GAPS.md")
    return _Look(done=True, evidence=f"no gap open after run {last.run}, {last.at}")


def _validation(found: FoundDocuments, contract: Contract) -> _Look:
    one = found.document
    again = "technogate validate --target pair.toml"
    if one is None:
        return _Look(evidence="there is no journal of a validation", command=again)
    if isinstance(one, str):
        return _Look(evidence=one, command=again)
    if one.contract.digest != contract.digest:
        return _Look(evidence="the validation is of another contract", command=again)
    counts = f"{one.verdict.value}, run {one.run}, {one.must.passed} of {one.must.total} MUST passed"
    if not one.is_validation:
        return _Look(evidence="only a part was checked, which is never a verdict", command=again)
    if not {"backend", "console"} <= set(one.target.parties):
        return _Look(evidence=f"{counts}, of the {' and '.join(one.target.parties)} alone", command=again)
    passed = one.verdict is Verdict.PASS and exit_code(one) == 0
    return _Look(done=passed, barred=not passed, evidence=counts, command="" if passed else again)


def _deployment(found: FoundDocuments) -> _Look:
    ask = "technogate deploy-check … --record DEPLOY_CHECK.json"
    one = found.deployment
    if not found.evidence_sha256:
        return _Look(
            evidence="there is no signed evidence of a validation of images",
            command="technogate validate --target compose --signing-key FILE",
        )
    if one is None:
        return _Look(evidence="the evidence is there, the deploy gate was not asked", command=ask)
    if one.evidence_sha256 != found.evidence_sha256:
        return _Look(evidence="the deploy gate was asked about other evidence", command=ask)
    proven = sum(line.proven for line in one.lines)
    said = f"{proven} of {len(one.lines)} lines proven, {one.console} and {one.backend}, {one.at}"
    if not one.deploy or not one.lines or proven != len(one.lines):
        return _Look(barred=True, evidence=f"DO NOT DEPLOY: {said}", command=ask)
    return _Look(done=True, evidence=f"DEPLOY: {said}")
