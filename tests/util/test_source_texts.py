"""What the text of a program says: its variables, options, files and paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.onboarding.program_start import Start, port_variants, sources_of
from technogate.onboarding.variables import key_names, movers, origin_names, url_names
from technogate.util.source_texts import Sources


def sources(folder: Path, text: str, name: str = "server.mjs") -> Sources:
    """A program with one file."""
    (folder / name).write_text(text, "utf-8")
    return Sources(folder)


@pytest.mark.parametrize(
    "text",
    [
        'const k = process.env.GATE_KEY ?? "";',
        "const k = process.env['GATE_KEY'];",
        "const k = import.meta.env.GATE_KEY;",
        'key = os.environ["GATE_KEY"]',
        'key = environ.get("GATE_KEY", "")',
        'key = os.getenv("GATE_KEY")',
        'key := os.Getenv("GATE_KEY")',
        'String key = System.getenv("GATE_KEY");',
        "key = ENV.fetch('GATE_KEY')",
        'let key = std::env::var("GATE_KEY");',
        "api-key: ${GATE_KEY:none}",
    ],
)
def test_variables_are_read_in_any_language(tmp_path: Path, text: str) -> None:
    """The way to read a variable differs by language."""
    assert "GATE_KEY" in sources(tmp_path, text).env_names()


def test_example_of_an_environment_names_variables(tmp_path: Path) -> None:
    """A file of settings sets what the program reads."""
    (tmp_path / ".env.example").write_text("# settings\nBACKEND_API_KEY=change-me\nLOG_LEVEL=info\n", "utf-8")
    names = Sources(tmp_path).env_names()
    assert key_names(names) == ["BACKEND_API_KEY"]


def test_variables_are_told_apart_by_their_names() -> None:
    """A key, an address, an origin; a private key is none."""
    names = ["VITE_API_URL", "API_KEY", "TLS_PRIVATE_KEY", "ALLOWED_ORIGIN", "JWT_SECRET", "SERVICE_TOKEN"]
    assert key_names(names) == ["API_KEY", "SERVICE_TOKEN"]
    assert url_names(names) == ["VITE_API_URL"]
    assert origin_names(names) == ["ALLOWED_ORIGIN"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'options: { host: { type: "string" }, trail: { type: "string", default: "trail.jsonl" } }',
            "--trail {workdir}/trail.jsonl",
        ),
        ('parser.add_argument("--audit-log", default="audit.jsonl")', "--audit-log {workdir}/audit.jsonl"),
        ('const file = process.env.AUDIT_FILE ?? "./data/audit.log";', "AUDIT_FILE={workdir}/audit.log"),
        ('url = os.environ.get("DB_URL", "sqlite:///./trail.db")', "DB_URL=sqlite:///{workdir}/trail.db"),
    ],
)
def test_ways_to_move_a_trail(tmp_path: Path, text: str, said: str) -> None:
    """The variable or option nearest before the file's name moves it into the pair's own folder."""
    strong, _ = movers(sources(tmp_path, text))
    assert [mover.said for mover in strong] == [said]


@pytest.mark.parametrize(
    ("command", "text", "words"),
    [
        ("node server.mjs --port 8123", "", ("node", "server.mjs", "--port", "{port}")),
        ("node server.mjs --port=8123", "", ("node", "server.mjs", "--port={port}")),
        ("node server.mjs", 'parse({ port: { type: "string" } })', ("node", "server.mjs", "--port", "{port}")),
        ("node server.mjs", "listen(process.argv[2])", ("node", "server.mjs", "{port}")),
        ("npm run start", 'parse({ port: { type: "string" } })', ("npm", "run", "start", "--", "--port", "{port}")),
    ],
)
def test_ways_to_choose_the_port(tmp_path: Path, command: str, text: str, words: tuple[str, ...]) -> None:
    """A number in the command, an option or an argument that the text reads; as given at last."""
    given = tuple(command.split())
    read = sources(tmp_path, text)
    variants = list(port_variants(Start(command=given, cwd=tmp_path, env={}), read))
    assert words in [variant.command for variant in variants]
    assert variants[-1].command == given
    assert any(variant.env == {"PORT": "{port}"} for variant in variants)


def test_script_of_a_shell_leads_to_the_program(tmp_path: Path) -> None:
    """The files that a start script names are read too."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "main.mjs").write_text("process.env.DEEP_API_KEY", "utf-8")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "start.sh").write_text('#!/bin/sh\nexec node ../lib/main.mjs "$@"\n', "utf-8")
    assert "DEEP_API_KEY" in sources_of(("./start.sh",), {}, tmp_path / "run").env_names()
