"""The environment of a program under test.

It is not the gate's own, which may hold keys, tokens and proxy addresses that could then be in the program's
output. A program gets the variables named here, where they are set, and those that its target file declares.

Its time zone is one of the gate's choice: where a machine is in UTC, as in CI, local time would pass for UTC (ENV-03).
"""

from __future__ import annotations

import os
import zoneinfo
from collections.abc import Mapping
from functools import cache
from pathlib import Path

#: Passed on from the gate's environment: where programs, libraries, temporary files and the home folder
#: are, and the language. `LC_*` is passed on too.
PASSED_ON = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TMPDIR", "TEMP", "TMP",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "HOMEDRIVE", "HOMEPATH",
    "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES",
})  # fmt: skip

#: Set for every program under test, whatever its target file declares.
SET_BY_GATE = frozenset({"PYTHONUNBUFFERED", "TZ"})

#: A zone whose time is never near UTC, nor whole hours away from it, and that has no summer time.
ZONE = "Asia/Kathmandu"

#: The same for a machine without a database of zones. Node knows a zone by its name alone, and has its own database.
ZONE_BY_OFFSET = "XXX-05:45"


def clean_environment(declared: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a program under test: what is passed on, and what is `declared`.

    `PYTHONUNBUFFERED` is set, so that the last lines of a Python program that crashes are not lost, and `TZ`.
    """
    passed = {name: value for name, value in os.environ.items() if name in PASSED_ON or name.startswith("LC_")}
    return {**passed, "PYTHONUNBUFFERED": "1", "TZ": _zone(), **(declared or {})}


@cache
def _zone() -> str:
    """The time zone for programs under test, in a form that this machine knows."""
    known = any((Path(folder) / ZONE).is_file() for folder in zoneinfo.TZPATH)
    return ZONE if known else ZONE_BY_OFFSET
