"""The table [backend.unwritable] of a target file: its errors, and its values at run time."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.model.errors import TargetFileError
from technogate.target import load_target
from technogate.target.spec import UnwritableSpec
from technogate.target.target_file import read_target_file

BACKEND = "[backend]\ncommand = '{python} server.py {port}'\n"
TABLE = BACKEND + "[backend.unwritable]\n"
KEY = "TgAbCdEfGh0123456789"

#: A file's text, and the line that it must get.
MISTAKES = {
    TABLE: "backend.unwritable: say lock_sqlite (the trail's SQLite file) or command and undo",
    TABLE + "lock_sqlite = 't.db'\ncommand = ['x']\nundo = ['y']\n": "say lock_sqlite, or command and undo, not both",
    TABLE + "lock_sqlite = 't.db'\nundo = ['y']\n": "say lock_sqlite, or command and undo, not both",
    TABLE + "command = ['x']\n": "backend.unwritable: command needs undo: what makes the trail writable again",
    TABLE + "undo = ['x']\n": "backend.unwritable: undo needs command: what makes the trail unwritable",
    TABLE + "command = 'x y'\nundo = ['y']\n": "backend.unwritable.command must be a list",
    TABLE + "command = []\nundo = ['y']\n": "backend.unwritable.command must not be empty",
    TABLE + "lock_sqlit = 't.db'\n": "did you mean backend.unwritable.lock_sqlite?",
    TABLE + "lock_sqlite = '{workdri}/t.db'\n": (
        "backend.unwritable.lock_sqlite: {workdri} is not a placeholder; did you mean {workdir}?"
    ),
    TABLE + "command = ['x', '{prot}']\nundo = ['y']\n": (
        "backend.unwritable.command[1]: {prot} is not a placeholder; did you mean {port}?"
    ),
    "[backend]\nurl = 'http://127.0.0.1:1'\napi_key_env = 'K'\nunwritable = { lock_sqlite = '{workdir}/t.db' }\n": (
        "backend.unwritable.lock_sqlite: {workdir} has no value here: backend.url is given"
    ),
}


@pytest.mark.parametrize(("text", "line"), MISTAKES.items())
def test_reports_an_error_of_unwritable_in_one_line(tmp_path: Path, text: str, line: str) -> None:
    """The first line shown names the key, what is wrong and what to do."""
    path = tmp_path / "my.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(TargetFileError) as caught:
        read_target_file(path)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_running_pair_has_the_file(folder: Path) -> None:
    """Placeholders are filled, and a relative path lies beside the target file."""
    for text, expected in (("{workdir}/t.db", "{workdir}/t.db"), ("data/t.db", f"{folder / 'data' / 't.db'}")):
        (folder / "pair.toml").write_text(f"{TABLE}lock_sqlite = '{text}'\n", "utf-8")
        with load_target(str(folder / "pair.toml")).start(KEY) as pair:
            assert pair.backend is not None
            assert pair.backend.program is not None
            workdir = str(pair.backend.program.workdir)
            assert pair.backend.unwritable == UnwritableSpec(lock_sqlite=expected.replace("{workdir}", workdir))
            assert pair.backend.folder == folder.resolve()


def test_a_running_pair_has_the_commands(folder: Path) -> None:
    """Placeholders are filled in every word."""
    text = TABLE + "command = ['{python}', 'break', '{port}']\nundo = ['mend', '{backend_url}']\n"
    (folder / "pair.toml").write_text(text, "utf-8")
    with load_target(str(folder / "pair.toml")).start(KEY) as pair:
        assert pair.backend is not None
        assert pair.backend.unwritable.undo == ("mend", pair.backend.url)
        assert pair.backend.unwritable.command[1:] == ("break", pair.backend.url.rpartition(":")[2])


@pytest.mark.parametrize(("word", "parallel"), [("'all'", False), ("'{workdir}/t'", True), ("'--at={port}'", True)])
def test_a_command_for_every_trail_prevents_parallel_pairs(tmp_path: Path, word: str, parallel: bool) -> None:
    """A fault of one pair must not affect another."""
    (tmp_path / "pair.toml").write_text(f"{TABLE}command = ['x', {word}]\nundo = ['y']\n", "utf-8")
    assert load_target(str(tmp_path / "pair.toml")).parallel is parallel
