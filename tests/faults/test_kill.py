"""Kills under load: the schedule, the moment of a kill, and what counts as kept."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest

from technogate.checks.trail_durability import Survival, entries_survive_kill, no_entry_is_doubled
from technogate.faults import kill as kill_module
from technogate.faults.fault_errors import NotDelivered
from technogate.faults.kill import Kill, KillMoment, Load, kill_under_load, plan_kills
from technogate.model.events import Body, Ended, Exchange, Request, Response, TrailEntry


def exchange(trace_id: str, *, status: int = 200) -> Exchange:
    """An execute request that was answered with a trace id; "" when it got no answer."""
    body = Body.of(b'{"trace_id": "%s"}' % trace_id.encode())
    return Exchange(
        id=f"gw0d-{trace_id or 'unanswered'}",
        item="suites/x",
        responded_by="backend",
        operation="executeCommand",
        request=Request(method="POST", path="/api/execute"),
        response=Response(status=status, body=body) if trace_id else None,
        end=Ended.OK if trace_id else Ended.INDETERMINATE,
        started=1.0,
        ended=2.0,
    )


class Backend:
    """A program that answers until it is killed, and says who killed it when."""

    def __init__(self, *, immortal: bool = False) -> None:
        self.exit_code: int | None = None
        self.answered_at_kill = 0
        self.killer = ""
        self._immortal = immortal
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.answered = 0

    def ask(self) -> Exchange:
        """One request."""
        with self._lock:
            if self.killer and not self._immortal:
                return exchange("")
            self.answered += 1
            return exchange(f"t-{next(self._numbers)}")

    def kill(self) -> None:
        """End it."""
        with self._lock:
            self.answered_at_kill = self.answered
            self.killer = threading.current_thread().name
            self.exit_code = None if self._immortal else -9


def test_a_schedule_is_its_seed() -> None:
    """The same seed gives the same kills, another one others; each moment has its turn."""
    first, again, other = plan_kills(1, 6), plan_kills(1, 6), plan_kills(2, 6)
    assert first == again != other
    assert [kill.moment for kill in first] == [*KillMoment, *KillMoment]
    assert [kill.number for kill in first] == [1, 2, 3, 4, 5, 6]
    assert len(plan_kills(1, 20)) == 20


@pytest.mark.parametrize(
    "wrong", [{"responses": 0}, {"responses": 1, "delay_s": 2.0}, {"responses": 1, "delay_s": -1.0}]
)
def test_a_kill_that_makes_no_sense_is_told(wrong: dict[str, float]) -> None:
    """Parameters are checked when the record is made."""
    with pytest.raises(ValueError, match="kill"):
        Kill(number=1, moment=KillMoment.IN_BURST, **wrong)  # type: ignore[arg-type]


def test_right_after_an_answer_nobody_comes_in_between() -> None:
    """The client that got the answer kills, before any other answer is counted."""
    backend = Backend()
    kill = Kill(number=1, moment=KillMoment.AFTER_RESPONSE, responses=7)
    exchanges = kill_under_load(backend, kill, [backend.ask] * 4, lambda: pytest.fail("nothing to shoot"))
    assert backend.killer == "load"
    assert backend.exit_code == -9
    assert sum(one.response is not None for one in exchanges) == backend.answered_at_kill
    assert 7 <= backend.answered_at_kill < 7 + 4


def test_who_asks_after_the_kill_asks_once(eventually: Callable[[Callable[[], bool]], bool]) -> None:
    """A client that gets no answer stops, so that each has at most one request of which nobody knows the end."""
    backend = Backend()
    with Load([backend.ask] * 4, 7, backend.kill) as load:
        assert eventually(lambda: sum(one.response is None for one in load.exchanges) == 4)
    assert sum(one.response is None for one in load.exchanges) == 4


@pytest.mark.parametrize("moment", [KillMoment.IN_FLIGHT, KillMoment.IN_BURST])
def test_the_kill_comes_after_the_shot(moment: KillMoment) -> None:
    """Between a request and its answer means: sent, then killed. A burst needs no shot."""
    backend = Backend()
    seen: list[str] = []
    kill = Kill(number=1, moment=moment, responses=2, delay_s=0.001)
    kill_under_load(backend, kill, [backend.ask] * 2, lambda: seen.append(backend.killer))
    assert seen == ([""] if moment is KillMoment.IN_FLIGHT else [])
    assert backend.killer == threading.current_thread().name


def test_a_load_that_brings_no_answers_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that answers nothing was never killed under load."""
    monkeypatch.setattr(kill_module, "LOAD_S", 0.2)
    backend = Backend()
    kill = Kill(number=3, moment=KillMoment.IN_BURST, responses=2)
    dead: list[Callable[[], Exchange]] = [lambda: exchange("")]
    with pytest.raises(NotDelivered, match="kill 3 never came: the load brought 0 answers"):
        kill_under_load(backend, kill, dead, lambda: None)
    assert backend.killer == ""


def test_a_program_that_outlives_the_kill_is_told() -> None:
    """A kill that nobody felt proves nothing."""
    backend = Backend(immortal=True)
    with pytest.raises(NotDelivered, match="kill 1: the backend outlived SIGKILL"):
        kill_under_load(backend, Kill(number=1, moment=KillMoment.IN_BURST, responses=1), [backend.ask], lambda: None)


HEADER = "X-Trace-Id"


def survival(exchanges: list[Exchange], *trail: str, known: tuple[str, ...] = ()) -> Survival:
    """What came of a kill, with a trail of these trace ids."""
    entries = [TrailEntry(trace_id=trace_id, state="APPROVED") for trace_id in trail]
    return Survival(moment="kill 2, at random in a burst", exchanges=exchanges, entries=entries, known=known)


def test_what_was_answered_is_kept() -> None:
    """Entries of earlier requests are no matter, and one unanswered request may have one."""
    after = survival([exchange("a"), exchange("b"), exchange("")], "old", "a", "b", "c", known=("old",))
    assert entries_survive_kill(after, HEADER) == []
    assert no_entry_is_doubled(after, HEADER) == []


def test_a_lost_entry_names_the_trace_id_and_the_moment() -> None:
    """Whoever mends it must know which request, and when the kill came."""
    (finding,) = entries_survive_kill(survival([exchange("a"), exchange("b"), exchange("")], "a"), HEADER)
    assert finding.observed == "kill 2, at random in a burst: 1 have none: b"
    assert finding.trace_id == "b"
    assert finding.exchanges == ("gw0d-b",)
    assert finding.example["moment of the kill"] == "kill 2, at random in a burst"


@pytest.mark.parametrize("trail", [("a", "a"), ("a", "b", "b")], ids=["answered", "unanswered"])
def test_two_entries_of_one_request_are_one_too_many(trail: tuple[str, ...]) -> None:
    """An entry that is written again after the restart is a second one, answered or not."""
    (finding,) = no_entry_is_doubled(survival([exchange("a"), exchange("")], *trail), HEADER)
    assert "1 have more" in finding.observed


def test_more_entries_than_requests_were_left_unanswered() -> None:
    """Two strangers in the trail cannot both be of the one request that got no answer."""
    (finding,) = no_entry_is_doubled(survival([exchange("a"), exchange("")], "a", "b", "c"), HEADER)
    assert finding.observed.endswith("2 entries of requests without a response: b, c")


def test_an_answer_that_names_no_trace_id_is_lost() -> None:
    """Without a trace id no entry can be told to be its own."""
    answered = exchange("a")
    nameless = Exchange(
        id="gw0d-9",
        item="suites/x",
        responded_by="backend",
        request=answered.request,
        response=Response(status=200),
        started=1.0,
        ended=2.0,
    )
    assert entries_survive_kill(survival([nameless], "a"), HEADER)[0].example["trace ids"] == "(none)"
