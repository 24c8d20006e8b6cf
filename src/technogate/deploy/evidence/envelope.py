"""The DSSE envelope: a payload with one signature over it and over its type.

Reading is stricter than the format asks for. What is not exactly what this gate writes (another field, a
second signature, another spelling of the same bytes) is refused, because nobody could say how it got there.
"""

from __future__ import annotations

import base64
import binascii
import stat
from pathlib import Path

import msgspec
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, Signature, SSlibKey

from technogate.util.strict_json import NotStrictJson, parse

#: What the payload is, signed along with it.
PAYLOAD_TYPE = "application/vnd.in-toto+json"

#: Bytes of an evidence file. One of 100 requirements has less than 50 thousand.
MOST = 2 * 1024 * 1024


class EvidenceError(Exception):
    """Evidence that proves nothing; the text says why on one line."""


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature as the file has it."""

    keyid: str
    sig: str


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """An envelope as the file has it."""

    payload: str
    payload_type: str
    signatures: tuple[_Signature, ...]


def seal(payload: bytes, signer: CryptoSigner) -> bytes:
    """The envelope of `payload`, signed, as the bytes of a file."""
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    return msgspec.json.encode(envelope.to_dict()) + b"\n"


def read(path: Path) -> bytes:
    """The bytes of an evidence file; raises EvidenceError for what is none."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise EvidenceError(f"{path} is not a file")
        with path.open("rb") as file:
            raw = file.read(MOST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no name of a file"
        raise EvidenceError(f"{path} cannot be read: {why}") from error
    if len(raw) > MOST:
        raise EvidenceError(f"{path} has more than {MOST} bytes: that is no evidence")
    return raw


def unseal(raw: bytes, key: SSlibKey) -> bytes:
    """The payload of the envelope `raw`, whose one signature is by `key`.

    Raises EvidenceError when it is no envelope, is of another type, has not exactly one signature, or
    the signature is by another key or over other bytes.
    """
    found = _decoded(raw)
    if found.payload_type != PAYLOAD_TYPE:
        raise EvidenceError(f"its payload is {found.payload_type!r}, not {PAYLOAD_TYPE!r}")
    if len(found.signatures) != 1:
        raise EvidenceError(f"it has {len(found.signatures)} signatures, not exactly one")
    [signature] = found.signatures
    if signature.keyid != key.keyid:
        raise EvidenceError(
            f"it is signed with another key ({signature.keyid[:16]!r}…, trusted is {key.keyid[:16]!r}…)"
        )
    payload = _bytes(found.payload, "payload")
    sig = Signature(key.keyid, _bytes(signature.sig, "signature").hex())
    try:
        Envelope(payload, PAYLOAD_TYPE, {key.keyid: sig}).verify([key], 1)
    except VerificationError as error:
        raise EvidenceError("its signature does not fit its content: it was changed, or never signed") from error
    return payload


def _decoded(raw: bytes) -> _Envelope:
    """The envelope in `raw`, not verified."""
    if not raw:
        raise EvidenceError("it is empty")
    try:
        return msgspec.convert(parse(raw), _Envelope)
    except NotStrictJson as error:
        raise EvidenceError(f"it is not an envelope: {error}") from error
    except msgspec.ValidationError as error:
        raise EvidenceError(f"it is not an envelope: {error}") from error


def _bytes(text: str, what: str) -> bytes:
    """The bytes that `text` stands for, written in the one way that base64 has for them."""
    try:
        raw = base64.b64decode(text.encode("utf-8"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise EvidenceError(f"its {what} is not base64") from error
    if base64.b64encode(raw).decode("ascii") != text:
        raise EvidenceError(f"its {what} is not base64 as it is written")
    return raw
