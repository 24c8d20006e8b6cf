"""The commands for deploying images: `keygen`, `sign`, `policy`, `deploy-check` and `verify`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from technogate.cli import policy_commands
from technogate.cli.command_groups import DEPLOYMENT, EPILOG
from technogate.cli.options import ContractOption, DigestOption, SigningKeyOption, load_contract, make_console
from technogate.model.errors import UserError
from technogate.model.settings import EVIDENCE_AGE, JOURNAL
from technogate.model.verdict import ExitCode

if TYPE_CHECKING:
    from technogate.deploy.policy import DeployPolicy
    from technogate.deploy.policy_source import TimeFact


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(rich_help_panel=DEPLOYMENT)(keygen)
    app.command(epilog=EPILOG, rich_help_panel=DEPLOYMENT)(sign)
    policy_commands.register(app)
    app.command(
        "deploy-check",
        epilog="Exit codes: 0 DEPLOY, 1 DO NOT DEPLOY, 2 usage or configuration error.",
        rich_help_panel=DEPLOYMENT,
    )(deploy_check)
    app.command(
        epilog="Exit codes: 0 VERIFIED, 1 NOT VERIFIED, 2 usage or configuration error. VERIFIED is no DEPLOY.",
        rich_help_panel=DEPLOYMENT,
    )(verify)


def keygen(out: Annotated[Path, typer.Option("--out", help="folder for the two key files")]) -> None:
    """Create a key pair, to sign and to verify.

    `validate --signing-key` and `policy sign` sign with the private key; `deploy-check` and `verify` need the public
    key.
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
    """Judge a validation's journal again, and sign it.

    The same as a key at `validate`, in a process and a job of its own: nothing that was validated ever ran where the
    key is. On another machine than that of the run, name the digest of the journal.
    """
    from technogate.deploy.evidence.remote_signer import signer_of
    from technogate.deploy.evidence.sign import signed_by
    from technogate.report.report_files import EVIDENCE
    from technogate.runner.run import rejudge

    signer = signer_of(signing_key, os.environ)
    if signer is None:
        raise UserError("there is no key to sign with: name it with --signing-key, or set TECHNOGATE_SIGNING_KEY")
    done = rejudge(reports / JOURNAL, reports, make_console(), sha256, signed_by(signer, contract))
    # Evidence is all that this command is for.
    raise typer.Exit(done or (0 if (reports / EVIDENCE).is_file() else int(ExitCode.INCONCLUSIVE)))


def deploy_check(
    console: Annotated[str, typer.Option("--console", help="console image: name@sha256:… or name:tag")],
    backend: Annotated[str, typer.Option("--backend", help="backend image: name@sha256:… or name:tag")],
    evidence: Annotated[Path, typer.Option("--evidence", help="evidence.dsse.json of the validation of these images")],
    key: Annotated[
        Path | None,
        typer.Option("--key", "--trusted-key", help="public key that verifies the evidence, where there is no policy"),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="deploy-policy.toml: whom and what the deployer trusts")
    ] = None,
    policy_key: Annotated[
        Path | None, typer.Option("--policy-key", help="public key that verifies the signature of the policy")
    ] = None,
    policy_ref: Annotated[
        str, typer.Option("--policy-ref", help="take the policy from this branch of a remote, such as origin/main")
    ] = "",
    max_age: Annotated[
        str, typer.Option("--max-age", help=f"without a policy: maximum age of the evidence [default: {EVIDENCE_AGE}]")
    ] = "",
    # No variable of the environment chooses what a deployment is proven against.
    contract: Annotated[str, typer.Option("--contract", help="contract folder [default: the shipped contract]")] = "",
    state: Annotated[
        Path | None, typer.Option("--state", help="file of the latest time seen [default: in the home of the account]")
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="write the decision to this file, for `technogate status`")
    ] = None,
) -> None:
    """Decide whether two images may be deployed.

    DEPLOY names them by digest. Each line of the checklist must be proven by signed evidence, under the policy or the
    strict defaults. No option turns a line off.
    """
    from technogate.deploy.decide import decide
    from technogate.deploy.decision_output import show
    from technogate.deploy.latest_time import keep_time, state_file, time_facts
    from technogate.util.phrases import utc_time
    from technogate.util.text import terminal
    from technogate.workflow.deployment import record as write_record

    images, now = {"console": console, "backend": backend}, time.time()
    seen = state or state_file()
    trusted, facts = _policy(key, policy, policy_key, policy_ref, max_age, now)
    decision = decide(
        images=images,
        evidence=evidence,
        policy=trusted,
        contract=load_contract(contract),
        now=now,
        times=(*facts, *time_facts(seen, (evidence, *([policy] if policy and not policy_ref else [])))),
    )
    out = make_console()
    if decision.deploy and (problem := keep_time(seen, now)):
        out.print(terminal(f"the latest time seen is not kept: {problem}; see --state"), markup=False, soft_wrap=True)
    if record is not None:
        write_record(record, decision, images, evidence, utc_time(now))
    show(out, decision)
    raise typer.Exit(0 if decision.deploy else 1)


def _policy(
    key: Path | None, policy: Path | None, policy_key: Path | None, ref: str, max_age: str, now: float
) -> tuple[DeployPolicy, tuple[TimeFact, ...]]:
    """What to decide by: a policy that is trusted, or one key and the strict defaults."""
    from technogate.deploy.evidence.signing_keys import public_key
    from technogate.deploy.policy import strict_policy
    from technogate.deploy.policy_source import NAME, branch_policy, signed_policy

    if policy is None and policy_key is None and not ref:
        if key is None:
            raise UserError("no key is trusted: name one with --key, or a policy with --policy-key or --policy-ref")
        return strict_policy(public_key(key), max_age or EVIDENCE_AGE), ()
    if key is not None or max_age:
        given = "--key" if key is not None else "--max-age"
        raise UserError(f"{given} says what the policy says; leave it out")
    if ref and policy_key is not None:
        raise UserError("--policy-ref and --policy-key are two ways to trust a policy; leave one of them out")
    if ref:
        return branch_policy(ref, str(policy or NAME), Path.cwd(), now)
    if policy_key is None:
        raise UserError(
            f"{policy} is not trusted by itself: name the key that signed it with --policy-key, or take it from the "
            "protected branch with --policy-ref origin/main"
        )
    return signed_policy(policy or Path(NAME), policy_key, now)


def verify(
    evidence: Annotated[Path | None, typer.Argument(metavar="EVIDENCE", help="evidence.dsse.json")] = None,
    journal: Annotated[
        Path | None, typer.Argument(metavar="[JOURNAL]", help="journal.jsonl of the same run, to judge it again")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="public key that verifies the signature")] = None,
    print_script: Annotated[
        bool, typer.Option("--print-script", help="print the verifier that needs Python and cryptography alone")
    ] = False,
) -> None:
    """Verify evidence with the public key alone.

    Signature, shape, digests, and the verdict from the requirements; with the journal, from its items and judged again.
    It needs no network, no engine and no contract folder. VERIFIED says that the evidence says what the gate found; a
    deployment is decided by `technogate deploy-check`.
    """
    from technogate.deploy import standalone_verifier
    from technogate.deploy.verify import judged_again

    if print_script:
        sys.stdout.write(Path(standalone_verifier.__file__).read_text("utf-8"))
        raise typer.Exit(0)
    if evidence is None or key is None:
        raise UserError("name the evidence and the public key: `technogate verify EVIDENCE [JOURNAL] --key FILE`")
    lines = standalone_verifier.verify(evidence, journal, key)
    if journal is not None and all(line.holds for line in lines):
        lines.append(judged_again(evidence, journal, key))
    sys.stdout.write(standalone_verifier.report(lines))
    raise typer.Exit(0 if all(line.holds for line in lines) else 1)
