"""The commands for deploying images: `keygen`, `sign` and `deploy-check`."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from technogate.cli.command_groups import DEPLOYMENT, EPILOG
from technogate.cli.options import ContractOption, DigestOption, SigningKeyOption, load_contract, make_console
from technogate.model.errors import UserError
from technogate.model.settings import EVIDENCE_AGE, JOURNAL
from technogate.model.verdict import ExitCode


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(rich_help_panel=DEPLOYMENT)(keygen)
    app.command(epilog=EPILOG, rich_help_panel=DEPLOYMENT)(sign)
    app.command(
        "deploy-check",
        epilog="Exit codes: 0 DEPLOY, 1 DO NOT DEPLOY, 2 usage or configuration error.",
        rich_help_panel=DEPLOYMENT,
    )(deploy_check)


def keygen(out: Annotated[Path, typer.Option("--out", help="folder for the two key files")]) -> None:
    """Create the key pair that signs and verifies evidence.

    `validate --signing-key` signs with the private key; `deploy-check --key` verifies with the public key.
    """
    from technogate.deploy.evidence.signing_keys import generate
    from technogate.util.text import terminal

    private, public = generate(out)
    console = make_console()
    for line in (
        f"private key, for `validate --signing-key`: {private}",
        f"public key, for `deploy-check --key`: {public}",
    ):
        console.print(terminal(line), markup=False, soft_wrap=True)


def sign(
    reports: Annotated[Path, typer.Argument(metavar="REPORTS", help="folder with the journal of a validation")],
    signing_key: SigningKeyOption = "",
    sha256: DigestOption = "",
    contract: ContractOption = "",
) -> None:
    """Judge the journal of a validation again, and sign the result as evidence.

    The same as a key at `validate`, in a process and a job of its own: nothing that was validated ever ran where the
    key is. On another machine than that of the run, name the digest of the journal.
    """
    from technogate.deploy.evidence.remote_signer import signer_of
    from technogate.deploy.evidence.sign import signed_by
    from technogate.report.write_all import EVIDENCE
    from technogate.runner.run import rejudge

    signer = signer_of(signing_key, os.environ)
    if signer is None:
        raise UserError("there is no key to sign with: name it with --signing-key, or set TECHNOGATE_SIGNING_KEY")
    done = rejudge(reports / JOURNAL, reports, make_console(), sha256, signed_by(signer, contract))
    # Evidence is all that this command is for.
    raise typer.Exit(done or (0 if (reports / EVIDENCE).is_file() else int(ExitCode.INCONCLUSIVE)))


def deploy_check(
    console: Annotated[str, typer.Option("--console", help="console image, name and tag")],
    backend: Annotated[str, typer.Option("--backend", help="backend image, name and tag")],
    evidence: Annotated[Path, typer.Option("--evidence", help="evidence.dsse.json of the validation of these images")],
    key: Annotated[Path, typer.Option("--key", help="public key that verifies the signature of the evidence")],
    max_age: Annotated[
        str, typer.Option("--max-age", help="maximum age of the evidence, such as 90m or 24h; at most 30d")
    ] = EVIDENCE_AGE,
    # No variable of the environment chooses what a deployment is proven against.
    contract: Annotated[str, typer.Option("--contract", help="contract folder [default: the shipped contract]")] = "",
    record: Annotated[
        Path | None, typer.Option("--record", help="write the decision to this file, for `technogate status`")
    ] = None,
) -> None:
    """Decide whether two images may be deployed.

    Each line of the checklist must be proven by signed evidence. No option turns a line off.
    """
    from technogate.deploy.decide import decide, seconds_of
    from technogate.deploy.decision_output import show
    from technogate.deploy.evidence.signing_keys import public_key
    from technogate.util.phrases import utc_time
    from technogate.workflow.deployment import record as write_record

    images = {"console": console, "backend": backend}
    decision = decide(
        images=images,
        evidence=evidence,
        key=public_key(key),
        max_age_s=seconds_of(max_age),
        contract=load_contract(contract),
        now=time.time(),
    )
    if record is not None:
        write_record(record, decision, images, evidence, utc_time(time.time()))
    show(make_console(), decision)
    raise typer.Exit(0 if decision.deploy else 1)
