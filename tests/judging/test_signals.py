"""A program that a signal ended which the gate did not send: the verdict document says so, whatever its verdict."""

from __future__ import annotations

import signal
from pathlib import Path

from technogate.judging.judge import judge
from technogate.model.events import Output
from tests import builders


def test_a_signal_from_outside_is_a_warning(tmp_path: Path) -> None:
    """Each program and signal is named once, with how often."""
    number = int(signal.SIGTERM)
    outputs = (
        Output(program="backend", text="", exit_code=-number, killed=(number,)),
        Output(program="backend", text="", killed=(number, 99)),
        Output(program="console", text="", exit_code=-number),
    )
    assert judge(builders.journal(tmp_path, *outputs)).warnings == (
        "the backend was ended by SIGTERM, which the gate did not send, 2 times",
        "the backend was ended by signal 99, which the gate did not send",
    )
