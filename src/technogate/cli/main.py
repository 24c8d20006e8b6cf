"""The command line: parse, call, return an exit code. Nothing is decided here."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace
from rich.console import Console

from technogate import __version__
from technogate.cli import workflow_commands as workflow
from technogate.cli.doctor import examine, repair
from technogate.cli.explain import coverage_table, explanation
from technogate.cli.options import (
    ContractOption,
    ProfileOption,
    ReportsOption,
    SeedOption,
    SigningKeyOption,
    TargetOption,
    WaiversOption,
    WorkersOption,
)
from technogate.contract.loader import ContractError
from technogate.contract.selection import select
from technogate.deploy.decide import decide, seconds_of
from technogate.deploy.decision_output import show
from technogate.deploy.evidence.sign import signed_by
from technogate.deploy.evidence.signing_keys import VARIABLE, generate, public_key, signer_from
from technogate.journal.journal_file import JournalError
from technogate.model.errors import Interrupted, StartError, TargetFileError, UserError
from technogate.model.settings import Profile, Settings
from technogate.model.verdict import ExitCode
from technogate.replay.run_replay import replay as run_replay
from technogate.report.wording import moment
from technogate.runner.run import rejudge, run
from technogate.runner.run_context import contract_or_default
from technogate.util.garbage import ignore_existing_objects
from technogate.util.shipped import ShippedDataError
from technogate.util.text import terminal, terminal_lines
from technogate.workflow.deployment import record as remember

#: Variables that would have the suites' pytest leave items out, or load what is none of the gate's.
PYTEST_WORDS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")

EPILOG = "Exit codes: 0 PASS, 1 FAIL, 2 usage or configuration, 3 INCONCLUSIVE. Only 0 opens the gate."

app = typer.Typer(
    name="technogate",
    help="The contract gate between the Techno OS console and its backend.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _console() -> Console:
    return Console(highlight=False, emoji=False)


def _settings(target: str, contract: str, profile: str, seed: int | None, reports: Path) -> Settings:
    known: dict[str, Profile] = {"quick": "quick", "standard": "standard", "thorough": "thorough"}
    if profile not in known:
        raise UserError(f"there is no profile {profile!r}; use quick, standard or thorough")
    return Settings(target=target, contract=contract, profile=known[profile], seed=seed, reports=str(reports.resolve()))


@app.command(epilog=EPILOG)
def validate(
    target: TargetOption = "embedded",
    contract: ContractOption = "",
    profile: ProfileOption = "standard",
    seed: SeedOption = None,
    reports: ReportsOption = Path("reports"),
    workers: WorkersOption = None,
    waivers: WaiversOption = "",
    signing_key: SigningKeyOption = "",
) -> None:
    """Judge a pair against the whole contract. The only thing that yields a verdict."""
    signer = signer_from(signing_key, os.environ)
    settings = replace(_settings(target, contract, profile, seed, reports), waivers=waivers)
    raise typer.Exit(run(settings, workers, _console(), sign=signed_by(signer)))


@app.command(epilog=EPILOG)
def check(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[ID|GROUP|PARTY]...", help="AUT-01, AUT, audit, backend …")
    ] = None,
    target: TargetOption = "embedded",
    contract: ContractOption = "",
    profile: ProfileOption = "quick",
    seed: SeedOption = None,
    reports: ReportsOption = Path("reports/check"),
    workers: WorkersOption = None,
) -> None:
    """Check a part of the contract, for the inner loop. Never a verdict."""
    os.environ.pop(VARIABLE, None)
    settings = _settings(target, contract, profile, seed, reports)
    raise typer.Exit(run(settings, workers, _console(), check=words or []))


@app.command(
    epilog="Exit codes: 0 FIXED, 1 STILL FAILING, 2 usage, 3 CANNOT TELL. FIXED is no verdict: validate for one."
)
def replay(
    finding: Annotated[str, typer.Argument(help="as a report shows it, such as 1f3a9c0b-5; or the number alone")],
    journal: Annotated[
        Path | None, typer.Option("--journal", help="where it was found [default: that of the last run]")
    ] = None,
    target: Annotated[
        str, typer.Option("--target", "-t", help="embedded, or a target file [default: the one it was found in]")
    ] = "",
    contract: ContractOption = "",
    reports: Annotated[
        Path | None, typer.Option("--reports", help="folder for the replay [default: `replay` beside the journal]")
    ] = None,
) -> None:
    """Run one finding again, the same case on the same items: FIXED, STILL FAILING or CANNOT TELL."""
    raise typer.Exit(run_replay(finding, journal, target, contract, reports, _console()))


@app.command(epilog=EPILOG)
def judge(journal: Path, reports: ReportsOption = Path("reports")) -> None:
    """Judge a stored journal again and write its reports; the result is the same."""
    raise typer.Exit(rejudge(journal, reports, _console()))


@app.command(epilog=EPILOG)
def report(journal: Path, reports: ReportsOption = Path("reports")) -> None:
    """Write the reports of a stored journal again. The same as `judge`."""
    raise typer.Exit(rejudge(journal, reports, _console()))


@app.command(
    epilog="Exit codes: 0 PASS, 1 FAIL (a mutant survived, a false positive, an unproven MUST), 2 usage, "
    "3 INCONCLUSIVE (not every mutant and the reference judged)."
)
def mutants(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="mutants to run [default: all, and the reference]")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--mutants", help="folder of the mutants [default: the shipped mutants]"),
    ] = None,
    reports: ReportsOption = Path("reports"),
    workers: WorkersOption = None,
) -> None:
    """Run the mutation score: every mutant must fail, the reference must pass."""
    # The import of pytest takes time that no other command needs.
    from technogate.mutation.run_mutants import run_mutants

    raise typer.Exit(run_mutants(names or [], folder, reports, workers, _console()))


@app.command()
def requirements(
    words: Annotated[list[str] | None, typer.Argument(metavar="[ID|GROUP|PARTY]...")] = None,
    contract: ContractOption = "",
) -> None:
    """List the requirements, each with the number of checks that exercise it."""
    loaded = contract_or_default(contract)
    _console().print(coverage_table(loaded, select(loaded, words or [])))


@app.command()
def explain(requirement: str, contract: ContractOption = "") -> None:
    """Say what a requirement asks, what it rests on, and what checks it."""
    loaded = contract_or_default(contract)
    console = _console()
    for requirement_id in select(loaded, [requirement]):
        console.print(explanation(loaded, requirement_id), markup=False, soft_wrap=True)


@app.command()
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="try to install the browser that is missing")] = False,
) -> None:
    """Say what this machine lacks, and how to get it. Exit code 1 when a validation lacks something."""
    console = _console()
    if fix:
        repair(console)
    raise typer.Exit(0 if examine(console) else 1)


@app.command()
def keygen(
    out: Annotated[Path, typer.Option("--out", help="folder for the two keys")],
) -> None:
    """Make a pair of keys: one that signs validations of images, one that deploy-check trusts."""
    private, public = generate(out)
    console = _console()
    console.print(terminal(f"private key, for `validate --signing-key`: {private}"), markup=False, soft_wrap=True)
    console.print(terminal(f"public key, for `deploy-check --key`: {public}"), markup=False, soft_wrap=True)


@app.command("deploy-check", epilog="Exit codes: 0 DEPLOY, 1 DO NOT DEPLOY, 2 usage. Only 0 opens the gate.")
def deploy_check(
    console: Annotated[str, typer.Option("--console", help="image of the console, by name and tag")],
    backend: Annotated[str, typer.Option("--backend", help="image of the backend, by name and tag")],
    evidence: Annotated[Path, typer.Option("--evidence", help="what the validation of these images left")],
    key: Annotated[Path, typer.Option("--key", help="public key that the evidence must be signed with")],
    max_age: Annotated[str, typer.Option("--max-age", help="how old evidence may be, such as 90m or 24h")] = "24h",
    contract: Annotated[str, typer.Option("--contract", help="folder of the contract [default: the one shipped]")] = "",
    record: Annotated[
        Path | None, typer.Option("--record", help="file that remembers the decision, for `technogate status`")
    ] = None,
) -> None:
    """Say whether two images may be deployed: everything proven, or not at all. Nothing turns this off."""
    loaded = contract_or_default(contract)
    decision = decide(
        images={"console": console, "backend": backend},
        evidence=evidence,
        key=public_key(key),
        max_age_s=seconds_of(max_age),
        contract=loaded,
        now=time.time(),
    )
    if record is not None:
        remember(record, decision, {"console": console, "backend": backend}, evidence, moment(time.time()))
    show(_console(), decision)
    raise typer.Exit(0 if decision.deploy else 1)


workflow.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"technogate {__version__}\n")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version")
    ] = False,
) -> None:
    """Options of every command."""


#: What typer makes of Ctrl-C, without a word.
CTRL_C = 130


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 2."""
    for name in PYTEST_WORDS:
        os.environ.pop(name, None)
    code = _guarded(lambda: app(prog_name="technogate"))
    # To look through a whole run for garbage before the process is gone takes a third of a second.
    ignore_existing_objects()
    sys.exit(code)


def _guarded(command: Callable[[], object]) -> int:
    """Turn what a command raises into a line and an exit code; no stack trace reaches a user."""
    try:
        command()
    except SystemExit as end:
        return _code(end)
    except StartError as mistake:
        _complain(mistake, mistake.output)
        return int(ExitCode.USAGE)
    except TargetFileError as mistake:
        _complain(mistake, "\n".join(mistake.mistakes[1:]))
        return int(ExitCode.USAGE)
    except (UserError, ContractError, ShippedDataError, JournalError) as mistake:
        _complain(mistake, "")
        return int(ExitCode.USAGE)
    except Interrupted as stop:
        sys.stderr.write(f"technogate: interrupted: {stop}\n")
        return int(ExitCode.INCONCLUSIVE)
    except KeyboardInterrupt:
        sys.stderr.write("technogate: interrupted\n")
        return int(ExitCode.INCONCLUSIVE)
    except Exception as error:  # noqa: BLE001 - the outermost border: a crash of ours is never a verdict
        return _crashed(error)
    # A command that returned without saying how it ended has proven nothing.
    return int(ExitCode.INCONCLUSIVE)


def _crashed(error: Exception) -> int:
    """A crash of the gate itself: one line for the user, the trace in a file for whoever mends it."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="technogate-crash-", suffix=".log", delete=False
    ) as file:
        file.write("".join(traceback.format_exception(error)))
    words = f"the gate itself broke ({type(error).__name__}: {error}); the details are in {file.name}"
    sys.stderr.write(f"technogate: INCONCLUSIVE: {terminal(words)}\n")
    return int(ExitCode.INCONCLUSIVE)


def _code(end: SystemExit) -> int:
    """The exit code of a finished command; anything but a known number keeps the gate shut."""
    if end.code == CTRL_C:
        sys.stderr.write("technogate: interrupted\n")
    return end.code if isinstance(end.code, int) and end.code != CTRL_C else int(ExitCode.INCONCLUSIVE)


def _complain(mistake: Exception, details: str) -> None:
    """One line for the mistake, and what the program that died had said."""
    sys.stderr.write(f"technogate: {terminal(str(mistake))}\n")
    if details:
        sys.stderr.write(terminal_lines(details) + "\n")
