"""End the suites when the command that started them was killed."""

from __future__ import annotations

import os
import signal
import threading
import time

from technogate.util.sealed_start import watched_elsewhere

#: Seconds between two polls of the parent's process id.
POLL_S = 0.5

#: Seconds that the teardown may take then: nobody waits for a result, and the helpers end what was started.
TEARDOWN_S = 4.0


def exit_with_parent(parent: int) -> None:
    """Interrupt this process when the process with the id `parent`, which started it, has ended.

    A daemon thread polls. Teardown may take `TEARDOWN_S` seconds; then the whole process group is killed.
    """
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()
    watched_elsewhere.set()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(TEARDOWN_S)
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
