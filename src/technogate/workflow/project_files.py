"""The project folder: read and write the documents of the workflow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

import msgspec

from technogate.contract.loader import Contract
from technogate.deploy.evidence import sign
from technogate.journal.journal_file import Journal, JournalError, read_journal
from technogate.judging.judge import judge
from technogate.model.errors import UserError
from technogate.model.verdict import VerdictDocument
from technogate.util.shipped import shipped
from technogate.util.write_file import write_file
from technogate.workflow import deployment, gap_history, gaps, intake, integration_spec
from technogate.workflow.evaluation import Evaluation
from technogate.workflow.intake_answer_file import AnswerReading, read_answer
from technogate.workflow.phases import FoundDocuments

T = TypeVar("T", bound=msgspec.Struct)

JOURNAL = "journal.jsonl"

_EVALUATION = re.compile(r"EVALUATION_RESULTS_\d{4}-\d{2}-\d{2}\.json")


def evaluation_path(project: Path, date: str) -> Path:
    """The path of the evaluation of a day."""
    return project / f"EVALUATION_RESULTS_{date}.json"


def latest_evaluation(project: Path) -> Evaluation | None:
    """The latest evaluation in the folder; raises UserError for a file that technogate did not write."""
    paths = project.iterdir() if project.is_dir() else ()
    evaluations = sorted(path for path in paths if _EVALUATION.fullmatch(path.name))
    return decoded(evaluations[-1], Evaluation) if evaluations else None


def history_of(project: Path) -> gap_history.GapHistory:
    """The gaps of every run so far; raises UserError for a file that technogate did not write."""
    return decoded(project / gaps.HISTORY, gap_history.GapHistory) or gap_history.EMPTY


def composition() -> str:
    """The text of the compose file that the gate starts."""
    return read(shipped(integration_spec.COMPOSITION))


Judged = tuple[Journal, VerdictDocument]


def journal_in(reports: Path) -> Judged | str | None:
    """The journal in the folder and its verdict document; text when it cannot be judged, None without one."""
    path = reports / JOURNAL
    if not path.exists():
        return None
    try:
        journal = read_journal(path)
        return journal, judge(journal)
    except JournalError as error:
        return f"the journal cannot be judged: {error}"


def found_in(project: Path, reports: Path, judged: Judged | str | None, contract: Contract) -> FoundDocuments:
    """The documents of each phase in the folder; `judged` is the journal in the folder `reports`."""
    return FoundDocuments(
        prompt=_text(project / intake.PROMPT),
        expected_prompt=intake.prompt(contract),
        answer=_answer(project / intake.TEMPLATE, contract),
        evaluation=latest_evaluation(project),
        spec=_text(project / integration_spec.NAME),
        expected_spec=integration_spec.specification(contract, composition()),
        history=history_of(project),
        document=judged[1] if isinstance(judged, tuple) else judged,
        evidence_sha256=deployment.digest_of(reports / sign.NAME),
        deployment=decoded(project / deployment.NAME, deployment.Deployment),
    )


def _answer(path: Path, contract: Contract) -> AnswerReading | str | None:
    text = _text(path)
    if text is None:
        return None
    try:
        return read_answer(text, contract)
    except UserError as error:
        return str(error)


def read(path: Path) -> str:
    """The text of a file; raises UserError when it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; name an existing file") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8; save it as UTF-8") from error


def _text(path: Path) -> str | None:
    return read(path) if path.exists() else None


def decoded(path: Path, kind: type[T]) -> T | None:
    """A JSON document of the workflow, None when it does not exist; raises UserError for any other content."""
    text = _text(path)
    try:
        return None if text is None else msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise UserError(f"{path} was not written by technogate ({error}); move it away and write it again") from error


def write(path: Path, text: str) -> Path:
    """Write a file completely or not at all; raises UserError when that is impossible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_file(path, text)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; name another folder with --project") from error
