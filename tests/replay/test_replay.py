"""`technogate replay` from outside: a finding still fails on the pair that showed it, and is fixed on the reference."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from technogate.journal.journal_file import Journal, read_journal
from technogate.mutation.mutant import load, plant
from technogate.replay.same_case import request_of, response_of
from technogate.util.shipped import mutants_folder
from tests.conftest import ROOT, STUCK_S
from tests.gate_command import GATE

pytestmark = pytest.mark.slow

#: Two defects of a backend and one of a console, in one pair.
PLANTED = {
    "backend/exe02-422": "backend/techno_backend",
    "backend/trl02-two-entries-for-403": "backend/techno_backend",
    "console/con03-lower-case-accepted": "console",
}

#: One finding of each sort, by a part of its item's name: a fixed case, a generated request, a run-wide check,
#: and a generated hostile response to a console.
SORTS = {
    "fixed": "test_bad_command_400[null]",
    "generated": "test_generated_requests[EXE-02-executeCommand]",
    "sweep": "every exchange::TRL-02",
    "console": "test_any_other_status_is_blocked[module]",
}

#: The pair without its page: its module shows the defect without a browser.
PAIR = f"extends = '{ROOT / 'images' / 'backend.toml'}'\n"
MODULE = '[console]\ndriver = "module"\nmodule = "console/static/client.js"\n'
MODULE += 'env = { NEXT_PUBLIC_API_URL = "{backend_url}", NEXT_PUBLIC_API_KEY = "{api_key}" }\n'


def run_context(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `technogate WORDS` in `folder`."""
    return subprocess.run(
        [*GATE, *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A check of the wrong pair, and its findings by sort."""

    folder: Path
    run: str
    findings: dict[str, dict[str, Any]]

    def name(self, sort: str) -> str:
        """The name of the finding of a sort."""
        return f"{self.run}-{self.findings[sort]['number']}"

    def replay(self, sort: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Replay the finding of a sort."""
        return run_context(self.folder, "replay", self.name(sort), *words)

    @property
    def journals(self) -> tuple[Journal, Journal]:
        """The journal of the check, and that of the last replay."""
        check = self.folder / "reports" / "check"
        return read_journal(check / "journal.jsonl"), read_journal(check / "replay" / "journal.jsonl")


def pair_in(folder: Path) -> None:
    """Put the reference pair with its target file into `folder`."""
    for side in ("backend", "console"):
        shutil.copytree(ROOT / "images" / side, folder / side, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pair.toml").write_text(PAIR + MODULE, "utf-8")


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Failed:
    """A pair with defects, checked once."""
    folder = tmp_path_factory.mktemp("failed")
    pair_in(folder)
    for name, where in PLANTED.items():
        plant(load(mutants_folder() / f"{name}.toml").change, folder / where)
    words = ("EXE-02", "TRL-02", "CON-03", "--target", "pair.toml", "--seed", "42", "--workers", "1")
    ended = run_context(folder, "check", *words)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    document = json.loads((folder / "reports" / "check" / "verdict.json").read_text())
    found = {
        sort: next(one for one in document["findings"] if one["finding"]["item"].endswith(part))
        for sort, part in SORTS.items()
    }
    return Failed(folder=folder, run=document["run"], findings=found)


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The target file of the same pair without its defects."""
    folder = tmp_path_factory.mktemp("right")
    pair_in(folder)
    return str(folder / "pair.toml")


@pytest.mark.parametrize("sort", SORTS)
def test_it_still_fails_and_is_fixed(failed: Failed, right: str, sort: str) -> None:
    """On the pair that showed it the finding still fails; on one without the defect it is fixed."""
    assert failed.findings[sort]["replay"] == f"technogate replay {failed.name(sort)}"
    ended = failed.replay(sort)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "STILL FAILING" in ended.stdout
    assert re.search(r"^ +cause  \S", ended.stdout, re.MULTILINE)
    ended = failed.replay(sort, "--target", right)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "FIXED" in ended.stdout
    before, after = failed.journals
    items = {one.item for plan in after.plans for one in plan.items}
    assert 0 < len(items) <= 2
    # What had failed was really played: the very request, and the very answer to a console.
    shown = [one for one in before.exchanges if one.id in failed.findings[sort]["finding"]["exchanges"]]
    assert shown
    for one in shown:
        like = request_of if one.responded_by == "backend" else response_of
        assert like(one) in {like(other) for other in after.exchanges if other.responded_by == one.responded_by}


def cannot_tell(ended: subprocess.CompletedProcess[str]) -> str:
    """The output of a replay with the result CANNOT TELL."""
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "CANNOT TELL" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    return " ".join(ended.stdout.split())


def test_cannot_tell_when_the_target_does_not_start(failed: Failed) -> None:
    """A target that does not start is neither fixed nor failing."""
    dead = failed.folder / "dead.toml"
    command = '[backend]\ncommand = ["{python}", "-c", "exit(9)", "{port}"]\n'
    dead.write_text((failed.folder / "pair.toml").read_text() + command)
    assert "exited with code 9" in cannot_tell(failed.replay("fixed", "--target", "dead.toml"))


def test_cannot_tell_when_the_target_is_missing(failed: Failed, tmp_path: Path) -> None:
    """The target of the finding's run may have been removed."""
    journal = failed.folder / "reports" / "check" / "journal.jsonl"
    words = ("--journal", str(journal), "--reports", "here")
    assert "--target" in cannot_tell(run_context(tmp_path, "replay", failed.name("fixed"), *words))


def test_cannot_tell_with_another_contract(failed: Failed, right: str, tmp_path: Path) -> None:
    """A pass under a changed contract is no proof."""
    folder = shutil.copytree(ROOT / "contracts" / "console-v0.1", tmp_path / "contract")
    text = (folder / "requirements.toml").read_text("utf-8")
    (folder / "requirements.toml").write_text(text + "# a word more\n", "utf-8")
    said = cannot_tell(failed.replay("fixed", "--target", right, "--contract", str(folder)))
    assert "contract is not that of the finding" in said


def test_cannot_tell_without_the_party(failed: Failed, tmp_path: Path) -> None:
    """A finding of the console cannot be replayed on a backend alone."""
    pair_in(tmp_path)
    (tmp_path / "pair.toml").write_text(PAIR, "utf-8")
    cannot_tell(failed.replay("console", "--target", str(tmp_path / "pair.toml")))


def test_refuses_an_unknown_finding(failed: Failed, tmp_path: Path) -> None:
    """An unknown word, run, number or journal is one line and exit code 2."""
    journal = str(failed.folder / "reports" / "check" / "journal.jsonl")
    wrong = {
        ("nonsense",): "is no finding",
        ("1",): "no journal",
        (f"{failed.run}-1",): "no journal of the run",
        (f"{failed.run}-999", "--journal", journal): "its findings are 1 to",
        ("deadbeef-1", "--journal", journal): "not deadbeef",
        ("1", "--journal", "nowhere.jsonl"): "cannot read the journal",
        ("1", "--journal", journal, "--reports", str(Path(journal).parent)): "holds the journal",
        ("1", "--journal", journal, "--target", "nowhere.toml"): "nowhere.toml",
    }
    for words, why in wrong.items():
        ended = run_context(tmp_path, "replay", *words)
        assert ended.returncode == 2, (words, ended.stdout + ended.stderr)
        assert why in ended.stderr, words
        assert len(ended.stderr.splitlines()) == 1
