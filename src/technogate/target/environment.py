"""The environment of a program under test.

It is not the gate's own, which may hold keys, tokens and proxy addresses that could then be in the program's
output. A program gets the variables named here, where they are set, and those that its target file declares.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

#: Passed on from the gate's environment: where programs, libraries, temporary files and the home folder
#: are, the language and the time zone. `LC_*` is passed on too.
PASSED_ON = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "HOMEDRIVE", "HOMEPATH",
    "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES",
})  # fmt: skip


def clean_environment(declared: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a program under test: what is passed on, and what is `declared`.

    `PYTHONUNBUFFERED` is set, so that the last lines of a Python program that crashes are not lost.
    """
    passed = {name: value for name, value in os.environ.items() if name in PASSED_ON or name.startswith("LC_")}
    return {**passed, "PYTHONUNBUFFERED": "1", **(declared or {})}
