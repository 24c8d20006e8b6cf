"""What in a target file is probably a mistake: told without a start, and decided by the fit check alone."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import msgspec
import pytest

from technogate.fit.doubts import backend_doubts, console_doubts
from technogate.target import load_target
from technogate.target.spec import BackendSpec, ConsoleSpec
from tests.checked_program import check_program
from tests.conftest import ROOT
from tests.fit.test_wrong_target_files import EXAMPLE, described

#: A backend about which nothing is in doubt.
PLAIN = {"command": ["x", "--port", "{port}", "--trail", "{workdir}/trail.jsonl"], "env": {"KEY": "{api_key}"}}


def of(**changes: object) -> list[str]:
    """The doubts about that backend with some keys changed."""
    return list(backend_doubts(msgspec.convert({**PLAIN, **changes}, BackendSpec)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"env": {}, "api_key_env": "THE_KEY"},
        {"command": ["x", "--port", "8123", "{api_key}"], "port": 8123},
        {"audit": {"source": "jsonl", "path": "{workdir}/trail.jsonl*"}},
        {"audit": {"source": "jsonl", "path": "trail.jsonl"}},
        {"command": ["x", "--in", "{workdir}/"], "audit": {"source": "jsonl", "path": "{workdir}/a.jsonl"}},
        {
            "env": {"KEY": "{api_key}", "DATABASE_URL": "sqlite:///{workdir}/trail.db"},
            "audit": {"source": "sql", "url": "sqlite:///{workdir}/trail.db?mode=ro", "query": "q"},
        },
        {"audit": {"source": "sql", "url": "postgresql://{db_host}:5432/trail", "query": "q"}},
        {"audit": {"source": "sql", "url": "postgresql:///trail?host=/run/postgresql", "query": "q"}},
    ],
)  # fmt: skip
def test_a_usual_file_raises_no_doubt(changes: dict[str, object]) -> None:
    """What a program is told, in any of the usual ways, is taken as it is."""
    assert of(**changes) == []


@pytest.mark.parametrize(
    ("changes", "doubted"),
    [
        ({"env": {"KEY": "fixed"}}, ["env"]),
        ({"command": ["x", "{api_key}"], "env": {}, "port": 8123}, ["port"]),
        ({"audit": {"source": "jsonl", "path": "{workdir}/other.jsonl"}}, ["audit"]),
        ({"audit": {"source": "sql", "url": "sqlite:///{workdir}/trail.db", "query": "q"}}, ["audit"]),
    ],
)
def test_what_nothing_tells_the_program_is_in_doubt(changes: dict[str, object], doubted: list[str]) -> None:
    """A key, a port or a place of the trail that neither the command nor its variables have."""
    assert of(**changes) == doubted


def test_a_database_is_in_doubt_where_nothing_listens() -> None:
    """The same address is taken as it is while something accepts connections there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        audit = {"source": "sql", "url": f"postgresql+psycopg://me:secret@127.0.0.1:{port}/trail", "query": "q"}
        assert of(audit=audit) == []
    assert of(audit=audit) == ["audit"]


def page(**selectors: str) -> ConsoleSpec:
    """A page with these selectors, and no other part."""
    none = dict.fromkeys(ConsoleSpec().selectors.__struct_fields__, "")
    return msgspec.convert({"command": ["x"], "selectors": {**none, **selectors}}, ConsoleSpec)


@pytest.mark.parametrize(
    ("selector", "doubted"),
    [
        ("#limit", False),
        ("#other", True),
        ('.field[name="limit-field"] input', False),
        ("[data-testid=nowhere]", True),
        ("main > input:nth-of-type(2)", False),
        ('button[aria-label="Run it"] >>> span', False),
    ],
)
def test_a_selector_is_in_doubt_whose_words_no_text_has(selector: str, doubted: bool, tmp_path: Path) -> None:
    """Ids, classes and values of attributes stand in the text of the page's program."""
    (tmp_path / "page.js").write_text('<div class="field" name="limit-field" id="limit" aria-label="Run it">', "utf-8")
    assert list(console_doubts(page(audit_limit=selector), tmp_path)) == ["audit_limit"] * doubted


def test_nothing_is_known_of_a_page_without_text(tmp_path: Path) -> None:
    """A folder without a program's text, and a page that runs already, raise no doubt."""
    assert list(console_doubts(page(audit_limit="#other"), tmp_path)) == []
    (tmp_path / "page.js").write_text("1", "utf-8")
    running = msgspec.structs.replace(page(audit_limit="#other"), command=(), url="http://127.0.0.1:1")
    assert list(console_doubts(running, tmp_path)) == []


@pytest.mark.parametrize(
    "file", ["images/embedded.toml", *(f"examples/{name}-console/technogate.toml" for name in ("react", "svelte"))]
)
def test_the_files_that_come_with_the_gate_raise_no_doubt(file: str) -> None:
    """Their runs start nothing twice."""
    target = load_target(str(ROOT / file))
    assert target.spec.backend is None or list(backend_doubts(target.spec.backend)) == []
    assert target.spec.console is not None
    assert list(console_doubts(target.spec.console, target.folder)) == []


@pytest.mark.slow
def test_an_unfounded_doubt_ends_no_run(tmp_path: Path) -> None:
    """A trail that has another spelling in the file than in the command is found where it is, and the run goes on."""
    text = (EXAMPLE / "target.toml").read_text("utf-8").replace('"server.mjs"', json.dumps(str(EXAMPLE / "server.mjs")))
    (tmp_path / "target.toml").write_text(text.replace('path = "{workdir}/', 'path = "{workdir}/./'), "utf-8")
    target = load_target(str(tmp_path / "target.toml"))
    assert target.spec.backend is not None
    assert list(backend_doubts(target.spec.backend)) == ["audit"]
    checked = check_program(tmp_path, tmp_path / "reports", "AUD-04", "TRL-04")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("mistake", ["other port", "key", "sqlite", "postgresql"])
def test_the_usual_mistakes_raise_a_doubt(mistake: str, tmp_path: Path) -> None:
    """They are said before the suites and their workers have started."""
    (tmp_path / "target.toml").write_text(described(mistake), "utf-8")
    backend = load_target(str(tmp_path / "target.toml")).spec.backend
    assert backend is not None
    assert list(backend_doubts(backend)) != []
