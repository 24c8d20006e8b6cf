"""What the documents name exists: commands, options, targets of make, steps of nox, files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from technogate.cli.main import app
from tests.conftest import ROOT

DOCUMENTS = [
    path
    for pattern in ("*.md", "examples/**/*.md", "images/*/*.md", "docs/*.md", "reports/*.md", ".github/*.md")
    for path in sorted(ROOT.glob(pattern))
    # What has changed names what is there no more.
    if path.name != "CHANGELOG.md" and "node_modules" not in path.parts
]

#: Folders whose files are named from the root.
FOLDERS = ("benchmarks", "contracts", "docs", "examples", "fixtures", "images", "src", "suites", "tests")


def code(text: str) -> Iterator[str]:
    """The code of a document, a line at a time: what is fenced, indented or between backticks."""
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line
        else:
            yield from re.findall(r"`([^`]+)`", line)


def named(program: str, text: str) -> Iterator[list[str]]:
    """The words after each call of a program in a document's code."""
    for line in code(text.replace("\\\n", " ")):
        for call in re.findall(rf"(?:^|[\s/>]){program} ([^|&;)]+)", re.sub(r"\s#.*", "", line)):
            yield call.split()


@cache
def command_line() -> Any:
    """The tree of commands; to build it takes most of the time of a test."""
    return typer.main.get_command(app)


def unknown_command(words: list[str]) -> str:
    """What of a call of technogate the command line does not know, "" when it knows all of it."""
    command: Any = command_line()
    for word in words:
        if word.startswith("-"):
            break
        if not hasattr(command, "commands"):
            break
        if word not in command.commands:
            return word
        command = command.commands[word]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = [word.partition("=")[0] for word in words if word.startswith("--")]
    return next((option for option in given if option not in options | {"--help"}), "")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_document_names_exists(document: Path) -> None:
    """Commands with their options, targets of make, steps of nox, and files of the repository."""
    text = document.read_text("utf-8")
    wrong = [
        f"technogate {' '.join(words)}: {bad}" for words in named("technogate", text) if (bad := unknown_command(words))
    ]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    wrong += [f"make {words[0]}" for words in named("make", text) if words[0].islower() and words[0] not in targets]
    steps = set(re.findall(r"^@nox.session\ndef (\w+)", (ROOT / "noxfile.py").read_text("utf-8"), re.MULTILINE))
    wrong += [f"nox {' '.join(words)}" for words in named("nox -s", text) if words[0] not in steps]
    # A walk names the files that it makes.
    made = set(re.findall(r"`([^`]+)`, a new file", text))
    for span in re.findall(r"`([\w./<>*-]+)`", text):
        if (
            span not in made
            and span.split("/")[0] in FOLDERS
            and "/" in span
            and not list(ROOT.glob(re.sub("<[^>]+>", "*", span.rstrip("/"))))
        ):
            wrong.append(span)
    assert wrong == []


@pytest.mark.parametrize(
    ("call", "unknown"),
    [
        ("validate --target my.toml", ""),
        ("validat --target my.toml", "validat"),
        ("validate --taget my.toml", "--taget"),
        ("intake check FILE", ""),
        ("intake chek FILE", "chek"),
        ("check AUT-01 --reports=x", ""),
    ],
)
def test_unknown_commands_are_seen(call: str, unknown: str) -> None:
    """A command, a command within a group, and an option that do not exist."""
    assert unknown_command(call.split()) == unknown


def test_calls_are_found() -> None:
    """In fences, in indented lines and between backticks, and not in prose."""
    text = "technogate prose\n\n    technogate one --x  # technogate two\n\n"
    text += "```sh\n$ technogate three \\\n  --y\n```\nSee `technogate four`.\n"
    assert list(named("technogate", text)) == [["one", "--x"], ["three", "--y"], ["four"]]
