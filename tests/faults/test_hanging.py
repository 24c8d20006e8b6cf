"""Requests that are collected late: none is lost, and none gets into a journal that is closed."""

from __future__ import annotations

import threading

import pytest

from technogate.faults.hanging import Hung
from technogate.model.events import Event, Exchange, Note
from tests.faults.test_kill import exchange


def test_answers_are_collected_when_they_are_there() -> None:
    """Asking goes on in the background, and collecting waits for all."""
    release = threading.Event()

    def send() -> Exchange:
        release.wait()
        return exchange("a")

    hung = Hung(lambda _: None)
    hung.start([send, send, lambda: exchange("b")])
    assert hung.waiting >= 2
    release.set()
    assert sorted(one.id for one in hung.collect()) == ["gw0d-a", "gw0d-a", "gw0d-b"]
    assert hung.waiting == 0


def test_what_kept_a_request_from_being_sent_is_raised() -> None:
    """A broken driver is no backend that answered."""

    def send() -> Exchange:
        raise ValueError("no such operation")

    hung = Hung(lambda _: None)
    hung.start([send])
    with pytest.raises(ValueError, match="no such operation"):
        hung.collect()


def test_nothing_is_written_once_it_is_closed() -> None:
    """The journal may be closed by then."""
    written: list[Event] = []
    hung = Hung(written.append)
    hung.record(Note(text="before"))
    hung.close()
    hung.record(Note(text="after"))
    assert written == [Note(text="before")]
