"""The journal of a run, changed by a program under test while it grows, or by anybody afterwards."""

from __future__ import annotations

import json
import sys

import pytest

from tests.cli.test_exit_codes import FINDS, OPTIONS, verdicts
from tests.conftest import Sandbox
from tests.sabotage.programs.hostile import plant

pytestmark = pytest.mark.slow

#: Changes the profile that the header names, in place: every later line still follows.
EDITS = """
journal = HOME / "reports" / "journal.jsonl"
raw = journal.read_bytes()
assert b'"profile":"standard"' in raw
with journal.open("r+b") as file:
    file.seek(raw.index(b'"profile":"standard"'))
    file.write(b'"profile":"thorough"')
done()
"""

#: Adds a result that another worker would have written.
ADDS = """
line = '{"worker":"gw7","seq":0,"event":{"event":"result","item":"x","requirement":"CTR-01","outcome":"passed",'
line += '"checks":9,"seconds":0.1},"mark":"' + 32 * "0" + '"}\\n'
with (HOME / "reports" / "journal.jsonl").open("a") as file:
    file.write(line)
done()
"""


@pytest.mark.sabotage("a program under test edits the journal while it grows, and the gate seals it")
@pytest.mark.parametrize("attack", [EDITS, ADDS], ids=["edits", "adds"])
def test_a_journal_that_a_program_changes_never_passes(sandbox: Sandbox, attack: str) -> None:
    """A line that the run did not write is found by its mark, whatever seals the file."""
    plant(sandbox, attack)
    ended = sandbox.run("validate", *OPTIONS, "--workers", "1")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "damaged: line" in " ".join(ended.stdout.split())
    assert verdicts(sandbox.reports) <= {"INCONCLUSIVE"}


#: Turns the one failed item of a journal into a passed one, and seals it with the program of the gate itself.
SEALS_AGAIN = """
import sys
from pathlib import Path
import msgspec
from technogate.journal.journal_file import JournalWriter, decode_line
from technogate.journal.line_marks import JournalKey
from technogate.model.events import Finding, Footer, ItemResult, Outcome

path = Path(sys.argv[1])
events = [decode_line(line).event for line in path.read_bytes().splitlines()]
path.unlink()
writer = JournalWriter(path, "main", JournalKey.new().of("main"))
for event in events:
    if isinstance(event, ItemResult):
        event = msgspec.structs.replace(event, outcome=Outcome.PASSED, reason="")
    if not isinstance(event, Finding | Footer):
        writer.append(event)
writer.seal("finished")
"""


@pytest.mark.sabotage("the journal of a FAIL is edited, sealed again and given to judge")
def test_judge_gives_no_pass_to_a_journal_that_was_sealed_again(sandbox: Sandbox) -> None:
    """`judge` repeats the verdict of a journal that the run left, and is INCONCLUSIVE for one made from it."""
    plant(sandbox, "done()")
    sandbox.suite("test_it.py", FINDS)
    assert sandbox.run("validate", *OPTIONS, "--workers", "1").returncode == 1
    assert sandbox.run("judge", "reports/journal.jsonl").returncode == 1
    script = sandbox.home / "seals_again.py"
    script.write_text(SEALS_AGAIN, "utf-8")
    made = sandbox.run_program([sys.executable, str(script), "reports/journal.jsonl"])
    assert made.returncode == 0, made.stderr
    ended = sandbox.run("judge", "reports/journal.jsonl")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    document = json.loads((sandbox.reports / "verdict.json").read_text("utf-8"))
    assert document["journal"]["unproven"] == document["reasons"][0] != ""
    ended = sandbox.run("judge", "reports/journal.jsonl", "--sha256", "0" * 64)
    assert ended.returncode == 2
    assert not (sandbox.reports / "verdict.json").exists()
