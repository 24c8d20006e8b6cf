"""What the environment lacks is one line with a hint, and never a PASS of what was not judged, nor a stack trace."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from technogate.model.errors import UserError
from technogate.model.settings import Settings
from technogate.runner import environment_faults
from technogate.runner.environment_faults import fault_in, fault_of, require_files, require_folders, show_anything
from technogate.runner.run import show_log
from technogate.util.sealed_start import without_steering
from tests.conftest import ROOT, STUCK_S

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the limits of a process are those of Linux")


def technogate(script: str, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`technogate WORDS` in a shell after `script`, which limits it."""
    line = f'{script}\nexec "$0" -m technogate "$@"'
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TECHNOGATE_", "PYTEST_"))}
    return subprocess.run(
        ["/bin/sh", "-c", line, sys.executable, *words],
        env={**kept, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100", "TERM": "dumb", **(env or {})},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )


def one_line(ended: subprocess.CompletedProcess[str]) -> str:
    """The one line that a refusal consists of; it is no stack trace, and the exit code no success."""
    assert ended.returncode in (2, 3), ended
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    return ended.stderr


@LINUX
@pytest.mark.slow
@pytest.mark.sabotage("the folder that one stands in is gone")
def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """Every command says so, before it looks for anything."""
    gone = tmp_path / "gone"
    gone.mkdir()
    ended = technogate(f"cd '{gone}' && rmdir '{gone}'", "check", "MEM-02", "--target", "embedded")
    assert "the current folder is gone: change to one that exists" in one_line(ended)


@LINUX
@pytest.mark.slow
@pytest.mark.sabotage("a limit of open files that no run gets along with")
def test_a_low_limit_of_open_files(tmp_path: Path) -> None:
    """The line says how many are needed."""
    reports = str(tmp_path / "reports")
    ended = technogate("ulimit -n 64", "check", "MEM-02", "--target", "embedded", "--reports", reports)
    assert "64 files may be open, which is too few: allow at least 128 (ulimit -n)" in one_line(ended)


@pytest.mark.sabotage("memory runs out, and there is none to import what reports it")
def test_too_little_memory(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The line needs nothing that is not there already, and the exit code is not that of a FAIL."""
    from technogate.cli import main

    def out_of_memory(**_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(main, "app", out_of_memory)
    monkeypatch.setattr(main, "_mistakes", out_of_memory)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 3
    assert capsys.readouterr().err.startswith("technogate: INCONCLUSIVE: there is not enough memory")


@LINUX
@pytest.mark.slow
@pytest.mark.sabotage("a full device takes the place of the terminal")
def test_a_terminal_that_takes_nothing() -> None:
    """The error is that line alone."""
    ended = technogate("exec >/dev/full", "requirements")
    assert "there is no space left" in one_line(ended)


@pytest.mark.slow
@pytest.mark.sabotage("a terminal that shows ASCII alone")
def test_a_terminal_of_ascii() -> None:
    """The answer is the same: in the locale C a sealed Python writes UTF-8, whatever variables of Python say."""
    env = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ended = technogate("", "requirements", env=env)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert "EXE-01" in ended.stdout


def test_a_stream_of_another_encoding_shows_a_question_mark() -> None:
    """One of UTF-8 is left as it is, and one that is closed is none."""
    raw = io.BytesIO()
    narrow, wide = io.TextIOWrapper(raw, "ascii"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    show_anything((narrow, wide, None))
    narrow.write("a·b")
    narrow.flush()
    assert raw.getvalue() == b"a?b"
    assert wide.errors == "strict"


@pytest.mark.sabotage("assertions are switched off for the gate")
def test_assertions_that_are_switched_off_are_switched_on() -> None:
    """The suites do not inherit it; nothing of the gate relies on an assertion."""
    assert without_steering({"PYTHONOPTIMIZE": "2", "HOME": "/h"}) == {"HOME": "/h"}


@pytest.mark.sabotage("there is no folder for temporary files")
def test_no_folder_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names the variable that gives it one."""

    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("tempfile.gettempdir", none)
    with pytest.raises(UserError, match=r"no folder for temporary files: .* TMPDIR"):
        require_folders()


@LINUX
def test_a_limit_that_may_be_raised_is_raised() -> None:
    """A soft limit that is low says nothing where the hard one is high."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(200, before[1]), before[1]))
    try:
        require_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(environment_faults.WANTED_FILES, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.sabotage("memory, files, space or threads run out in the middle of a command")
@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (MemoryError(), "ulimit -v"),
        (OSError(errno.ENOMEM, "x"), "ulimit -v"),
        (OSError(errno.EMFILE, "x"), "ulimit -n"),
        (OSError(errno.ENOSPC, "x"), "--reports and TMPDIR"),
        (RuntimeError("can't start new thread"), "ulimit -u"),
        (UnicodeEncodeError("ascii", "·", 0, 1, "x"), "PYTHONIOENCODING=utf-8"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_ran_out_is_said(error: Exception, hint: str) -> None:
    """Also where another error was raised because of it."""
    outer = ValueError("x")
    outer.__cause__ = error
    assert hint in fault_of(error)
    assert hint in fault_of(outer)


def test_any_other_error_is_a_crash() -> None:
    """A file that is not there, or a wrong value, is no fault of the environment."""
    assert fault_of(FileNotFoundError(errno.ENOENT, "No such file or directory")) == ""
    assert fault_of(ValueError("Too many open files")) == ""
    assert fault_in("ZeroDivisionError: division by zero") == ""


@pytest.mark.sabotage("the suites end for want of files, space or memory")
@pytest.mark.parametrize(
    ("last", "hint"),
    [
        ("OSError: [Errno 24] Too many open files: 'journal.jsonl'", "ulimit -n"),
        ("OSError: [Errno 28] No space left on device", "make room"),
        ("MemoryError", "not enough memory"),
    ],
)
def test_the_log_of_suites_that_lacked_something_is_one_line(tmp_path: Path, last: str, hint: str) -> None:
    """The stack trace stays in the file."""
    (tmp_path / "suites.log").write_text(f"Traceback (most recent call last):\n  File x\n{last}\n", "utf-8")
    out = io.StringIO()
    show_log(Settings(reports=str(tmp_path)), Console(file=out, width=200))
    assert out.getvalue().count("\n") == 1
    assert hint in out.getvalue()
