"""The target file that is found without being named: upward from the folder one stands in."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.model.errors import UnknownTarget
from technogate.target.load import TARGET_FILE, discovered, load_target

TEXT = 'name = "{name}"\n[backend]\ncommand = ["serve", "{{port}}"]\n'


def written(folder: Path, name: str) -> Path:
    """A target file of this name in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / TARGET_FILE
    path.write_text(TEXT.format(name=name), "utf-8")
    return path


def test_the_nearest_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of the folder itself is taken, else that of the nearest folder above."""
    outer, inner = tmp_path / "outer", tmp_path / "outer" / "middle" / "inner"
    inner.mkdir(parents=True)
    above = written(outer, "above")
    assert discovered(inner) == above.resolve()
    monkeypatch.chdir(inner)
    assert load_target("").ref.name == "above"
    written(inner, "here")
    assert load_target("").ref.name == "here"


def test_a_named_target_is_taken_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--target` overrides the file that would be found."""
    written(tmp_path, "found")
    named = written(tmp_path / "other", "named")
    monkeypatch.chdir(tmp_path)
    assert load_target(str(named)).ref.name == "named"


def test_paths_of_the_file_are_relative_to_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is found above says the same as it does in its own folder."""
    written(tmp_path, "above")
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    assert load_target("").folder == tmp_path.resolve()


def test_nothing_is_judged_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file there is one line with the ways to have one; the reference pair is not judged in its place."""
    monkeypatch.chdir(tmp_path)
    if discovered(tmp_path) is not None:
        pytest.fail(f"a folder above {tmp_path} has a target file")
    with pytest.raises(UnknownTarget, match=r"no technogate\.toml .*technogate init.*--target.*technogate demo"):
        load_target("")
