"""The commands that run the suites or judge a journal: `validate`, `check`, `replay`, `judge` and `report`.

What a command needs is imported inside it, so that `technogate --version` and the help stay fast.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from technogate.cli.command_groups import BACKEND_TEAM, CI_GATE, CONSOLE_LEAD, EPILOG
from technogate.cli.options import (
    ContractOption,
    DigestOption,
    JournalArgument,
    JournalEvidenceOption,
    JournalKeyOption,
    MaxTimeOption,
    ProfileOption,
    ReportsOption,
    SeedOption,
    SelectionArgument,
    SigningKeyOption,
    TargetOption,
    WaiversOption,
    WorkersOption,
    make_console,
)
from technogate.model.errors import UserError
from technogate.model.settings import Profile, Settings


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog=EPILOG, rich_help_panel=CONSOLE_LEAD)(validate)
    app.command(epilog=EPILOG, rich_help_panel=CONSOLE_LEAD)(demo)
    app.command(epilog=EPILOG, rich_help_panel=CI_GATE)(judge)
    same = "Write the reports of a stored journal (same as `judge`)."
    app.command("report", help=same, epilog=EPILOG, rich_help_panel=CI_GATE)(judge)
    app.command(epilog=EPILOG, rich_help_panel=BACKEND_TEAM)(check)
    app.command(
        epilog="Exit codes: 0 FIXED, 1 STILL FAILING, 2 usage or configuration error, 3 CANNOT TELL.",
        rich_help_panel=BACKEND_TEAM,
    )(replay)


def _settings(target: str, contract: str, profile: str, seed: int | None, reports: Path, waivers: str = "") -> Settings:
    """The settings of a run, whose folder has no report of an earlier one from now on; raises UserError.

    An earlier PASS must not survive a run that does not begin, because its profile is unknown or its target is wrong.
    """
    from technogate.runner.run_context import clear_reports

    clear_reports(reports.resolve())
    known: dict[str, Profile] = {"quick": "quick", "standard": "standard", "thorough": "thorough"}
    if profile not in known:
        raise UserError(f"there is no profile {profile!r}; use quick, standard or thorough")
    return Settings(
        target=target,
        contract=contract,
        profile=known[profile],
        seed=seed,
        reports=str(reports.resolve()),
        waivers=waivers,
    )


def validate(
    target: TargetOption = "",
    contract: ContractOption = "",
    profile: ProfileOption = "standard",
    seed: SeedOption = None,
    reports: ReportsOption = Path("reports"),
    workers: WorkersOption = None,
    waivers: WaiversOption = "",
    signing_key: SigningKeyOption = "",
    max_time: MaxTimeOption = "",
) -> None:
    """Validate a pair against the whole contract.

    This is the only command that gives a verdict, on the sides that the target describes, as processes or as images.
    It writes every report into the reports folder.
    """
    from technogate.deploy.evidence.remote_signer import signer_of
    from technogate.deploy.evidence.sign import signed_by
    from technogate.runner.run import run
    from technogate.runner.time_budget import given_time

    settings = given_time(_settings(target, contract, profile, seed, reports, waivers), max_time)
    signer = signer_of(signing_key, os.environ)
    raise typer.Exit(run(settings, workers, make_console(), sign=signed_by(signer, contract)))


def demo(
    profile: ProfileOption = "quick",
    seed: SeedOption = None,
    reports: ReportsOption = Path("reports/demo"),
    workers: WorkersOption = None,
) -> None:
    """Validate the reference pair, to see what a run shows.

    No other command judges the reference pair unless it is told to with `--target embedded`.
    """
    from technogate.runner.run import run
    from technogate.runner.time_budget import given_time

    settings = given_time(_settings("embedded", "", profile, seed, reports), "")
    raise typer.Exit(run(settings, workers, make_console()))


def check(
    selection: SelectionArgument = None,
    target: TargetOption = "",
    contract: ContractOption = "",
    profile: ProfileOption = "quick",
    seed: SeedOption = None,
    reports: ReportsOption = Path("reports/check"),
    workers: WorkersOption = None,
    max_time: MaxTimeOption = "",
) -> None:
    """Check selected requirements while you develop.

    The exit code shows whether they hold. A check is not a validation: it says nothing of the other requirements.
    """
    from technogate.deploy.evidence.signing_keys import VARIABLE
    from technogate.runner.run import run
    from technogate.runner.time_budget import given_time

    os.environ.pop(VARIABLE, None)
    settings = given_time(_settings(target, contract, profile, seed, reports), max_time)
    raise typer.Exit(run(settings, workers, make_console(), check=selection or []))


def replay(
    finding: Annotated[str, typer.Argument(help="finding id from a report, such as 1f3a9c0b-5, or its number alone")],
    journal: Annotated[
        Path | None, typer.Option("--journal", help="journal that holds the finding [default: the last run's]")
    ] = None,
    target: Annotated[
        str, typer.Option("--target", "-t", help="'embedded' or a target file [default: the finding's target]")
    ] = "",
    contract: ContractOption = "",
    reports: Annotated[
        Path | None, typer.Option("--reports", help="folder for the replay [default: `replay` beside the journal]")
    ] = None,
) -> None:
    """Run one finding again: FIXED, STILL FAILING or CANNOT TELL.

    The same items run again, beginning with the smallest case that failed. FIXED is not a verdict: run
    `technogate validate` for one.
    """
    from technogate.replay.run_replay import replay as run_replay

    raise typer.Exit(run_replay(finding, journal, target, contract, reports, make_console()))


def judge(
    journal: JournalArgument,
    reports: ReportsOption = Path("reports"),
    sha256: DigestOption = "",
    evidence: JournalEvidenceOption = None,
    key: JournalKeyOption = None,
) -> None:
    """Judge a stored journal again and write its reports.

    The same journal always gives the same verdict. It is never PASS for a journal that nothing proves to be as its run
    wrote it: a record of the run on this machine does, or a digest that you trust.
    """
    from technogate.deploy.evidence.proven_journal import proven_digest
    from technogate.runner.run import rejudge

    raise typer.Exit(rejudge(journal, reports, make_console(), proven_digest(sha256, evidence, key)))
