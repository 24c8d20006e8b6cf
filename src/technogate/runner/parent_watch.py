"""Suites whose command was killed: nobody waits for them any more, and they end as if interrupted."""

from __future__ import annotations

import os
import signal
import threading
import time

from technogate.model.settings import TEARDOWN_S

#: Seconds between two looks at whether the command still lives.
POLL_S = 0.5


def exit_with_parent(parent: int) -> None:
    """Interrupt this process when `parent`, the process id of the command that started it, is gone.

    What it takes down is given `TEARDOWN_S` seconds; then its whole group is ended. A daemon thread watches.
    """
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(TEARDOWN_S)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
