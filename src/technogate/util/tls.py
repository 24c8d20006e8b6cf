"""The certificates that this process trusts: those of the system, and what a target file names."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from functools import cache
from pathlib import Path

#: The files of certificates that are trusted besides those of the system.
_trusted: list[str] = []


def trust(ca_files: Iterable[Path]) -> None:
    """Trust the certificates in these PEM files, and no others of their kind, for every connection from now on.

    A process connects to nothing but the pair under test. Who calls this has seen that each file holds a certificate.
    """
    _trusted[:] = [str(path) for path in ca_files]


def trusts_more() -> bool:
    """Whether more is trusted than what the system trusts."""
    return bool(_trusted)


def tls_context() -> ssl.SSLContext:
    """The context for a connection to a server whose certificate is verified."""
    return _context(tuple(_trusted))


def refused_certificate(error: BaseException) -> str:
    """Why the certificate of a server was refused, where that is what an error comes from; else ""."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return str(cause.verify_message).rstrip(".")
        cause = cause.__cause__ or cause.__context__
    return ""


@cache
def _context(trusted: tuple[str, ...]) -> ssl.SSLContext:
    # Loading certificates takes longer than a request.
    context = ssl.create_default_context()
    for path in trusted:
        context.load_verify_locations(path)
    if trusted:
        # An authority of one's own need not have every extension that newer versions of Python demand.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
