"""The latest time that has passed: what is kept, and what proves that a clock was set back."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from technogate.deploy.latest_time import keep_time, time_facts

NOW = 1_750_000_000.0


def seen(state: Path) -> float:
    """The time in the file, as a fact."""
    return next((time for time, what in time_facts(state, ()) if what.startswith("the latest time seen")), 0.0)


def test_the_latest_time_is_kept(tmp_path: Path) -> None:
    """A later time replaces an earlier one, and never the other way round."""
    state = tmp_path / "a" / "b"
    assert (keep_time(state, NOW), seen(state)) == ("", NOW)
    assert (keep_time(state, NOW - 1), seen(state)) == ("", NOW)
    assert (keep_time(state, NOW + 1), seen(state)) == ("", NOW + 1)


@pytest.mark.parametrize("text", [b"", b"never", b"nan", b"-1", b"\xff", b"1 2"])
def test_a_file_that_holds_no_time_is_the_end_of_time(tmp_path: Path, text: bytes) -> None:
    """What cannot be read proves that no clock is right."""
    state = tmp_path / "state"
    state.write_bytes(text)
    assert seen(state) == math.inf


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    """It is no time, and neither is what lies below a file."""
    assert seen(tmp_path) == math.inf
    (tmp_path / "file").write_text("")
    assert seen(tmp_path / "file" / "state") == math.inf


def test_files_prove_a_time(tmp_path: Path) -> None:
    """The last change of a file has passed; one that is missing proves nothing."""
    path = tmp_path / "evidence"
    path.write_text("")
    os.utime(path, (NOW, NOW))
    times = time_facts(tmp_path / "none", (path, tmp_path / "missing"))
    assert (NOW, f"{path} was last changed") in times
    assert not [what for _, what in times if "missing" in what]
