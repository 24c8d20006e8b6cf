"""Evidence made by hand: a validation of two images that passed, and the images as their engine describes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import msgspec
from securesystemslib.signer import CryptoSigner

from technogate.contract.loader import Contract
from technogate.deploy.evidence.envelope import seal
from technogate.deploy.evidence.statement import Statement, encode, statement_of
from technogate.model.events import ImageRef
from technogate.model.requirement import Level
from technogate.model.scope import Sides, TargetKind, VerdictScope
from technogate.model.verdict import RequirementResult, Verdict, VerdictDocument
from technogate.target.described_by import RESOLVED
from tests.report.samples import passing

CONSOLE_NAME, BACKEND_NAME = "techno-os-console:1.2", "registry.example:5000/techno-os-backend:1.2"
CONSOLE_ID, BACKEND_ID = f"sha256:{'c' * 64}", f"sha256:{'b' * 64}"

#: The digest of the configuration that compose made of the target.
RESOLVED_DIGEST = "7" * 64

Change = Callable[[dict[str, Any]], None]


def document_of(contract: Contract, ended: float) -> VerdictDocument:
    """The document of a validation of both images in which every requirement of the contract passed."""
    _, document = passing()
    images = {
        "console": ImageRef(name=CONSOLE_NAME, digest=CONSOLE_ID),
        "backend": ImageRef(name=BACKEND_NAME, digest=BACKEND_ID),
    }
    replace = msgspec.structs.replace
    return replace(
        document,
        contract=contract.ref,
        target=replace(document.target, kind="compose", images=images, target_argument="compose"),
        profile="standard",
        scope=VerdictScope(sides=Sides.PAIR, kind=TargetKind.IMAGES, not_judged=()),
        requirements=tuple(
            RequirementResult(
                id=requirement.id,
                party=requirement.party,
                level=requirement.level,
                group=requirement.group,
                text=requirement.text,
                decisions=requirement.decisions,
                verdict=Verdict.PASS,
                effective_verdict=Verdict.PASS,
                reason="",
                hint="",
                items=(),
                checks=50,
                findings=(),
            )
            for requirement in contract.requirements.values()
        ),
        started=ended - 100,
        ended=ended,
    )


def failing(document: VerdictDocument, requirement_id: str, verdict: Verdict = Verdict.FAIL) -> VerdictDocument:
    """The same document with one failed requirement, judged as the gate judges it."""
    replace = msgspec.structs.replace
    requirements = tuple(
        replace(entry, verdict=verdict, effective_verdict=verdict) if entry.id == requirement_id else entry
        for entry in document.requirements
    )
    must = [entry.level for entry in requirements if entry.id == requirement_id] == [Level.MUST]
    return replace(document, requirements=requirements, verdict=verdict if must else document.verdict)


def changed(statement: Statement, change: Change) -> bytes:
    """The statement as bytes, after `change` was made to it as a program that is not this gate would."""
    plain = json.loads(encode(statement))
    plain["predicate"]["technogate"]["isolation"] = "isolated"
    change(plain)
    # A change may name other files, and says of the configuration only what it is about.
    run = plain.get("predicate", {}).get("technogate", {})
    run.get("target_digests", {}).setdefault(RESOLVED, RESOLVED_DIGEST)
    return json.dumps(plain).encode()


def sealed(document: VerdictDocument, run_context: str, signer: CryptoSigner, change: Change | None = None) -> bytes:
    """An evidence file for a document; with `change`, of a statement that was changed before it was signed."""
    statement = statement_of(document, run_context)
    return seal(changed(statement, change or (lambda _: None)), signer)


def opened(raw: bytes) -> dict[str, Any]:
    """An envelope as plain data."""
    plain: dict[str, Any] = json.loads(raw)
    return plain


def payload(raw: bytes) -> dict[str, Any]:
    """The statement within an envelope, not verified."""
    plain: dict[str, Any] = json.loads(base64.b64decode(opened(raw)["payload"]))
    return plain


def described(name: str, digest: str, *registry: str) -> dict[str, Any]:
    """What the engine says of an image; `registry` are its names by digest there."""
    return {"Id": digest, "RepoTags": [name], "RepoDigests": list(registry), "Config": {"Env": ["PATH=/bin"]}}


def both() -> dict[str, Any]:
    """Both images as the engine knows them."""
    return {
        CONSOLE_NAME: described(CONSOLE_NAME, CONSOLE_ID),
        BACKEND_NAME: described(BACKEND_NAME, BACKEND_ID),
    }
