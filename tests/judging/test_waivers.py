"""Waivers: what a waiver covers, what it does not cover, and that one with nothing to cover fails the run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from technogate.judging.judge import judge
from technogate.judging.waivers import DAY_S, MOST_DAYS, end_of_day, expired, is_reason
from technogate.model.events import Event, Header, ImageRef, Outcome, Waiver
from technogate.model.requirement import Level, Party, Requirement
from technogate.model.verdict import Verdict, VerdictDocument, WaiverState
from technogate.report.terminal_summary import plain
from technogate.report.write_all import write_all
from tests import builders
from tests.report.samples import unwaived, waived

BOTH = builders.plan(("a", "EXE-01"), ("b", "AUT-01"))
#: EXE-01 failed, AUT-01 passed.
ONE_FAILED: tuple[Event, ...] = (
    BOTH,
    builders.result("a", "EXE-01", Outcome.FAILED),
    builders.finding("a", "EXE-01"),
    builders.result("b", "AUT-01"),
)
PASSED: tuple[Event, ...] = (BOTH, builders.result("a", "EXE-01"), builders.result("b", "AUT-01"))

#: 2025-06-15, noon, in seconds since the epoch: when the runs of this module began.
NOON = 1_749_988_800.0
IMAGE = f"sha256:{'a' * 64}"


def day(days: float, since: float | None = None) -> str:
    """The day (UTC) that is so many days after `since`, by default after now."""
    return datetime.fromtimestamp((time.time() if since is None else since) + days * DAY_S, UTC).date().isoformat()


#: A day on which a waiver of a run today still counts.
SOON = day(30)


def waiver(requirement: str = "EXE-01", expires: str = SOON, image: str = "") -> Waiver:
    """A complete waiver."""
    return Waiver(
        requirement=requirement, reason="fixed in 1.3", owner="o", expires=expires, image=image, place="w.toml, line 1"
    )


def header(waivers: Sequence[Waiver], *, images: bool = False, parties: tuple[str, ...] = ("backend",)) -> Header:
    """The header of a validation with waivers."""
    head = builders.header(parties=parties)
    target = head.target
    if images:
        target = msgspec.structs.replace(target, images={"backend": ImageRef(name="b:1", digest=IMAGE)})
    return msgspec.structs.replace(head, waivers=tuple(waivers), target=target)


def judged(folder: Path, events: tuple[Event, ...], *waivers: Waiver, images: bool = False) -> VerdictDocument:
    """The document of a run with these events and waivers."""
    return judge(builders.journal(folder, *events, head=header(waivers, images=images)))


def test_a_waived_failure_does_not_fail_the_run(tmp_path: Path) -> None:
    """A waived failure of a MUST lets the run pass; it is still shown and counted as failed."""
    assert judged(tmp_path, ONE_FAILED).verdict is Verdict.FAIL
    document = judged(tmp_path, ONE_FAILED, waiver())
    assert (document.verdict, document.exit_code, document.reasons) == (Verdict.PASS, 0, ())
    [result] = [entry for entry in document.requirements if entry.id == "EXE-01"]
    assert (result.verdict, result.effective_verdict, result.waived) == (Verdict.FAIL, Verdict.PASS, True)
    assert document.must.failed == 1
    assert {group.group: group.verdict for group in document.groups}["execute"] is Verdict.PASS
    assert [(entry.state, entry.problem) for entry in document.waivers] == [(WaiverState.USED, "")]


def test_a_waiver_covers_its_own_requirement_alone(tmp_path: Path) -> None:
    """A failure beside a waived one fails the run."""
    events = (*ONE_FAILED[:-1], builders.result("b", "AUT-01", Outcome.FAILED), builders.finding("b", "AUT-01"))
    document = judged(tmp_path, events, waiver())
    assert document.verdict is Verdict.FAIL
    assert document.reasons == ("1 MUST requirement failed: AUT-01",)


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.ERRORED, None])
def test_a_waiver_does_not_cover_a_requirement_without_result(tmp_path: Path, outcome: Outcome | None) -> None:
    """A waiver covers failures: a requirement that was not exercised keeps the run inconclusive."""
    last = () if outcome is None else (builders.result("a", "EXE-01", outcome, reason="why"),)
    document = judged(tmp_path, (BOTH, builders.result("b", "AUT-01"), *last), waiver())
    assert (document.verdict, document.exit_code) == (Verdict.INCONCLUSIVE, 3)
    assert document.waivers[0].state is WaiverState.OPEN


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.ERRORED, None])
def test_a_failure_does_not_hide_what_was_not_exercised(tmp_path: Path, outcome: Outcome | None) -> None:
    """A waived requirement still needs a result of each of its other items."""
    plan = builders.plan(("a", "EXE-01"), ("b", "AUT-01"), ("c", "EXE-01"))
    last = () if outcome is None else (builders.result("c", "EXE-01", outcome, reason="why"),)
    document = judged(tmp_path, (plan, *ONE_FAILED[1:], *last), waiver())
    assert document.verdict is Verdict.INCONCLUSIVE
    assert "1 MUST requirement not exercised: EXE-01" in document.reasons


@pytest.mark.parametrize(
    ("events", "given", "images", "state", "why"),
    [
        (ONE_FAILED, waiver(expires="2020-01-31"), False, WaiverState.EXPIRED, "expired at the end of 2020-01-31"),
        (PASSED, waiver(expires="2020-01-31"), False, WaiverState.EXPIRED, "expired at the end of 2020-01-31"),
        (ONE_FAILED, waiver(expires="never"), False, WaiverState.EXPIRED, "expired"),
        (PASSED, waiver("XXX-99"), False, WaiverState.UNKNOWN, "names no requirement of c"),
        (PASSED, waiver(), False, WaiverState.UNUSED, "its requirement passed; remove it"),
        (PASSED, waiver("TMO-90"), False, WaiverState.UNUSED, "covers a SHOULD"),
        (ONE_FAILED, waiver(image=IMAGE), False, WaiverState.UNUSED, "was not judged"),
        (ONE_FAILED, waiver(image=f"sha256:{'b' * 64}"), True, WaiverState.UNUSED, "was not judged"),
    ],
)
def test_a_waiver_with_nothing_to_cover_fails_the_run(
    tmp_path: Path, events: tuple[Event, ...], given: Waiver, images: bool, state: WaiverState, why: str
) -> None:
    """Expired, unknown or unused: the run fails and names the line to correct."""
    document = judged(tmp_path, events, given, images=images)
    assert (document.verdict, document.exit_code) == (Verdict.FAIL, 1)
    [result] = document.waivers
    assert result.state is state
    assert result.problem in document.reasons
    assert result.problem.startswith(f"w.toml, line 1: the waiver for {given.requirement} ")
    assert why in result.problem


def test_a_waiver_for_an_image_covers_that_image(tmp_path: Path) -> None:
    """A waiver for one image counts when that image was judged."""
    assert judged(tmp_path, ONE_FAILED, waiver(image=IMAGE), images=True).verdict is Verdict.PASS


def test_a_waiver_of_the_other_side_does_not_matter(tmp_path: Path) -> None:
    """The file also serves a run of one side: a waiver for the other side is neither used nor wrong."""
    document = judged(tmp_path, PASSED, waiver("STK-03"))
    assert document.verdict is Verdict.PASS
    assert document.waivers[0].state is WaiverState.OPEN


def test_a_waiver_does_not_cover_an_interrupted_run(tmp_path: Path) -> None:
    """A waived failure in an interrupted run stays INCONCLUSIVE."""
    journal = builders.journal(tmp_path, *ONE_FAILED, head=header([waiver()]), end="interrupted")
    assert judge(journal).verdict is Verdict.INCONCLUSIVE


def test_expiry_is_compared_with_the_time_of_the_run(tmp_path: Path) -> None:
    """A stored run always gives the same verdict: its own time decides, not the current one."""
    # The run ended when this test runs, 20 days after it began: a waiver must outlast the whole of it.
    began = time.time() - 20 * DAY_S
    for days, verdict in ((-1, Verdict.FAIL), (0, Verdict.FAIL), (18, Verdict.FAIL), (40, Verdict.PASS)):
        head = msgspec.structs.replace(header([waiver(expires=day(days, began))]), started=began)
        assert judge(builders.journal(tmp_path, *ONE_FAILED, head=head)).verdict is verdict


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (waiver(expires=day(MOST_DAYS + 1)), "more than 90 days after the run"),
        (waiver(expires="9999-12-31"), "more than 90 days after the run"),
        (msgspec.structs.replace(waiver(), reason="."), "no reason of more than a word"),
        (msgspec.structs.replace(waiver(), reason="later"), "no reason of more than a word"),
    ],
)
def test_a_waiver_that_no_owner_may_give_fails_the_run(tmp_path: Path, given: Waiver, why: str) -> None:
    """Too long, or without a reason: it covers nothing, and the run fails."""
    document = judged(tmp_path, ONE_FAILED, given)
    assert document.verdict is Verdict.FAIL
    [result] = document.waivers
    assert result.state is WaiverState.REFUSED
    assert why in result.problem
    assert "EXE-01" in document.reasons[0]


def test_a_waiver_may_last_90_days(tmp_path: Path) -> None:
    """The longest waiver counts."""
    assert judged(tmp_path, ONE_FAILED, waiver(expires=day(MOST_DAYS))).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("name", "group"), [("AUT-01", "errors-4xx"), ("CON-01", "execute"), ("STK-07", "stack"), ("CON-14", "fail-closed")]
)
def test_what_fails_closed_or_keeps_the_key_is_never_waived(tmp_path: Path, name: str, group: str) -> None:
    """A waiver for it covers nothing, and the run fails, whatever the reason and the day."""
    requirement = Requirement(id=name, party=Party.BACKEND, level=Level.MUST, group=group, text="it holds")
    head = msgspec.structs.replace(header([waiver(name)]), requirements=(requirement,))
    events = (builders.plan(("a", name)), builders.result("a", name, Outcome.FAILED), builders.finding("a", name))
    document = judge(builders.journal(tmp_path, *events, head=head))
    assert document.verdict is Verdict.FAIL
    assert [result.state for result in document.waivers] == [WaiverState.REFUSED]
    assert "never waived" in document.waivers[0].problem


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("fixed in 1.3", True), ("la corrección llega", True), (".", False), ("later", False), ("1.3 2.0", False),
     ("a b c", False), ("", False)],
)  # fmt: skip
def test_a_reason_has_more_than_a_word(text: str, is_one: bool) -> None:
    """Two words of letters at least."""
    assert is_reason(text) is is_one


@pytest.mark.parametrize(
    ("expires", "at", "is_expired"),
    [
        ("2025-06-15", NOON, False),
        ("2025-06-15", NOON + 12 * 3600 - 1, False),
        ("2025-06-15", NOON + 12 * 3600, True),
        ("2025-06-14", NOON, True),
        ("9999-12-31", 4e9, False),
        ("", NOON, True),
        ("tomorrow", NOON, True),
    ],
)
def test_a_waiver_counts_until_the_end_of_its_last_day(expires: str, at: float, is_expired: bool) -> None:
    """The last day counts completely, in UTC; anything but a day has expired."""
    assert expired(expires, at) is is_expired


def test_the_end_of_a_day_is_in_utc() -> None:
    """The end of a day does not depend on the time zone of the machine."""
    assert 0 < NOON + 12 * 3600 - end_of_day("2025-06-15") < 0.001


def test_judging_again_gives_the_same(tmp_path: Path) -> None:
    """The same journal gives the same document, its waivers included."""
    journal = builders.journal(tmp_path, *ONE_FAILED, head=header([waiver()]))
    assert judge(journal) == judge(journal)


@pytest.mark.parametrize(("sample", "needles"), [
    (waived, ("CON-14", "2025-07-01", "console team", "fixed in 1.3")),
    (unwaived, ("EXE-02", "XXX-99", "unused", "unknown", "expired")),
])  # fmt: skip
def test_every_report_shows_the_waivers(tmp_path: Path, sample: type, needles: tuple[str, ...]) -> None:
    """Each report shows the waivers and what is wrong with them."""
    journal, document = sample()
    write_all(journal, document, tmp_path)
    reports = [
        (tmp_path / name).read_text("utf-8") for name in ("verdict.json", "report.md", "report.html", "junit.xml")
    ]
    reports += [(tmp_path / "allure-results" / "environment.properties").read_text("utf-8"), plain(document)]
    for report in reports:
        shown = " ".join(report.replace("\\-", "-").split())
        assert [needle for needle in needles if needle not in shown] == []


def test_the_verdict_is_worded_with_its_waivers() -> None:
    """A PASS with waivers names them; when waivers fail a run, only their owner must act."""
    passed, failed = plain(waived()[1]), plain(unwaived()[1])
    assert "except 1 failure covered by a waiver" in " ".join(passed.split())
    assert "The waivers are wrong, not this pair of console and backend" in " ".join(failed.split())
    assert "the owner of the waivers" in failed
