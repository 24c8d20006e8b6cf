"""Backends with one mistake that people make: each is found, as one cause that names it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.checked_program import check_program
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

PAIRS = ROOT / "tests" / "programs" / "pairs"


@pytest.mark.parametrize(
    ("name", "words", "failed", "title"),
    [
        ("09-local-time-z", ("ENV-03", "TRL-03"), {"ENV-03", "TRL-03"}, "Times are off by 345 min 0 s"),
        ("10-client-trace-id", ("ENV-04",), {"ENV-04"}, "The trace id that a request names is taken"),
        ("11-caseless-keys", ("EXE-02",), {"EXE-02"}, "Member names are read in any case of their letters"),
        ("16-microcache", ("AUT-01", "ENV-04", "MEM-01"), {"AUT-01", "ENV-04"}, "An earlier response is sent again"),
        ("24-trailing-slash-bypass", ("AUT-07",), {"AUT-07"}, "There is a way around the key: POST /api/execute/"),
        ("25-auth-per-connection", ("AUT-01", "AUT-04"), {"AUT-01"}, "No key is needed"),
    ],
)
def test_the_mistake_is_one_cause(
    name: str, words: tuple[str, ...], failed: set[str], title: str, tmp_path: Path
) -> None:
    """At least these requirements fail, and one cause explains every finding."""
    ended = check_program(PAIRS / name, tmp_path, *words)
    output = ended.stdout + ended.stderr
    assert ended.returncode == 1, output
    document = json.loads((tmp_path / "verdict.json").read_text("utf-8"))
    assert failed <= {result["id"] for result in document["requirements"] if result["verdict"] == "FAIL"}
    assert [cause["title"][: len(title)] for cause in document["causes"]] == [title], output
