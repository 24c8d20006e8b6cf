"""The commands of the workflow: read files, call, write files, return an exit code."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from technogate.contract import Contract, load_contract
from technogate.errors import UserError
from technogate.home import find_home
from technogate.journal import read_journal
from technogate.judge import judge
from technogate.session import DEFAULT_CONTRACT
from technogate.text import terminal
from technogate.verdict import VerdictDocument
from technogate.workflow import evaluation as grading
from technogate.workflow import gaps as listing
from technogate.workflow import intake as asking
from technogate.workflow import spec as specifying
from technogate.workflow import status as standing
from technogate.workflow.answer import read_answer
from technogate.writer.files import write_file

T = TypeVar("T", bound=msgspec.Struct)

ContractOption = Annotated[
    str,
    typer.Option("--contract", envvar="TECHNOGATE_CONTRACT", help="folder of the contract [default: the one shipped]"),
]
ProjectOption = Annotated[Path, typer.Option("--project", help="folder of the project's documents")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="the filled-in answer")]

STATUS_PAGE = "STATUS.html"
_EVALUATION = re.compile(r"EVALUATION_RESULTS_\d{4}-\d{2}-\d{2}\.json")

intake = typer.Typer(help="Phase 1: the questions to the backend team, and their answer.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(intake, name="intake")
    app.command(epilog="Exit codes: 0 GO, 1 HOLD, 2 usage, 4 CAUTION. A person confirms the decision.")(evaluate)
    app.command()(spec)
    app.command()(gaps)
    app.command()(status)


@intake.command("prompt")
def intake_prompt(contract: ContractOption = "", project: ProjectOption = Path()) -> None:
    """Write the prompt to the backend team."""
    _write(project / asking.PROMPT, asking.prompt(_contract(contract)))


@intake.command("template")
def intake_template(contract: ContractOption = "", project: ProjectOption = Path()) -> None:
    """Write the answer as a file to fill in; one that is there already is left alone."""
    path = project / asking.TEMPLATE
    if path.exists():
        raise UserError(f"{path} is there already; move it away, or name another folder with --project")
    _write(path, asking.template(_contract(contract)))


@intake.command("ideal")
def intake_ideal(contract: ContractOption = "", project: ProjectOption = Path()) -> None:
    """Write the answer that would need no work."""
    _write(project / asking.IDEAL, asking.ideal(_contract(contract)))


@intake.command("check", epilog="Exit codes: 0 complete, 1 something is missing, 2 usage.")
def intake_check(file: FileArgument, contract: ContractOption = "") -> None:
    """Say what an answer lacks, line by line."""
    problems = read_answer(_read(file), _contract(contract)).problems
    for one in problems:
        _say(f"{file}, {one.text}{' (a detail)' if one.detail else ''}")
    _say(f"{len(problems)} things to fill in" if problems else "complete")
    raise typer.Exit(1 if problems else 0)


def evaluate(
    file: FileArgument,
    contract: ContractOption = "",
    project: ProjectOption = Path(),
    confirmed_by: Annotated[str, typer.Option("--confirmed-by", help="the person who confirms the decision")] = "",
) -> None:
    """Grade an answer by the rubric: GO, CAUTION or HOLD."""
    loaded = _contract(contract)
    now = _now()
    found = grading.evaluate(read_answer(_read(file), loaded), loaded, now[:10], confirmed_by.strip(), now)
    path = project / f"EVALUATION_RESULTS_{found.date}.md"
    _write(path, grading.markdown(found, loaded))
    _write(path.with_suffix(".json"), _json(found))
    _say(f"{found.decision.value}: rule {found.decided_by}, {found.rules[0].text}")
    _say(f"confirmed by {found.confirmed_by}" if found.confirmed_by else "not confirmed: a person decides to go on")
    raise typer.Exit(grading.EXIT_CODES[found.decision])


def spec(contract: ContractOption = "", project: ProjectOption = Path()) -> None:
    """Write the integration specification."""
    _write(project / specifying.NAME, specifying.specification(_contract(contract), find_home()))


def gaps(
    journal: Annotated[Path | None, typer.Argument(help="[default: the latest evaluation]")] = None,
    contract: ContractOption = "",
    project: ProjectOption = Path(),
) -> None:
    """Write the backend's gaps, and what is closed, new and still open. Exit code 1 while any is open."""
    loaded, history = _contract(contract), _history(project)
    document = None
    if journal is not None:
        read = read_journal(journal)
        if read.torn:
            raise UserError(f"{journal} is torn: {read.torn}; run the validation again")
        document = judge(read)
        run = listing.from_document(document, loaded, history, _now())
    else:
        found = _latest(project)
        if found is None:
            raise UserError("there is neither a journal nor an evaluation; name the JOURNAL, or evaluate an answer")
        run = listing.from_evaluation(found, loaded, history, _now())
    history = listing.extended(history, run)
    target = document.target.given if document else "my-backend.toml"
    _write(project / listing.NAME, listing.markdown(history, loaded, document, target))
    _write(project / listing.HISTORY, _json(history))
    _say(f"{len(run.open)} open: {len(run.new)} new; {len(run.closed)} closed")
    raise typer.Exit(1 if run.open else 0)


def status(
    contract: ContractOption = "",
    project: ProjectOption = Path(),
    reports: Annotated[Path, typer.Option("--reports", help="folder of the validation's reports")] = Path("reports"),
) -> None:
    """Show the six phases: done, next, blocked, each with its evidence."""
    loaded = _contract(contract)
    folder = reports if reports.is_absolute() else project / reports
    found = _found(project, folder, loaded)
    rows = standing.phases(found, loaded)
    for one in rows:
        _say(f"{one.number} {one.title:<15} {one.state:<8} {one.evidence}")
    _write(project / STATUS_PAGE, standing.status_page(rows, found.history, loaded.title))


def _found(project: Path, reports: Path, contract: Contract) -> standing.Found:
    """What the project folder holds."""
    answer, spec_file, verdict = project / asking.TEMPLATE, project / specifying.NAME, reports / "verdict.json"
    written = None
    if spec_file.exists():
        same = _read(spec_file) == specifying.specification(contract, find_home())
        written = "" if same else "the specification is not the one that this contract gives: write it again"
    return standing.Found(
        prompt=(project / asking.PROMPT).exists(),
        answer_problems=len(read_answer(_read(answer), contract).problems) if answer.exists() else None,
        evaluation=_latest(project),
        spec=written,
        history=_history(project),
        verdict=_decoded(verdict, VerdictDocument) if verdict.exists() else None,
        signed=(reports / "evidence.dsse.json").exists(),
    )


def _latest(project: Path) -> grading.Evaluation | None:
    """The latest evaluation in the folder."""
    if not project.is_dir():
        return None
    names = sorted(name for name in os.listdir(project) if _EVALUATION.fullmatch(name))
    return _decoded(project / names[-1], grading.Evaluation) if names else None


def _history(project: Path) -> listing.History:
    path = project / listing.HISTORY
    return _decoded(path, listing.History) if path.exists() else listing.History()


def _contract(given: str) -> Contract:
    return load_contract(Path(given) if given else find_home() / "contracts" / DEFAULT_CONTRACT)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(document: msgspec.Struct) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode("utf-8") + "\n"


def _decoded(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(_read(path), type=kind)
    except msgspec.MsgspecError as error:
        raise UserError(f"{path} is not what this gate writes ({error}); remove it and write it again") from error


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; name a file that is there") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8; save it as UTF-8") from error


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; name another folder with --project") from error
    _say(f"wrote {path}")


def _say(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(terminal(text).encode(encoding, "backslashreplace").decode(encoding) + "\n")
