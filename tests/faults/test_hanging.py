"""Requests that are collected late: none is lost, and none gets into a journal that is closed."""

from __future__ import annotations

import threading

import pytest

from technogate.faults.hanging import HangingRequests
from technogate.model.events import Event, Exchange, RunWarning
from tests.faults.test_kill import exchange


def test_answers_are_collected_when_they_are_there() -> None:
    """Asking goes on in the background, and collecting waits for all."""
    release = threading.Event()

    def send() -> Exchange:
        release.wait()
        return exchange("a")

    hanging = HangingRequests(lambda _: None)
    hanging.start([send, send, lambda: exchange("b")])
    assert hanging.waiting >= 2
    release.set()
    assert sorted(one.id for one in hanging.collect()) == ["gw0d-a", "gw0d-a", "gw0d-b"]
    assert hanging.waiting == 0


def test_what_kept_a_request_from_being_sent_is_raised() -> None:
    """A broken driver is no backend that answered."""

    def send() -> Exchange:
        raise ValueError("no such operation")

    hanging = HangingRequests(lambda _: None)
    hanging.start([send])
    with pytest.raises(ValueError, match="no such operation"):
        hanging.collect()


def test_nothing_is_written_once_it_is_closed() -> None:
    """The journal may be closed by then."""
    written: list[Event] = []
    hanging = HangingRequests(written.append)
    hanging.record(RunWarning(text="before"))
    hanging.close()
    hanging.record(RunWarning(text="after"))
    assert written == [RunWarning(text="before")]
