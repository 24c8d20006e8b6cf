"""The options that several commands share, each described in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

TargetOption = Annotated[
    str,
    typer.Option("--target", "-t", envvar="TECHNOGATE_TARGET", help="embedded, or a TOML file that describes a pair"),
]
ContractOption = Annotated[
    str,
    typer.Option("--contract", envvar="TECHNOGATE_CONTRACT", help="folder of the contract [default: the one shipped]"),
]
ProfileOption = Annotated[
    str, typer.Option("--profile", "-p", envvar="TECHNOGATE_PROFILE", help="quick, standard or thorough")
]
SeedOption = Annotated[int | None, typer.Option("--seed", help="repeat a run's generated cases [default: drawn anew]")]
ReportsOption = Annotated[
    Path, typer.Option("--reports", envvar="TECHNOGATE_REPORTS", help="folder for the journal and the reports")
]
WaiversOption = Annotated[
    str, typer.Option("--waivers", help="file of waivers [default: waivers.toml here, if there is one]")
]
SigningKeyOption = Annotated[
    str,
    typer.Option(
        "--signing-key", help="private key that signs a validation of images [default: $TECHNOGATE_SIGNING_KEY]"
    ),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, max=16, help="processes, each with a pair of its own")
]
