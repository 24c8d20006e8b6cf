"""The list of gaps: one for each cause, what is new, still open and closed, and what it takes to close one."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
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
from technogate.workflow.gap_history import EMPTY, GapHistory, GapRun, Item
from technogate.workflow.gaps import from_evaluation, from_run, word_of
from technogate.workflow.gaps_page import Source, markdown
from tests import builders
from tests.workflow.answers import CONTRACT, best, evaluated, with_gap, with_state

HOSTILE = "status 200 | <img src=x> `x` ::error:: \u202e"

#: How a finding is told from others: by what was expected. Findings with equal words have one cause.
Failed = Mapping[str, str]


def journal_of(
    folder: Path,
    number: int,
    *,
    passed: tuple[str, ...] = (),
    failed: Failed | tuple[str, ...] = (),
    open_: tuple[str, ...] = (),
    extra: tuple[Event, ...] = (),
    end: Literal["finished", "interrupted", "crashed", "none"] = "finished",
    proofs: tuple[Proof, ...] | None = None,
) -> Journal:
    """The journal of a check of these requirements without exchanges; a higher number is a later run.

    `failed` holds what was expected by requirement; of a list of requirements, each fails in its own way.
    """
    expected = failed if isinstance(failed, Mapping) else {one: f"no {one}" for one in failed}
    selection = (*passed, *failed, *open_)
    head = builders.header(mode="check", selection=selection, requirements=tuple(CONTRACT.requirements.values()))
    head = msgspec.structs.replace(
        head, run=f"run{number}", contract=CONTRACT.ref, started=1000.0 * number,
        groups=dict(CONTRACT.groups), target=msgspec.structs.replace(head.target, target_argument="my backend.toml"),
    )  # fmt: skip
    events: list[Event] = [builders.plan(*((f"item-{one}", one) for one in selection))]
    events += [builders.result(f"item-{one}", one) for one in passed]
    for one, wanted in expected.items():
        found = Finding(
            check="status", expected=wanted, observed=HOSTILE, item=f"item-{one}", requirement=one,
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


def named(item: Item) -> str:
    """A gap by the requirements of its cause, or by its id."""
    return "+".join(item.requirements) or item.id


def at_the_end(history: GapHistory) -> tuple[dict[str, str], list[str], tuple[str, ...]]:
    """The latest run: open gaps with their priority, new gaps, and the ids of closed ones."""
    run = history.runs[-1]
    return {named(one): one.priority for one in run.open}, [named(o) for o in run.open if o.id in run.new], run.closed


def id_of(history: GapHistory, requirements: str, run: int = -1) -> str:
    """The id of the gap of these requirements that is open after a run."""
    (identity,) = [one.id for one in history.runs[run].open if named(one) == requirements]
    return identity


def test_closed_new_and_still_open(tmp_path: Path) -> None:
    """A pass closes, a failure opens, and what a run did not exercise stays as it was."""
    first = listed(journal_of(tmp_path, 1, failed=("AUT-02", "EXE-02"), open_=("TRL-10", "TMO-02"), passed=("AUT-01",)))
    opened = {"AUT-02": "critical", "EXE-02": "critical", "TRL-10": "unproven", "TMO-02": "minor"}
    assert at_the_end(first) == (opened, list(opened), ())
    second = listed(journal_of(tmp_path, 2, passed=("AUT-02",), failed=("MEM-01",), open_=("EXE-02",)), first)
    assert at_the_end(second) == (
        {"MEM-01": "critical", "EXE-02": "critical", "TRL-10": "unproven", "TMO-02": "minor"},
        ["MEM-01"],
        (id_of(first, "AUT-02"),),
    )
    assert {named(one): one.since for one in second.runs[-1].open} == {
        "MEM-01": "run2", "EXE-02": "run1", "TRL-10": "run1", "TMO-02": "run1",
    }  # fmt: skip
    third = listed(journal_of(tmp_path, 3, passed=("MEM-01", "EXE-02", "TRL-10", "TMO-02")), second)
    assert at_the_end(third)[0] == {}
    assert len(third.runs[-1].closed) == 4
    assert [len(one.open) for one in third.runs] == [4, 4, 0]
    assert "No gap is open." in markdown(third, Source(contract=CONTRACT, document=None, contract_option=""))


def test_a_cause_is_the_same_in_every_run(tmp_path: Path) -> None:
    """Its id depends neither on the run nor on the requirements that show it, and two causes never share one."""
    one = listed(journal_of(tmp_path, 1, failed={"AUT-02": "a", "EXE-02": "b", "EXE-03": "b"}))
    two = listed(journal_of(tmp_path, 2, failed={"EXE-03": "b", "AUT-02": "a"}), one)
    assert {named(item): item.id for item in two.runs[-1].open} == {
        "AUT-02": id_of(one, "AUT-02"), "EXE-02+EXE-03": id_of(one, "EXE-02+EXE-03"),
    }  # fmt: skip
    assert at_the_end(two)[1:] == ([], ())
    assert id_of(two, "AUT-02") != id_of(two, "EXE-02+EXE-03")


def test_a_cause_is_closed_beside_another_of_the_same_requirement(tmp_path: Path) -> None:
    """A requirement that still fails has another cause, which is a gap of its own."""
    both = listed(journal_of(tmp_path, 1, failed={"EXE-02": "a", "ERR-01": "a", "AUD-05": "b"}))
    after = listed(journal_of(tmp_path, 2, passed=("EXE-02",), failed={"ERR-01": "b", "AUD-05": "b"}), both)
    assert at_the_end(after) == ({"AUD-05+ERR-01": "critical"}, [], (id_of(both, "EXE-02+ERR-01"),))
    # Where no requirement of a cause passes, another cause may only hide it.
    hidden = listed(journal_of(tmp_path, 2, failed={"EXE-02": "c", "ERR-01": "c", "AUD-05": "c"}), both)
    assert set(at_the_end(hidden)[0]) == {"EXE-02+AUD-05+ERR-01", "EXE-02+ERR-01", "AUD-05"}
    assert at_the_end(hidden)[2] == ()


def test_a_cause_stays_open_while_one_of_its_requirements_has_no_result(tmp_path: Path) -> None:
    """A run that judges only a part of its requirements closes no cause, and counts none of them twice."""
    one = listed(journal_of(tmp_path, 1, failed={"EXE-02": "a", "ERR-01": "a"}))
    for two in (
        listed(journal_of(tmp_path, 2, passed=("EXE-02",)), one),
        listed(journal_of(tmp_path, 2, passed=("EXE-02",), open_=("ERR-01",)), one),
    ):
        assert at_the_end(two) == ({"EXE-02+ERR-01": "critical"}, [], ())


def test_what_a_cause_broke_before_stays_with_it(tmp_path: Path) -> None:
    """A requirement that has no result now is no gap of its own, and one that passes leaves the cause."""
    one = listed(journal_of(tmp_path, 1, failed={"EXE-02": "a", "ERR-01": "a", "EXE-03": "a"}))
    two = listed(journal_of(tmp_path, 2, failed={"EXE-02": "a"}, open_=("ERR-01",), passed=("EXE-03",)), one)
    assert at_the_end(two) == ({"EXE-02+ERR-01": "critical"}, [], ())


def test_a_requirement_without_a_result_becomes_a_cause(tmp_path: Path) -> None:
    """It is not closed: it is a part of the new gap."""
    one = listed(journal_of(tmp_path, 1, open_=("EXE-02",)))
    two = listed(journal_of(tmp_path, 2, failed=("EXE-02",)), one)
    assert at_the_end(two) == ({"EXE-02": "critical"}, ["EXE-02"], ())


def test_a_list_of_before_is_read(tmp_path: Path) -> None:
    """A history whose gaps were requirements goes on: a pass closes one, a failure makes it a part of a cause."""
    old = GapRun(
        run="run0", source="check", at="1970-01-01 00:00:00 UTC", contract_digest="x", closed=(), new=(),
        open=tuple(
            Item(id=one, priority="critical", observed="x", fix="", since="run0")
            for one in ("EXE-02", "ERR-01", "AUT-02", "XXX-99")
        ),
    )  # fmt: skip
    written = msgspec.json.decode(msgspec.json.encode(GapHistory(schema=1, runs=(old,))), type=GapHistory)
    history = listed(journal_of(tmp_path, 1, passed=("EXE-02",), failed=("ERR-01",)), written)
    assert {one.id for one in history.runs[-1].open} == {id_of(history, "ERR-01"), "AUT-02"}
    assert history.runs[-1].closed == ("EXE-02", "XXX-99")


def test_the_same_run_again_changes_nothing(tmp_path: Path) -> None:
    """The same run replaces itself, and an older run than the latest is refused."""
    one, two = journal_of(tmp_path, 1, failed=("AUT-02",)), journal_of(tmp_path, 2, passed=("AUT-02",))
    history = listed(two, listed(one))
    assert listed(two, history) == history
    with pytest.raises(UserError, match="the history has a later run"):
        listed(journal_of(tmp_path, 0, passed=("AUT-01",)), _moved(history))


def _moved(history: GapHistory, year: int = 2999) -> GapHistory:
    """The history with all times in another year, by default far in the future."""
    replace = msgspec.structs.replace
    return replace(history, runs=tuple(replace(one, at=f"{year}-01-01 00:00:00 UTC") for one in history.runs))


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"end": "interrupted"}, "the run was interrupted"),
        ({"end": "none"}, "torn"),
        ({"extra": (Abort(kind="crash", message="the worker died"),)}, "the worker died"),
    ],
    ids=["interrupted", "torn", "crashed"],
)
def test_a_run_that_did_not_finish_opens_gaps_and_closes_none(
    tmp_path: Path, what: dict[str, object], why: str
) -> None:
    """What it found is true; what passed, and what has no result, shows nothing."""
    # A torn journal ends with the last that it holds.
    history = _moved(listed(journal_of(tmp_path, 1, failed=("AUT-02",), open_=("TRL-10",))), 1970)
    journal = journal_of(tmp_path, 2, passed=("AUT-02", "TRL-10"), failed=("EXE-02",), open_=("MEM-01",), **what)  # type: ignore[arg-type]
    after = listed(journal, history)
    assert at_the_end(after) == (
        {"EXE-02": "critical", "AUT-02": "critical", "TRL-10": "unproven"}, ["EXE-02"], (),
    )  # fmt: skip
    assert why in after.runs[-1].problem
    assert why in markdown(after, Source(contract=CONTRACT, document=judge(journal), contract_option=""))


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({"proofs": ()}, "no self-test"),
        ({"proofs": (Proof(name="driver", problem="it saw nothing"),)}, "it saw nothing"),
    ],
    ids=["no-self-test", "failed-self-test"],
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
    assert at_the_end(history) == ({"memory_diagnostics": "minor"}, ["memory_diagnostics"], ())
    assert word_of("memory_diagnostics", CONTRACT) == "memory"
    wanted = [one for one in select(CONTRACT, ["memory"]) if CONTRACT.requirements[one].party == "backend"]
    history = listed(journal_of(tmp_path, 1, passed=tuple(wanted[:-1])), history)
    assert at_the_end(history)[0] == {"memory_diagnostics": "minor"}
    history = listed(journal_of(tmp_path, 2, passed=tuple(wanted)), history)
    assert at_the_end(history) == ({}, [], ("memory_diagnostics",))
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
    """For each gap: what it breaks, observation, steps, an example from the contract, and the exact command."""
    failed = {"AUT-02": "status 403", "AUT-03": "status 403"}
    journal = journal_of(tmp_path, 1, failed=failed, open_=("TRL-10", "ERR-05"))
    document = judge(journal)
    (cause,) = document.causes
    printed = msgspec.structs.replace(cause, output=f"it printed\n{HOSTILE}")
    document = msgspec.structs.replace(document, causes=(printed,))
    history = from_run(journal, document, CONTRACT, EMPTY)
    page = markdown(history, Source(contract=CONTRACT, document=document, contract_option=""))
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert headings[0] == "Open (3)"
    assert headings[2].endswith(" in place of status 403 (critical, new)")
    assert headings[3:] == ["ERR-05, TRL-10 (unproven, new)"]
    assert re.findall(r"^technogate check .*$", page, re.MULTILINE) == [
        "technogate check AUT-02 AUT-03 --seed 7 --target 'my backend.toml'",
        "technogate check ERR-05 TRL-10 --seed 7 --target 'my backend.toml'",
    ]
    assert page.count("### Steps to fix") == page.count("### Accepted when") == 2
    assert "**3 open**: 1 critical, 2 unproven, 0 minor. 3 new, 0 still open, 0 closed." in page
    assert f"{document.must.passed} passed, {document.must.failed} failed, " in page
    assert "Findings: 2, of 1 cause." in page
    for part in (cause.id, "AUT-02: ", "AUT-03: ", "HTTP/1.1 403", "more characters", "it printed", "findings 1, 2"):
        assert part in page
    shown = MarkdownIt("commonmark").enable("table").render(page)
    assert "<img" not in shown
    assert "\u202e" not in page
    assert not re.search(r"^\s*::error", page, re.MULTILINE)
    assert "Rests on decision D4 (A missing key is 401" in page
