"""Client modules that print into the protocol, print without end, or never return: judged all the same, in time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from technogate.drivers.console_driver import ConsoleEnded, DriverError
from technogate.drivers.module import module_process
from technogate.drivers.module.module_driver import ModuleDriver
from technogate.util import bounded_lines
from technogate.util.bounded_lines import BoundedLines

#: A client that does `body` when a command is executed.
pytestmark = pytest.mark.slow

CLIENT = """
import { readdirSync, readlinkSync, writeSync } from "node:fs";
import { spawn } from "node:child_process";
const linkOf = (fd) => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
};
const shown = { status: "APPROVED", trace_id: "a", reason_codes: [] };
%s
export async function executeCommand(command) { %s; return shown; }
export async function fetchAuditLog() { return []; }
export async function fetchMemory() { return null; }
"""

Start = Callable[..., ModuleDriver]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start drivers of a client that does something at a call, or when it is loaded."""
    started: list[ModuleDriver] = []

    def begin(body: str = "", *, loading: str = "", limit_s: float = 20.0) -> ModuleDriver:
        file = tmp_path / "client.mjs"
        file.write_text(CLIENT % (loading, body), "utf-8")
        started.append(ModuleDriver(file, env={}, limit_s=limit_s))
        return started[-1]

    yield begin
    for driver in started:
        driver.close()


#: What a module may write to its standard output beside the gate's script: noise, and what looks like a message of it.
STRAY = {
    "noise": "a stray line\\n",
    "half a line": "no end",
    "an object": '{"odd":1}\\n',
    "no object": "[1]\\n",
    "a result": '{"id":1,"value":{"status":"WARNING"},"started":1,"ended":2}\\n',
    "a failure": '{"failed":"x","asked":[],"mistake":false}\\n',
    "a trial": '{"trial":{"asked":[],"silent":[]}}\\n',
}


@pytest.mark.sabotage("a client module writes stray lines, or messages of the gate's protocol, to its standard output")
@pytest.mark.parametrize("text", STRAY.values(), ids=STRAY)
def test_a_stray_line_is_no_message(start: Start, text: str) -> None:
    """What it returned is what is read, whatever it wrote before, and what it wrote is kept as its output."""
    write = f"writeSync(1, {text!r})"
    driver = start(write, loading=write)
    assert driver.execute("PING").fields["status"] == "APPROVED"
    assert driver.execute("PING").fields["status"] == "APPROVED"
    driver.close()
    assert text.replace("\\n", "").strip() in "\n".join(driver.inspect().lines)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows a program its pipes in /proc")
@pytest.mark.sabotage("a client module guesses the pipe of the gate's messages and writes a result into it")
def test_a_message_without_the_word_of_the_process_is_none(start: Start) -> None:
    """It is kept as a line."""
    forged = r'{"id":1,"value":{"status":"WARNING"},"started":1,"ended":2}\n'
    write = f"""
        // A pipe of which this process has one end alone, and no standard stream.
        const open = readdirSync("/proc/self/fd").map((fd) => [Number(fd), linkOf(fd)]);
        const pipes = open.filter(([, to]) => to.startsWith("pipe:"));
        const own = pipes.filter(([fd, to]) => fd > 2 && pipes.filter((other) => other[1] === to).length === 1);
        for (const [fd] of own) writeSync(fd, '{forged}');
        if (own.length === 0) throw new Error("there is no such pipe")"""
    driver = start(write)
    assert driver.execute("PING").fields["status"] == "APPROVED"


@pytest.mark.sabotage("a client module never returns: its script does not end")
def test_an_endless_script_is_ended(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The console has ended by its own act, for that reason, and works again in a new process."""
    monkeypatch.setattr(module_process, "PING_S", 0.5)
    driver = start("if (command === 'HANG') while (true);", limit_s=0.5)
    with pytest.raises(ConsoleEnded, match=r"the client module did not respond for 0\.5 s: its script does not end"):
        driver.execute("HANG")
    driver.restart()
    driver.limit_s = 20.0
    assert driver.execute("PING").fields["status"] == "APPROVED"


@pytest.mark.sabotage("a client module never returns, and its process responds")
def test_a_promise_without_an_end_is_pending(start: Start) -> None:
    """It is a call that shows nothing, and no end of the console."""
    driver = start("if (command === 'HANG') await new Promise(() => {});", limit_s=1.0)
    assert driver.execute("HANG").fields == {"pending": "true"}
    assert driver.execute("PING").fields["status"] == "APPROVED"


@pytest.mark.sabotage("a client module hangs while it is loaded")
@pytest.mark.parametrize("loading", ["while (true);", "await new Promise((done) => setTimeout(done, 1e8));"])
def test_a_module_that_is_never_loaded_is_one_line(start: Start, loading: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how long it was waited for."""
    monkeypatch.setattr(module_process, "LOAD_S", 0.5)
    monkeypatch.setattr(module_process, "END_S", 0.2)
    with pytest.raises(DriverError, match=r"was not loaded within 0\.5 s"):
        start(loading=loading)


@pytest.mark.sabotage("a client module prints without end, on lines and on one that has no end")
@pytest.mark.parametrize("write", ["console.log(text)", "process.stdout.write(text)"])
def test_a_flood_is_kept_to_a_limit(start: Start, write: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first lines and the last ones are there, and no more than the limit."""
    monkeypatch.setattr(bounded_lines, "MOST", 1 << 16)
    monkeypatch.setattr(bounded_lines, "LONGEST", 1 << 12)
    driver = start(f"const text = command.repeat(1000); for (let n = 0; n < 200; n++) {write};")
    assert driver.execute("PING").fields["status"] == "APPROVED"
    driver.close()
    assert 0 < sum(len(line) for line in driver.inspect().lines) <= 1 << 16


@pytest.mark.sabotage("a client module returns more than fits into memory")
def test_a_result_without_measure_ends_the_console(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read to a limit, and is an end of the console's own making."""
    monkeypatch.setattr(module_process, "LONGEST_MESSAGE", 1 << 16)
    driver = start("return { status: 'APPROVED', trace_id: 'x'.repeat(1 << 20) }")
    with pytest.raises(ConsoleEnded, match="returned more than"):
        driver.execute("PING")


@pytest.mark.sabotage("a program that the client module started holds its output open for ever")
def test_what_a_module_left_running_is_not_waited_for(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the driver takes as long as any end may."""
    driver = start(
        loading="spawn(process.execPath, ['-e', 'setTimeout(() => {}, 9000)'],"
        " { stdio: 'inherit', detached: true }).unref();"
    )
    assert driver.execute("PING").fields["status"] == "APPROVED"
    monkeypatch.setattr(module_process, "END_S", 0.2)
    driver.close()
    assert any(reader.is_alive() for reader in driver._process._readers)


def test_lines_are_kept_first_and_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out is counted."""
    monkeypatch.setattr(bounded_lines, "MOST_LINES", 10)
    monkeypatch.setattr(bounded_lines, "FIRST", 3)
    lines = BoundedLines()
    lines.extend(str(number) for number in range(100))
    assert list(lines) == ["0", "1", "2", "93", "94", "95", "96", "97", "98", "99"]
    assert lines.left_out == 90
    lines.clear()
    assert list(lines) == []
