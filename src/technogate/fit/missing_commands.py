"""Commands that a target file does not name, and the MUST requirements that each of them leaves undecided."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from technogate.contract.loader import Contract
from technogate.model.fit_check import Blame, Misfit
from technogate.model.requirement import Level
from technogate.target import Commands

#: What a command provokes, and the requirements of which some check needs it.
NEEDED_FOR: dict[str, tuple[str, ...]] = {
    "approved": (
        *("ENV-01", "ENV-02", "ENV-03", "ENV-04", "ENV-07", "AUT-06", "EXE-01", "EXE-02", "EXE-03", "EXE-04"),
        *("EXE-05", "EXE-06", "EXE-07", "EXE-08", "EXE-09", "EXE-10", "AUD-01", "AUD-02", "AUD-03", "AUD-04"),
        *("AUD-06", "MEM-01", "ERR-05", "ERR-06", "ERR-07", "TMO-01", "FCB-01", "TRL-01", "TRL-03", "TRL-04"),
        *("TRL-05", "TRL-06", "TRL-07", "TRL-08", "TRL-09", "TRL-10", "TRL-11"),
    ),
    "warning": ("EXE-01", "EXE-04", "EXE-09", "AUD-01", "AUD-02", "MEM-01"),
    "neutral": ("EXE-01", "AUD-01", "AUD-02", "MEM-01"),
    "expired": ("ENV-06", "EXE-01", "AUD-01", "AUD-02"),
    "blocked": ("EXE-01", "EXE-08", "EXE-09", "AUD-01", "AUD-02"),
    "slow": ("TMO-01",),
    "crashing": ("ERR-02", "ERR-03", "ERR-05"),
    "unknown_status": ("FCB-01",),
}


def missing_commands(
    commands: Commands, contract: Contract, selected: Collection[str] = (), *, blame: Blame = Blame.TARGET
) -> Iterator[Misfit]:
    """Yield a misfit for each outcome without a command that some MUST requirement needs.

    `selected` are the requirements that are judged, none for all of the contract's. An outcome that the target file
    sets to "" is one that the backend has no command for: its requirements stay undecided, which is optional.
    A contract without an operation that executes has no commands.
    """
    if "execute" not in contract.parts:
        return
    for outcome, requirements in NEEDED_FOR.items():
        undecided = tuple(
            name
            for name in requirements
            if name in contract.requirements
            and contract.requirements[name].level is Level.MUST
            and (not selected or name in selected)
        )
        if not undecided or commands.named(outcome):
            continue
        declared = commands.declares_none(outcome)
        yield Misfit(
            area="commands",
            part=f"backend.commands.{outcome}",
            found='"": this backend has no such command' if declared else "no command is named",
            blame=Blame.OPTIONAL if declared else blame,
            undecided=undecided,
            line="" if declared else _line(outcome),
        )


def one_is_forgotten(commands: Commands) -> bool:
    """Whether all outcomes but one have a command, or are declared to have none: then that one was forgotten.

    A file that names few commands is one that is being written; a check judges as much as it can.
    """
    left_out = [one for one in NEEDED_FOR if not commands.named(one) and not commands.declares_none(one)]
    return len(left_out) == 1


def _line(outcome: str) -> str:
    return f'{outcome} = "…" below [backend.commands], or {outcome} = "" if this backend has no such command'
