"""Finding a browser: the named one, Playwright's own, an installed one, or a reason and a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.drivers.console_driver import DriverError
from technogate.drivers.page.chromium import browser_missing, find_browser, launch_arguments


def _program(path: Path) -> Path:
    """An executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def _linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is that of Linux, whatever the tests run on."""
    monkeypatch.setattr("sys.platform", "linux")


def test_the_order_in_which_browsers_are_taken(tmp_path: Path) -> None:
    """A named browser comes first, then Playwright's own, then one on PATH; a shell before a whole browser."""
    on_path = _program(tmp_path / "bin" / "google-chrome")
    env = {"PATH": str(tmp_path / "bin"), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "own")}
    assert find_browser(env) == on_path
    assert find_browser({**env, "PATH": str(_program(tmp_path / "bin" / "chromium").parent)}) == on_path.with_name(
        "chromium"
    )
    shell = _program(tmp_path / "bin" / "chromium-headless-shell")
    assert find_browser(env) == shell
    own = _program(tmp_path / "own" / "chromium-1" / "chrome-linux64" / "chrome")
    assert find_browser(env) == own
    for where in ("chrome-linux/headless_shell", "chrome-headless-shell-linux64/chrome-headless-shell"):
        own = _program(tmp_path / "own" / "chromium_headless_shell-1" / where)
        assert find_browser(env) == own
        own.unlink()
    named = _program(tmp_path / "named")
    assert find_browser({**env, "TECHNOGATE_BROWSER": str(named)}) == named
    assert browser_missing(env) == ("", "")


def test_a_named_browser_is_never_passed_over(tmp_path: Path) -> None:
    """A wrong name is an error, although another browser is installed."""
    _program(tmp_path / "chromium")
    with pytest.raises(DriverError, match=r"TECHNOGATE_BROWSER names .*nowhere, which is not a program"):
        find_browser({"PATH": str(tmp_path), "TECHNOGATE_BROWSER": str(tmp_path / "nowhere")})


def test_no_browser_is_a_reason_and_a_hint(tmp_path: Path) -> None:
    """Without any browser there is a reason and a hint."""
    env = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    assert find_browser(env) is None
    reason, hint = browser_missing(env)
    assert reason == "no browser was found"
    assert "playwright install chromium" in hint
    assert "TECHNOGATE_BROWSER" in hint


def test_a_browser_that_cannot_be_driven_is_a_reason_and_a_hint(tmp_path: Path) -> None:
    """If Playwright lacks a system library, its message is the reason."""
    stopped = _program(tmp_path / "node")
    stopped.write_text("#!/bin/sh\necho 'libatomic.so.1: cannot open shared object file' >&2\nexit 127\n", "utf-8")
    env = {"PATH": str(_program(tmp_path / "bin" / "chromium").parent), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    assert browser_missing(env) == ("", "")
    reason, hint = browser_missing({**env, "PLAYWRIGHT_NODEJS_PATH": str(stopped)})
    assert reason == "Playwright's own program does not run: libatomic.so.1: cannot open shared object file"
    assert "apt-get install libatomic1" in hint


def test_hosts_are_mapped() -> None:
    """A host that the page requests is mapped to another; without any there is no such argument."""
    rules = [a for a in launch_arguments({"backend:8000": "127.0.0.1:1", "x": "y"}) if "resolver" in a]
    assert rules == ["--host-resolver-rules=MAP backend:8000 127.0.0.1:1, MAP x y"]
    assert not [argument for argument in launch_arguments({}) if "resolver" in argument]
