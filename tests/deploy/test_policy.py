"""`deploy-policy.toml`: what it says, each mistake as one line, its schema, and the file that `policy new` writes."""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from technogate.deploy.evidence.signing_keys import generate
from technogate.deploy.policy import deploy_policy, parse_policy, seconds_of
from technogate.deploy.policy_files import sign_policy, write_policy
from technogate.deploy.policy_source import branch_policy, signed_policy
from technogate.deploy.policy_text import new_policy
from technogate.model.errors import UserError
from technogate.model.settings import EVIDENCE_AGE
from tests.conftest import ROOT
from tests.deploy.deployment_scene import DAY
from tests.tools import GIT

ZERO = "0" * 64


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key pair in the current folder."""
    monkeypatch.chdir(tmp_path)
    return generate(Path())[1]


def text(keys: Path) -> str:
    """The policy that is written without evidence."""
    return new_policy("deploy-policy.toml", keys.read_text(), time.time(), None)


def test_the_new_policy_is_the_strict_one(keys: Path) -> None:
    """Without evidence every entry is the default, and no waiver counts."""
    policy = deploy_policy(parse_policy(text(keys).encode(), "p"), "p", "source", ())
    assert (policy.contracts, policy.gates, policy.targets) == (frozenset(),) * 3
    assert (policy.profile, policy.isolated, policy.max_age_s) == ("standard", True, seconds_of(EVIDENCE_AGE))
    assert (policy.waivable, policy.owners, policy.waivers) == (frozenset(), frozenset(), ())
    assert not any(policy.images.values())
    assert not any(policy.repositories.values())
    [key] = policy.keys
    assert key.since <= time.time() <= key.until
    assert policy.issued <= time.time() < policy.expires < time.time() + 181 * DAY


def test_every_entry_is_shown(keys: Path) -> None:
    """The file that is written names each key that the schema has."""
    schema = json.loads((ROOT / "contracts" / "schemas" / "deploy-policy.schema.json").read_text("utf-8"))
    names = {name for part in schema["$defs"].values() for name in part.get("properties", {})}
    assert not [name for name in names if name not in text(keys)]


MISTAKES: dict[str, tuple[tuple[str, str], str]] = {
    "not TOML": (("version = 1", "version ="), "correct the TOML"),
    "another version": (("version = 1", "version = 2"), "the key version"),
    "an unknown key": (("[evidence]\n", "[evidence]\nforce = true\n"), "the key evidence.force is not known"),
    "no key": (("[[key]]", "[[keys]]"), "is not known"),
    "an unknown profile": (('profile = "standard"', 'profile = "total"'), "the key evidence.profile"),
    "an age that is none": (('max_age = "24h"', 'max_age = "1y"'), "is not an age"),
    "an age of a year": (('max_age = "24h"', 'max_age = "365d"'), "is not an age"),
    "no isolation": (('isolation = "isolated"', 'isolation = "none"'), "the key evidence.isolation"),
    "no check at all": (("[checks]\n", "[checks]\nAUT-01 = 0\n"), "the key checks"),
    "a digest without its kind": (("[gate]\ndigests = []", f'[gate]\ndigests = ["{ZERO}"]'), "the key gate.digests"),
    "a tag as repository": (
        ("[images.console]\nrepositories = []", '[images.console]\nrepositories = ["x:1"]'),
        "is no repository",
    ),
    "a text as key": (("-----BEGIN PUBLIC KEY-----", "-----BEGIN KEY-----"), "holds no public key"),
    "a key that ends before it begins": (("\nfrom = ", "\nfrom = 2099-01-01 #"), "ends before it begins"),
    "a time without a zone": (("\nissued = ", "\nissued = 2026-01-01T00:00:00 #"), "the key issued"),
    "a waiver for the key": (
        ("# [waivers]", '[waivers]\nfile = "w"\nrequirements = ["AUT-01"]\nowners = ["o"]'),
        "AUT-01 keeps the key",
    ),
    "waivers for a year": (
        ("# [waivers]", '[waivers]\nfile = "w"\nrequirements = []\nowners = []\ndays = 365'),
        "the key waivers.days",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_one_line(name: str, keys: Path) -> None:
    """A policy with a mistake is refused whole, with the file and what is wrong."""
    (old, new), why = MISTAKES[name]
    whole = text(keys)
    assert whole.count(old) == 1
    with pytest.raises(UserError) as caught:
        deploy_policy(parse_policy(whole.replace(old, new).encode(), "p.toml"), "p.toml", "source", ())
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_schema_and_the_reader_agree(keys: Path) -> None:
    """The schema accepts the policy, and refuses unknown keys as the reader does."""
    schema = json.loads((ROOT / "contracts" / "schemas" / "deploy-policy.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)

    def plain(toml: str) -> Any:
        return json.loads(json.dumps(tomllib.loads(toml), default=str))

    whole = text(keys)
    assert list(validator.iter_errors(plain(whole))) == []
    for name in ("an unknown key", "no key", "an unknown profile", "no isolation", "a digest without its kind"):
        assert not validator.is_valid(plain(whole.replace(*MISTAKES[name][0]))), name


def test_a_policy_is_written_once_and_signed(keys: Path) -> None:
    """It is never overwritten, a signed one is read, and one of tomorrow is not signed."""
    path = write_policy(Path("deploy-policy.toml"), keys, None)
    with pytest.raises(UserError, match="not overwritten"):
        write_policy(path, keys, None)
    sign_policy(path, "technogate.key")
    policy, _ = signed_policy(path, keys, time.time())
    assert "signed by the key" in policy.source
    path.write_text(path.read_text().replace("\nissued = ", "\nissued = 2999-01-01T00:00:00Z #"))
    with pytest.raises(UserError, match="later than now"):
        sign_policy(path, "technogate.key")
    with pytest.raises(UserError, match="cannot be read"):
        sign_policy(Path("nowhere.toml"), "technogate.key")


def test_a_signed_policy_covers_its_waivers(keys: Path) -> None:
    """A file of waivers without a digest is refused: whoever changes it would change the policy."""
    path = Path("deploy-policy.toml")
    table = '[waivers]\nfile = "w.toml"\nrequirements = ["TRL-06"]\nowners = ["o"]\n'
    path.write_text(text(keys).replace("# [waivers]\n", table))
    Path("w.toml").write_text("")
    sign_policy(path, "technogate.key")
    with pytest.raises(UserError, match=r"waivers\.sha256 is missing"):
        signed_policy(path, keys, time.time())


@pytest.mark.skipif(bool(GIT.missing), reason=GIT.missing)
@pytest.mark.parametrize(
    ("ref", "path", "why"),
    [
        ("main", "deploy-policy.toml", "neither a branch of a remote"),
        ("--help", "deploy-policy.toml", "neither a branch of a remote"),
        ("refs/heads/main", "deploy-policy.toml", "git rev-parse"),
        ("origin/main", "deploy-policy.toml", "git rev-parse"),
        ("origin/../heads/main", "deploy-policy.toml", "neither a branch of a remote"),
        (ZERO[:40], "deploy-policy.toml", "git rev-parse"),
    ],
)
def test_a_reference_that_is_none(ref: str, path: str, why: str, tmp_path: Path) -> None:
    """Each is one line, also where there is no repository."""
    with pytest.raises(UserError, match=why) as caught:
        branch_policy(ref, path, tmp_path, time.time())
    assert "\n" not in str(caught.value)
