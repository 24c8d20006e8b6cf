"""The list of gaps: what is new, still open and closed, and that only a pass of a whole run closes one."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from markdown_it import MarkdownIt

from technogate.contract.selection import select
from technogate.journal.journal_file import Journal
from technogate.judging.judge import judge
from technogate.model.errors import UserError
from technogate.model.events import Abort, Event, Finding, Outcome, Proof
from technogate.workflow.gaps import EMPTY, GapHistory, from_evaluation, from_run, word_of
from technogate.workflow.gaps_page import Source, markdown
from tests import builders
from tests.workflow.answers import CONTRACT, best, evaluated, with_gap, with_state

HOSTILE = "status 200 | <img src=x> `x` ::error:: \u202e"


def journal_of(
    folder: Path,
    number: int,
    *,
    passed: tuple[str, ...] = (),
    failed: tuple[str, ...] = (),
    open_: tuple[str, ...] = (),
    extra: tuple[Event, ...] = (),
    end: Literal["finished", "interrupted", "crashed", "none"] = "finished",
    proofs: tuple[Proof, ...] | None = None,
) -> Journal:
    """The journal of a check of these requirements without exchanges; a higher number is a later run."""
    selection = (*passed, *failed, *open_)
    head = builders.header(mode="check", selection=selection, requirements=tuple(CONTRACT.requirements.values()))
    head = msgspec.structs.replace(
        head, run=f"run{number}", contract=CONTRACT.ref, started=1000.0 * number,
        groups=dict(CONTRACT.groups), target=msgspec.structs.replace(head.target, target_argument="my backend.toml"),
    )  # fmt: skip
    events: list[Event] = [builders.plan(*((f"item-{one}", one) for one in selection))]
    events += [builders.result(f"item-{one}", one) for one in passed]
    for one in failed:
        found = Finding(
            check="status", expected="status 403", observed=HOSTILE, item=f"item-{one}", requirement=one,
            operation="executeCommand", example={"request": "x" * 5000},
        )  # fmt: skip
        events += [found, builders.result(f"item-{one}", one, Outcome.FAILED)]
    events += [builders.result(f"item-{one}", one, Outcome.SKIPPED, 0, "no such word") for one in open_]
    folder = folder / str(number)
    folder.mkdir(exist_ok=True)
    return builders.journal(folder, *events, *extra, head=head, end=end, proofs=proofs)


def listed(journal: Journal, history: GapHistory = EMPTY) -> GapHistory:
    """The history with a run."""
    return from_run(journal, judge(journal), CONTRACT, history)


def at_the_end(history: GapHistory) -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]:
    """The latest run: open gaps with their priority, new gaps, closed gaps."""
    run = history.runs[-1]
    return {one.id: one.priority for one in run.open}, run.new, run.closed


def test_closed_new_and_still_open(tmp_path: Path) -> None:
    """A pass closes, a failure opens, and what a run did not exercise stays as it was."""
    first = listed(journal_of(tmp_path, 1, failed=("AUT-02", "EXE-02"), open_=("TRL-10", "TMO-02"), passed=("AUT-01",)))
    opened = {"AUT-02": "critical", "EXE-02": "critical", "TRL-10": "unproven", "TMO-02": "minor"}
    assert at_the_end(first) == (opened, tuple(sorted(opened)), ())
    assert [*at_the_end(first)[0]] == ["AUT-02", "EXE-02", "TRL-10", "TMO-02"]
    second = listed(journal_of(tmp_path, 2, passed=("AUT-02",), failed=("MEM-01",), open_=("EXE-02",)), first)
    assert at_the_end(second) == (
        {"MEM-01": "critical", "EXE-02": "unproven", "TRL-10": "unproven", "TMO-02": "minor"},
        ("MEM-01",),
        ("AUT-02",),
    )
    assert {one.id: one.since for one in second.runs[-1].open} == {
        "MEM-01": "run2", "EXE-02": "run1", "TRL-10": "run1", "TMO-02": "run1",
    }  # fmt: skip
    third = listed(journal_of(tmp_path, 3, passed=("MEM-01", "EXE-02", "TRL-10", "TMO-02")), second)
    assert at_the_end(third) == ({}, (), ("EXE-02", "MEM-01", "TMO-02", "TRL-10"))
    assert [len(one.open) for one in third.runs] == [4, 4, 0]
    assert "No gap is open." in markdown(third, Source(contract=CONTRACT, document=None, contract_option=""))


def test_the_same_run_again_changes_nothing(tmp_path: Path) -> None:
    """The same run replaces itself, and an older run than the latest is refused."""
    one, two = journal_of(tmp_path, 1, failed=("AUT-02",)), journal_of(tmp_path, 2, passed=("AUT-02",))
    history = listed(two, listed(one))
    assert listed(two, history) == history
    with pytest.raises(UserError, match="the history has a later run"):
        listed(journal_of(tmp_path, 0, passed=("AUT-01",)), _moved(history))


def _moved(history: GapHistory) -> GapHistory:
    """The history with all times far in the future."""
    replace = msgspec.structs.replace
    return replace(history, runs=tuple(replace(one, at="2999-01-01 00:00:00 UTC") for one in history.runs))


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"end": "interrupted"}, "did not finish"),
        ({"end": "none"}, "torn"),
        ({"extra": (Abort(kind="crash", message="the worker died"),)}, "the worker died"),
        ({"proofs": ()}, "no self-test"),
        ({"proofs": (Proof(name="driver", problem="it saw nothing"),)}, "it saw nothing"),
    ],
    ids=["interrupted", "torn", "crashed", "no-self-test", "failed-self-test"],
)
def test_a_run_that_proves_nothing_closes_nothing(tmp_path: Path, what: dict[str, object], why: str) -> None:
    """Such a run is refused with the reason."""
    history = listed(journal_of(tmp_path, 1, failed=("AUT-02",)))
    with pytest.raises(UserError, match=why):
        listed(journal_of(tmp_path, 2, passed=("AUT-02",), **what), history)  # type: ignore[arg-type]


def test_a_clock_set_back_closes_nothing(tmp_path: Path) -> None:
    """A run that the judge calls unsound is refused."""
    history = listed(journal_of(tmp_path, 1, failed=("AUT-02",)))
    journal = journal_of(tmp_path, 2, passed=("AUT-02",))
    late = dataclasses.replace(journal, header=msgspec.structs.replace(journal.header, started=4e9))
    with pytest.raises(UserError, match="the clock was set back"):
        listed(late, history)


def test_another_contract_and_no_backend_are_refused(tmp_path: Path) -> None:
    """Gaps are listed only for this contract and for a backend."""
    journal = journal_of(tmp_path, 1, failed=("AUT-02",))
    document = judge(journal)
    replace = msgspec.structs.replace
    with pytest.raises(UserError, match="another contract"):
        from_run(journal, replace(document, contract=replace(CONTRACT.ref, digest="0" * 64)), CONTRACT, EMPTY)
    with pytest.raises(UserError, match="judges no backend"):
        from_run(journal, replace(document, requirements=()), CONTRACT, EMPTY)


def test_a_gap_of_an_answer_is_closed_by_what_checks_it(tmp_path: Path) -> None:
    """A layer's gap stays open until every requirement that its command checks has passed."""
    text = with_gap(with_state(best(), "layer.memory_diagnostics", "partial"), "memory_diagnostics", fix="keep it")
    history = from_evaluation(evaluated(text), CONTRACT, EMPTY)
    assert at_the_end(history) == ({"memory_diagnostics": "minor"}, ("memory_diagnostics",), ())
    assert word_of("memory_diagnostics", CONTRACT) == "memory"
    wanted = [one for one in select(CONTRACT, ["memory"]) if CONTRACT.requirements[one].party == "backend"]
    history = listed(journal_of(tmp_path, 1, passed=tuple(wanted[:-1])), history)
    assert at_the_end(history)[0] == {"memory_diagnostics": "minor"}
    history = listed(journal_of(tmp_path, 2, passed=tuple(wanted)), history)
    assert at_the_end(history) == ({}, (), ("memory_diagnostics",))
    with pytest.raises(UserError, match="a backend was already judged"):
        from_evaluation(evaluated(text), CONTRACT, history)


def test_merges_two_gaps_of_one_endpoint() -> None:
    """Both texts are kept, and the worse priority counts."""
    text = with_gap(with_gap(best(), "fetchMemory", "minor", "one"), "fetchMemory", "critical", "two")
    (run,) = from_evaluation(evaluated(text), CONTRACT, EMPTY).runs
    assert [(one.id, one.priority, one.observed, one.fix) for one in run.open] == [
        ("fetchMemory", "critical", "w; w", "two; one")
    ]


def test_the_page_has_what_a_team_needs(tmp_path: Path) -> None:
    """For each gap: requirement, observation, steps, an example from the contract, and the exact command."""
    journal = journal_of(tmp_path, 1, failed=("AUT-02",), open_=("TRL-10",))
    document = judge(journal)
    history = from_run(journal, document, CONTRACT, EMPTY)
    page = markdown(history, Source(contract=CONTRACT, document=document, contract_option=""))
    assert re.findall(r"^## (?:AUT|TRL).*$", page, re.MULTILINE) == [
        "## AUT-02 (critical, new)",
        "## TRL-10 (unproven, new)",
    ]
    assert re.findall(r"^technogate check .*$", page, re.MULTILINE) == [
        "technogate check AUT-02 --seed 7 --target 'my backend.toml'",
        "technogate check TRL-10 --seed 7 --target 'my backend.toml'",
    ]
    assert page.count("### Steps to fix") == page.count("### Accepted when") == 2
    assert "**2 open**: 1 critical, 1 unproven, 0 minor. 2 new, 0 still open, 0 closed." in page
    assert f"{document.must.passed} passed, {document.must.failed} failed, " in page
    assert "HTTP/1.1 403" in page
    assert "more characters" in page
    shown = MarkdownIt("commonmark").enable("table").render(page)
    assert "<img" not in shown
    assert "\u202e" not in page
    assert "Rests on decision D4 (A missing key is 401" in page
