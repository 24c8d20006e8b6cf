"""The command line that a Dockerfile ends with, as a person would type it on a machine of their own."""

from __future__ import annotations

import json
import re
import shlex

#: What an image listens on so that its port can be published; a program that is started here listens on `{host}`.
_EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - it is replaced, not bound
_SHELLS = ("sh", "bash", "/bin/sh", "/bin/bash")
_PYTHONS = re.compile(r"^(?:.*/)?python(?:3(?:\.\d+)?)?$")


def image_command(text: str) -> str:
    """ENTRYPOINT and CMD of the last stage of a Dockerfile, as one command line; "" when it has neither."""
    entry: list[str] = []
    command: list[str] = []
    for instruction, rest in _instructions(text):
        if instruction == "FROM":
            entry, command = [], []
        elif instruction == "ENTRYPOINT":
            entry = _words(rest)
        elif instruction == "CMD":
            command = _words(rest)
    words = [*entry, *command]
    if len(words) == 3 and words[0] in _SHELLS and words[1] == "-c":
        return words[2]
    # A placeholder stays as it is: quoting it would not change what it means.
    return " ".join(word if word in ("{python}", "{host}") else shlex.quote(word) for word in map(_here, words))


def _instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, those over several lines whole: what a health check runs is its own."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\s*\n", " ", "\n".join(lines))
    found = []
    for line in whole.splitlines():
        word, _, rest = line.strip().partition(" ")
        found.append((word.upper(), rest.strip()))
    return found


def _words(rest: str) -> list[str]:
    """The words of an instruction, which is a list in JSON or a line of a shell."""
    try:
        value = json.loads(rest)
    except ValueError:
        return ["sh", "-c", rest] if re.search(r"[|&;<>$`]", rest) else rest.split()
    return list(map(str, value)) if isinstance(value, list) else [rest]


def _here(word: str) -> str:
    """A word of the image's command, for this machine."""
    if _PYTHONS.match(word):
        return "{python}"
    return "{host}" if word == _EVERY_ADDRESS else word
