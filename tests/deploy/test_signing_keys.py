"""Signing keys: written once, readable only by their owner, and never passed on to a program."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from technogate.deploy.evidence.envelope import seal, unseal
from technogate.deploy.evidence.signing_keys import VARIABLE, generate, public_key, signer_from
from technogate.model.errors import UserError
from tests.conftest import Sandbox

ELLIPTIC = ec.generate_private_key(ec.SECP256R1())
LOCKED = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
WRONG = {
    "nothing": b"",
    "no PEM": b"key",
    "half a PEM": b"-----BEGIN PRIVATE KEY-----\n",
    "another kind": ELLIPTIC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    "a public key of another kind": ELLIPTIC.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "a key with a password": LOCKED,
    "far too much": b"-" * 100_000,
}


def test_a_pair_of_keys_belongs_together(tmp_path: Path) -> None:
    """The public key verifies the seal of the private key, from the file and from the environment."""
    private, public = generate(tmp_path / "new" / "keys")
    environment = {VARIABLE: private.read_text(), "PATH": "x"}
    for signer in (signer_from(str(private), {}), signer_from("", environment)):
        assert signer is not None
        assert unseal(seal(b"x", signer), public_key(public)) == b"x"
    assert environment == {"PATH": "x"}


def test_the_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    """Only its owner may read the private key."""
    private, _ = generate(tmp_path)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["technogate.key", "technogate.pub"])
def test_no_key_is_overwritten(tmp_path: Path, name: str) -> None:
    """When either file exists, even as a dangling link, nothing is written."""
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="not overwritten"):
        generate(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_the_named_key_takes_precedence(tmp_path: Path) -> None:
    """A file takes precedence over the environment, which is cleared anyway; without either there is no signer."""
    private, _ = generate(tmp_path / "a")
    other, _ = generate(tmp_path / "b")
    environment = {VARIABLE: other.read_text()}
    named, alone = signer_from(str(private), environment), signer_from(str(private), {})
    assert named is not None
    assert alone is not None
    assert named.public_key.keyid == alone.public_key.keyid
    assert environment == {}
    assert signer_from("", {}) is None
    assert signer_from("", {VARIABLE: " \n"}) is None


@pytest.mark.parametrize("raw", WRONG.values(), ids=WRONG)
def test_refuses_a_file_that_is_not_a_key(tmp_path: Path, raw: bytes) -> None:
    """A file without a key, or with another kind of key, is named with a hint."""
    path = tmp_path / "key"
    path.write_bytes(raw)
    for load in (lambda: signer_from(str(path), {}), lambda: public_key(path)):
        with pytest.raises(UserError) as caught:
            load()
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_refuses_a_private_key_as_public_key(tmp_path: Path) -> None:
    """Each key serves its own purpose only; a missing file is named."""
    private, public = generate(tmp_path)
    with pytest.raises(UserError, match="no public key"):
        public_key(private)
    with pytest.raises(UserError, match="no private key"):
        signer_from(str(public), {})
    with pytest.raises(UserError, match="cannot be read"):
        public_key(tmp_path / "nowhere")


@pytest.mark.slow
def test_keygen(sandbox: Sandbox) -> None:
    """`technogate keygen` writes both keys and prints their paths; a second time it exits 2 and changes nothing."""
    ended = sandbox.run("keygen", "--out", "keys")
    assert ended.returncode == 0, ended.stderr
    assert "technogate.key" in ended.stdout
    before = (sandbox.home / "keys" / "technogate.key").read_bytes()
    again = sandbox.run("keygen", "--out", "keys")
    assert again.returncode == 2
    assert again.stderr.count("\n") == 1
    assert (sandbox.home / "keys" / "technogate.key").read_bytes() == before
    assert sandbox.run("keygen").returncode == 2
