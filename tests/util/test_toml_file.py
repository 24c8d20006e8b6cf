"""Reading TOML: every error is one line with the file, the place and a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.util.toml_file import TomlFileError, parse_toml, read_toml

MISTAKES = {
    b"a = 1\nb =\n": "x.toml, line 2, column 4: Invalid value; correct the TOML",
    b"a = 1\na = 2\n": "x.toml, line 2, column 6: Cannot overwrite a value; correct the TOML",
    b"a = [1,": "x.toml, line 1, column 8: ",
    b"a = 1\n# caf\xe9\n": "x.toml, line 2: not UTF-8; save the file as UTF-8",
}


@pytest.mark.parametrize(("raw", "line"), MISTAKES.items())
def test_reports_an_error_with_its_place(tmp_path: Path, raw: bytes, line: str) -> None:
    """The line names the file, the line and the column."""
    path = tmp_path / "x.toml"
    path.write_bytes(raw)
    with pytest.raises(TomlFileError) as caught:
        read_toml(path, "x.toml")
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_reports_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file is named by its path."""
    with pytest.raises(TomlFileError, match=r"none\.toml: cannot be read: No such file"):
        read_toml(tmp_path / "none.toml")


def test_refuses_deep_nesting() -> None:
    """A list that is nested too deeply for the parser is an error of the file, not a crash."""
    with pytest.raises(TomlFileError, match="x: lists or tables are nested too deeply"):
        parse_toml("a = " + "[" * 5000, "x")


def test_accepts_a_byte_order_mark_and_other_line_ends(tmp_path: Path) -> None:
    """Editors on Windows write both."""
    path = tmp_path / "x.toml"
    path.write_bytes(b'\xef\xbb\xbfa = 1\r\nb = """\r\ntext"""\r\n')
    assert read_toml(path) == {"a": 1, "b": "text"}
