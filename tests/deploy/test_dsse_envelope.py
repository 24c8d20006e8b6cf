"""The signed envelope: only the unchanged file with the right signature is accepted."""

from __future__ import annotations

import base64
import json
import os
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner

from technogate.deploy.evidence.envelope import MOST, PAYLOAD_TYPE, EvidenceError, read, seal, unseal
from tests.deploy.sealed import opened

SIGNER = CryptoSigner.generate_ed25519()
OTHER = CryptoSigner.generate_ed25519()
PAYLOAD = b'{"what": "was judged?>"}'
RAW = seal(PAYLOAD, SIGNER)


def test_unseals_what_was_sealed() -> None:
    """The payload is unchanged; the file is one line of ASCII."""
    assert unseal(RAW, SIGNER.public_key) == PAYLOAD
    assert RAW.decode("ascii").count("\n") == 1


def test_the_envelope_is_dsse() -> None:
    """The fields and the bytes that are signed are those of the format, computed here without the library."""
    envelope = opened(RAW)
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert base64.b64decode(envelope["payload"]) == PAYLOAD
    [signature] = envelope["signatures"]
    signed = b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(PAYLOAD), PAYLOAD)
    SIGNER._private_key.public_key().verify(base64.b64decode(signature["sig"]), signed)  # type: ignore[union-attr, call-arg]


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80])
def test_refuses_a_changed_byte(mask: int) -> None:
    """A file with any byte changed is refused."""
    for place in range(len(RAW) - 1):
        changed = bytearray(RAW)
        changed[place] ^= mask
        with pytest.raises(EvidenceError):
            unseal(bytes(changed), SIGNER.public_key)


def test_refuses_a_truncated_file() -> None:
    """A file truncated at any length is refused."""
    for length in range(len(RAW) - 1):
        with pytest.raises(EvidenceError):
            unseal(RAW[:length], SIGNER.public_key)


def both_signatures(good_first: bool) -> Callable[[dict[str, Any]], None]:
    """A second signature, by an untrusted key."""

    def change(envelope: dict[str, Any]) -> None:
        foreign = opened(seal(PAYLOAD, OTHER))["signatures"][0]
        envelope["signatures"].insert(1 if good_first else 0, foreign)

    return change


def second_is_bad(envelope: dict[str, Any]) -> None:
    """The same key once more, with a signature over other bytes."""
    envelope["signatures"].append(opened(seal(b"else", SIGNER))["signatures"][0])


def other_type(envelope: dict[str, Any]) -> None:
    """A type that was not signed."""
    envelope["payloadType"] = "application/vnd.in-toto.test-result+json"


def urlsafe(envelope: dict[str, Any]) -> None:
    """Another alphabet for the same bytes."""
    envelope["payload"] = base64.urlsafe_b64encode(PAYLOAD).decode()


def spare_bits(envelope: dict[str, Any]) -> None:
    """Another last character of the signature, which stands for the same bytes."""
    [signature] = envelope["signatures"]
    body = signature["sig"].rstrip("=")
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    last = alphabet[alphabet.index(body[-1]) | 1]
    changed = body[:-1] + last + "=="
    assert base64.b64decode(changed) == base64.b64decode(signature["sig"])
    signature["sig"] = changed


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "unsigned": (lambda one: one.update(signatures=[]), "0 signatures"),
    "no signatures at all": (lambda one: one.pop("signatures"), "signatures"),
    "a foreign signature beside the good one": (both_signatures(True), "2 signatures"),
    "a foreign signature before the good one": (both_signatures(False), "2 signatures"),
    "a bad signature beside the good one": (second_is_bad, "2 signatures"),
    "the same signature twice": (lambda one: one["signatures"].append(one["signatures"][0]), "2 signatures"),
    "another payload type": (other_type, "its payload type is"),
    "another payload": (lambda one: one.update(payload=base64.b64encode(b"{}").decode()), "does not match"),
    "no payload": (lambda one: one.update(payload=""), "does not match"),
    "another spelling of the payload": (urlsafe, "not base64"),
    "another spelling of the signature": (spare_bits, "not canonical base64"),
    "a line feed in the payload": (lambda one: one.update(payload=one["payload"] + "\n"), "not base64"),
    "the signature of another payload": (
        lambda one: one.update(signatures=opened(seal(b"else", SIGNER))["signatures"]),
        "does not match",
    ),
    "an empty signature": (lambda one: one["signatures"][0].update(sig=""), "does not match"),
    "another key's signature under this key's name": (
        lambda one: one["signatures"][0].update(sig=opened(seal(PAYLOAD, OTHER))["signatures"][0]["sig"]),
        "does not match",
    ),
    "a field that nobody knows": (lambda one: one.update(trusted=True), "trusted"),
    "a number as payload": (lambda one: one.update(payload=1), "not an envelope"),
}


@pytest.mark.parametrize(("change", "why"), CHANGES.values(), ids=CHANGES)
def test_refuses_a_changed_envelope(change: Callable[[dict[str, Any]], object], why: str) -> None:
    """Each change of the envelope's fields is refused with its reason."""
    envelope = opened(RAW)
    change(envelope)
    with pytest.raises(EvidenceError) as caught:
        unseal(json.dumps(envelope).encode(), SIGNER.public_key)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_another_key() -> None:
    """Evidence signed with another key than the trusted one is refused."""
    with pytest.raises(EvidenceError, match="another key"):
        unseal(RAW, OTHER.public_key)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\n", b"null", b"[]", b"{}", b'"x"', b"\xff\xfe", b"{" * 100_000, b"[" * 100_000,
        RAW + RAW, b"\xef\xbb\xbf" + RAW, RAW.replace(b'{"payload"', b'{"payload":"","payload"', 1),
    ],
)  # fmt: skip
def test_refuses_anything_but_an_envelope(raw: bytes) -> None:
    """For any other content of the file, one line gives the reason."""
    with pytest.raises(EvidenceError) as caught:
        unseal(raw, SIGNER.public_key)
    assert "\n" not in str(caught.value)


def test_refuses_a_file_over_the_limit(tmp_path: Path) -> None:
    """A file that is too large to be evidence is refused before it is read whole."""
    path = tmp_path / "evidence.json"
    path.write_bytes(b" " * MOST)
    assert len(read(path)) == MOST
    with path.open("ab") as file:
        file.truncate(1 << 40)
    with pytest.raises(EvidenceError, match="more than"):
        read(path)


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "link to nothing", "name that is none"])
def test_refuses_anything_but_a_regular_file(tmp_path: Path, kind: str) -> None:
    """Reading does not wait for a pipe, and a missing file is an error."""
    path = tmp_path / "evidence.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to nothing":
        path.symlink_to(tmp_path / "nothing")
    elif kind == "name that is none":
        path = Path("a\0b")
    with pytest.raises(EvidenceError):
        read(path)
