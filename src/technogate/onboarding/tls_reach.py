"""Whether a program speaks TLS, and which certificate file of its folder lets its own be verified."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from technogate.util.source_texts import SKIPPED

#: The endings of files that may hold certificates; the most that are tried.
_ENDINGS, _MOST = (".pem", ".crt", ".cer"), 30
#: Seconds that one handshake may take.
_HANDSHAKE_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Secure:
    """A program that speaks TLS: the name by which its certificate is verified, and the file, "" and None for none."""

    name: str
    ca_file: Path | None


def secure(host: str, port: int, folder: Path) -> Secure | None:
    """How the program at this address speaks TLS, None when it does not."""
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    plain.check_hostname = False
    plain.verify_mode = ssl.CERT_NONE
    if not _shakes(plain, host, port, host):
        return None
    for path in [None, *_certificates(folder, 0)][:_MOST]:
        for name in dict.fromkeys([host, "localhost"]):
            with suppress(OSError, ssl.SSLError):
                context = ssl.create_default_context(cafile=None if path is None else str(path))
                context.verify_flags &= ~ssl.VERIFY_X509_STRICT
                if _shakes(context, host, port, name):
                    return Secure(name=name, ca_file=path)
    return Secure(name="", ca_file=None)


def _shakes(context: ssl.SSLContext, host: str, port: int, name: str) -> bool:
    """Whether a handshake succeeds with a server that is called `name`."""
    try:
        with (
            socket.create_connection((host, port), timeout=_HANDSHAKE_S) as connection,
            context.wrap_socket(connection, server_hostname=name),
        ):
            return True
    except OSError:
        return False


def _certificates(folder: Path, depth: int) -> Iterator[Path]:
    """The files of a folder that may hold certificates."""
    with suppress(OSError):
        for path in sorted(folder.iterdir()):
            if path.is_dir() and not path.is_symlink() and depth < 2 and path.name not in SKIPPED:
                yield from _certificates(path, depth + 1)
            elif path.suffix in _ENDINGS and path.is_file():
                yield path
