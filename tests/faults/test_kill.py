"""Kills under load: the schedule, the moment of a kill, and which entries must be kept."""

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
    """An execute request whose response has this trace id; "" without a response."""
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
    """A program that responds until it is killed, and records who killed it."""

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


def test_a_seed_gives_one_schedule() -> None:
    """The same seed gives the same kills, another seed others; every moment occurs."""
    first, again, other = plan_kills(1, 6), plan_kills(1, 6), plan_kills(2, 6)
    assert first == again != other
    assert [kill.moment for kill in first] == [*KillMoment, *KillMoment]
    assert [kill.number for kill in first] == [1, 2, 3, 4, 5, 6]
    assert len(plan_kills(1, 20)) == 20


@pytest.mark.parametrize(
    "wrong", [{"responses": 0}, {"responses": 1, "delay_s": 2.0}, {"responses": 1, "delay_s": -1.0}]
)
def test_refuses_an_invalid_kill(wrong: dict[str, float]) -> None:
    """Parameters are checked when the record is made."""
    with pytest.raises(ValueError, match="kill"):
        Kill(number=1, moment=KillMoment.IN_BURST, **wrong)  # type: ignore[arg-type]


def test_kills_before_the_next_response() -> None:
    """The client that received the response kills, before another response is counted."""
    backend = Backend()
    kill = Kill(number=1, moment=KillMoment.AFTER_RESPONSE, responses=7)
    exchanges = kill_under_load(backend, kill, [backend.ask] * 4, lambda: pytest.fail("nothing to shoot"))
    assert backend.killer == "load"
    assert backend.exit_code == -9
    assert sum(sent.response is not None for sent in exchanges) == backend.answered_at_kill
    assert 7 <= backend.answered_at_kill < 7 + 4


def test_a_client_stops_after_a_missing_response(eventually: Callable[[Callable[[], bool]], bool]) -> None:
    """A client without a response stops, so that each has at most one request with an unknown outcome."""
    backend = Backend()
    with Load([backend.ask] * 4, 7, backend.kill) as load:
        assert eventually(lambda: sum(sent.response is None for sent in load.exchanges) == 4)
    assert sum(sent.response is None for sent in load.exchanges) == 4


@pytest.mark.parametrize("moment", [KillMoment.IN_FLIGHT, KillMoment.IN_BURST])
def test_kills_after_the_request_was_sent(moment: KillMoment) -> None:
    """Between a request and its response means: sent, then killed. A burst needs no such request."""
    backend = Backend()
    seen: list[str] = []
    kill = Kill(number=1, moment=moment, responses=2, delay_s=0.001)
    kill_under_load(backend, kill, [backend.ask] * 2, lambda: seen.append(backend.killer))
    assert seen == ([""] if moment is KillMoment.IN_FLIGHT else [])
    assert backend.killer == threading.current_thread().name


def test_reports_a_load_without_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that never responds was not killed under load."""
    monkeypatch.setattr(kill_module, "LOAD_S", 0.2)
    backend = Backend()
    kill = Kill(number=3, moment=KillMoment.IN_BURST, responses=2)
    dead: list[Callable[[], Exchange]] = [lambda: exchange("")]
    with pytest.raises(NotDelivered, match="kill 3 was not sent: the load received 0 responses"):
        kill_under_load(backend, kill, dead, lambda: None)
    assert backend.killer == ""


def test_reports_a_program_that_survives_the_kill() -> None:
    """A kill without an effect proves nothing."""
    backend = Backend(immortal=True)
    with pytest.raises(NotDelivered, match="kill 1: the backend survived SIGKILL"):
        kill_under_load(backend, Kill(number=1, moment=KillMoment.IN_BURST, responses=1), [backend.ask], lambda: None)


HEADER = "X-Trace-Id"


def survival(exchanges: list[Exchange], *trail: str, known: tuple[str, ...] = ()) -> Survival:
    """The result of a kill, with an audit trail of these trace ids."""
    entries = [TrailEntry(trace_id=trace_id, state="APPROVED") for trace_id in trail]
    return Survival(moment="kill 2, at random in a burst", exchanges=exchanges, entries=entries, known=known)


def test_accepts_a_trail_with_every_answered_request() -> None:
    """Entries of earlier requests are ignored, and a request without a response may have one."""
    after = survival([exchange("a"), exchange("b"), exchange("")], "old", "a", "b", "c", known=("old",))
    assert entries_survive_kill(after, HEADER) == []
    assert no_entry_is_doubled(after, HEADER) == []


def test_a_lost_entry_names_the_trace_id_and_the_moment() -> None:
    """The finding names the request and the moment of the kill."""
    (finding,) = entries_survive_kill(survival([exchange("a"), exchange("b"), exchange("")], "a"), HEADER)
    assert finding.observed == "kill 2, at random in a burst: 1 have none: b"
    assert finding.trace_id == "b"
    assert finding.exchanges == ("gw0d-b",)
    assert finding.example["moment of the kill"] == "kill 2, at random in a burst"


@pytest.mark.parametrize("trail", [("a", "a"), ("a", "b", "b")], ids=["answered", "unanswered"])
def test_reports_two_entries_of_one_request(trail: tuple[str, ...]) -> None:
    """An entry that is written again after the restart is a second one, answered or not."""
    (finding,) = no_entry_is_doubled(survival([exchange("a"), exchange("")], *trail), HEADER)
    assert "1 have more" in finding.observed


def test_reports_more_unknown_entries_than_unanswered_requests() -> None:
    """Two unknown entries cannot both be of the one request without a response."""
    (finding,) = no_entry_is_doubled(survival([exchange("a"), exchange("")], "a", "b", "c"), HEADER)
    assert finding.observed.endswith("2 entries of requests without a response: b, c")


def test_reports_a_response_without_a_trace_id() -> None:
    """Without a trace id no entry can be matched."""
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
