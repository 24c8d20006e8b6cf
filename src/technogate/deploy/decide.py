"""The deploy gate: two images and the evidence of their validation in, a list of proofs out.

Nothing is deployed that was not validated. Every line of the list must be proven; what is missing,
unknown or cannot be read is not proven. What a line rests on comes from three sides that nobody can
have changed at once: the engine (which image is it), the signed evidence (what was judged, and how it
ended), and this gate with its contract (what had to be judged).
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

#: The first lines of the list, proven before the evidence can speak.
_IMAGE = "{side}: exists, tagged"
_SIGNED, _OF_VALIDATION = "evidence: signed, unchanged", "evidence: of a validation"

#: Every line of the list, in its order.
TITLES = (
    *(_IMAGE.format(side=side) for side in (CONSOLE, BACKEND)),
    _SIGNED,
    _OF_VALIDATION,
    *(title for title, _ in PROOFS),
)

#: The oldest that evidence may be, whatever is asked for: 30 days.
OLDEST_S = 30 * 24 * 3600.0

T = TypeVar("T")

_AGE = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    """One line of the list: what has to be proven, whether it is, and the proof or what is wrong."""

    title: str
    proven: bool
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployDecision:
    """The whole list."""

    lines: tuple[ProofLine, ...]

    @property
    def deploy(self) -> bool:
        """Whether every line is proven. An empty list proves nothing."""
        return bool(self.lines) and all(line.proven for line in self.lines)


def seconds_of(given: str) -> float:
    """An age such as `90m`, `24h` or `7d` in seconds; raises UserError for what is none, or beyond OLDEST_S."""
    found = _AGE.fullmatch(given)
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < seconds <= OLDEST_S:
        raise UserError(f"{given!r} is no age: --max-age takes a number with s, m, h or d, at most 30d, such as 24h")
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
    """Prove every line of the list for the images named, by side, or say why it is not proven.

    Raises OSError when the gate cannot read its own files.
    """
    lines: list[ProofLine] = []
    found = {
        side: _attempt(lines, _IMAGE.format(side=side), partial(_image, images[side])) for side in (CONSOLE, BACKEND)
    }
    payload = _attempt(lines, _SIGNED, partial(_payload, evidence, key))
    facts = Facts(
        images=found,
        statement=_attempt(lines, _OF_VALIDATION, partial(_statement, payload)),
        contract=contract,
        run_context=gate_digest(),
        max_age_s=max_age_s,
        now=now,
    )
    for title, prove in PROOFS:
        _attempt(lines, title, partial(_proof, prove, facts))
    return DeployDecision(lines=tuple(lines))


def _attempt(lines: list[ProofLine], title: str, prove: Callable[[], tuple[T, str]]) -> T | None:
    """Add a line: proven when `prove` returns what it found and the proof, not when it says why not."""
    try:
        found, proof = prove()
    except (EvidenceError, ImageError, UnprovenLine) as why:
        lines.append(ProofLine(title=title, proven=False, proof=str(why)))
        return None
    lines.append(ProofLine(title=title, proven=True, proof=proof))
    return found


def _image(name: str) -> tuple[ImageRef, str]:
    """The image that a name stands for."""
    image = inspect(name)
    return image, f"{name} is {image.digest}"


def _payload(path: Path, key: SSlibKey) -> tuple[bytes, str]:
    """What the evidence holds, its signature verified."""
    return envelope.unseal(envelope.read(path), key), f"{path}, by the key {key.keyid[:16]}…"


def _statement(payload: bytes | None) -> tuple[Statement, str]:
    """The statement that the evidence holds."""
    if payload is None:
        raise UnprovenLine(NO_EVIDENCE)
    found = decode(payload)
    run = found.predicate.technogate
    return found, f"run {run.run} of technogate {run.gate_version}, journal sha256 {run.journal_sha256}"


def _proof(prove: Callable[[Facts], str], facts: Facts) -> tuple[None, str]:
    """A line that the evidence alone can prove."""
    return None, prove(facts)
