"""The script of a command line that does not exist, told without a start."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.target.scripts import missing_script


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("node serve.mjs --port {port}", "serve.mjs"),
        ("{python} serve.py", "serve.py"),
        ("/usr/bin/python3.11 sub/serve.py", "sub/serve.py"),
        ("sh start.sh", "start.sh"),
        ("node server.mjs", ""),
        ("node server", ""),
        ("node -e serve.mjs", ""),
        ("node {workdir}/serve.mjs", ""),
        ("node", ""),
        ("wrapper serve.mjs", ""),
        ("python -m serve.py", ""),
    ],
)
def test_only_a_file_that_an_interpreter_runs_is_missing(line: str, missing: str, tmp_path: Path) -> None:
    """Options, placeholders, names without an ending and words of other programs are theirs to understand."""
    (tmp_path / "server.mjs").touch()
    assert missing_script(line.split(), tmp_path) == missing
