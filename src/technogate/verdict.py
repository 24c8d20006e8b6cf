"""The verdict: its words, its document, its exit codes, and the one place where results roll up."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from typing import Annotated

import msgspec

from technogate.evidence import ContractRef, Finding, ItemResult, TargetRef
from technogate.requirement import Level, Party


class Verdict(StrEnum):
    """PASS opens the gate; FAIL and INCONCLUSIVE keep it shut."""

    PASS = "PASS"  # noqa: S105 - a verdict
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


class ExitCode(IntEnum):
    """What a shell sees. Anything but 0 keeps the gate shut."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    INCONCLUSIVE = 3


EXIT_CODES = {
    Verdict.PASS: ExitCode.PASS,
    Verdict.FAIL: ExitCode.FAIL,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}

#: Worst first. The only order of verdicts in the project.
_ORDER = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)


def roll_up(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of `verdicts`: fail over inconclusive over pass; of nothing, INCONCLUSIVE."""
    seen = set(verdicts)
    return next((verdict for verdict in _ORDER if verdict in seen), Verdict.INCONCLUSIVE)


class _Doc(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the verdict document: every field is always written."""


class Sample(_Doc, frozen=True):
    """A finding with what a person needs to see it again."""

    number: int
    finding: Finding
    party: Party
    decisions: tuple[str, ...]
    curl: str
    again: str


class RequirementResult(_Doc, frozen=True):
    """One requirement: what it says, how it ended, why, and on which items and findings that rests."""

    id: str
    party: Party
    level: Level
    group: str
    text: str
    decisions: tuple[str, ...]
    verdict: Verdict
    reason: str
    cure: str
    items: tuple[ItemResult, ...]
    checks: int
    findings: tuple[int, ...]


class Counts(_Doc, frozen=True):
    """How many of each; the same figures in every report."""

    passed: int
    failed: int
    inconclusive: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.passed + self.failed + self.inconclusive


class ItemCounts(_Doc, frozen=True):
    """Test items by outcome; `unfinished` were planned and never reported a result."""

    passed: int
    failed: int
    errored: int
    skipped: int
    unfinished: int


class GroupResult(_Doc, frozen=True):
    """One line of the Phase 5 report."""

    group: str
    title: str
    verdict: Verdict
    counts: Counts


class JournalRef(_Doc, frozen=True):
    """The journal that the verdict was judged from."""

    file: str
    sha256: str
    torn: str
    exchanges: int


class VerdictDocument(_Doc, frozen=True):
    """The whole result of a run: `verdict.json`. Its JSON Schema is `contracts/schemas/verdict.schema.json`."""

    schema: Annotated[int, msgspec.Meta(description="version of this document's shape")]
    verdict: Verdict
    exit_code: int
    is_validation: Annotated[
        bool, msgspec.Meta(description="false for `technogate check`: never a verdict to deploy on")
    ]
    reasons: Annotated[tuple[str, ...], msgspec.Meta(description="why the verdict is not PASS, worst first")]
    run: str
    gate_version: str
    contract: ContractRef
    target: TargetRef
    profile: str
    seed: int
    selection: tuple[str, ...]
    started: Annotated[float, msgspec.Meta(description="seconds since the epoch, UTC")]
    ended: float
    counts: Annotated[Counts, msgspec.Meta(description="requirements of the parties judged, MUST and SHOULD")]
    must: Annotated[Counts, msgspec.Meta(description="of these, the MUST requirements: they alone decide")]
    items: ItemCounts
    groups: tuple[GroupResult, ...]
    requirements: tuple[RequirementResult, ...]
    findings: tuple[Sample, ...]
    notes: tuple[str, ...]
    journal: JournalRef


#: The reason that a check gives for being no verdict.
NOT_VALIDATED = "only a part was checked: that is never a verdict"


def exit_code(document: VerdictDocument) -> ExitCode:
    """What the shell is told. A `check` exits 0 when each requirement selected passed, and is no verdict."""
    if document.exit_code == ExitCode.USAGE:
        return ExitCode.USAGE
    if document.is_validation or document.journal.torn or not document.requirements:
        return ExitCode(document.exit_code)
    verdict = roll_up(result.verdict for result in document.requirements)
    if verdict is Verdict.PASS and any(reason != NOT_VALIDATED for reason in document.reasons):
        verdict = Verdict.INCONCLUSIVE
    return EXIT_CODES[verdict]
