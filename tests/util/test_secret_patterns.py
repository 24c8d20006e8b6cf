"""Patterns of secrets: each kind is found, without false positives."""

from __future__ import annotations

import pytest

from technogate.checks.image_contents import image_has_health_check, image_holds_no_secret, image_runs_as_non_root
from technogate.model.image import ImageFacts
from technogate.util.secret_patterns import Secret, secrets_in_file, secrets_in_settings, secrets_in_text

PEM = "-----BEGIN {kind}PRIVATE KEY-----\n" + "\n".join(["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ"] * 5)
PRIVATE_KEY = (PEM + "\n-----END {kind}PRIVATE KEY-----\n").format(kind="RSA ").encode()
GITHUB = b"ghp_" + b"a1B2" * 9

BAKED_FILES = {
    "private key": ("app/server.pem", PRIVATE_KEY),
    "private key of no kind": ("app/server.pem", PRIVATE_KEY.replace(b"RSA ", b"")),
    "private key in JSON": ("app/service.json", b'{"private_key": "' + PRIVATE_KEY.replace(b"\n", b"\\n") + b'"}'),
    "private key in a library, not in its tests": ("usr/lib/python3/dist-packages/thing/server.pem", PRIVATE_KEY),
    "ssh key": ("home/app/.ssh/id_ed25519", b"anything"),
    "environment file": ("app/.env", b"TECHNO_API_KEY=Tg4kfiDmwn2\n"),
    "environment file of a stage": ("app/.env.production", b'export DB_PASSWORD="tr0ub4dor"\n'),
    "address with a password": ("app/.env", b"DATABASE_URL=postgresql://techno:tr0ub4dor@db/techno\n"),
    "package registry": ("root/.npmrc", b"//registry.invalid/:_authToken=0a1b2c3d4e5f\n"),
    "cloud account": ("root/.aws/credentials", b"[default]\naws_secret_access_key = x\n"),
    "token in a script": ("app/deploy.sh", b"curl -H 'Authorization: " + GITHUB + b"'\n"),
    "token in a bundle": ("app/static/app.js", b'const t="AKIA' + b"ABCD" * 4 + b'";'),
}

HARMLESS_FILES = {
    "public certificate": ("etc/ssl/certs/ca.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
    "code that reads keys": (
        "app/keys.py",
        b'START = b"-----BEGIN PRIVATE KEY-----"\nEND = b"-----END PRIVATE KEY-----"\n',
    ),
    "a library's own test key": ("usr/lib/python3/dist-packages/thing/tests/key.pem", PRIVATE_KEY),
    "a program that tests itself": ("usr/lib/libtls.so", b"\x7fELF\0\0" + PRIVATE_KEY),
    "an example": ("app/.env.example", b"TECHNO_API_KEY=Tg4kfiDmwn2\n"),
    "an environment file without values": ("app/.env", b"TECHNO_API_KEY=\nNEXT_PUBLIC_API_URL=http://backend:8000\n"),
    "a value that is given elsewhere": ("app/.env", b"TECHNO_API_KEY=${KEY}\nTOKEN_FILE=/run/secrets/token\n"),
    "an address without a password": ("app/.env", b"DATABASE_URL=postgresql://techno@db:5432/techno\n"),
    "settings of npm": ("usr/local/lib/node_modules/npm/.npmrc", b"package-lock=true\n"),
    "an example token of a library": (
        "app/node_modules/jwt/README.md",
        b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ." + b"a" * 43,
    ),
    "an empty file": ("root/.ssh/id_rsa", b""),
}


@pytest.mark.parametrize("case", BAKED_FILES)
def test_finds_a_secret_in_a_file(case: str) -> None:
    """Each kind of secret is found, with its place, and is not shown."""
    path, raw = BAKED_FILES[case]
    [found] = secrets_in_file(path, raw)
    assert found.place == f"/{path}"
    assert not any(part in found.what for part in ("Tg4k", "tr0ub", "0a1b", "MIIE", "AKIA"))


@pytest.mark.parametrize("case", HARMLESS_FILES)
def test_a_harmless_file_is_left_alone(case: str) -> None:
    """Text that resembles a secret is no finding."""
    assert secrets_in_file(*HARMLESS_FILES[case]) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TECHNO_API_KEY", "Tg4kfiDmwn2"),
        ("NEXT_PUBLIC_API_KEY", "Tg4kfiDmwn2"),
        ("DB_PASSWORD", "tr0ub4dor"),
        ("DATABASE_URL", "postgresql://techno:tr0ub4dor@db/techno"),
        ("CI", GITHUB.decode()),
    ],
)
def test_finds_a_secret_in_a_setting(name: str, value: str) -> None:
    """A variable with the name or the value of a secret is found."""
    [found] = secrets_in_settings({name: value}, "environment")
    assert found.place == f"environment {name}"
    assert value not in found.what


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TECHNO_API_KEY", ""),
        ("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D"),
        ("PYTHON_SHA256", "d9a5c9ca1c7f8f5b1d2c"),
        ("TECHNO_DATABASE_URL", "sqlite:////data/trail.db"),
        ("API_KEY_FILE", "/run/secrets/api_key"),
        ("TOKEN_CHECK", "true"),
    ],
)
def test_a_harmless_setting_is_left_alone(name: str, value: str) -> None:
    """Settings of ordinary images are no finding."""
    assert secrets_in_settings({name: value}, "environment") == []


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("RUN |1 NPM_TOKEN=0a1b2c3d4e5f /bin/sh -c npm ci", 1),
        ("RUN /bin/sh -c echo TECHNO_API_KEY=Tg4kfiDmwn2 > /app/config", 1),
        ("RUN /bin/sh -c pip install --index-url https://ci:tr0ub4dor@index.invalid/simple thing", 1),
        ("RUN /bin/sh -c --mount=type=secret,id=npm npm ci", 0),
        ("RUN /bin/sh -c NPM_TOKEN=$(cat /run/secrets/npm) npm ci", 0),
        ('CMD ["python" "-m" "techno_backend"]', 0),
        ("ENV PATH=/usr/local/bin:/usr/bin", 0),
    ],
)
def test_finds_build_arguments_in_the_history(line: str, count: int) -> None:
    """A value passed to a build step is in the image's history; a mounted one is not."""
    assert len(secrets_in_text(line, "history")) == count


def image(**changes: object) -> ImageFacts:
    """A conforming image with `changes`."""
    usual: dict[str, object] = {
        "name": "backend:1", "digest": "sha256:0", "user": "10001:10001", "health": ("CMD", "true"),
        "environment": {"PATH": "/usr/bin"}, "labels": {}, "history": ("CMD",),
    }  # fmt: skip
    return ImageFacts(**(usual | changes))  # type: ignore[arg-type]


def test_a_good_image_has_no_finding() -> None:
    """A conforming image has no finding."""
    assert not [
        *image_runs_as_non_root(image()),
        *image_has_health_check(image()),
        *image_holds_no_secret(image(), [], "Tg4kfiDmwn2"),
    ]


@pytest.mark.parametrize("user", ["", "root", "0", "0:0", "root:root", "00"])
def test_root_is_found(user: str) -> None:
    """Every way of running as root is found."""
    assert image_runs_as_non_root(image(user=user))


@pytest.mark.parametrize("health", [(), ("NONE",)])
def test_a_missing_health_check_is_found(health: tuple[str, ...]) -> None:
    """A missing or removed health check is found."""
    assert image_has_health_check(image(health=health))


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": {"SETTING": "Tg4kfiDmwn2"}},
        {"labels": {"built-with": "Tg4kfiDmwn2"}},
        {"history": ("RUN configure Tg4kfiDmwn2",)},
    ],
)
def test_the_pairs_own_key_is_found_wherever_it_is(changes: dict[str, object]) -> None:
    """The key of the pair is found under any name, and the finding does not show it."""
    [finding] = image_holds_no_secret(image(**changes), [], "Tg4kfiDmwn2")
    assert "the API key of this pair" in finding.observed
    assert "Tg4kfiDmwn2" not in finding.observed


def test_many_places_make_one_finding() -> None:
    """One finding names the first places and counts the rest."""
    [finding] = image_holds_no_secret(
        image(), [Secret(place=f"/app/{number}", what="x") for number in range(15)], "Tg4kfiDmwn2"
    )
    assert "/app/0: x" in finding.observed
    assert finding.observed.endswith("and 5 more")
