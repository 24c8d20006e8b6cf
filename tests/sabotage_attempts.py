"""The attempts to open the gate that tests make: `python -m tests.sabotage_attempts` lists them, one a line."""

from __future__ import annotations

import os
from contextlib import redirect_stdout
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent


class Attempts:
    """Collects what each test with the marker `sabotage` tries."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read the markers of all tests, each sentence once."""
        found = {str(mark.args[0]) for item in session.items for mark in item.iter_markers("sabotage")}
        self.sentences = sorted(found)


def collected() -> list[str]:
    """Collect the tests and return what they try; raises RuntimeError when they cannot be collected."""
    attempts = Attempts()
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        code = pytest.main(
            [str(TESTS), "--collect-only", "-qq", "-m", "sabotage", "-p", "no:cacheprovider"], plugins=[attempts]
        )
    if code != pytest.ExitCode.OK:
        raise RuntimeError(f"the tests cannot be collected: pytest ended with {code!r}")
    return attempts.sentences


if __name__ == "__main__":
    print(*collected(), sep="\n")  # noqa: T201 - a program's output
