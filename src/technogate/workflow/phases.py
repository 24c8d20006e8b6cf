"""The six phases: done, next or blocked, with the evidence in the project folder. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from technogate.contract.loader import Contract
from technogate.model.verdict import Verdict, VerdictDocument, exit_code
from technogate.report.project_progress import Phase, PhaseStep, ProjectProgress, State
from technogate.util.phrases import many
from technogate.workflow.deployment import Deployment
from technogate.workflow.evaluation import Evaluation
from technogate.workflow.gap_history import GapHistory
from technogate.workflow.intake_answer_file import AnswerReading
from technogate.workflow.rubric import RubricDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDocuments:
    """The documents in the project folder, None for one that does not exist.

    `answer` and `document` are a line of text when the file exists but cannot be used. `expected_prompt` and
    `expected_spec` are what the contract generates. `evidence_sha256` is "" without evidence.
    """

    prompt: str | None
    expected_prompt: str
    answer: AnswerReading | str | None
    evaluation: Evaluation | None
    spec: str | None
    expected_spec: str
    history: GapHistory
    document: VerdictDocument | str | None
    evidence_sha256: str
    deployment: Deployment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _PhaseState:
    """The state of a phase: `done`, or `barred` by more than not being done yet."""

    evidence: str
    command: str = ""
    done: bool = False
    barred: bool = False


def progress_of(documents: FoundDocuments, contract: Contract) -> ProjectProgress:
    """The phases and the gaps of a project."""
    steps = tuple(
        PhaseStep(
            run=run.run,
            source=run.source,
            at=run.at,
            critical=run.count("critical"),
            unproven=run.count("unproven"),
            minor=run.count("minor"),
            new=len(run.new),
            closed=len(run.closed),
        )
        for run in documents.history.runs
    )
    return ProjectProgress(title=contract.title, phases=phases(documents, contract), steps=steps)


def phases(documents: FoundDocuments, contract: Contract) -> tuple[Phase, ...]:
    """Every phase: the first that is not done is next, unless something bars it; later phases wait for it."""
    states = (
        ("Intake", _intake(documents)),
        ("Evaluation", _evaluation(documents, contract)),
        ("Specification", _specification(documents)),
        ("Implementation", _implementation(documents, contract)),
        ("Validation", _validation(documents, contract)),
        ("Deployment", _deployment(documents)),
    )
    rows: list[Phase] = []
    waits_for = ""
    for number, (title, phase) in enumerate(states, 1):
        state: State = "done" if phase.done else "blocked" if phase.barred else "next"
        evidence = phase.evidence
        if waits_for:
            state, evidence = "blocked", f"{evidence}; waits for {waits_for}"
        waits_for = waits_for or ("" if phase.done else f"phase {number}")
        rows.append(Phase(number=number, title=title, state=state, evidence=evidence, command=phase.command))
    return tuple(rows)


def _intake(documents: FoundDocuments) -> _PhaseState:
    check = "technogate intake check INTAKE_ANSWER.md"
    if documents.prompt is None:
        return _PhaseState(evidence="the prompt is not written yet", command="technogate intake prompt")
    if documents.prompt != documents.expected_prompt:
        return _PhaseState(
            evidence="the prompt is not the one that this contract generates", command="technogate intake prompt"
        )
    if documents.answer is None:
        return _PhaseState(
            evidence="the prompt is written; there is no answer yet", command="technogate intake template"
        )
    if isinstance(documents.answer, str):
        return _PhaseState(evidence=documents.answer, command=check)
    missing = [problem for problem in documents.answer.problems if not problem.detail]
    if missing:
        return _PhaseState(evidence=f"{many(len(missing), 'thing')} missing in the answer", command=check)
    details = len(documents.answer.problems)
    except_details = f", except {many(details, 'detail')}" if details else ""
    return _PhaseState(done=True, evidence=f"the answer is complete{except_details}")


def _evaluation(documents: FoundDocuments, contract: Contract) -> _PhaseState:
    evaluation = documents.evaluation
    command = "technogate evaluate INTAKE_ANSWER.md"
    if evaluation is None:
        return _PhaseState(evidence="the answer is not evaluated yet", command=command)
    if evaluation.contract_digest != contract.digest:
        return _PhaseState(evidence="the evaluation is of another contract", command=command)
    if not isinstance(documents.answer, AnswerReading) or documents.answer.sha256 != evaluation.answer_sha256:
        return _PhaseState(evidence="the evaluation is of another answer than the current answer", command=command)
    decided = f"{evaluation.decision.value} by rule {evaluation.decided_by} ({evaluation.rule.text}), {evaluation.date}"
    if evaluation.decision is RubricDecision.HOLD:
        return _PhaseState(barred=True, evidence=decided, command="technogate gaps")
    if not evaluation.confirmed_by:
        return _PhaseState(evidence=f"{decided}; not confirmed by a person", command=f"{command} --confirmed-by NAME")
    return _PhaseState(
        done=True, evidence=f"{decided}; confirmed by {evaluation.confirmed_by}, {evaluation.confirmed_at}"
    )


def _specification(documents: FoundDocuments) -> _PhaseState:
    if documents.spec is None:
        return _PhaseState(evidence="the specification is not written yet", command="technogate spec")
    if documents.spec != documents.expected_spec:
        return _PhaseState(
            evidence="the specification is not the one that this contract generates", command="technogate spec"
        )
    digest = hashlib.sha256(documents.spec.encode("utf-8")).hexdigest()
    return _PhaseState(done=True, evidence=f"the specification matches this contract (sha256 {digest[:16]}…)")


def _implementation(documents: FoundDocuments, contract: Contract) -> _PhaseState:
    runs = [run for run in documents.history.runs if run.source != "evaluation"]
    command = "technogate gaps reports/journal.jsonl"
    if not runs:
        return _PhaseState(evidence="there is no list of gaps from a run against a backend yet", command=command)
    last = runs[-1]
    if last.contract_digest != contract.digest:
        return _PhaseState(evidence="the gaps are of another contract", command=command)
    if last.problem:
        return _PhaseState(evidence=f"run {last.run} could close no gap: {last.problem}", command=command)
    if last.open:
        counted = ", ".join(f"{last.count(name)} {name}" for name in ("critical", "unproven", "minor"))
        evidence = f"{many(len(last.open), 'gap')} open after run {last.run} ({counted})"
        must = len(last.open) - last.count("minor")
        return _PhaseState(done=not must, evidence=evidence, command="" if not must else "see BACKEND_CONTRACT_GAPS.md")
    return _PhaseState(done=True, evidence=f"no gap open after run {last.run}, {last.at}")


def _validation(documents: FoundDocuments, contract: Contract) -> _PhaseState:
    document = documents.document
    command = "technogate validate --target pair.toml"
    if document is None:
        return _PhaseState(evidence="there is no journal of a validation", command=command)
    if isinstance(document, str):
        return _PhaseState(evidence=document, command=command)
    if document.contract.digest != contract.digest:
        return _PhaseState(evidence="the validation is of another contract", command=command)
    counts = (
        f"{document.verdict.value}, run {document.run}, {document.must.passed} of {document.must.total} MUST passed"
    )
    if not document.is_validation:
        return _PhaseState(evidence="only a check, which gives no verdict", command=command)
    if not {"backend", "console"} <= set(document.target.parties):
        return _PhaseState(evidence=f"{counts}, for the {' and '.join(document.target.parties)} only", command=command)
    passed = document.verdict is Verdict.PASS and exit_code(document) == 0
    return _PhaseState(done=passed, barred=not passed, evidence=counts, command="" if passed else command)


def _deployment(documents: FoundDocuments) -> _PhaseState:
    command = "technogate deploy-check … --record DEPLOY_CHECK.json"
    deployment = documents.deployment
    if not documents.evidence_sha256:
        return _PhaseState(
            evidence="there is no signed evidence of a validation of images",
            command="technogate validate --target compose --signing-key FILE",
        )
    if deployment is None:
        return _PhaseState(evidence="the evidence exists; deploy-check was not run", command=command)
    if deployment.evidence_sha256 != documents.evidence_sha256:
        return _PhaseState(evidence="deploy-check was run on other evidence", command=command)
    proven = sum(line.proven for line in deployment.lines)
    images = f"{deployment.console} and {deployment.backend}"
    text = f"{proven} of {len(deployment.lines)} lines proven, {images}, {deployment.at}"
    if not deployment.deploy or not deployment.lines or proven != len(deployment.lines):
        return _PhaseState(barred=True, evidence=f"DO NOT DEPLOY: {text}", command=command)
    return _PhaseState(done=True, evidence=f"DEPLOY: {text}")
