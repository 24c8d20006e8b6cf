"""The verdict: its words, its document, its exit codes, and the one place where results roll up."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from typing import Annotated

import msgspec

from technogate.model.cause import Cause
from technogate.model.document import Document as Document
from technogate.model.events import ContractRef, Finding, ItemResult, TargetRef, Waiver
from technogate.model.requirement import Level, Party
from technogate.model.scope import VerdictScope


class Verdict(StrEnum):
    """Only PASS exits 0."""

    PASS = "PASS"  # noqa: S105 - a verdict
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


class ExitCode(IntEnum):
    """The exit code of the command line. Only 0 is a success."""

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
    """Return the worst of `verdicts`: FAIL before INCONCLUSIVE before PASS; INCONCLUSIVE for none."""
    present = set(verdicts)
    return next((verdict for verdict in _ORDER if verdict in present), Verdict.INCONCLUSIVE)


class Sample(Document, frozen=True):
    """A finding with the commands that reproduce it.

    `curl` sends its request, `replay` runs the finding again and reports whether it is fixed, `recheck_command`
    checks its whole requirement.
    """

    number: int
    finding: Finding
    party: Party
    decisions: tuple[str, ...]
    curl: str
    recheck_command: str
    replay: str


def finding_id(run: str, number: int) -> str:
    """Return the name of a finding, unique among all runs."""
    return f"{run}-{number}"


class RequirementResult(Document, frozen=True):
    """The result of one requirement: its verdict, the reason, and the items and findings behind it.

    `effective_verdict` counts in the verdict of the run: it is `verdict`, but a waived failure counts as the items
    that did not fail.
    """

    id: str
    party: Party
    level: Level
    group: str
    text: str
    decisions: tuple[str, ...]
    verdict: Verdict
    effective_verdict: Annotated[
        Verdict, msgspec.Meta(description="what it weighs in the verdict: a waived failure is no FAIL")
    ]
    reason: str
    hint: str
    items: tuple[ItemResult, ...]
    checks: int
    findings: tuple[int, ...]

    @property
    def waived(self) -> bool:
        """Whether it failed and a waiver covers that."""
        return self.verdict is Verdict.FAIL and self.effective_verdict is not Verdict.FAIL


class WaiverState(StrEnum):
    """The state of a waiver: `used` covers a failure, `open` has no result yet; any other makes the run fail."""

    USED = "used"
    OPEN = "open"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    UNUSED = "unused"
    REFUSED = "refused"


class WaiverResult(Document, frozen=True):
    """A waiver and its state; `problem` is what is wrong with it and how to correct it, "" for nothing."""

    waiver: Waiver
    state: WaiverState
    problem: str


class Counts(Document, frozen=True):
    """How many of each; the same figures in every report."""

    passed: int
    failed: int
    inconclusive: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.passed + self.failed + self.inconclusive


class ItemCounts(Document, frozen=True):
    """Test items by outcome; `unfinished` were planned and never reported a result."""

    passed: int
    failed: int
    errored: int
    skipped: int
    unfinished: int


class GroupResult(Document, frozen=True):
    """One line of the Phase 5 report."""

    group: str
    title: str
    verdict: Verdict
    counts: Counts


class Bucket(Document, frozen=True):
    """A bar of a histogram: `count` responses took at most `upto_s` seconds and longer than the bucket before."""

    upto_s: Annotated[float | None, msgspec.Meta(description="null: whatever is longer")]
    count: int


class Latency(Document, frozen=True):
    """The latency of an operation's responses without faults: nearest-rank percentiles, in seconds.

    `limit_s` is the contract's limit of `p99`, None without one.
    """

    operation: str
    count: int
    p50: float
    p90: float
    p99: float
    max: float
    limit_s: float | None
    buckets: tuple[Bucket, ...]


class JournalRef(Document, frozen=True):
    """The journal that the verdict was judged from."""

    file: str
    sha256: str
    torn: str
    unproven: Annotated[
        str, msgspec.Meta(description='why nothing proves that it is as its run wrote it, "" where that is proven')
    ]
    exchanges: int


class VerdictDocument(Document, frozen=True):
    """The whole result of a run: `verdict.json`. Its JSON Schema is `contracts/schemas/verdict.schema.json`."""

    schema: Annotated[int, msgspec.Meta(description="version of this document's shape")]
    verdict: Annotated[
        Verdict, msgspec.Meta(description="on what `scope` names; of a check, on the selected requirements alone")
    ]
    exit_code: int
    is_validation: Annotated[
        bool, msgspec.Meta(description="false for `technogate check` and `replay`: never a verdict to deploy on")
    ]
    scope: Annotated[VerdictScope, msgspec.Meta(description="what the verdict is about, and what was not judged")]
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
    causes: Annotated[
        tuple[Cause, ...], msgspec.Meta(description="the mistakes behind the findings; each finding belongs to one")
    ]
    findings: tuple[Sample, ...]
    waivers: Annotated[
        tuple[WaiverResult, ...], msgspec.Meta(description="all that were handed in; one with a problem fails the run")
    ]
    warnings: tuple[str, ...]
    runtimes: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="the Node and the browser that a console was judged in, with versions"),
    ]
    isolation: Annotated[
        str,
        msgspec.Meta(description='"isolated" when no program under test could reach the gate, else why one could'),
    ]
    latency: Annotated[tuple[Latency, ...], msgspec.Meta(description="by operation, in the contract's order")]
    journal: JournalRef


def exit_code(document: VerdictDocument) -> ExitCode:
    """Return the exit code of the run; that of a check is of the selected requirements, and allows nothing."""
    return ExitCode(document.exit_code)
