"""Backends with one planted defect each: the gate sees through every one, and lets the reference alone.

By default one of each requirement, cheap to judge; `TECHNOGATE_IMPOSTORS=all` takes every one.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from technogate.contract import load_contract
from technogate.generate.rules import RULES
from technogate.requirement import Level, Party
from technogate.verdict import Verdict
from tests.impostors import backend_impostors, impostor
from tests.impostors.backend_impostors import FOLDER, HONEST
from tests.impostors.impostor import ROOT, Change, ImpostorError

FILES = impostor.files_in(FOLDER)
EVERY = {name: impostor.load(path) for name, path in FILES.items()}
CHEAP = {one.breaks: name for name, one in reversed(EVERY.items()) if not one.nightly}
CHOSEN = list(EVERY if os.environ.get("TECHNOGATE_IMPOSTORS") == "all" else sorted(CHEAP.values()))
CONTRACT = load_contract(ROOT / "contracts" / "console-v0.1")


@pytest.mark.parametrize("name", CHOSEN)
def test_impostor_is_seen_through(name: str, tmp_path: Path) -> None:
    """The gate ends with 1 and a finding of the requirement that the impostor breaks, and with no surprise."""
    wanted = EVERY[name]
    judged = backend_impostors.unmask(wanted, tmp_path / "run", name)
    assert impostor.outcome(wanted, judged) == "killed", f"{wanted.description}\n{judged.output}"
    assert judged.verdicts[wanted.breaks] == Verdict.FAIL
    assert judged.observed.keys() <= {wanted.breaks, *wanted.also}


def test_reference_raises_no_alarm(tmp_path: Path) -> None:
    """The reference, copied and started as an impostor is, breaks no requirement and leaves none undecided."""
    judged = backend_impostors.unmask(HONEST, tmp_path / "run", "reference", ["backend"])
    assert judged.observed == {}
    assert {name for name, verdict in judged.verdicts.items() if verdict != Verdict.PASS} == set(), judged.output
    assert judged.exit_code == 0, judged.output


def test_every_must_requirement_is_broken_by_some() -> None:
    """Each MUST requirement of the backend has an impostor among the cheap ones, each of those generated for two."""
    musts = {one.id for one in CONTRACT.requirements.values() if one.party is Party.BACKEND and one.level is Level.MUST}
    musts -= {"CTR-01"}  # the contract's own document: no backend can break it
    counted = Counter(one.breaks for one in EVERY.values())
    assert {name for name in musts if not any(EVERY[each].breaks == name for each in CHOSEN)} == set()
    assert {name for name in musts & RULES.keys() if counted[name] < 2} == set()
    assert len(EVERY) >= 55


@pytest.mark.parametrize("name", FILES)
def test_impostor_can_be_made(name: str, tmp_path: Path) -> None:
    """Each file names requirements that there are, and its changes fit the reference and are still Python."""
    wanted = EVERY[name]
    assert {wanted.breaks, *wanted.also, *wanted.beside} <= CONTRACT.requirements.keys()
    assert wanted.breaks not in wanted.also
    backend_impostors.prepare(wanted, tmp_path, name)
    for path in (tmp_path / "techno_backend").glob("*.py"):
        compile(path.read_text("utf-8"), path.name, "exec")


@pytest.mark.parametrize("before", ["there is no such line", "self._trail"], ids=["never", "often"])
def test_change_that_does_not_fit_is_told(before: str, tmp_path: Path) -> None:
    """A replacement whose text stands nowhere, or more than once, is a mistake and no impostor."""
    wanted = msgspec.structs.replace(HONEST, change=(Change(file="app.py", before=before, after=""),))
    with pytest.raises(ImpostorError, match=r"app\.py: expected once, found \d+ times: "):
        backend_impostors.prepare(wanted, tmp_path)


def test_unknown_field_is_told(tmp_path: Path) -> None:
    """A misspelt field of an impostor's file is a mistake."""
    path = tmp_path / "one.toml"
    path.write_text('breaks = "AUT-01"\nsubtelty = 1\n', "utf-8")
    with pytest.raises(ImpostorError, match=r"one\.toml: "):
        impostor.load(path)
