"""Evidence made by hand: a validation of two images that passed, and a stand-in for the container engine."""

from __future__ import annotations

import base64
import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
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
from tests.report.samples import passing

CONSOLE_NAME, BACKEND_NAME = "techno-os-console:1.2", "registry.example:5000/techno-os-backend:1.2"
CONSOLE_ID, BACKEND_ID = f"sha256:{'c' * 64}", f"sha256:{'b' * 64}"

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
        target=replace(document.target, kind="compose", images=images),
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
                checks=3,
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
    change(plain)
    return json.dumps(plain).encode()


def sealed(document: VerdictDocument, run_context: str, signer: CryptoSigner, change: Change | None = None) -> bytes:
    """An evidence file for a document; with `change`, of a statement that was changed before it was signed."""
    statement = statement_of(document, run_context)
    return seal(changed(statement, change) if change else encode(statement), signer)


def opened(raw: bytes) -> dict[str, Any]:
    """An envelope as plain data."""
    plain: dict[str, Any] = json.loads(raw)
    return plain


def payload(raw: bytes) -> dict[str, Any]:
    """The statement within an envelope, not verified."""
    plain: dict[str, Any] = json.loads(base64.b64decode(opened(raw)["payload"]))
    return plain


def engine(folder: Path, images: dict[str, Any]) -> Path:
    """A folder with a program `docker` that knows these images: name to its output, or to an exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "images.json").write_text(json.dumps(images))
    program = folder / "docker"
    program.write_text(
        f"""#!{sys.executable}
import json, pathlib, sys
images = json.loads((pathlib.Path(__file__).parent / "images.json").read_text())
if sys.argv[1:3] != ["image", "inspect"] or len(sys.argv) != 4:
    sys.exit("docker: this stand-in knows nothing but `image inspect NAME`")
if sys.argv[3] not in images:
    print("[]")
    sys.exit(f"Error: No such image: {{sys.argv[3]}}")
answer = images[sys.argv[3]]
sys.stdout.write(answer if isinstance(answer, str) else json.dumps(answer))
"""
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder


def described(name: str, digest: str) -> list[dict[str, Any]]:
    """The output of the engine for an image."""
    return [{"Id": digest, "RepoTags": [name], "Config": {"Env": ["PATH=/bin"]}}]


def both() -> dict[str, Any]:
    """Both images as the engine knows them."""
    return {
        CONSOLE_NAME: described(CONSOLE_NAME, CONSOLE_ID),
        BACKEND_NAME: described(BACKEND_NAME, BACKEND_ID),
    }
