"""A replay from the outside: look up the finding, run its items again, compare, show the result."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from technogate.journal.journal_file import JournalError
from technogate.model.errors import StartError, UserError
from technogate.model.settings import Settings
from technogate.replay.compare import EXIT_CODES, Replayed, compare, unknown
from technogate.replay.finding_lookup import LocatedFinding, look_up
from technogate.replay.replay_output import show
from technogate.runner.finish_run import FinishedRun
from technogate.runner.replay_order import NAME, Replay, write_replay
from technogate.runner.run import run_and_judge
from technogate.runner.run_context import load_inputs, new_run, prepare_reports


def replay(word: str, journal: Path | None, target: str, contract: str, reports: Path | None, console: Console) -> int:
    """Run the finding that `word` names again, and return the exit code.

    An argument that is "" or None is taken from the finding's own run. Raises UserError, ContractError,
    ShippedDataError or JournalError for user errors.
    """
    located = look_up(word, journal)
    folder = reports or located.journal.path.parent / "replay"
    if (folder / "journal.jsonl").resolve() == located.journal.path.resolve():
        raise UserError(f"{folder} holds the journal of the finding; name another folder with --reports")
    header = located.journal.header
    settings = Settings(
        target=target or header.target.target_argument,
        contract=contract,
        profile=header.profile,  # type: ignore[arg-type]
        seed=header.seed,
        reports=str(folder.resolve()),
        mode="replay",
        selection=(located.sample.finding.requirement,),
        run=new_run(),
        replay=str(folder.resolve() / NAME),
    )
    replayed, finished_run = _replayed(located, settings, console, target_named=bool(target))
    show(console, located, replayed, finished_run.files if finished_run is not None else ())
    return int(EXIT_CODES[replayed.state])


def _replayed(
    located: LocatedFinding, settings: Settings, console: Console, *, target_named: bool
) -> tuple[Replayed, FinishedRun | None]:
    """Run the items of the finding, if it has any, and compare; `target_named` when the user named the target."""
    if not located.items:
        return unknown(
            "it comes from a run-wide check, and no single item reproduces it", located.sample.recheck_command
        ), None
    try:
        contract, loaded = load_inputs(settings)
    except UserError as mistake:
        if target_named:
            raise
        return unknown(f"the target of the finding cannot be loaded: {mistake}", "name one with --target"), None
    if contract.digest != located.journal.header.contract.digest:
        return unknown("the contract is not that of the finding", located.sample.recheck_command), None
    prepare_reports(settings.folder)
    finding = located.sample.finding
    write_replay(
        Replay(finding=located.name, items=located.items, item=finding.item, smallest=finding.smallest), settings.folder
    )
    try:
        finished_run = run_and_judge(settings, 1, console, f"replaying {located.name} on {loaded.ref.name}")
    except StartError as mistake:
        return unknown(f"{mistake}\n{mistake.output}".strip(), "check that the target starts"), None
    except JournalError as error:
        return unknown(str(error), f"the output of the suites is in {settings.folder / 'suites.log'}"), None
    return compare(located, finished_run.journal, finished_run.document), finished_run
