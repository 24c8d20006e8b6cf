"""The deploy gate: from two images and the evidence of their validation to a checklist of proofs.

Every line of the checklist must be proven; what is missing, unknown or unreadable is not proven. The facts come from
three sources that no one person can change at once: the engine (which image is it), the signed evidence (what was
judged, with which result), and this gate with its contract (what had to be judged).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from securesystemslib.signer import SSlibKey

from technogate.contract.loader import Contract
from technogate.deploy.evidence import envelope
from technogate.deploy.evidence.envelope import EvidenceError
from technogate.deploy.evidence.statement import BACKEND, CONSOLE, Statement, decode
from technogate.deploy.image_digests import ImageError, inspect
from technogate.deploy.proofs import NO_EVIDENCE, PROOFS, Facts, UnprovenLine
from technogate.model.errors import UserError
from technogate.model.events import ImageRef
from technogate.util.gate_digest import gate_digest

#: The first lines of the checklist, proven before the evidence is read.
_IMAGE = "{side}: exists, tagged"
_SIGNED, _OF_VALIDATION = "evidence: signed, unchanged", "evidence: of a validation"

#: The titles of all lines, in order.
TITLES = (
    *(_IMAGE.format(side=side) for side in (CONSOLE, BACKEND)),
    _SIGNED,
    _OF_VALIDATION,
    *(title for title, _ in PROOFS),
)

#: The highest maximum age of evidence: 30 days.
OLDEST_S = 30 * 24 * 3600.0

T = TypeVar("T")

_AGE = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    """One line of the checklist: its title, whether it is proven, and the proof or what is wrong."""

    title: str
    proven: bool
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployDecision:
    """The whole checklist."""

    lines: tuple[ProofLine, ...]

    @property
    def deploy(self) -> bool:
        """Whether every line is proven. An empty checklist proves nothing."""
        return bool(self.lines) and all(line.proven for line in self.lines)


def seconds_of(age: str) -> float:
    """An age such as `90m`, `24h` or `7d` in seconds; raises UserError for anything else, and beyond OLDEST_S."""
    match = _AGE.fullmatch(age)
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < seconds <= OLDEST_S:
        raise UserError(f"{age!r} is not an age: --max-age takes a number with s, m, h or d, at most 30d, such as 24h")
    return seconds


def decide(
    *,
    images: Mapping[str, str],
    evidence: Path,
    key: SSlibKey,
    max_age_s: float,
    contract: Contract,
    now: float,
) -> DeployDecision:
    """Prove every line of the checklist for the `images` (side -> name), or give the reason why it is not proven.

    Raises OSError when the gate cannot read its own files.
    """
    lines: list[ProofLine] = []
    known = {
        side: _attempt(lines, _IMAGE.format(side=side), partial(_image, images[side])) for side in (CONSOLE, BACKEND)
    }
    payload = _attempt(lines, _SIGNED, partial(_payload, evidence, key))
    facts = Facts(
        images=known,
        statement=_attempt(lines, _OF_VALIDATION, partial(_statement, payload)),
        contract=contract,
        gate_digest=gate_digest(),
        max_age_s=max_age_s,
        now=now,
    )
    for title, prove in PROOFS:
        _attempt(lines, title, partial(_proof, prove, facts))
    return DeployDecision(lines=tuple(lines))


def _attempt(lines: list[ProofLine], title: str, prove: Callable[[], tuple[T, str]]) -> T | None:
    """Add a line: proven when `prove` returns a value and its proof, not proven when it raises the reason."""
    try:
        value, proof = prove()
    except (EvidenceError, ImageError, UnprovenLine) as reason:
        lines.append(ProofLine(title=title, proven=False, proof=str(reason)))
        return None
    lines.append(ProofLine(title=title, proven=True, proof=proof))
    return value


def _image(name: str) -> tuple[ImageRef, str]:
    """The image with this name."""
    image = inspect(name)
    return image, f"{name} is {image.digest}"


def _payload(path: Path, key: SSlibKey) -> tuple[bytes, str]:
    """The payload of the evidence, its signature verified."""
    return envelope.unseal(envelope.read(path), key), f"{path}, signed by the key {key.keyid[:16]}…"


def _statement(payload: bytes | None) -> tuple[Statement, str]:
    """The statement in the evidence."""
    if payload is None:
        raise UnprovenLine(NO_EVIDENCE)
    statement = decode(payload)
    run = statement.predicate.technogate
    return statement, f"run {run.run} of technogate {run.gate_version}, journal sha256 {run.journal_sha256}"


def _proof(prove: Callable[[Facts], str], facts: Facts) -> tuple[None, str]:
    """A line that the evidence alone proves."""
    return None, prove(facts)
