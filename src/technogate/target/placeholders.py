"""Placeholders in a target file: `{port}`, `{api_key}` and the like.

Only the exact names below are replaced, textually; other braces (JSON, shell variables) stay as they
are. An unknown word in braces is an error, never passed on as text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from technogate.target.spec import BackendSpec, ConsoleSpec, ServedSpec, TargetFile

#: What each placeholder is replaced by.
PLACEHOLDERS = {
    "host": "the address that the program must listen on",
    "port": "the port that the program must listen on",
    "api_key": "the API key of this run",
    "workdir": "a folder of the program's own, removed after the run",
    "backend_url": "the base URL of the backend",
    "console_origin": "the origin of the console's page",
    "python": "the Python interpreter that runs the gate",
    "container": "the container that the backend runs in",
    "project": "the compose project that the containers belong to",
}
#: Placeholders without a value where the gate starts no program of that side.
_NEED_PROGRAM = frozenset({"workdir", "port", "host"})
#: Placeholders without a value where there are no containers.
_NEED_COMPOSE = frozenset({"container", "project"})
#: The placeholders of an address that a program serves.
_OF_ADDRESS = frozenset({"host", "port"})
_WORD = re.compile(r"\{([a-z_]+)\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace every placeholder in `text`; raises KeyError for one without a value."""
    return _WORD.sub(lambda match: values[match[1]], text)


def placeholder_mistakes(spec: TargetFile) -> Iterator[str]:
    """Every placeholder of `spec` that is unknown, or has no value in its place; one line each."""
    for path, text, absent, need in _places(spec):
        for word in _WORD.findall(text):
            if word not in PLACEHOLDERS:
                close = difflib.get_close_matches(word, PLACEHOLDERS, n=1, cutoff=0.0)
                yield f"{path}: {{{word}}} is not a placeholder; did you mean {{{close[0]}}}?"
            elif word in _NEED_COMPOSE and spec.compose is None:
                yield f"{path}: {{{word}}} has no value here: there is no [compose], so there are no containers"
            elif word in absent:
                yield f"{path}: {{{word}}} has no value here: {need}"


def _places(spec: TargetFile) -> Iterator[tuple[str, str, frozenset[str], str]]:
    """Each text that may hold placeholders: its key path, the text, what is absent there and why."""
    if spec.compose is not None:
        for name, text in spec.compose.variables.items():
            yield f"compose.variables.{name}", text, frozenset({"workdir", "container"}), "no container exists yet"
    if spec.backend is not None:
        yield from _served_places("backend", spec.backend)
        yield from _backend_places(spec.backend, contained=spec.compose is not None)
    if spec.console is not None:
        yield from _served_places("console", spec.console)
        yield from _console_places(spec.console)


def _served_places(side: str, served: ServedSpec) -> Iterator[tuple[str, str, frozenset[str], str]]:
    """The addresses of one side: they have host and port, where the gate chooses these."""
    absent = frozenset(PLACEHOLDERS) - _OF_ADDRESS
    yield f"{side}.serves", served.serves, absent, "an address has {host} and {port} alone"
    absent = frozenset(PLACEHOLDERS) if served.url else absent
    need = f"{side}.url is given, so the gate chooses neither host nor port"
    yield f"{side}.ready", served.ready, absent, need if served.url else "an address has {host} and {port} alone"


def _backend_places(backend: BackendSpec, *, contained: bool) -> Iterator[tuple[str, str, frozenset[str], str]]:
    absent = frozenset({"workdir"}) if backend.url or contained else frozenset()
    need = "backend.url is given, so the gate starts no program"
    if contained:
        need = "the backend runs in a container, which has its own folders"
    for index, text in enumerate(backend.command):
        yield f"backend.command[{index}]", text, absent, need
    for name, text in backend.env.items():
        yield f"backend.env.{name}", text, absent, need
    yield "backend.socket", backend.socket, absent, need
    yield "backend.audit.path", backend.audit.path, absent, need
    yield "backend.audit.url", backend.audit.url, absent, need
    for index, text in enumerate(backend.audit.command):
        yield f"backend.audit.command[{index}]", text, absent, need
    for name, text in backend.audit.env.items():
        yield f"backend.audit.env.{name}", text, absent, need
    yield "backend.unwritable.lock_sqlite", backend.unwritable.lock_sqlite, absent, need
    for key, words in (("command", backend.unwritable.command), ("undo", backend.unwritable.undo)):
        for index, text in enumerate(words):
            yield f"backend.unwritable.{key}[{index}]", text, absent, need
    for name, text in backend.unwritable.env.items():
        yield f"backend.unwritable.env.{name}", text, absent, need


def _console_places(console: ConsoleSpec) -> Iterator[tuple[str, str, frozenset[str], str]]:
    module = console.driver == "module"
    absent = _NEED_PROGRAM | {"console_origin"} if module else frozenset()
    need = 'console.driver is "module", so the gate starts no server'
    for index, text in enumerate(console.command):
        yield f"console.command[{index}]", text, absent, need
    for name, text in console.env.items():
        yield f"console.env.{name}", text, absent, need
    yield "console.create", console.create, _NEED_PROGRAM | {"console_origin"}, "it runs in no program of the gate"
