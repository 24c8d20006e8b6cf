"""The options that several commands share, each described in one place, and the console that commands print to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from technogate.contract.loader import Contract

TargetOption = Annotated[
    str,
    typer.Option(
        "--target",
        "-t",
        help="'embedded', 'compose', or a target file [default: technogate.toml in this folder or above]",
    ),
]
ContractOption = Annotated[
    str,
    typer.Option("--contract", help="contract folder [default: the shipped contract]"),
]
ProfileOption = Annotated[str, typer.Option("--profile", "-p", help="quick, standard or thorough")]
SeedOption = Annotated[
    int | None, typer.Option("--seed", help="seed of the generated cases, to repeat a run [default: random]")
]
ReportsOption = Annotated[
    Path, typer.Option("--reports", envvar="TECHNOGATE_REPORTS", help="folder for the journal and the reports")
]
WaiversOption = Annotated[
    str, typer.Option("--waivers", help="waiver file; failures are waived only by a file that is named")
]
SigningKeyOption = Annotated[
    str,
    typer.Option(
        "--signing-key", help="private key that signs a validation of images [default: $TECHNOGATE_SIGNING_KEY]"
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=1, max=16, help="number of worker processes; each one starts its own pair"),
]
MaxTimeOption = Annotated[
    str,
    typer.Option(
        "--max-time",
        help="time that the run may take, such as 90s, 10m or 1h; what has not run then is inconclusive "
        "[default: 10m, with --profile thorough 1h]",
    ),
]
SelectionArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ID|FAMILY|GROUP|PARTY", help="for example AUT-01, AUT, audit or backend [default: everything]"
    ),
]
DigestOption = Annotated[
    str, typer.Option("--sha256", help="sha256 of the journal as its run wrote it, from a source that you trust")
]
JournalEvidenceOption = Annotated[
    Path | None, typer.Option("--evidence", help="evidence.dsse.json that names the digest of the journal")
]
JournalKeyOption = Annotated[Path | None, typer.Option("--key", help="public key that the evidence is trusted by")]
JournalArgument = Annotated[Path, typer.Argument(metavar="JOURNAL", help="journal.jsonl of an earlier run")]


def make_console() -> Console:
    """The console that commands print to: no highlighting, no emoji codes."""
    from rich.console import Console

    return Console(highlight=False, emoji=False)


def load_contract(folder: str) -> Contract:
    """The contract in `folder`, the shipped one for "".

    Raises ContractError for a contract that is refused, ShippedDataError when the installation is incomplete.
    """
    from technogate.runner.run_context import contract_or_default

    return contract_or_default(folder)
