"""Signing keys: create and read an Ed25519 pair as PEM files; no program that the gate starts inherits one."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.signer import CryptoSigner, SSlibKey

from technogate.model.errors import UserError

#: The environment variable that may hold the private key itself, as PEM text.
VARIABLE = "TECHNOGATE_SIGNING_KEY"

PRIVATE_NAME = "technogate.key"
PUBLIC_NAME = "technogate.pub"

#: The most bytes of a key file; a PEM key has a few hundred.
_MOST = 64 * 1024


def generate(folder: Path) -> tuple[Path, Path]:
    """Write a new private and a new public key into `folder`, which is created if it is missing; return their paths.

    Only its owner may read the private key. Raises UserError when one of the files exists or cannot be written: a key
    in use is never overwritten.
    """
    private, public = folder / PRIVATE_NAME, folder / PUBLIC_NAME
    for path in (private, public):
        if path.exists() or path.is_symlink():
            raise UserError(f"{path} already exists and is not overwritten; name another folder with --out")
    signer = CryptoSigner.generate_ed25519()
    pem = (
        load_pem_private_key(signer.private_bytes, None)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _create(private, signer.private_bytes, 0o600)
        _create(public, pem, 0o644)
    except OSError as error:
        raise UserError(f"cannot write keys to {folder}: {error.strerror}; name another folder with --out") from error
    return private, public


def _create(path: Path, raw: bytes, mode: int) -> None:
    """Write a file that must not exist yet, with its permissions from the start."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)


def signer_from(file: str, environment: MutableMapping[str, str]) -> CryptoSigner | None:
    """The signer of a run: from `file` when it is named, else from the environment; None without either.

    The variable is removed from `environment`, so that no program that the gate starts inherits the key. Raises
    UserError for anything but an Ed25519 private key.
    """
    text = environment.pop(VARIABLE, "")
    if file:
        return _signer(_read(Path(file), "--signing-key"), file)
    return _signer(text.encode("utf-8", "surrogateescape"), VARIABLE) if text.strip() else None


def _signer(pem: bytes, source: str) -> CryptoSigner:
    """A signer for the private key in `pem`."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UserError(
            f"{source} holds no private key in PEM without a password; `technogate keygen` creates one"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UserError(f"{source} holds a private key that is not Ed25519; `technogate keygen` creates one")
    return CryptoSigner(key)


def public_key(path: Path, option: str = "--key") -> SSlibKey:
    """The key in the file that `option` names; raises UserError for a file that holds no Ed25519 public key."""
    return public_key_of(_read(path, option), str(path))


def public_key_of(pem: bytes, source: str) -> SSlibKey:
    """The key in `pem`, the text of `source`; raises UserError for anything but an Ed25519 public key."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UserError(f"{source} holds no public key in PEM; `technogate keygen` writes {PUBLIC_NAME}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UserError(f"{source} holds a public key that is not Ed25519; `technogate keygen` creates one")
    return SSlibKey.from_crypto(key)


def _read(path: Path, option: str) -> bytes:
    """The bytes of a key file."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST + 1)
    except OSError as error:
        raise UserError(f"{path}: the key cannot be read: {error.strerror}; correct {option}") from error
    if len(raw) > _MOST:
        raise UserError(f"{path} is too large for a key; correct {option}")
    return raw
