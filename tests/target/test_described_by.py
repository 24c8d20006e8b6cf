"""The files that describe a pair of images, by digest, as evidence names them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from technogate.target.described_by import digests_of
from technogate.target.load import load_target

OWN = """extends = "base.toml"
name = "own"
[compose]
files = ["extra.yml"]
"""


def digest(path: Path) -> str:
    """The sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_shipped_target_has_shipped_files_alone() -> None:
    """The gate's own digest covers each file of the target that ships."""
    names = ("docker-compose.test.yml", "images/commands.toml", "images/compose.toml")
    assert sorted(load_target("compose").ref.digests) == [f"shipped:{name}" for name in names]


def test_every_file_of_a_target_is_named(tmp_path: Path) -> None:
    """The file, the one that it extends, and its compose files."""
    (tmp_path / "own.toml").write_text(OWN)
    (tmp_path / "base.toml").write_text("[backend.commands]\napproved = 'PING'\n[backend]\n[console]\n")
    (tmp_path / "extra.yml").write_text("services: {}\n")
    known = dict(load_target(str(tmp_path / "own.toml")).ref.digests)
    assert known.pop("shipped:docker-compose.test.yml")
    assert known == {name: digest(tmp_path / name) for name in ("own.toml", "base.toml", "extra.yml")}


def test_a_file_that_cannot_be_read_has_no_digest(tmp_path: Path) -> None:
    """What is not known is named, and equals no digest."""
    assert digests_of([tmp_path / "gone.yml"], tmp_path) == {"gone.yml": ""}
