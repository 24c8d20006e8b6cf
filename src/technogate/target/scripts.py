"""The script that a command line gives to an interpreter: whether it is there shows without a start."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

#: Interpreters that end at once when the file that follows them is missing.
_INTERPRETERS = re.compile(r"^(?:node|deno|bun|tsx|python(?:\d(?:\.\d+)?)?|\{python\}|ruby|php|perl|sh|bash)$")
#: The ending of a file that is a program; without one, an interpreter may look for further names.
_PROGRAM = re.compile(r"\.(?:[cm]?[jt]s|py|rb|php|pl|sh)$")


def missing_script(command: Sequence[str], cwd: Path) -> str:
    """The script that a command line runs and that does not exist as seen from `cwd`, "" where none is missing."""
    if len(command) < 2 or not _INTERPRETERS.match(Path(command[0]).name):
        return ""
    script = command[1]
    if "{" in script or not _PROGRAM.search(script) or (cwd / script).exists():
        return ""
    return script
