"""The DSSE envelope: a payload with one signature over it and over its type.

Reading is stricter than the format requires. Anything but what this gate writes (another field, a second signature,
another encoding of the same bytes) is refused, because its origin is unknown.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import msgspec
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Signature, Signer, SSlibKey

from technogate.util.plain_file import UnreadableError, read_at_most
from technogate.util.strict_json import NotStrictJson, parse

#: The type of the payload, which is signed with it.
PAYLOAD_TYPE = "application/vnd.in-toto+json"

#: The most bytes of an evidence file; one with 100 requirements has fewer than 50 thousand.
MOST = 2 * 1024 * 1024


class EvidenceError(Exception):
    """Evidence that proves nothing; the text is the reason on one line."""


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature in the file."""

    keyid: str
    sig: str


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The envelope in the file."""

    payload: str
    payload_type: str
    signatures: tuple[_Signature, ...]


def seal(payload: bytes, signer: Signer, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The signed envelope of `payload`, as the bytes of a file."""
    envelope = Envelope(payload, payload_type, {})
    envelope.sign(signer)
    return msgspec.json.encode(envelope.to_dict()) + b"\n"


def read(path: Path) -> bytes:
    """The bytes of an evidence file; raises EvidenceError when it cannot be read or is too large."""
    try:
        raw = read_at_most(path, MOST)
    except UnreadableError as error:
        raise EvidenceError(str(error)) from error
    if len(raw) > MOST:
        raise EvidenceError(f"{path} has more than {MOST} bytes, too many for evidence")
    return raw


def signed_with(raw: bytes) -> str:
    """The id of the key that the envelope `raw` names, not verified; raises EvidenceError like `unseal`."""
    return _signature(_decoded(raw)).keyid


def _signature(envelope: _Envelope) -> _Signature:
    """The one signature of an envelope."""
    if len(envelope.signatures) != 1:
        raise EvidenceError(f"it has {len(envelope.signatures)} signatures, not exactly one")
    return envelope.signatures[0]


def unseal(raw: bytes, key: SSlibKey, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """The payload of the envelope `raw`, whose one signature is by `key`.

    Raises EvidenceError when `raw` is not an envelope, has another type or not exactly one signature, or when the
    signature is by another key or over other bytes.
    """
    envelope = _decoded(raw)
    if envelope.payload_type != payload_type:
        raise EvidenceError(f"its payload type is {envelope.payload_type!r}, not {payload_type!r}")
    signature = _signature(envelope)
    if signature.keyid != key.keyid:
        raise EvidenceError(f"it is signed with another key ({signature.keyid[:16]!r}…, trusted: {key.keyid[:16]!r}…)")
    payload = _bytes(envelope.payload, "payload")
    sig = Signature(key.keyid, _bytes(signature.sig, "signature").hex())
    try:
        Envelope(payload, payload_type, {key.keyid: sig}).verify([key], 1)
    except VerificationError as error:
        raise EvidenceError(
            "its signature does not match its content: it was changed after signing, or never signed"
        ) from error
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
    """The bytes that `text` encodes; raises EvidenceError unless `text` is their canonical base64."""
    try:
        raw = base64.b64decode(text.encode("utf-8"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise EvidenceError(f"its {what} is not base64") from error
    if base64.b64encode(raw).decode("ascii") != text:
        raise EvidenceError(f"its {what} is not canonical base64")
    return raw
