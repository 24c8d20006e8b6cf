"""Find the way to start a program on a port of the gate's choice: as given, with a variable, or with an option."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from technogate.model.errors import PortTaken, StartError, UserError
from technogate.onboarding.command_guesses import scripts_of
from technogate.onboarding.trial import Trial
from technogate.onboarding.variables import Mover, key_names
from technogate.util.source_texts import CODE, Sources

#: Options after which a number is a port.
_PORT_OPTIONS = ("--port", "-p", "--listen", "--http-port", "--server.port")
_NUMBER = re.compile(r"^\d{2,5}$")
#: How a program reads its first argument.
_ARGUMENT = r"process\.argv\[2\]|sys\.argv\[1\]|os\.Args\[1\]|ARGV\[0\]|\bargs\[0\]"
#: Programs that pass words on only after `--`.
_RUNNERS = ("npm", "pnpm", "yarn")
#: Servers of pages, by the words that start them, and their options for the address and the port.
_PAGE_SERVERS = (
    (r"\b(?:vite|astro)(?: (?:preview|dev))?\b(?!-)", ("--host", "{host}", "--port", "{port}")),
    (r"\bnext (?:start|dev)\b", ("--hostname", "{host}", "--port", "{port}")),
    (r"\b(?:ng serve|nuxt (?:preview|dev))\b", ("--host", "{host}", "--port", "{port}")),
)
_ENV_NAME = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
#: The most bytes of a script of a shell, and of the name of a file.
_LARGEST_SCRIPT, _LONGEST_PATH = 20_000, 300
#: How often a program that ends at once is started again with what its last words asked for.
_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A way to start a program: `evidence` says of each variable, and of "command" and "port", what shows it."""

    command: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    evidence: Mapping[str, str] = field(default_factory=dict)

    def with_env(self, name: str, value: str, evidence: str) -> Start:
        """The same with one more variable."""
        return replace(self, env={**self.env, name: value}, evidence={**self.evidence, name: evidence})

    def without_env(self, *names: str) -> Start:
        """The same without these variables."""
        return replace(self, env={name: value for name, value in self.env.items() if name not in names})

    def with_words(self, *words: str, evidence: str) -> Start:
        """The same with further words at the end of the command."""
        between = ("--",) if self.command[0] in _RUNNERS and "--" not in self.command else ()
        before = self.evidence.get("command", "")
        said = f"{before}; {evidence}" if before else evidence
        return replace(self, command=(*self.command, *between, *words), evidence={**self.evidence, "command": said})

    def with_mover(self, mover: Mover) -> Start:
        """The same with the trail in a folder of the pair's own."""
        why = f"{mover.place} reads it"
        if mover.option:
            return self.with_words(f"--{mover.name}", mover.value, evidence=f"--{mover.name}: {why}")
        return self.with_env(mover.name, mover.value, why)

    @property
    def names_port(self) -> bool:
        """Whether the port can be chosen."""
        return any("{port}" in text for text in (*self.command, *self.env.values()))

    def trial(self, values: Mapping[str, str], name: str) -> Trial:
        """A trial of it, not started yet."""
        return Trial(self.command, self.env, self.cwd, values, name)


def sources_of(command: tuple[str, ...], env: Mapping[str, str], cwd: Path) -> Sources:
    """The texts of a program: its folder, and the files that its command and its variables name."""
    files = list(_files_named((*command, *env.values()), cwd))
    for script in [path for path in files if path.suffix in ("", ".sh") and path.stat().st_size < _LARGEST_SCRIPT]:
        # A script of a shell starts the program proper.
        files.extend(_files_named(script.read_text("utf-8", errors="replace").split(), cwd))
    return Sources(cwd, [path for path in dict.fromkeys(files) if path.suffix in (*CODE, "")])


def _files_named(words: Iterable[str], cwd: Path) -> Iterator[Path]:
    for word in words:
        if "{" not in word and len(word) < _LONGEST_PATH and (path := cwd / word.strip("\"'")).is_file():
            yield path


def port_variants(start: Start, sources: Sources) -> Iterator[Start]:
    """Ways to choose the port, the likeliest first; the start as it is given last."""
    if start.names_port:
        said = f"{start.evidence.get('command', 'given')}; it listened on the port that {{port}} stood for"
        yield replace(start, evidence={**start.evidence, "command": said})
        return
    for at, word in enumerate(start.command):
        before = start.command[at - 1] if at else ""
        option, equals, number = word.partition("=")
        said = start.evidence.get("command", "given")
        evidence = {**start.evidence, "command": f"{said}; {word} replaced by {{port}}, on which it listened then"}
        if before in _PORT_OPTIONS and _NUMBER.match(word):
            yield replace(start, command=(*start.command[:at], "{port}", *start.command[at + 1 :]), evidence=evidence)
        elif equals and option in _PORT_OPTIONS and _NUMBER.match(number):
            words = (*start.command[:at], f"{option}={{port}}", *start.command[at + 1 :])
            yield replace(start, command=words, evidence=evidence)
    if found := _server_of(start):
        server, words = found
        yield start.with_words(*words, evidence=f"{' '.join(words)}: options of {server}; it listened there")
    names = [name for name in sources.env_names() if name == "PORT" or name.endswith("_PORT")]
    for name in dict.fromkeys([*sorted(names, key=len), "PORT"]):
        yield start.with_env(name, "{port}", "it listened on the port that was set")
        if len(names) > 2:
            break
    if place := sources.options().get("port"):
        yield start.with_words("--port", "{port}", evidence=f"--port: {place} reads it, and it listened there")
    if place := sources.mentions(_ARGUMENT):
        yield start.with_words("{port}", evidence=f"its first argument: {place} reads it, and it listened there")
    yield start


def _server_of(start: Start) -> tuple[str, tuple[str, ...]] | None:
    """The usual server of pages that a command starts, itself or by a script, and its options for the address."""
    text = " ".join(start.command)
    if start.command[0] in _RUNNERS:
        text += " " + " ".join(scripts_of(start.cwd).get(word, "") for word in start.command[1:])
    for pattern, words in _PAGE_SERVERS:
        if (found := re.search(pattern, text)) and not any(option in text for option in _PORT_OPTIONS):
            return found[0], words
    return None


def first_start(
    starts: Iterator[Start], values: Mapping[str, str], name: str, stack: ExitStack, tell: Callable[[str], None]
) -> tuple[Start, Trial]:
    """The first way to start the program by which it listens, and the trial, which `stack` ends.

    A way that names the port counts only when the program listens on it. Raises UserError when none does.
    """
    last = ""
    for start in starts:
        current = start
        for _ in range(_ROUNDS):
            trial, why = _attempt(current, values, name, stack)
            if trial is not None:
                return current, trial
            last = why
            wanted = _asked_for(why, current)
            if not wanted:
                break
            for variable in wanted:
                current = current.with_env(variable, "{api_key}", "its last words ask for it")
                tell(f"tried    {name}: it ended and asks for {variable}")
    needs = f"and --{name}-env NAME=VALUE for what it needs"
    hint = f"give the command that starts it, with {{port}} where the port belongs, {needs}"
    raise UserError(f"the {name} does not start: {last}; {hint}")


def _attempt(start: Start, values: Mapping[str, str], name: str, stack: ExitStack) -> tuple[Trial | None, str]:
    """The trial when the program listens as the start says, else None and why not."""
    with ExitStack() as own:
        trial, why = _entered(start, values, name, own)
        if trial is None:
            return None, why
        why = trial.wait_until_listening()
        if why:
            return None, f"{why}: {' '.join(trial.output.split())[-300:]}" if trial.output else why
        if start.names_port and trial.host_and_port()[1] != trial.port:
            return None, f"it listened on port {trial.host_and_port()[1]} and not on the one that was set"
        stack.push(own.pop_all())
        return trial, ""


def _entered(start: Start, values: Mapping[str, str], name: str, stack: ExitStack) -> tuple[Trial | None, str]:
    """The trial, started; on another port where another program has taken the first."""
    why = ""
    for _ in range(_ROUNDS):
        try:
            return stack.enter_context(start.trial(values, name)), ""
        except PortTaken as error:
            why = str(error)
        except StartError as error:
            return None, str(error)
    return None, why


def _asked_for(output: str, start: Start) -> list[str]:
    """The variables for a key that the last words of a program name and that are not set."""
    return [name for name in key_names(dict.fromkeys(_ENV_NAME.findall(output))) if name not in start.env]
