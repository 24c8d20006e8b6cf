"""Judging: the verdict follows from the journal alone, and only proof gives PASS."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from technogate.judging.judge import judge
from technogate.model.events import Abort, Event, Outcome, RunWarning
from technogate.model.requirement import Lack, Level
from technogate.model.verdict import ExitCode, Verdict, exit_code, roll_up
from tests import builders

BOTH = builders.plan(("a", "AUT-01"), ("b", "EXE-01"))
PASSED: tuple[Event, ...] = (BOTH, builders.result("a", "AUT-01"), builders.result("b", "EXE-01"))


def test_all_musts_passed_is_pass(tmp_path: Path) -> None:
    """PASS: every MUST of the parties described has an item that ran and passed; a SHOULD does not decide."""
    document = judge(builders.journal(tmp_path, *PASSED))
    assert (document.verdict, document.exit_code, document.reasons) == (Verdict.PASS, 0, ())
    assert {result.id: result.verdict for result in document.requirements} == {
        "AUT-01": Verdict.PASS,
        "EXE-01": Verdict.PASS,
        "TMO-90": Verdict.INCONCLUSIVE,
    }


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ((), "no tests were collected"),
        ((builders.plan(),), "no tests were collected"),
        ((BOTH,), "not exercised: AUT-01, EXE-01"),
        (PASSED[:2], "not exercised: EXE-01"),
        (
            (*PASSED[:2], builders.result("b", "EXE-01", Outcome.SKIPPED, reason="no browser")),
            "not exercised: EXE-01",
        ),
        ((*PASSED[:2], builders.result("b", "EXE-01", Outcome.ERRORED, reason="boom")), "b crashed: boom"),
        ((*PASSED[:2], builders.result("b", "EXE-01", checks=0)), "it made no check"),
        ((*PASSED, builders.result("b", "EXE-01", Outcome.SKIPPED)), "not exercised: EXE-01"),
        ((*PASSED[1:], builders.plan(("a", "AUT-01"))), "not exercised: EXE-01"),
        ((*PASSED, Abort(kind="crash", message="a suite did not import")), "a suite did not import"),
        ((builders.plan(("a", "AUT-01"), ("b", "EXE-01"), ("c", "EXE-01")), *PASSED[1:]), "not exercised: EXE-01"),
        (
            (
                builders.plan(("a", "AUT-01"), ("b", "EXE-01"), ("c", "TMO-90")),
                *PASSED[1:],
                builders.result("c", "TMO-90", Outcome.ERRORED, reason="boom"),
            ),
            "c crashed: boom",
        ),
    ],
)
def test_anything_unproven_is_inconclusive(tmp_path: Path, events: tuple[Event, ...], why: str) -> None:
    """Anything unknown, skipped, crashed or empty is never PASS."""
    document = judge(builders.journal(tmp_path, *events))
    assert (document.verdict, document.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert why in "; ".join(document.reasons)


@pytest.mark.parametrize("end", ["interrupted", "crashed", "none"])
def test_an_unfinished_run_is_inconclusive(tmp_path: Path, end: Literal["interrupted", "crashed", "none"]) -> None:
    """A run that did not finish proves nothing, even if every item passed."""
    document = judge(builders.journal(tmp_path, *PASSED, end=end))
    assert (document.verdict, document.exit_code) == (Verdict.INCONCLUSIVE, 3)


def test_a_clock_set_back_is_inconclusive(tmp_path: Path) -> None:
    """Times of a run whose clock went backwards prove nothing."""
    late = msgspec.structs.replace(builders.header(), started=4e9)
    document = judge(builders.journal(tmp_path, *PASSED, head=late))
    assert document.verdict is Verdict.INCONCLUSIVE
    assert "the clock was set back during the run" in document.reasons


def test_a_not_tested_must_is_inconclusive(tmp_path: Path) -> None:
    """A MUST that is not exercised is INCONCLUSIVE, also with a reviewed reason."""
    excused = msgspec.structs.replace(builders.REQUIREMENTS[1], not_tested="it cannot be seen from outside")
    head = builders.header(requirements=(builders.REQUIREMENTS[0], excused))
    document = judge(builders.journal(tmp_path, builders.plan(("a", "AUT-01")), PASSED[1], head=head))
    assert document.verdict is Verdict.INCONCLUSIVE
    assert {entry.id: entry.reason for entry in document.requirements} == {
        "AUT-01": "",
        "EXE-01": "no check: it cannot be seen from outside",
    }


class Clock:
    """A wall clock that is set by some seconds while the monotonic one continues."""

    def __init__(self, moved: float) -> None:
        self._wall = iter([0.0, 30.0 + moved])
        self._true = iter([0.0, 30.0])
        self._began = time.time()

    def time(self) -> float:
        """Seconds since the epoch, by the changed clock."""
        return self._began + next(self._wall)

    def monotonic(self) -> float:
        """Seconds of a clock that cannot be set."""
        return 5.0 + next(self._true)


@pytest.mark.parametrize(("moved", "why"), [(-20.0, "set back"), (3600.0, "set forward"), (0.5, ""), (-0.5, "")])
def test_a_clock_moved_within_a_run_is_inconclusive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: float, why: str
) -> None:
    """Times before and after the change prove nothing, also when the run ends after it began."""
    monkeypatch.setattr("technogate.journal.journal_file.time", Clock(moved))
    document = judge(builders.journal(tmp_path, *PASSED))
    assert document.ended > document.started
    assert document.verdict is (Verdict.INCONCLUSIVE if why else Verdict.PASS)
    assert why in "; ".join(document.reasons)


def test_a_clock_set_back_and_forth_is_inconclusive(tmp_path: Path) -> None:
    """An exchange that ended before it began shows that the clock was set back and forth."""
    odd = msgspec.structs.replace(builders.exchange(1), started=100.0, ended=40.0)
    document = judge(builders.journal(tmp_path, *PASSED, odd))
    assert document.verdict is Verdict.INCONCLUSIVE
    assert "the clock was set back during the run" in document.reasons


def test_a_failed_must_is_fail(tmp_path: Path) -> None:
    """A MUST that failed makes FAIL, even beside a crash."""
    failed = (
        BOTH,
        builders.result("a", "AUT-01", Outcome.FAILED),
        builders.finding("a", "AUT-01", "main-1"),
        builders.result("b", "EXE-01", Outcome.ERRORED, reason="boom"),
        builders.exchange(1, trace_id="t-1"),
    )
    document = judge(builders.journal(tmp_path, *failed))
    assert (document.verdict, document.exit_code) == (Verdict.FAIL, 1)
    [sample] = document.findings
    assert sample.finding.requirement == "AUT-01"
    assert sample.curl.startswith("curl ")
    assert sample.recheck_command == "technogate check AUT-01 --seed 7 --target embedded"
    assert document.requirements[0].findings == (1,)


def test_a_finding_outweighs_a_pass(tmp_path: Path) -> None:
    """A finding of an item that reports to have passed still fails its requirement."""
    document = judge(builders.journal(tmp_path, *PASSED, builders.finding("a", "AUT-01")))
    assert document.verdict is Verdict.FAIL


def test_a_failed_should_alone_is_no_fail(tmp_path: Path) -> None:
    """A SHOULD that failed is reported and does not decide."""
    events = (
        builders.plan(("a", "AUT-01"), ("b", "EXE-01"), ("c", "TMO-90")),
        *PASSED[1:],
        builders.result("c", "TMO-90", Outcome.FAILED),
        builders.finding("c", "TMO-90"),
    )
    document = judge(builders.journal(tmp_path, *events))
    assert document.verdict is Verdict.PASS
    assert document.counts.failed == 1


def test_a_configuration_mistake_is_exit_2(tmp_path: Path) -> None:
    """A run that a configuration error ended gives no verdict: exit code 2."""
    mistake = Abort(kind="configuration", message="port 8000 is taken")
    document = judge(builders.journal(tmp_path, mistake))
    assert (document.verdict, document.exit_code) == (Verdict.INCONCLUSIVE, 2)


@pytest.mark.parametrize(
    ("parties", "ids"),
    [
        (("backend",), {"AUT-01", "EXE-01", "TMO-90"}),
        (("console",), {"CON-01"}),
        (("backend", "console"), {"AUT-01", "EXE-01", "TMO-90", "CON-01", "STK-03"}),
        ((), set()),
    ],
)
def test_only_described_parties_are_judged(tmp_path: Path, parties: tuple[str, ...], ids: set[str]) -> None:
    """One side alone has its own requirements judged; the pair's need both; no party is never PASS."""
    document = judge(builders.journal(tmp_path, *PASSED, head=builders.header(parties=parties)))
    assert {result.id for result in document.requirements} == ids
    assert (document.verdict is Verdict.PASS) == (parties == ("backend",))


def test_a_check_is_never_a_verdict(tmp_path: Path) -> None:
    """A check that passed says so, with exit code 0, and is no validation; what was not selected is named."""
    head = builders.header(mode="check", selection=("AUT-01",))
    document = judge(
        builders.journal(tmp_path, builders.plan(("a", "AUT-01")), builders.result("a", "AUT-01"), head=head)
    )
    assert (document.verdict, document.exit_code, document.is_validation) == (Verdict.PASS, 0, False)
    assert document.scope.not_judged[-1].lack is Lack.SELECTION
    assert document.scope.not_judged[-1].requirements == ("EXE-01", "TMO-90")


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ((builders.plan(("c", "TMO-90")), builders.result("c", "TMO-90")), ExitCode.PASS),
        (
            (
                builders.plan(("c", "TMO-90")),
                builders.result("c", "TMO-90", Outcome.FAILED),
                builders.finding("c", "TMO-90"),
            ),
            ExitCode.FAIL,
        ),
        ((builders.plan(("c", "TMO-90")), builders.result("c", "TMO-90", Outcome.SKIPPED)), ExitCode.INCONCLUSIVE),
        ((builders.plan(("c", "TMO-90")),), ExitCode.INCONCLUSIVE),
        ((), ExitCode.INCONCLUSIVE),
        (
            (builders.plan(("c", "TMO-90")), builders.result("c", "TMO-90"), Abort(kind="crash", message="x")),
            ExitCode.INCONCLUSIVE,
        ),
    ],
)
def test_exit_code_of_a_check(tmp_path: Path, events: tuple[Event, ...], code: ExitCode) -> None:
    """A check exits 0 only when everything that was selected, SHOULD included, ran and passed."""
    head = builders.header(mode="check", selection=("TMO-90",))
    assert exit_code(judge(builders.journal(tmp_path, *events, head=head))) is code


def test_judging_again_gives_the_same(tmp_path: Path) -> None:
    """Judging is pure: the same journal gives the same document."""
    journal = builders.journal(tmp_path, *PASSED, RunWarning(text="slowed down"), builders.exchange(1, trace_id="a"))
    assert judge(journal) == judge(journal)


def test_counts_add_up(tmp_path: Path) -> None:
    """The counts by requirement, level, group and item agree."""
    document = judge(builders.journal(tmp_path, *PASSED, builders.exchange(1, trace_id="a")))
    assert document.counts.total == len(document.requirements) == sum(group.counts.total for group in document.groups)
    assert document.must.total == sum(result.level is Level.MUST for result in document.requirements)
    assert document.items.passed == sum(len(result.items) for result in document.requirements)


@pytest.mark.parametrize(
    ("verdicts", "worst"),
    [
        ([], Verdict.INCONCLUSIVE),
        ([Verdict.PASS], Verdict.PASS),
        ([Verdict.PASS, Verdict.INCONCLUSIVE], Verdict.INCONCLUSIVE),
        ([Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.PASS], Verdict.FAIL),
    ],
)
def test_roll_up(verdicts: list[Verdict], worst: Verdict) -> None:
    """FAIL over INCONCLUSIVE over PASS; an empty roll-up is INCONCLUSIVE."""
    assert roll_up(verdicts) is worst
