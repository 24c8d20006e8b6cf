"""The project's folder: reading and writing the documents of the workflow."""

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
from technogate.workflow import deployment, gaps, intake, integration_spec
from technogate.workflow.evaluation import Evaluation
from technogate.workflow.intake_answer_file import AnswerReading, read_answer
from technogate.workflow.phases import FoundDocuments

T = TypeVar("T", bound=msgspec.Struct)

JOURNAL = "journal.jsonl"

_EVALUATION = re.compile(r"EVALUATION_RESULTS_\d{4}-\d{2}-\d{2}\.json")


def evaluation_path(project: Path, date: str) -> Path:
    """Where the evaluation of a day lies."""
    return project / f"EVALUATION_RESULTS_{date}.json"


def latest_evaluation(project: Path) -> Evaluation | None:
    """The latest evaluation in the folder; raises UserError for one that this gate did not write."""
    paths = project.iterdir() if project.is_dir() else ()
    found = sorted(path for path in paths if _EVALUATION.fullmatch(path.name))
    return decoded(found[-1], Evaluation) if found else None


def history_of(project: Path) -> gaps.GapHistory:
    """The gaps of every run so far; raises UserError for a file that this gate did not write."""
    return decoded(project / gaps.HISTORY, gaps.GapHistory) or gaps.EMPTY


def composition() -> str:
    """The composition that the gate starts."""
    return read(shipped(integration_spec.COMPOSITION))


Judged = tuple[Journal, VerdictDocument]


def journal_in(reports: Path) -> Judged | str | None:
    """The journal of the reports and what it is judged to be; a line when it cannot be, None without one."""
    path = reports / JOURNAL
    if not path.exists():
        return None
    try:
        journal = read_journal(path)
        return journal, judge(journal)
    except JournalError as error:
        return f"the journal cannot be judged: {error}"


def found_in(project: Path, reports: Path, judged: Judged | str | None, contract: Contract) -> FoundDocuments:
    """What the folder holds of each phase; `judged` is the journal in the folder `reports`."""
    return FoundDocuments(
        prompt=_text(project / intake.PROMPT),
        prompt_wanted=intake.prompt(contract),
        answer=_answer(project / intake.TEMPLATE, contract),
        evaluation=latest_evaluation(project),
        spec=_text(project / integration_spec.NAME),
        spec_wanted=integration_spec.specification(contract, composition()),
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
        raise UserError(f"cannot read {path}: {error.strerror}; name a file that is there") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8; save it as UTF-8") from error


def _text(path: Path) -> str | None:
    return read(path) if path.exists() else None


def decoded(path: Path, kind: type[T]) -> T | None:
    """A JSON document of the workflow, None when it is not there; raises UserError for what is none."""
    text = _text(path)
    try:
        return None if text is None else msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise UserError(f"{path} is not what this gate writes ({error}); move it away and write it again") from error


def write(path: Path, text: str) -> Path:
    """Write a file, all of it or nothing; raises UserError when that is impossible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_file(path, text)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; name another folder with --project") from error
