"""The latest time that is known to have passed: a clock that is before it was set back, and then no age can be told.

The file of the latest time seen belongs to this account. It is written at each decision and read at the next.
"""

from __future__ import annotations

import math
import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path

from technogate.deploy.policy_source import TimeFact
from technogate.util.write_file import write_file

#: Where the latest time seen is kept, in the home of the account.
STATE = Path(".local", "state", "technogate", "latest-time")

#: Folders that a running system writes to, so that the times of their last change follow its clock.
WRITTEN = (Path("/tmp"), Path("/var/tmp"), Path("/var/log"), Path("/run"), Path("/etc"))  # noqa: S108 - only looked at


def state_file() -> Path:
    """The file of the latest time seen, in the home of the account and not in what the environment calls it."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir, STATE)


def time_facts(state: Path, files: Iterable[Path]) -> tuple[TimeFact, ...]:
    """Times that have passed: the latest seen, and the last changes of `files` and of folders of the system."""
    facts = [(_changed(path), f"{path} was last changed") for path in (*files, *WRITTEN)]
    facts.append((_seen(state), f"the latest time seen here, which {state} holds"))
    return tuple((time, what) for time, what in facts if time > 0)


def keep_time(state: Path, now: float) -> str:
    """Keep `now` as the latest time seen, unless a later one is kept; return why that was impossible, else ""."""
    if _seen(state) >= now:
        return ""
    try:
        state.parent.mkdir(parents=True, exist_ok=True)
        write_file(state, f"{now:.3f}\n")
    except OSError as error:
        return f"{state} cannot be written: {error.strerror}"
    return ""


def _seen(state: Path) -> float:
    """The time that is kept, 0 for none; a file that holds anything else is taken for the end of time."""
    try:
        if not stat.S_ISREG(state.stat().st_mode):
            return math.inf
        text = state.read_text("utf-8").strip()
    except FileNotFoundError:
        return 0.0
    except (OSError, UnicodeDecodeError):
        return math.inf
    try:
        seen = float(text)
    except ValueError:
        return math.inf
    return seen if seen >= 0 else math.inf


def _changed(path: Path) -> float:
    """When a file or folder was last changed, 0 when that is unknown."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
