"""The number of attempts to open the gate that README.md states is that of the tests."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.readme_figures import README

TEXT = README.read_text("utf-8")


@pytest.mark.slow
def test_the_number_of_attempts_is_current() -> None:
    """README.md states how many attempts to open the gate the tests make."""
    stated = re.search(r"holds (\d+) attempts to open the gate", TEXT)
    assert stated is not None
    command = [sys.executable, "-m", "tests.sabotage_attempts"]
    listed = subprocess.run(command, cwd=README.parent, capture_output=True, text=True, check=True)
    assert int(stated[1]) == len(listed.stdout.splitlines())
