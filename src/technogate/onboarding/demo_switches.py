"""Variables that give a program more commands: switches for a demonstration or for faults, tried one after another."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SWITCH = re.compile(r"(?:^|_)(?:DEMO|FAULTS?|CHAOS|SIMULATE|SIMULATION|TEST_?(?:MODE|COMMANDS))(?:_|$)")
#: Words in a name that say that it is no switch.
_NO_SWITCH = re.compile(r"URL|PATH|FILE|DIR|HOST|PORT|KEY|TOKEN|SECRET|NAME|RATE|LIMIT|_MS$|_S$|SECONDS|TIMEOUT")
#: The value that switches one on.
ON = "1"
#: The most switches that are tried, each with one start.
MOST_SWITCHES = 3


def switches(names: Iterable[str]) -> list[str]:
    """The variables whose names say that they switch on commands that misbehave."""
    return [name for name in names if _SWITCH.search(name) and not _NO_SWITCH.search(name)][:MOST_SWITCHES]
