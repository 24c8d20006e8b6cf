"""The reference backend with planted faults: `python wrong_reference.py FAULT,… --host H --port P`.

It is started in the folder that has the package.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))

app: Any = importlib.import_module("techno_backend.app")
executor: Any = importlib.import_module("techno_backend.executor")
trail: Any = importlib.import_module("techno_backend.trail")
entry: Any = importlib.import_module("techno_backend.__main__")
responses: Any = importlib.import_module("techno_backend.answers")


def crash_is_approved() -> None:
    """ERR-05: an exception of the executor counts as a success."""
    honest = app.run

    async def run(command: Any, session_id: str | None, seconds: float) -> Any:
        try:
            return await honest(command, session_id, seconds)
        except executor.ExecutorError:
            return executor.Outcome(status=responses.Status.APPROVED)

    app.run = run


def odd_is_approved() -> None:
    """FCB-01: an unknown status counts as a success."""
    honest = executor.judge

    def judge(result: object) -> Any:
        outcome = honest(result)
        odd = "UNKNOWN_STATUS" in outcome.reason_codes
        return executor.Outcome(status=responses.Status.APPROVED) if odd else outcome

    executor.judge = judge


def late_trail() -> None:
    """TRL-07, TRL-10: the response is sent first, and the entry is committed later, if possible."""
    honest = trail.Trail.append
    pending: set[asyncio.Task[None]] = set()

    async def later(self: Any, entry: Any) -> None:
        # Long enough for a kill right after the answer to come before it, however busy the machine is.
        await asyncio.sleep(1.0)
        try:
            await honest(self, entry)
        except trail.TrailError:
            return

    async def append(self: Any, entry: Any) -> Any:
        task = asyncio.create_task(later(self, entry))
        pending.add(task)
        task.add_done_callback(pending.discard)
        return responses.utc_now()

    trail.Trail.append = append


FAULTS: dict[str, Callable[[], None]] = {
    plant.__name__: plant for plant in (crash_is_approved, odd_is_approved, late_trail)
}

if __name__ == "__main__":
    for name in sys.argv.pop(1).split(","):
        FAULTS[name]()
    sys.exit(entry.main())
