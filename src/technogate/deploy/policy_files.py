"""Write a policy and its signature."""

from __future__ import annotations

import time
from pathlib import Path

from technogate.deploy.decision_facts import SKEW_S
from technogate.deploy.evidence import envelope
from technogate.deploy.evidence.envelope import EvidenceError
from technogate.deploy.evidence.signing_keys import public_key, signer_from
from technogate.deploy.evidence.statement import decode
from technogate.deploy.policy import parse_policy
from technogate.deploy.policy_source import PAYLOAD_TYPE, SIGNATURE
from technogate.deploy.policy_text import new_policy
from technogate.model.errors import UserError
from technogate.util.write_file import write_file


def write_policy(out: Path, key: Path, evidence: Path | None) -> Path:
    """Write a commented policy to `out`, which must not exist; raises UserError for what cannot be read or written."""
    if out.exists() or out.is_symlink():
        raise UserError(f"{out} already exists and is not overwritten; name another file with --out")
    trusted = public_key(key)
    statement = None
    if evidence is not None:
        try:
            statement = decode(envelope.unseal(envelope.read(evidence), trusted))
        except EvidenceError as error:
            raise UserError(f"{evidence}: no evidence that {key} signed: {error}") from error
    text = new_policy(out.name, key.read_text("utf-8"), time.time(), statement)
    parse_policy(text.encode(), str(out))
    return _written(out, text)


def sign_policy(path: Path, signing_key: str) -> Path:
    """Write the signature of the policy `path` beside it; raises UserError for a policy that would not count."""
    signer = signer_from(signing_key, {})
    if signer is None:
        raise UserError("name the private key of the deployer with --signing-key")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; name the policy") from error
    if parse_policy(raw, str(path)).issued.timestamp() > time.time() + SKEW_S:
        raise UserError(f"{path}: the key issued is later than now; write when the policy is issued")
    return _written(Path(f"{path}{SIGNATURE}"), envelope.seal(raw, signer, PAYLOAD_TYPE).decode("ascii"))


def _written(path: Path, text: str) -> Path:
    try:
        return write_file(path, text)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error
