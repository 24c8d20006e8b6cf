"""Generated requests in a real run: each list is sent once on several workers, and a rate limit is kept."""

from __future__ import annotations

import shutil
from collections import defaultdict

import pytest

from technogate.journal.journal_file import read_journal
from technogate.model.events import Outcome
from technogate.runner.scheduling import BESIDE, batch_of
from tests.conftest import ROOT, Sandbox

pytestmark = pytest.mark.slow

LIMITED = """
name = "limited"

[backend]
command = ["{python}", "-m", "techno_backend", "--host", "{host}", "--port", "{port}"]
cwd = "images/backend"

[backend.env]
TECHNO_API_KEY = "{api_key}"
TECHNO_DATABASE_URL = "sqlite:///{workdir}/trail.db"
TECHNO_RATE_LIMIT = "<rate>"

[backend.commands]
approved = "PING"
blocked = "DELETE_ALL"
"""


def target(sandbox: Sandbox, rate: int) -> str:
    """A target file for the reference backend, which lets `rate` requests a second through."""
    return str(sandbox.target(LIMITED.replace("<rate>", str(rate))))


@pytest.fixture
def home(sandbox: Sandbox) -> Sandbox:
    """A home with the suites of generated requests alone."""
    shutil.copytree(ROOT / "suites" / "properties", sandbox.home / "suites" / "properties")
    return sandbox


def test_an_items_parameter_names_its_batch() -> None:
    """Items of the properties share a batch by their parameter; any other item is a batch of its own."""
    generated_item = "suites/properties/test_generated.py::test_generated_requests[ERR-06-executeCommand]"
    two = "suites/properties/test_generated.py::test_generated_requests[EXE-07-executeCommand]"
    assert (
        batch_of(generated_item) == batch_of(two) != batch_of(generated_item.replace("executeCommand", "fetchMemory"))
    )
    suite_item = "suites/backend/test_command_execution.py::test_known_command[approved]"
    assert batch_of(suite_item) == suite_item


def test_items_beside_the_faults_exist() -> None:
    """The items that fill the wait for slow responses are tests of the suites, and share the faults' batch."""
    for name in BESIDE:
        place, _, test = name.partition("::")
        assert f"def {test}(" in (ROOT / place).read_text("utf-8")
        assert batch_of(f"{name}[module]") == batch_of("suites/faults/test_kill.py::test_any") != f"{name}[module]"


def test_workers_share_the_lists(home: Sandbox) -> None:
    """With two workers every list of requests is sent by one of them, and all items pass."""
    done = home.run(
        *("check", "ERR-06", "EXE-02", "AUD-05", "EXE-09", "--profile", "quick", "--seed", "3", "--workers", "2"),
        *("--reports", "reports", "--target", target(home, 0)),
    )
    assert home.journal.exists(), done.stdout + done.stderr
    journal = read_journal(home.journal)
    assert {result.outcome for result in journal.results} == {Outcome.PASSED}, done.stdout
    senders = defaultdict(set)
    sent = defaultdict(list)
    for exchange in journal.exchanges:
        if exchange.case.startswith(("generated", "unkeyed")):
            senders[exchange.operation].add(exchange.id.partition("-")[0])
            sent[exchange.operation].append((exchange.case, exchange.request.method, exchange.request.path))
    assert len(senders) == 5
    assert {len(workers) for workers in senders.values()} == {1}
    assert all(len(cases) == len(set(cases)) for cases in sent.values())


def test_a_limited_rate_is_no_violation(home: Sandbox) -> None:
    """A backend that returns 429 passes; every attempt is recorded, most get through, and one note reports it."""
    done = home.run(
        *("check", "AUD-05", "--profile", "quick", "--seed", "4"),
        *("--reports", "reports", "--workers", "1", "--target", target(home, 2)),
    )
    assert home.journal.exists(), done.stdout + done.stderr
    journal = read_journal(home.journal)
    assert journal.findings == [], done.stdout
    assert {result.outcome for result in journal.results} == {Outcome.PASSED}, done.stdout
    statuses = [exchange.response.status for exchange in journal.exchanges if exchange.response]
    again = [exchange for exchange in journal.exchanges if exchange.case.endswith("again after 429")]
    assert 0 < statuses.count(429) < len(statuses) / 3
    assert len(again) == statuses.count(429)
    assert len({exchange.id for exchange in journal.exchanges}) == len(journal.exchanges)
    warnings = [note.text for note in journal.warnings if "limits its rate" in note.text]
    assert len(warnings) == 1
