"""The in-toto Statement of a validation: what was judged, by which gate, against which contract, and the result.

The predicate is in-toto's test result. An additional field, `technogate`, holds everything that a deployment is
decided on.
"""

from __future__ import annotations

import base64
import re
from typing import Literal

import msgspec

from technogate.checks.registry import REGISTRY
from technogate.deploy.evidence.envelope import EvidenceError
from technogate.model.events import ImageRef, Outcome
from technogate.model.requirement import Level, Party
from technogate.model.scope import VerdictScope
from technogate.model.verdict import Verdict, VerdictDocument, WaiverResult, WaiverState
from technogate.util.strict_json import NotStrictJson, parse

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"

#: The names of the four subjects. The images are matched by name: one for each side.
CONSOLE, BACKEND, CONTRACT, GATE = "console", "backend", "contract", "gate"

#: The most reasons in a statement, and the most characters of one; the reports have all of them.
_MOST_REASONS = 20
_LONGEST_REASON = 300

#: The names of the checks over a whole run.
RUN_WIDE = frozenset(check.item for check in REGISTRY.run_wide_checks)

_HEX = re.compile(r"[0-9a-f]{64}")
_IMAGE = re.compile(r"sha256:([0-9a-f]{64})")


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the statement; unknown fields are refused, because a deployment is decided on it."""


class StatementSubject(_Part, frozen=True):
    """A subject of the statement; the `annotations` of an image hold the name (`image`) it was validated under."""

    name: str
    digest: dict[str, str]
    annotations: dict[str, str] = {}


class Setting(_Part, frozen=True):
    """A part of the run's configuration: by digest, or as base64 of its text."""

    name: str
    digest: dict[str, str] = {}
    content: str = ""


class RunWide(_Part, frozen=True):
    """A check over the whole run: it follows from the exchanges, and the journal holds no result of it."""

    item: str
    outcome: Outcome
    checks: int


class Proven(_Part, frozen=True):
    """One requirement: its verdict, and its effective verdict after waivers; `run_wide` are checks over the run."""

    id: str
    party: Party
    level: Level
    group: str
    verdict: Verdict
    effective_verdict: Verdict
    checks: int
    run_wide: tuple[RunWide, ...] = ()


class RunRef(_Part, frozen=True):
    """What a deployment is decided on besides the subjects. Times are in seconds since the epoch.

    `target` is the name of the pair that was judged, `target_argument` the value of `--target`. `target_digests` are
    the sha256 of the files that describe it, by name. `isolation` is "isolated" where the programs under test could not
    reach the gate, else why not; "" when nothing is known of it. `contract_shipped` is whether the contract is one that
    came with the gate; `runtimes` are the Node and the browser that judged a console.
    """

    verdict: Verdict
    is_validation: bool
    scope: VerdictScope
    reasons: tuple[str, ...]
    requirements: tuple[Proven, ...]
    waivers: tuple[WaiverResult, ...]
    run: str
    gate_version: str
    target: str
    target_argument: str
    profile: str
    seed: int
    started: float
    ended: float
    journal_sha256: str
    contract_shipped: bool
    runtimes: tuple[str, ...]
    isolation: str = ""
    target_digests: dict[str, str] = {}


class Predicate(
    _Part,
    frozen=True,
    rename={"passed_tests": "passedTests", "warned_tests": "warnedTests", "failed_tests": "failedTests"},
):
    """in-toto's test result. A test is a requirement; a warning is a failure that does not decide."""

    result: Literal["PASSED", "WARNED", "FAILED"]
    configuration: tuple[Setting, ...]
    passed_tests: tuple[str, ...]
    warned_tests: tuple[str, ...]
    failed_tests: tuple[str, ...]
    technogate: RunRef


class Statement(_Part, frozen=True, rename={"type": "_type", "predicate_type": "predicateType"}):
    """The whole statement."""

    type: str
    subject: tuple[StatementSubject, ...]
    predicate_type: str
    predicate: Predicate


def digest_of_image(image: ImageRef) -> str:
    """The 64 digits of an image's id; raises EvidenceError without an id."""
    match = _IMAGE.fullmatch(image.digest)
    if match is None:
        raise EvidenceError(f"{image.name} has no image id (found {image.digest!r})")
    return match[1]


def statement_of(document: VerdictDocument, gate_digest: str) -> Statement:
    """The statement of a validation of images.

    Raises EvidenceError without both images, for a check, and without a valid digest.
    """
    images = document.target.images
    if set(images) != {CONSOLE, BACKEND}:
        raise EvidenceError("the target does not have images of both console and backend")
    if not document.is_validation:
        raise EvidenceError("a check is not a validation")
    for name, digest in ((CONTRACT, document.contract.digest), (GATE, gate_digest)):
        if not _HEX.fullmatch(digest):
            raise EvidenceError(f"the {name} has no digest")
    return Statement(
        type=STATEMENT_TYPE,
        subject=(
            *(
                StatementSubject(
                    name=side,
                    digest={"sha256": digest_of_image(images[side])},
                    annotations={"image": images[side].name},
                )
                for side in (CONSOLE, BACKEND)
            ),
            StatementSubject(name=CONTRACT, digest={"sha256": document.contract.digest}),
            StatementSubject(name=GATE, digest={"sha256": gate_digest}),
        ),
        predicate_type=PREDICATE_TYPE,
        predicate=_predicate(document),
    )


def _predicate(document: VerdictDocument) -> Predicate:
    """The result, in the fields of in-toto and of technogate."""
    passed = [r.id for r in document.requirements if r.verdict is Verdict.PASS]
    failed = [r.id for r in document.requirements if r.level is Level.MUST and r.effective_verdict is not Verdict.PASS]
    warned = [r.id for r in document.requirements if r.id not in passed and r.id not in failed]
    passing: Literal["PASSED", "WARNED"] = "WARNED" if warned else "PASSED"
    return Predicate(
        result=passing if document.verdict is Verdict.PASS else "FAILED",
        configuration=(
            Setting(name="contract", digest={"sha256": document.contract.digest}),
            Setting(name="profile", content=base64.b64encode(document.profile.encode()).decode("ascii")),
            Setting(name="seed", content=base64.b64encode(str(document.seed).encode()).decode("ascii")),
        ),
        passed_tests=tuple(passed),
        warned_tests=tuple(warned),
        failed_tests=tuple(failed),
        technogate=RunRef(
            verdict=document.verdict,
            is_validation=document.is_validation,
            scope=document.scope,
            reasons=tuple(reason[:_LONGEST_REASON] for reason in document.reasons[:_MOST_REASONS]),
            requirements=tuple(
                Proven(
                    id=r.id,
                    party=r.party,
                    level=r.level,
                    group=r.group,
                    verdict=r.verdict,
                    effective_verdict=r.effective_verdict,
                    checks=r.checks,
                    run_wide=tuple(
                        RunWide(item=item.item, outcome=item.outcome, checks=item.checks)
                        for item in r.items
                        if item.item in RUN_WIDE
                    ),
                )
                for r in document.requirements
            ),
            waivers=document.waivers,
            run=document.run,
            gate_version=document.gate_version,
            target=document.target.name,
            target_argument=document.target.target_argument,
            profile=document.profile,
            seed=document.seed,
            started=document.started,
            ended=document.ended,
            journal_sha256=document.journal.sha256,
            contract_shipped=document.contract.shipped,
            runtimes=document.runtimes,
            isolation=document.isolation,
            target_digests=dict(document.target.digests),
        ),
    )


def encode(statement: Statement) -> bytes:
    """The statement as the bytes that are signed; raises EvidenceError for text that no UTF-8 can hold."""
    try:
        return msgspec.json.encode(statement)
    except UnicodeEncodeError as error:
        raise EvidenceError("the result holds half of a surrogate pair") from error


def decode(raw: bytes) -> Statement:
    """The statement in `raw`, its types and digests checked; raises EvidenceError for anything else."""
    try:
        statement = msgspec.convert(parse(raw), Statement)
    except NotStrictJson as error:
        raise EvidenceError(f"it is not a statement: {error}") from error
    except msgspec.ValidationError as error:
        raise EvidenceError(f"it is not a statement of this gate: {error}") from error
    if statement.type != STATEMENT_TYPE or statement.predicate_type != PREDICATE_TYPE:
        raise EvidenceError(f"its type is another one: {statement.type!r}, {statement.predicate_type!r}")
    names = [subject.name for subject in statement.subject]
    if sorted(names) != sorted((CONSOLE, BACKEND, CONTRACT, GATE)):
        raise EvidenceError(f"its subjects are not console, backend, contract and gate, each once: {names!r}")
    for subject in statement.subject:
        if set(subject.digest) != {"sha256"} or not _HEX.fullmatch(subject.digest["sha256"]):
            raise EvidenceError(f"its subject {subject.name!r} has no sha256 digest")
    ids = [proven.id for proven in statement.predicate.technogate.requirements]
    if len(ids) != len(set(ids)):
        raise EvidenceError("it lists a requirement twice")
    return statement


def digests(statement: Statement) -> dict[str, str]:
    """The digests of the four subjects, by name."""
    return {subject.name: subject.digest["sha256"] for subject in statement.subject}


def waived_until(statement: Statement) -> dict[str, str]:
    """The last day of the waiver that covers a requirement, by requirement; of several the latest."""
    used = [result.waiver for result in statement.predicate.technogate.waivers if result.state is WaiverState.USED]
    return {waiver.requirement: waiver.expires for waiver in sorted(used, key=lambda waiver: waiver.expires)}
