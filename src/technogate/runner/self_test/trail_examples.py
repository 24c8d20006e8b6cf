"""A known run held to every sweep: what a small backend answered and its trail showed, and what can be wrong with it.

The sweeps see it as they see a real run. Those that judge the audit trail are thereby proven to reconcile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from technogate.checks.run_wide import RUN_WIDE_CHECKS, RunWideCheck, WholeRun
from technogate.journal.journal_file import Journal
from technogate.model.events import Body, Exchange, Footer, Header, Request, Response, TrailEntry, TrailReading
from technogate.runner.self_test.response_examples import Known, utc
from technogate.trail.history import Compactor

#: How many requests the known run has: more than a percentile needs. The last two are a refusal and a 500.
COUNT = 24

#: When it began, in seconds since the epoch; any time would do.
START = 1_750_000_000.0

_SESSION = "self-test-session-4711"
_BASE = "http://self-test.invalid"


@dataclass(slots=True, kw_only=True)
class Story:
    """The known run, and its trail half way and at the end, oldest first; `late` entries show up only long after."""

    header: Header
    exchanges: list[Exchange]
    first: list[TrailEntry]
    last: list[TrailEntry]
    late: tuple[int, ...] = ()

    def run(self) -> WholeRun:
        """The run as the sweeps see it, with its trail read before, half way, after and long after it."""
        footer = Footer(end="finished", lines=0, sha256="", ended=START + 100)
        journal = Journal(path=Path("self-test"), sha256="", header=self.header, footer=footer, torn="")
        journal.exchanges.extend(self.exchanges)
        half, end = self.exchanges[len(self.exchanges) // 2 - 1].ended, self.exchanges[-1].ended
        soon = [entry for place, entry in enumerate(self.last) if place not in self.late]
        seen = [(START - 1, []), (half + 0.01, self.first), (end + 4, soon), (end + 9, self.last)]
        compactor = Compactor()
        for number, (at, entries) in enumerate(seen):
            fresh, layout = compactor.fold(entries[::-1], lambda entry: entry)
            reading = TrailReading(
                id=f"main-{900 + number}", item="self-test", source="api of the self-test", base_url=_BASE,
                at=at, ended=at, limit=1000, entries=fresh, layout=layout,
            )  # fmt: skip
            journal.trails.append(reading)
        return WholeRun(journal)

    def exchange(self, place: int, **changes: Any) -> None:
        """Change one exchange."""
        self.exchanges[place] = msgspec.structs.replace(self.exchanges[place], **changes)

    def response(self, place: int, **changes: Any) -> None:
        """Change one answer."""
        self.exchange(place, response=msgspec.structs.replace(self.exchanges[place].response, **changes))  # type: ignore[type-var]

    def entry(self, place: int, **changes: Any) -> None:
        """Change one entry in what the trail showed at the end."""
        self.last[place] = msgspec.structs.replace(self.last[place], **changes)


def story(header: Header) -> Story:
    """A run that nothing is wrong with: commands, two at a time, each with its entry."""
    terms = msgspec.structs.replace(
        header, execute="self-test", guarded=("self-test",), trace_header="X-Trace-Id", blocked="BLOCKED",
        unaudited="AUDIT_UNAVAILABLE", tolerance_s=5.0, response_s=15.0, trail_visible_s=2.0, p99_s={"self-test": 1.0},
        slow="",
    )  # fmt: skip
    statuses = [200] * (COUNT - 2) + [401, 500]
    exchanges, entries = [], []
    for number, status in enumerate(statuses):
        started = START + number // 2 + 0.001 * (number % 2)
        trace_id, state = f"self-test-{number}", "APPROVED" if status == 200 else "BLOCKED"
        said = {"status": state, "trace_id": trace_id, "reason_codes": ["SELF_TEST"]}
        exchanges.append(
            Exchange(
                id=f"main-{number}", item="self-test", responded_by="backend", operation="self-test", base_url=_BASE,
                request=Request(
                    method="POST", path="/self-test", body=Body.of(msgspec.json.encode({"session_id": _SESSION}))
                ),
                response=Response(
                    status=status, headers=(("X-Trace-Id", trace_id),), body=Body.of(msgspec.json.encode(said))
                ),
                started=started, ended=started + 0.01,
            )
        )  # fmt: skip
        result = "SUCCESS" if status == 200 else "FAILED"
        entries.append(
            TrailEntry(
                timestamp=utc(started + 0.005), action="SELF_TEST", result=result, state=state,
                execution_id=f"exec_{number}", trace_id=trace_id,
            )
        )  # fmt: skip
    return Story(header=terms, exchanges=exchanges, first=entries[: COUNT // 2], last=entries)


def _slow(told: Story) -> None:
    for place in range(COUNT):
        told.exchange(place, ended=told.exchanges[place].started + 1.5)


#: What is done to the known run so that the sweep of a requirement must find it.
WRONG: dict[str, tuple[Callable[[Story], Any], ...]] = {
    "ENV-04": (lambda told: told.response(1, headers=(("X-Trace-Id", "self-test-0"),)),),
    "ENV-05": (lambda told: told.response(1, headers=()),),
    "ERR-02": (lambda told: told.exchange(COUNT - 1, problems=("no message",)),),
    "ERR-03": (lambda told: told.response(COUNT - 1, body=Body.of(b'{"message":"no such file: /srv/app/trail.db"}')),),
    "AUT-06": (lambda told: told.exchange(1, leaks=("body (plain)",)),),
    "TMO-01": (lambda told: told.exchange(1, ended=START + 16),),
    "TMO-02": (_slow,),
    "TRL-01": (
        lambda told: told.last.pop(20),
        lambda told: told.last.append(told.last[20]),
        lambda told: told.entry(20, state="BLOCKED", result="FAILED"),
    ),
    "TRL-02": (lambda told: told.last.pop(COUNT - 2),),
    "TRL-03": (lambda told: told.entry(20, timestamp=utc(START - 60)),),
    "TRL-04": (lambda told: told.last.append(msgspec.structs.replace(told.last[-1], trace_id="self-test-phantom")),),
    "TRL-05": (
        lambda told: told.entry(3, state="BLOCKED", result="FAILED"),
        lambda told: told.last.pop(3),
    ),
    "TRL-06": (lambda told: setattr(told, "late", (20,)),),
    "TRL-08": (lambda told: told.last.pop(20),),
    "TRL-09": (lambda told: told.entry(20, extra={"warning": _SESSION}),),
    "AUD-04": (lambda told: told.last.insert(0, told.last.pop(20)),),
}


def run_wide_checks(header: Header) -> list[Known]:
    """Every sweep with the known run, and with each way in which it must find something."""
    return [
        Known(
            check=f"{run_wide_check.requirement}, over a whole run",
            good=_good(run_wide_check, header),
            bad=_bad(run_wide_check, header, change),
        )
        for run_wide_check in RUN_WIDE_CHECKS
        for change in WRONG.get(run_wide_check.requirement, ())
    ]


def _good(run_wide_check: RunWideCheck, header: Header) -> Callable[[], Sequence[object]]:
    def red() -> Sequence[object]:
        run_wide_result = run_wide_check.run(story(header).run())
        return run_wide_result.findings or ([] if run_wide_result.checks else ["it checked nothing"])

    return red


def _bad(
    run_wide_check: RunWideCheck, header: Header, change: Callable[[Story], Any]
) -> Callable[[], Sequence[object]]:
    def red() -> Sequence[object]:
        told = story(header)
        change(told)
        return run_wide_check.run(told.run()).findings

    return red
