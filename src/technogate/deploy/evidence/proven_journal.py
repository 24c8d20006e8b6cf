"""The digest of a journal from signed evidence: it proves a stored journal where no record of its run is left."""

from __future__ import annotations

from pathlib import Path

from technogate.deploy.evidence import envelope
from technogate.deploy.evidence.envelope import EvidenceError
from technogate.deploy.evidence.signing_keys import public_key
from technogate.deploy.evidence.statement import decode
from technogate.model.errors import UserError


def proven_digest(sha256: str, evidence: Path | None, key: Path | None) -> str:
    """The digest that a journal must have: `sha256`, or that in `evidence` which is signed by `key`; "" without both.

    Raises UserError for evidence without a key, evidence that proves nothing, and two that differ.
    """
    if evidence is None:
        if key is not None:
            raise UserError("--key verifies evidence: name the evidence with --evidence, too")
        return sha256
    if key is None:
        raise UserError("evidence proves a journal only with the public key that it is trusted by: name it with --key")
    try:
        statement = decode(envelope.unseal(envelope.read(evidence), public_key(key)))
    except EvidenceError as error:
        raise UserError(f"{evidence} proves nothing: {error}") from error
    stated = statement.predicate.technogate.journal_sha256
    if sha256 and sha256 != stated:
        raise UserError(f"{evidence} is about the journal {stated}, and --sha256 names {sha256}")
    return stated
