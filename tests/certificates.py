"""An authority of its own and the certificate of a server, made for one test."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)
_PEM = serialization.Encoding.PEM


def write_certificates(folder: Path, *names: str) -> None:
    """Write `ca.pem`, and `cert.pem` and `key.pem` of a server with these host names and addresses."""
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
    certificates = {
        "ca.pem": _builder("an authority", authority).add_extension(x509.BasicConstraints(True, None), critical=True),
        "cert.pem": _builder("a server", own).add_extension(alternatives, critical=False),
    }
    for name, builder in certificates.items():
        folder.joinpath(name).write_bytes(builder.sign(authority, hashes.SHA256()).public_bytes(_PEM))
    secret = own.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    folder.joinpath("key.pem").write_bytes(secret)


def _builder(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])
    builder = x509.CertificateBuilder(issuer, named, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(now - _DAY).not_valid_after(now + _DAY)


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
