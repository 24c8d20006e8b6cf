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

#: Two wrong ways of a backend and one of a console, all in one pair: each is found by generated cases too.
PLANTED = {
    "backend/exe02-422": "backend/techno_backend",
    "backend/trl02-two-entries-for-403": "backend/techno_backend",
    "console/con03-lower-case-accepted": "console",
}

#: What the wrong pair is held to: fixed cases, generated requests, hostile answers, and the trail of them all.
WORDS = ("EXE-02", "TRL-02", "CON-03")

#: Where the answers of the double are drawn from the seed, and hold nothing else.
GENERATED = "test_hostile_responses.py"

#: What no seed decides: the moments, ids and addresses that the programs make, and how much else a shared trail holds.
_MADE = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?|127\.0\.0\.1:\d+"
    r"|\b(?:harness|mock)-\d+\b|(?<= among )\d+|(?<=Content-Length: )\d+"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a run did, without what no seed decides."""

    outcomes: dict[str, Outcome]
    asked: set[Hashable]
    answered: set[Hashable]
    faults: set[Hashable]
    findings: set[Hashable]
    found_by: set[str]


def drawn(journal: Journal) -> Drawn:
    """What a run did. Several workers share one scene or one list: whose item it was played for is not drawn."""
    return Drawn(
        outcomes={one.item: one.outcome for one in journal.results},
        asked={(one.case, request_of(one)) for one in journal.exchanges if one.responded_by == "backend"},
        answered={_given(one) for one in journal.exchanges if one.responded_by == "mock"},
        faults={(one.item, one.kind, one.phase) for one in journal.faults},
        findings={_found(one) for one in journal.findings},
        found_by={one.item.rpartition("/")[2] for one in journal.findings if one.smallest},
    )


def _given(exchange: Exchange) -> Hashable:
    """An answer of the double, byte by byte where it was drawn; the others bear the moment, cut or compressed too."""
    asked = exchange.case, request_of(exchange)
    if GENERATED in exchange.item:
        return *asked, response_of(exchange)
    return *asked, exchange.response.status if exchange.response else None


def _found(finding: Finding) -> Hashable:
    """A finding, with its smallest example."""
    example = sorted((name, _MADE.sub("…", text)) for name, text in finding.example.items())
    said = finding.check, _MADE.sub("…", finding.expected), _MADE.sub("…", finding.observed), finding.smallest
    return finding.requirement, finding.item, finding.operation, *said, tuple(example)


@pytest.fixture
def wrong(sandbox: Sandbox) -> Sandbox:
    """A home whose reference pair has defects; the pair is judged without its page."""
    shutil.copytree(ROOT / "suites", sandbox.home / "suites", dirs_exist_ok=True)
    for name, where in PLANTED.items():
        plant(load(mutants_folder() / f"{name}.toml").change, sandbox.home / "images" / where)
    described = (ROOT / "images" / "embedded.toml").read_text("utf-8").partition("[console]")[0]
    described = described.replace('cwd = "backend"', 'cwd = "images/backend"')
    console = '[console]\ndriver = "module"\nmodule = "images/console/static/client.js"\n'
    console += 'env = { NEXT_PUBLIC_API_URL = "{backend_url}", NEXT_PUBLIC_API_KEY = "{api_key}" }\n'
    sandbox.target(described + console)
    return sandbox


def checked(home: Sandbox, *, seed: int, workers: int) -> Drawn:
    """Check the wrong pair with a seed."""
    words = ("--target", "pair.toml", "--profile", "quick", "--reports", "reports")
    ended = home.run("check", *WORDS, *words, "--seed", str(seed), "--workers", str(workers))
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return drawn(read_journal(home.journal))


def test_a_seed_repeats_a_run(wrong: Sandbox) -> None:
    """With the same seed cases, faults and findings are the same, however many workers share them; else they differ."""
    first, again = checked(wrong, seed=11, workers=1), checked(wrong, seed=11, workers=2)
    assert first.outcomes == again.outcomes
    assert first.asked == again.asked
    assert first.answered == again.answered
    assert first.faults == again.faults
    assert first.findings == again.findings
    # Among them are such as generated cases found, and made smaller.
    assert {name.partition("::")[0] for name in first.found_by} >= {"test_generated.py", GENERATED}
    other = checked(wrong, seed=12, workers=1)
    assert other.outcomes.keys() == first.outcomes.keys()
    assert first.asked - other.asked
    assert first.answered - other.answered
