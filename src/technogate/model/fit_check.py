"""What a fit check found before the first item of a run: what the target file describes and is not there."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from technogate.model.item_result import Finding
from technogate.model.record import Record
from technogate.util.phrases import few

#: Requirements that one line names.
NAMED = 6

#: Where a part belongs.
Area = Literal["backend", "commands", "trail", "page", "module"]


class Blame(StrEnum):
    """What a missing part means: the `target` file is wrong, the `program` lacks it, or it is `optional`."""

    TARGET = "target"
    PROGRAM = "program"
    OPTIONAL = "optional"


class Misfit(Record, frozen=True):
    """One part that is missing, and what to do about it.

    `part` is its name or its key in the target file, `found` what is there instead. `consequence` is what does not
    happen without it, `undecided` the MUST requirements that stay INCONCLUSIVE. `line` is the line to write in the
    target file, "" where none helps.
    """

    area: Area
    part: str
    found: str
    blame: Blame
    consequence: str = ""
    undecided: tuple[str, ...] = ()
    line: str = ""

    @property
    def sentence(self) -> str:
        """All of it as one line of text."""
        words = [f"{self.part}: {self.found}"]
        if self.consequence:
            words.append(self.consequence)
        if self.undecided:
            words.append(f"undecided: {few(self.undecided, NAMED)}")
        if self.line:
            words.append(f"write {self.line}")
        return "; ".join(words)


class FoundPart(Record, frozen=True):
    """One part that is there, and how it showed."""

    area: Area
    part: str
    shown: str


class FitCheck(Record, frozen=True, tag_field="event", tag="fit"):
    """The result of a fit check: what is there, what is missing, and how many seconds it took.

    `ends` is why no item runs after it, "" where they run; then `finding` is the one violation that explains it.
    """

    found: tuple[FoundPart, ...] = ()
    misfits: tuple[Misfit, ...] = msgspec.field(default=())
    seconds: float = 0.0
    ends: str = ""
    finding: Finding | None = None

    @property
    def target_faults(self) -> tuple[Misfit, ...]:
        """What the target file has wrong: a run with any of these does not begin."""
        return tuple(misfit for misfit in self.misfits if misfit.blame is Blame.TARGET)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the report must know of it, one line each: optional parts that are missing."""
        optional = [misfit for misfit in self.misfits if misfit.blame is Blame.OPTIONAL]
        commands = [misfit for misfit in optional if misfit.area == "commands"]
        lines = [
            f"not on the page: {misfit.part}: {misfit.consequence}" for misfit in optional if misfit.area == "page"
        ]
        if commands:
            names = ", ".join(misfit.part.rpartition(".")[2] for misfit in commands)
            undecided = sorted({name for misfit in commands for name in misfit.undecided})
            lines.insert(0, f"[backend.commands] names no command for {names}; undecided: {', '.join(undecided)}")
        return tuple(lines)

    @property
    def fits(self) -> bool:
        """Whether the target file describes what is there, and the program has what the contract needs of it."""
        return not any(misfit.blame is not Blame.OPTIONAL for misfit in self.misfits)
