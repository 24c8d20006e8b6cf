"""Phase 6: the decision of `deploy-check` as a file for `technogate status`. It allows no deployment by itself."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from technogate.deploy.decide import DeployDecision
from technogate.model.errors import UserError
from technogate.model.verdict import Document
from technogate.report.verdict_json import encode
from technogate.util.plain_file import open_plain
from technogate.util.write_file import write_file

NAME = "DEPLOY_CHECK.json"

#: The most bytes of a decision.
_MOST = 1 << 20


class ProofRecord(Document, frozen=True):
    """One line of the checklist."""

    title: str
    proven: bool
    proof: str


class Deployment(Document, frozen=True):
    """The decision of the deploy gate: which images, which evidence, and when (UTC)."""

    schema: Annotated[int, msgspec.Meta(description="version of this document's shape")]
    deploy: bool
    at: str
    console: str
    backend: str
    images: Annotated[
        dict[str, str], msgspec.Meta(description="what to deploy, by digest; empty unless it may be deployed")
    ]
    evidence_sha256: Annotated[str, msgspec.Meta(description='"" when the evidence could not be read')]
    lines: tuple[ProofRecord, ...]


def record(path: Path, decision: DeployDecision, images: Mapping[str, str], evidence: Path, at: str) -> None:
    """Write the decision to `path`, in place of an earlier one; raises UserError when that is impossible.

    A file that holds anything else is never overwritten.
    """
    if not _may_be_replaced(path):
        raise UserError(f"{path} holds no decision of deploy-check, and is not overwritten: correct --record")
    document = Deployment(
        schema=1,
        deploy=decision.deploy,
        at=at,
        console=images["console"],
        backend=images["backend"],
        images=dict(decision.images) if decision.deploy else {},
        evidence_sha256=digest_of(evidence),
        lines=tuple(ProofRecord(title=line.title, proven=line.proven, proof=line.proof) for line in decision.lines),
    )
    try:
        write_file(path, encode(document))
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; name another file with --record") from error


def _may_be_replaced(path: Path) -> bool:
    """Whether there is nothing at `path`, or an earlier decision."""
    if path.is_symlink() or not path.exists():
        return not path.is_symlink()
    try:
        with os.fdopen(open_plain(path, os.O_RDONLY), "rb") as file:
            found = msgspec.json.decode(file.read(_MOST))
    except (OSError, msgspec.DecodeError):
        return False
    return isinstance(found, dict) and {"schema", "deploy", "at", "evidence_sha256", "lines"} <= set(found)


def digest_of(evidence: Path) -> str:
    """The sha256 of the file, "" when it cannot be read."""
    try:
        return hashlib.sha256(evidence.read_bytes()).hexdigest()
    except OSError:
        return ""
