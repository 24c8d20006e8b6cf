"""Wait for something that may never end no longer than a given time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar, cast

T = TypeVar("T")


class NotInTime(Exception):  # noqa: N818 - named by what happened
    """The time has passed without a result."""


def in_time(work: Callable[[], T], seconds: float) -> T:
    """The result of `work`, or the exception that it raises; raises NotInTime after `seconds`, while it goes on.

    It runs in a thread that does not keep the process from ending.
    """
    done: SimpleQueue[tuple[T | None, Exception | None]] = SimpleQueue()

    def run() -> None:
        try:
            done.put((work(), None))
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
            done.put((None, error))

    threading.Thread(target=run, daemon=True, name="in_time").start()
    try:
        result, error = done.get(timeout=seconds)
    except Empty as late:
        raise NotInTime from late
    if error is not None:
        raise error
    return cast(T, result)
