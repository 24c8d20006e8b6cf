"""Sign with a key that only another process has (`signer_process`)."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import MutableMapping
from pathlib import Path

from securesystemslib.signer import Key, Signature, Signer, SSlibKey

from technogate.deploy.evidence import signer_process
from technogate.deploy.evidence.signing_keys import VARIABLE, public_key_of, signer_from
from technogate.model.errors import UserError
from technogate.target.environment import clean_environment
from technogate.target.process.kernel_flags import wipe_environment


class RemoteSigner(Signer):
    """Signs with a key that only another process has; raises UserError for a key that is of no use."""

    def __init__(self, file: str, text: str) -> None:
        """Start the process, for the key in `file`, or for the `text` of a key where that is ""."""
        words = [file] if file else []
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(Path(signer_process.__file__).resolve()), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=clean_environment(),
            start_new_session=True,
        )
        source = file or VARIABLE
        pem = self._asked(b"" if file else base64.b64encode(text.encode("utf-8", "surrogateescape")))
        if not pem.startswith(b"-----BEGIN PUBLIC KEY"):
            self.close()
            # The same words as everywhere: it is read once more, by this process, which then ends.
            signer_from(file, {VARIABLE: text})
            raise UserError(f"{source} holds a key that the signer does not read")
        self._public_key = public_key_of(pem, source)

    @property
    def public_key(self) -> SSlibKey:
        """The key that verifies what this one signs."""
        return self._public_key

    @classmethod
    def from_priv_key_uri(cls, priv_key_uri: str, public_key: Key, secrets_handler: object = None) -> Signer:
        """Not used: the key is named by `signer_of`."""
        raise NotImplementedError

    def sign(self, payload: bytes) -> Signature:
        """The signature over `payload`; raises OSError when the process has ended."""
        raw = self._asked(base64.b64encode(payload))
        if len(raw) != 64:
            raise OSError("the process that signs has ended")
        return Signature(self._public_key.keyid, raw.hex())

    def close(self) -> None:
        """End the process; a second call does nothing."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()

    def _asked(self, line: bytes) -> bytes:
        """What the process answers to one line, b"" when it has ended."""
        if self._process.stdin is None or self._process.stdout is None or self._process.stdin.closed:
            return b""
        try:
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()
        except OSError:
            return b""
        return base64.b64decode(self._process.stdout.readline())


def signer_of(file: str, environment: MutableMapping[str, str]) -> RemoteSigner | None:
    """The signer of a run: from `file` when it is named, else from the environment; None without either.

    The key is in no variable of this process afterwards, nor where the system shows the environment that it was
    started with. Raises UserError for anything but an Ed25519 private key.
    """
    text = environment.pop(VARIABLE, "")
    wipe_environment(VARIABLE)
    return RemoteSigner(file, text) if file or text.strip() else None
