"""A whole run from the outside: prepare it, run the suites, judge the journal, show the result."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console

from technogate.contract.loader import Contract
from technogate.contract.selection import select
from technogate.fit.console_drivers import with_drivers
from technogate.fit.doubts import backend_doubts, console_doubts
from technogate.fit.fit_text import fault_text
from technogate.fit.missing_commands import missing_commands, one_is_forgotten
from technogate.journal.journal_file import JournalError
from technogate.judging.waiver_file import waivers_of
from technogate.model.errors import StartError, TargetFileError, UserError
from technogate.model.fit_check import Blame
from technogate.model.requirement import Party
from technogate.model.settings import Mode, Settings
from technogate.model.verdict import ExitCode
from technogate.report.report_files import EVIDENCE, clear
from technogate.runner.environment_faults import fault_in, require_files
from technogate.runner.expected_time import expected_time
from technogate.runner.progress import Watch
from technogate.runner.run_context import (
    PROGRAM_OUTPUT,
    load_inputs,
    new_run,
    prepare_reports,
    withhold_environment,
)
from technogate.runner.suite_process import run_suites
from technogate.target import Target
from technogate.util.garbage_collector import collect_rarely
from technogate.util.text import terminal, terminal_lines
from technogate.util.write_file import write_file

if TYPE_CHECKING:
    from technogate.runner.finish_run import FinishedRun

#: Signs the evidence of a validation: returns the finished run, and one line for the user, "" for none.
Sign = Callable[["FinishedRun", Path], tuple["FinishedRun", str]]

#: More workers than this slow each other down: each starts a pair and a browser.
MOST_WORKERS = 4

#: A check of so few requirements is over before a second worker has started.
FEW = 3

#: Lines of the suites' own output that are shown when the suites crashed.
LOG_LINES = 25

#: Where pytest begins to list the items that failed: the summary has them, and they do not show why it crashed.
_ITEM_LIST = re.compile(r"^=+ short test summary info =+$", re.MULTILINE)


def default_workers(target: Target, requirements: int) -> int:
    """Return the number of cores, at most `MOST_WORKERS`; 1 for a target that cannot run several times in parallel."""
    if not target.parallel or 0 < requirements <= FEW:
        return 1
    return max(1, min(MOST_WORKERS, os.cpu_count() or 1))


def run(
    settings: Settings,
    workers: int | None,
    console: Console,
    check: Sequence[str] | None = None,
    sign: Sign | None = None,
) -> int:
    """Run a validation (or a check of the requirements that `check` names) and return the exit code.

    `sign` is called with a finished validation before it is shown. Raises UserError, ContractError,
    ShippedDataError or JournalError for user errors.
    """
    collect_rarely()
    require_files()
    contract, target = load_inputs(settings)
    withhold_environment(target)
    if workers is not None and workers > 1 and not target.parallel:
        raise UserError(f"{settings.target} cannot run several times in parallel; leave --workers out")
    selection = () if check is None else select(contract, check)
    _check_first(settings, target, contract, selection, validates=check is None)
    seed = settings.seed if settings.seed is not None else random.SystemRandom().randrange(1, 1_000_000_000)
    mode: Mode = "validate" if check is None else "check"
    settings = msgspec.structs.replace(
        settings, seed=seed, run=new_run(), mode=mode, selection=selection, checked=contract.digest
    )
    settings = with_drivers(settings, contract, target)
    if check is None:
        waivers_of(settings.waivers)
    prepare_reports(settings.folder)
    count = workers or default_workers(target, len(selection))
    if said := expected_time(target.spec, contract, selection, settings.profile, count, settings.max_time_s):
        console.print(terminal(said), markup=False, highlight=False, soft_wrap=True)
    name = f"{'validating' if check is None else 'checking'} {target.ref.name} against {contract.id}"
    try:
        finished_run = run_and_judge(settings, count, console, name)
    except JournalError as error:
        console.print(terminal(f"INCONCLUSIVE: {error}"), markup=False)
        show_log(settings, console)
        return int(ExitCode.INCONCLUSIVE)
    from technogate.runner.finish_run import reports_removed_on_error

    with reports_removed_on_error(settings.folder):
        message = ""
        if check is None and sign is not None:
            finished_run, message = sign(finished_run, settings.folder)
        # The summary comes last: its last line is the verdict.
        if any(abort.kind == "crash" for abort in finished_run.journal.aborts) or not finished_run.journal.plans:
            show_log(settings, console)
        if message:
            console.print(terminal(message), markup=False, soft_wrap=True)
        _show_summary(finished_run, console)
    return int(finished_run.exit_code)


@cache
def _import_ending() -> None:
    """Import what judges a run and writes its reports: while the suites start, which do not need it."""
    from technogate.report import terminal_summary  # noqa: F401
    from technogate.runner import finish_run  # noqa: F401


def run_and_judge(settings: Settings, workers: int, console: Console, name: str) -> FinishedRun:
    """Run the suites with a progress display, judge their journal, and write the reports.

    Raises StartError when the user's configuration ended the run, and JournalError when it left no journal that
    can be judged.
    """
    with Watch(console, name) as watch:

        def tick() -> None:
            # At once: no program under test runs yet.
            _import_ending()
            watch.tick()

        key = run_suites(settings, workers, watch.event, tick)
    from technogate.runner.finish_run import finish_run

    finished_run = finish_run(settings.journal, settings.folder, settings.run, key=key)
    for abort in finished_run.journal.aborts:
        if abort.kind == "configuration":
            line, _, output = abort.message.partition("\n")
            raise StartError(line + _kept(output, settings.folder), program="")
    return finished_run


def _kept(output: str, folder: Path) -> str:
    """Keep the last output of a program that did not start in a file; what to add to the line that is shown."""
    if not output.strip():
        return ""
    path = folder / PROGRAM_OUTPUT
    write_file(path, output + "\n")
    return f"; its last lines are in {path}"


def _check_first(
    settings: Settings, target: Target, contract: Contract, selection: Sequence[str], *, validates: bool
) -> None:
    """End a run whose target file is wrong before the suites start, where the file itself raises that doubt.

    It leaves out a command: a validation could not be PASS, and a check ends where a single one was forgotten that a
    selected requirement needs. Or a line of a side is probably wrong: then that side is tried first. Raises
    TargetFileError, StartError.
    """
    backend, console = target.spec.backend, target.spec.console
    parties = {contract.requirements[name].party for name in selection or contract.requirements}
    required = backend is not None and (validates or one_is_forgotten(backend.commands))
    incomplete = (
        backend is not None
        and required
        and any(one.blame is Blame.TARGET for one in missing_commands(backend.commands, contract, selection))
    )
    doubted = backend is not None and parties != {Party.CONSOLE} and any(backend_doubts(backend))
    misnamed = console is not None and parties != {Party.BACKEND} and any(console_doubts(console, target.folder))
    if not (incomplete or doubted or misnamed):
        return
    # Imported here: it drives the console's page too, and what does that takes long to import.
    from technogate.fit.check_fit import check_fit

    try:
        fit = check_fit(
            target,
            contract,
            backend=incomplete or doubted,
            console=incomplete or misnamed,
            commands_required=required,
        )
    except StartError as error:
        prepare_reports(settings.folder)
        raise StartError(f"{error}{_kept(error.output, settings.folder)}", program=error.program) from error
    if fit.target_faults:
        raise TargetFileError(*fault_text(target.spec.name, fit).splitlines())


def rejudge(journal: Path, folder: Path, console: Console, sha256: str = "", sign: Sign | None = None) -> int:
    """Judge a stored journal, write its reports into `folder`, and return the exit code.

    `sha256` is the digest that it must have, "" when only a record of its run on this machine can prove it. `sign` is
    called with the judged run before it is shown. A torn journal is judged as far as it goes, its reports are written,
    and the exit code is 2: the input is not a whole journal. Raises JournalError for a damaged one.
    """
    if journal.resolve() != (folder / "journal.jsonl").resolve():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot write reports to {folder}: {error.strerror}") from error
    try:
        clear(folder, keep=() if sign is not None else (EVIDENCE,))
    except OSError as error:
        raise UserError(f"cannot write reports to {folder}: {error.strerror}") from error
    from technogate.runner.finish_run import finish_run, reports_removed_on_error

    finished_run = finish_run(journal, folder, sha256=sha256)
    with reports_removed_on_error(folder):
        if sign is not None:
            finished_run, message = sign(finished_run, folder)
            console.print(terminal(message), markup=False, soft_wrap=True)
        _show_summary(finished_run, console)
    if finished_run.journal.torn:
        raise JournalError(
            f"{journal} is torn: {finished_run.journal.torn}; the reports show what it holds, run the validation again"
        )
    return int(finished_run.exit_code)


def _show_summary(finished_run: FinishedRun, console: Console) -> None:
    """Print why a report could not be written, and the summary of a run."""
    if finished_run.problem:
        console.print(terminal(finished_run.problem), markup=False)
    from technogate.report import terminal_summary

    terminal_summary.show(console, finished_run.document, files=finished_run.files, evidence=finished_run.evidence)


def show_log(settings: Settings, console: Console) -> None:
    """Print the last lines that the suites wrote, which show why they crashed, or what the environment lacked."""
    try:
        text = (settings.folder / "suites.log").read_text("utf-8", errors="replace")
    except OSError:
        return
    if fault := fault_in("\n".join(text.splitlines()[-LOG_LINES:])):
        console.print(terminal(f"The suites ended early: {fault}"), markup=False, soft_wrap=True)
        return
    lines = _ITEM_LIST.split(text)[0].splitlines()[-LOG_LINES:]
    console.print(f"The last lines of {settings.folder / 'suites.log'}:", markup=False, soft_wrap=True)
    console.print(terminal_lines("\n".join(lines)), markup=False, soft_wrap=True)
