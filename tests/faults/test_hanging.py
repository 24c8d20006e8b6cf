"""Hanging requests: none is lost, and none gets into a closed journal."""

from __future__ import annotations

import threading

import pytest

from technogate.faults.hanging import HangingRequests
from technogate.model.events import Event, Exchange, RunWarning
from tests.faults.test_kill import exchange


def test_collect_waits_for_every_response() -> None:
    """Requests run in the background, and collecting waits for all of them."""
    release = threading.Event()

    def send() -> Exchange:
        release.wait()
        return exchange("a")

    hanging = HangingRequests(lambda _: None)
    hanging.start([send, send, lambda: exchange("b")])
    assert hanging.waiting >= 2
    release.set()
    assert sorted(frozen.id for frozen in hanging.collect()) == ["gw0d-a", "gw0d-a", "gw0d-b"]
    assert hanging.waiting == 0


def test_raises_the_error_of_a_request_that_was_not_sent() -> None:
    """An error of the driver is no response of the backend."""

    def send() -> Exchange:
        raise ValueError("no such operation")

    hanging = HangingRequests(lambda _: None)
    hanging.start([send])
    with pytest.raises(ValueError, match="no such operation"):
        hanging.collect()


def test_records_nothing_after_close() -> None:
    """Nothing is recorded after close, because the journal may be closed too."""
    written: list[Event] = []
    hanging = HangingRequests(written.append)
    hanging.record(RunWarning(text="before"))
    hanging.close()
    hanging.record(RunWarning(text="after"))
    assert written == [RunWarning(text="before")]
