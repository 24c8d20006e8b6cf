"""The help of the command line: each command in a section, each sentence whole at 80 columns."""

from __future__ import annotations

import typer.main
from typer.testing import CliRunner

from technogate.cli.command_groups import SECTIONS
from technogate.cli.main import app


def test_each_command_is_in_a_section() -> None:
    """The help has every section in its order, every command once, and no section for the rest."""
    lines = CliRunner().invoke(app, ["--help"], terminal_width=80).output.splitlines()
    titles = [line.removesuffix(":") for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert titles == ["Options", *SECTIONS]
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    listed = [
        line.split()[0]
        for line in lines[lines.index(f"{SECTIONS[0]}:") :]
        if line.startswith("  ") and line[2:3].strip()
    ]
    assert sorted(name for name in listed if name in commands) == sorted(commands)


def test_no_sentence_is_cut() -> None:
    """At 80 columns no help of a command is shortened."""
    assert "..." not in CliRunner().invoke(app, ["--help"], terminal_width=80).output.replace("[ARGS]...", "")
