"""Patterns of secrets, with few false positives: well-known tokens, private keys, passwords with a value.

A finding names the place and the kind of a secret, never the secret itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

#: Longer files are searched for private keys alone: files of settings are short.
TEXT_LIMIT = 1 << 20

#: Tokens that are known by their form.
_TOKENS = {
    "an AWS access key": rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})",
    "a GitLab token": rb"\bglpat-[A-Za-z0-9_-]{20}",
    "a Slack token": rb"\bxox[abprs]-[0-9]{8,}-[A-Za-z0-9-]{10,}",
    "a Stripe key": rb"\b[rs]k_live_[A-Za-z0-9]{20,}",
    "a Google API key": rb"\bAIza[0-9A-Za-z_-]{35}\b",
    "a package registry token": rb"\b(?:npm_[A-Za-z0-9]{36}\b|pypi-AgE[A-Za-z0-9_-]{50,})",
    "a signed web token": rb"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
}
_TOKEN = re.compile(b"|".join(b"(" + pattern + b")" for pattern in _TOKENS.values()))
#: Every token contains one of these: a search for a fixed text is far faster than the pattern.
_HINTS = (
    b"AKIA", b"ASIA", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-", b"xox", b"k_live_",
    b"AIza", b"npm_", b"pypi-AgE", b".eyJ",
)  # fmt: skip
_PRIVATE_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\s|\\n)+(?:[A-Za-z-]+: .*\s+)*(?:[A-Za-z0-9+/=]|\s|\\n){100,}-----END "
)
#: A name whose value is a secret. GPG_KEY of Python's own images is a public fingerprint.
_NAME = r"[A-Za-z0-9_.-]*(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL)[A-Za-z0-9_.-]*"
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_VALUE = r"(\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|,\"']+)"
_ASSIGNED = re.compile(rf"(?<![\w.-])({_NAME})[\"']?[ \t]*[=:][ \t]*{_VALUE}", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:([^\s/:@'\"]+)@", re.IGNORECASE)
#: Values that refer to a secret in another place, or are switches.
_NO_VALUE = re.compile(r"|[$<{].*|\*+|x+|changeme|none|null|true|false|[01]|/run/secrets/.*", re.IGNORECASE)

#: Files that hold settings and, in an image, often more.
_SETTINGS_FILES = re.compile(
    r"\.env(?:\.(?!example$|sample$|template$|dist$).+)?|\.npmrc|\.netrc|\.pypirc|\.pgpass|pip\.conf|\.git-credentials"
)
_ALWAYS_SECRET = re.compile(r"id_(?:rsa|dsa|ecdsa|ed25519)|\.git-credentials|\.pgpass")
_ALWAYS_SECRET_PATHS = (".aws/credentials", ".docker/config.json", ".kube/config", ".config/gcloud/credentials.db")
#: Folders in which keys of tests and examples are public.
_LIBRARIES = frozenset({"site-packages", "dist-packages", "node_modules"})
_FOR_TESTS = re.compile(r"tests?|testing|examples?|fixtures?|docs?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Where a secret is, and what kind it is of."""

    place: str
    what: str


def secrets_in_settings(settings: Mapping[str, str], kind: str) -> list[Secret]:
    """Return the secrets among named values: environment variables, labels."""
    secrets = []
    for name, value in settings.items():
        place = f"{kind} {name}"
        if _SECRET_NAME.fullmatch(name) and not _NO_VALUE.fullmatch(value):
            secrets.append(Secret(place=place, what="a value for a secret"))
        else:
            secrets += [Secret(place=place, what=what) for what in _shapes(value.encode())]
            secrets += [Secret(place=place, what="a password in an address")] * _has_url_password(value)
    return secrets


def secrets_in_text(text: str, place: str) -> list[Secret]:
    """Return the secrets in a line of history or a file of settings."""
    secrets = [Secret(place=place, what=what) for what in _shapes(text.encode())]
    for name, value in _ASSIGNED.findall(text):
        if not _NO_VALUE.fullmatch(value.strip("\"'")):
            secrets.append(Secret(place=place, what=f"a value for {name}"))
    return secrets + [Secret(place=place, what="a password in an address")] * _has_url_password(text)


def secrets_in_file(path: str, raw: bytes) -> list[Secret]:
    """Return the secrets in a file of an image, by its name and its bytes."""
    where = PurePosixPath("/") / path
    if not raw or _is_for_tests(where):
        return []
    if _ALWAYS_SECRET.fullmatch(where.name) or any(str(where).endswith("/" + name) for name in _ALWAYS_SECRET_PATHS):
        return [Secret(place=str(where), what="a file of secrets")]
    if _SETTINGS_FILES.fullmatch(where.name):
        return secrets_in_text(raw[:TEXT_LIMIT].decode("utf-8", "replace"), str(where))
    if b"\0" in raw[:1024]:
        # A program: the keys in it are those of a library's own tests.
        return []
    if len(raw) > TEXT_LIMIT or _LIBRARIES & set(where.parts):
        # A token in a library is an example.
        return [Secret(place=str(where), what=what) for what in _private_keys(raw)]
    return [Secret(place=str(where), what=what) for what in _shapes(raw)]


def _shapes(raw: bytes) -> list[str]:
    """Return the kinds of secrets whose form is in `raw`."""
    hinted = any(hint in raw for hint in _HINTS)
    kinds = [list(_TOKENS)[(match.lastindex or 1) - 1] for match in _TOKEN.finditer(raw)] if hinted else []
    return list(dict.fromkeys([*_private_keys(raw), *kinds]))


def _private_keys(raw: bytes) -> list[str]:
    return ["a private key"] if b"PRIVATE KEY-----" in raw and _PRIVATE_KEY.search(raw) else []


def _has_url_password(text: str) -> bool:
    return any(not _NO_VALUE.fullmatch(password) for password in _URL_PASSWORD.findall(text))


def _is_for_tests(path: PurePosixPath) -> bool:
    parts = path.parts
    return bool(_LIBRARIES & set(parts)) and any(_FOR_TESTS.fullmatch(part) for part in parts)
