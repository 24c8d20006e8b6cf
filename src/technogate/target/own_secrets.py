"""The secrets that a target file holds, and those of the environment it is read in.

A program may print what it is started with, above all as it dies: none of it belongs in a report. A value counts as a
secret by its name, by its form, or because it looks drawn at random; a password within an address counts by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from technogate.journal.key_forms import PIECE, tells
from technogate.target.api_key import variables_of
from technogate.target.environment import variable, whole_environment
from technogate.target.spec import ServedSpec, TargetFile

#: Names whose values are secrets, in the environment of a program and as an option of a command.
_NAME = re.compile(
    r"SECRET|TOKEN|PASS(?:WORD|WD|PHRASE|CODE)?(?![A-Z])|CREDENTIAL|AUTH_CONFIG|_AUTH$|\bDSN\b|_DSN|PRIVATE|"
    r"(?:^|[_-]|API|ACCESS|SIGNING)KEYS?(?![A-Z])|SALT|PEPPER",
    re.IGNORECASE,
)
_URL_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:([^\s/@'\"]+)@", re.IGNORECASE)
#: A password among the words of a connection string, and a token behind its scheme.
_DSN_PASSWORD = re.compile(r"(?:^|[\s;,&?])(?:password|passwd|pwd|token|secret|api_?key)=([^\s;,&'\"]+)", re.IGNORECASE)
_SCHEME = re.compile(r"\b(?:Bearer|Basic|Token)\s+([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE)
_OPTION = re.compile(r"-{0,2}([\w-]+)(?:=(.*))?", re.DOTALL)
#: What looks drawn at random: long, and such that most of its pieces are no part of ordinary text.
_DRAWN = re.compile(r"[A-Za-z0-9_-]{16,}")
#: Values that refer to a secret in another place, or that everybody knows.
_NO_SECRET = re.compile(
    r"[$<].*|.*\{\w+\}.*|[\w.-]{0,5}|\d{1,11}|\*+|x+|changeme|change-me|none|null|true|false|enabled|disabled|required|"
    r"secret|password|postgres|backend|console|[./~].*/.*|[A-Za-z]:\\.*",
    re.IGNORECASE | re.DOTALL,
)


def secrets_of(spec: TargetFile) -> dict[str, str]:
    """What each secret that this process knows of a target is, by its value; the API key is not among them."""
    found: dict[str, str] = {}
    for value, name in (*_of_target(spec), *_of_environment(spec)):
        if not _NO_SECRET.fullmatch(value):
            found.setdefault(value, name)
    return found


def secrets_of_program(env: Mapping[str, str], command: Iterable[str]) -> dict[str, str]:
    """The same for a program that no target file describes yet."""
    found = (*_of_variables(env), *_of_command(command))
    return {value: name for value, name in found if not _NO_SECRET.fullmatch(value)}


def _of_target(spec: TargetFile) -> Iterator[tuple[str, str]]:
    for served in (spec.backend, spec.console):
        if served is not None:
            yield from _of_side(served)
    if spec.backend is not None:
        audit, unwritable = spec.backend.audit, spec.backend.unwritable
        yield from _of_variables(audit.env)
        yield from _of_variables(unwritable.env)
        yield from _within(audit.url, "the address of the audit trail")
        for command in (audit.command, unwritable.command, unwritable.undo):
            yield from _of_command(command)
    if spec.compose is not None:
        yield from _of_variables(spec.compose.variables)
    steps = spec.console.steps if spec.console is not None else ()
    for field in (field for step in steps for field in (step.fill, step.select) if field is not None):
        if field.text and _NAME.search(field.selector):
            yield field.text, "what a step enters"


def _of_side(served: ServedSpec) -> Iterator[tuple[str, str]]:
    yield from _of_variables(served.env)
    yield from _of_command(served.command)
    yield from _within(served.url, "the address of a side")


def _of_variables(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in variables.items():
        inner = list(_within(value, name))
        if _NAME.search(name) or (not inner and _is_drawn(value)):
            yield value, name
        yield from inner


def _of_command(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The secrets among the words of a command: values of options by their names, addresses, and random words."""
    named = ""
    for word in words:
        option = _OPTION.fullmatch(word)
        name, value = (option[1], option[2]) if option else ("", None)
        if named and not word.startswith("-"):
            yield word, f"the value of {named}"
        named = word if word.startswith("-") and value is None and _NAME.search(name) else ""
        if value and _NAME.search(name):
            yield value, f"the value of {name}"
        inner = list(_within(word, "a word of a command"))
        yield from inner
        if not inner and _is_drawn(word):
            yield word, "a word of a command"


def _within(text: str, name: str) -> Iterator[tuple[str, str]]:
    """The passwords and tokens within an address, a connection string or a header."""
    for match in _URL_PASSWORD.finditer(text):
        yield match[1], f"the password in {name}"
        yield unquote(match[1]), f"the password in {name}"
    for pattern in (_DSN_PASSWORD, _SCHEME):
        yield from ((match[1], f"a secret in {name}") for match in pattern.finditer(text))


def _of_environment(spec: TargetFile) -> Iterator[tuple[str, str]]:
    named = variables_of(spec)
    for name, value in whole_environment().items():
        if _NAME.search(name) and name not in named:
            yield value, name
        elif "://" in value:
            yield from _within(value, name)
    steps = spec.console.steps if spec.console is not None else ()
    for field in (field for step in steps for field in (step.fill, step.select) if field is not None and field.env):
        yield variable(field.env) or "", field.env


def _is_drawn(value: str) -> bool:
    """Whether a value looks drawn at random."""
    if not _DRAWN.fullmatch(value):
        return False
    letters = re.sub(r"[_-]", "", value)
    pieces = [letters[place : place + PIECE] for place in range(len(letters) - PIECE + 1)]
    return sum(map(tells, pieces)) * 2 > len(pieces)
