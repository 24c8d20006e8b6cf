"""`--seed` repeats a run: the same cases, the same faults, the same findings; another seed draws others."""

from __future__ import annotations

import re
import shutil
from collections.abc import Hashable
from dataclasses import dataclass

import pytest

from technogate.journal.journal_file import Journal, read_journal
from technogate.model.events import Exchange, Finding, Outcome
from technogate.mutation.mutant import load, plant
from technogate.replay.same_case import request_of, response_of
from technogate.util.shipped import mutants_folder
from tests.conftest import ROOT, Sandbox

pytestmark = pytest.mark.slow

#: Two defects of a backend and one of a console, in one pair: generated cases find each of them too.
PLANTED = {
    "backend/exe02-422": "backend/techno_backend",
    "backend/trl02-two-entries-for-403": "backend/techno_backend",
    "console/con03-lower-case-accepted": "console",
}

#: The requirements of the check: fixed cases, generated requests, hostile responses, and their audit trail.
WORDS = ("EXE-02", "TRL-02", "CON-03")

#: Where the answers of the double are drawn from the seed, and hold nothing else.
GENERATED = "test_hostile_responses.py"

#: What the seed does not decide: timestamps, ids and addresses of the programs, and the length of a shared trail.
_MADE = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?|127\.0\.0\.1:\d+"
    r"|\b(?:harness|mock)-\d+\b|(?<= among )\d+|(?<=Content-Length: )\d+"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a run did, without what the seed does not decide."""

    outcomes: dict[str, Outcome]
    requested: set[Hashable]
    responses: set[Hashable]
    faults: set[Hashable]
    findings: set[Hashable]
    found_by: set[str]


def drawn(journal: Journal) -> Drawn:
    """Collect what a run did. Workers share interactions and lists, so the item of each is left out."""
    return Drawn(
        outcomes={event.item: event.outcome for event in journal.results},
        requested={(event.case, request_of(event)) for event in journal.exchanges if event.responded_by == "backend"},
        responses={_response(event) for event in journal.exchanges if event.responded_by == "mock"},
        faults={(event.item, event.kind, event.phase) for event in journal.faults},
        findings={_found(event) for event in journal.findings},
        found_by={event.item.rpartition("/")[2] for event in journal.findings if event.smallest},
    )


def _response(exchange: Exchange) -> Hashable:
    """A mock response, byte by byte where it was drawn; other responses contain a timestamp."""
    request = exchange.case, request_of(exchange)
    if GENERATED in exchange.item:
        return *request, response_of(exchange)
    return *request, exchange.response.status if exchange.response else None


def _found(finding: Finding) -> Hashable:
    """A finding, with its smallest example."""
    example = sorted((name, _MADE.sub("…", text)) for name, text in finding.example.items())
    text = finding.check, _MADE.sub("…", finding.expected), _MADE.sub("…", finding.observed), finding.smallest
    return finding.requirement, finding.item, finding.operation, *text, tuple(example)


@pytest.fixture
def wrong(sandbox: Sandbox) -> Sandbox:
    """A sandbox whose reference pair has defects, without its page."""
    shutil.copytree(ROOT / "suites", sandbox.home / "suites", dirs_exist_ok=True)
    for name, where in PLANTED.items():
        plant(load(mutants_folder() / f"{name}.toml").change, sandbox.home / "images" / where)
    described = 'extends = "images/backend.toml"\n[backend]\ncwd = "images/backend"\n'
    console = '[console]\ndriver = "module"\nmodule = "images/console/static/client.js"\n'
    console += 'env = { NEXT_PUBLIC_API_URL = "{backend_url}", NEXT_PUBLIC_API_KEY = "{api_key}" }\n'
    sandbox.target(described + console)
    return sandbox


def checked(sandbox: Sandbox, *, seed: int, workers: int) -> Drawn:
    """Check the wrong pair with a seed."""
    words = ("--target", "pair.toml", "--profile", "quick", "--reports", "reports")
    ended = sandbox.run("check", *WORDS, *words, "--seed", str(seed), "--workers", str(workers))
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return drawn(read_journal(sandbox.journal))


def test_a_seed_repeats_a_run(wrong: Sandbox) -> None:
    """The same seed gives the same cases, faults and findings with any number of workers; another seed gives others."""
    first, again = checked(wrong, seed=11, workers=1), checked(wrong, seed=11, workers=2)
    assert first.outcomes == again.outcomes
    assert first.requested == again.requested
    assert first.responses == again.responses
    assert first.faults == again.faults
    assert first.findings == again.findings
    # Among them are such as generated cases found, and made smaller.
    assert {name.partition("::")[0] for name in first.found_by} >= {"test_generated.py", GENERATED}
    other_seed = checked(wrong, seed=12, workers=1)
    assert other_seed.outcomes.keys() == first.outcomes.keys()
    assert first.requested - other_seed.requested
    assert first.responses - other_seed.responses
