"""What is shown of the suites' own output after a crash: why it crashed, and not which items failed."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from technogate.model.settings import Settings
from technogate.runner.run import show_log

LOG = """\
INTERNALERROR> RuntimeError: the worker died
=========================== short test summary info ============================
FAILED suites/backend/test_api_key.py::test_near_miss_403[fetchMemory-the-key-in-the-other-case]
232 failed, 107 passed in 88.11s (0:01:28)
"""


def test_the_list_of_failed_items_is_left_out(tmp_path: Path) -> None:
    """The summary has the findings; pytest's own list would fill the screen, and the reason would be above it."""
    (tmp_path / "suites.log").write_text(LOG, "utf-8")
    file = io.StringIO()
    show_log(Settings(reports=str(tmp_path)), Console(file=file, width=40))
    lines = file.getvalue().splitlines()
    assert lines[1:] == ["INTERNALERROR> RuntimeError: the worker died"]
    assert "FAILED" not in file.getvalue()
