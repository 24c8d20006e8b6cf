"""The commands for the policy of a deployment: `policy new` and `policy sign`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from technogate.cli.command_groups import DEPLOYMENT
from technogate.cli.options import make_console

policy = typer.Typer(help="The policy that deploy-check decides by.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(policy, name="policy", rich_help_panel=DEPLOYMENT)


@policy.command("new")
def new(
    key: Annotated[Path, typer.Option("--key", help="public key that may sign evidence")],
    evidence: Annotated[
        Path | None, typer.Option("--evidence", help="evidence of a validation: its digests are filled in")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="file to write")] = Path("deploy-policy.toml"),
) -> None:
    """Write a commented policy with the strict defaults; never overwrite one."""
    from technogate.deploy.policy_files import write_policy
    from technogate.util.text import terminal

    written = write_policy(out, key, evidence)
    make_console().print(terminal(f"{written}: review it, then sign or commit it"), markup=False, soft_wrap=True)


@policy.command("sign")
def sign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="deploy-policy.toml")],
    signing_key: Annotated[str, typer.Option("--signing-key", help="private key of the deployer")],
) -> None:
    """Sign a policy: the signature is a file beside it.

    Use a key of the deployer's own: whoever can sign evidence must not say which evidence counts.
    """
    from technogate.deploy.policy_files import sign_policy
    from technogate.util.text import terminal

    make_console().print(terminal(f"signature: {sign_policy(file, signing_key)}"), markup=False, soft_wrap=True)
