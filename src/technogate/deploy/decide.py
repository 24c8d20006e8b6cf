"""The deploy gate: from two images, the evidence of their validation and the deployer's policy to a checklist.

Every line of the checklist must be proven; what is missing, unknown or unreadable is not proven. The facts come from
sources that no one person can change at once: the engine (which image is it), the signed evidence (what was judged,
with which result), the deployer's policy (whom to trust), and this gate with its contract (what had to be judged).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from technogate.contract.files import digest_of, read_folder
from technogate.contract.loader import Contract
from technogate.deploy.decision_facts import NO_EVIDENCE, Facts, UnprovenLine
from technogate.deploy.engine_images import find_image
from technogate.deploy.evidence import envelope
from technogate.deploy.evidence.envelope import EvidenceError
from technogate.deploy.evidence.statement import BACKEND, CONSOLE, Statement, decode, digests
from technogate.deploy.image_names import ImageError, ImageName, complete, image_name, repository_of
from technogate.deploy.policy import DeployPolicy, TrustedKey
from technogate.deploy.policy_source import TimeFact
from technogate.deploy.proofs import PROOFS
from technogate.runner.run_context import DEFAULT_CONTRACT
from technogate.util.gate_digest import gate_digest
from technogate.util.shipped import shipped

#: The lines before and after those that the evidence alone proves.
_SIGNED, _OF_VALIDATION = "evidence: signed, unchanged", "evidence: of a validation"
_NAMED, _SAME = "{side}: named", "of this {side}"
SIDES = (CONSOLE, BACKEND)

#: The titles of all lines, in order.
TITLES = (
    _SIGNED,
    _OF_VALIDATION,
    *(title for title, _ in PROOFS),
    *(form.format(side=side) for side in SIDES for form in (_NAMED, _SAME)),
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    """One line of the checklist: its title, whether it is proven, and the proof or what is wrong."""

    title: str
    proven: bool
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployDecision:
    """The whole checklist, and the `images` to deploy by digest, by side; a side that is not proven is missing."""

    lines: tuple[ProofLine, ...]
    images: Mapping[str, str] = field(default_factory=dict)

    @property
    def deploy(self) -> bool:
        """Whether every line is proven. An empty checklist proves nothing."""
        return bool(self.lines) and all(line.proven for line in self.lines)


def decide(
    *,
    images: Mapping[str, str],
    evidence: Path,
    policy: DeployPolicy,
    contract: Contract,
    now: float,
    times: tuple[TimeFact, ...] = (),
) -> DeployDecision:
    """Prove every line of the checklist for the `images` (side -> name), or give the reason why it is not proven.

    `times` have passed for certain. Raises OSError or ContractError when the gate cannot read its own files.
    """
    lines: list[ProofLine] = []
    signed = _attempt(lines, _SIGNED, partial(_payload, evidence, policy))
    statement = _attempt(lines, _OF_VALIDATION, partial(_statement, signed))
    facts = Facts(
        policy=policy,
        key=signed[1] if signed else None,
        statement=statement,
        contract=contract,
        shipped_contract=digest_of(read_folder(shipped("contracts", DEFAULT_CONTRACT))),
        gate_digest=gate_digest(),
        now=now,
        times=times,
    )
    for title, prove in PROOFS:
        _attempt(lines, title, partial(_proof, prove, facts))
    pinned: dict[str, str] = {}
    for side in SIDES:
        name = _attempt(lines, _NAMED.format(side=side), partial(_named, side, images[side], facts))
        known = _attempt(lines, _SAME.format(side=side), partial(_same_image, side, name, facts))
        if known is not None:
            pinned[side] = known
    return DeployDecision(lines=tuple(lines), images=pinned)


def _attempt(lines: list[ProofLine], title: str, prove: Callable[[], tuple[T, str]]) -> T | None:
    """Add a line: proven when `prove` returns a value and its proof, not proven when it raises the reason."""
    try:
        value, proof = prove()
    except (EvidenceError, ImageError, UnprovenLine) as reason:
        lines.append(ProofLine(title=title, proven=False, proof=str(reason)))
        return None
    lines.append(ProofLine(title=title, proven=True, proof=proof))
    return value


def _payload(path: Path, policy: DeployPolicy) -> tuple[tuple[bytes, TrustedKey], str]:
    """The payload of the evidence, its signature verified with the trusted key that it names."""
    raw = envelope.read(path)
    wanted = envelope.signed_with(raw)
    known = ", ".join(f"{trusted.key.keyid[:16]}…" for trusted in policy.keys)
    for trusted in policy.keys:
        if trusted.key.keyid == wanted:
            return (envelope.unseal(raw, trusted.key), trusted), f"{path}, signed with {trusted.name}"
    raise EvidenceError(f"it is signed with another key ({wanted[:16]!r}…, trusted: {known})")


def _statement(signed: tuple[bytes, TrustedKey] | None) -> tuple[Statement, str]:
    """The statement in the evidence."""
    if signed is None:
        raise UnprovenLine(NO_EVIDENCE)
    statement = decode(signed[0])
    run = statement.predicate.technogate
    return statement, f"run {run.run} of technogate {run.gate_version}, journal sha256 {run.journal_sha256}"


def _proof(prove: Callable[[Facts], str], facts: Facts) -> tuple[None, str]:
    """A line that the evidence alone proves."""
    return None, prove(facts)


def _named(side: str, text: str, facts: Facts) -> tuple[ImageName, str]:
    """The name of an image: of the repository that was validated, or of one that the policy names."""
    name = image_name(text)
    validated = next(subject for subject in facts.stated.subject if subject.name == side).annotations.get("image", "")
    trusted = facts.policy.repositories.get(side) or {complete(repository_of(validated))}
    if name.repository not in trusted:
        known = ", ".join(sorted(trusted))
        raise ImageError(f"{text} is of the repository {name.repository}, not of {known}; see [images] of the policy")
    return name, f"{text} of {name.repository}"


def _same_image(side: str, name: ImageName | None, facts: Facts) -> tuple[str, str]:
    """The image that was judged is the one to deploy: by its digest alone, else as the engine resolves the name."""
    validated = f"sha256:{digests(facts.stated)[side]}"
    if name is None:
        raise UnprovenLine(f"unknown: no {side} image to compare with {validated}")
    allowed = facts.policy.images.get(side)
    if allowed and validated.removeprefix("sha256:") not in allowed:
        raise UnprovenLine(f"{validated} was validated, and the policy does not name it")
    if name.digest == validated:
        return name.at(validated), f"{validated}, the id that was validated"
    image = find_image(name)
    if image.id != validated:
        raise UnprovenLine(f"{name.given} is {image.id}, but {validated} was validated")
    return name.at(image.registry_digest or validated), f"{name.given} is {validated}, which was validated"
