"""Checks a program of the tests as its developer would: from within its folder, with its own target file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from technogate.drivers.module.node import find_node
from tests.conftest import STUCK_S
from tests.gate_command import GATE


def with_node() -> dict[str, str]:
    """The environment of this process, with the Node of the tests first on its path: a machine need not have one."""
    return {**os.environ, "PATH": f"{find_node().parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def check_program(
    folder: Path,
    reports: Path,
    *words: str,
    target: str = "target.toml",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """The ended `technogate check` of the program in `folder`, with one worker and the Node of the tests.

    With `environment` it has the variables given, and the Node that these find.
    """
    return subprocess.run(
        [
            *(*GATE, "check", *words, "--target", target, "--workers", "1"),
            *("--profile", "quick", "--seed", "1", "--reports", str(reports)),
        ],
        cwd=folder,
        env=with_node() if environment is None else environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )
