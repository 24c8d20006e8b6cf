"""The process that signs: the only one that has the private key, started before anything else, and it starts nothing.

Run as a script (`python -I signer_process.py [FILE]`) it reads the key from FILE, or as its first line from standard
input in base64. It answers with one line: the public key, or why there is none. Then each line of standard input is a
payload in base64, and each line of its output the signature. When its input ends, so does it.
"""

from __future__ import annotations

import base64
import ctypes
import signal
import sys
from pathlib import Path


def main() -> None:
    """Read the key, answer with the public one, then sign line by line."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    if sys.platform == "linux":
        # PR_SET_DUMPABLE: other processes of this user cannot read its memory.
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    first = sys.stdin.buffer.readline()
    try:
        pem = Path(sys.argv[1]).read_bytes() if len(sys.argv) > 1 else base64.b64decode(first)
        key = load_pem_private_key(pem, None)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the other process says so
        return
    if not isinstance(key, Ed25519PrivateKey):
        return
    _answer(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for line in sys.stdin.buffer:
        _answer(key.sign(base64.b64decode(line)))


def _answer(raw: bytes) -> None:
    sys.stdout.buffer.write(base64.b64encode(raw) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
