"""Command lines that may start a program, from what stands in its folder, each with where it was read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from technogate.onboarding.dockerfile_command import image_command

#: Scripts of `package.json` that start something, the likeliest first.
_SCRIPTS = ("start", "serve", "preview", "dev")
_MOST_BYTES = 200_000
_RULE = re.compile(r"^(run|start|serve|dev):[^\n]*\n((?:\t[^\n]*\n?)+)", re.MULTILINE)
#: A script that is a test or a build and starts nothing.
_NO_SERVER = re.compile(r"no test specified|^(?:tsc|vitest|jest|eslint)\b")


#: Folders in which a side often is, and the libraries whose use makes a folder that of a page.
_BACKENDS = ("backend", "api", "server", "service")
_CONSOLES = ("console", "frontend", "web", "client", "ui", "app")
_PAGE = re.compile(r'"(?:react|vue|svelte|next|nuxt|vite|preact|solid-js|@angular/core|astro)"\s*:')


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A command line that may start a side, the folder to start it in, and where it was read."""

    side: Literal["backend", "console"]
    command: str
    cwd: str
    evidence: str


def guessed_commands(folder: Path) -> list[Guess]:
    """The command lines that the files of a folder and of its usual subfolders name."""
    found: list[Guess] = []
    for name in (".", *_BACKENDS, *_CONSOLES):
        place = folder / name
        if not place.is_dir():
            continue
        page = name in _CONSOLES or _PAGE.search(_text(place / "package.json")) is not None
        side: Literal["backend", "console"] = "console" if page and name not in _BACKENDS else "backend"
        prefix = "" if name == "." else f"{name}/"
        found += [
            Guess(side=side, command=command, cwd=name, evidence=prefix + said) for command, said in _guesses(place)
        ]
    return found


def _guesses(folder: Path) -> Iterator[tuple[str, str]]:
    scripts = scripts_of(folder)
    for name in _SCRIPTS:
        if name in scripts and not _NO_SERVER.search(scripts[name]):
            yield f"npm run {name}", f"package.json, script {name}: {scripts[name]}"
    if command := image_command(_text(folder / "Dockerfile")):
        yield command, "Dockerfile"
    for name, recipe in _RULE.findall(_text(folder / "Makefile")):
        yield recipe.strip().splitlines()[0].lstrip("@-").strip(), f"Makefile, rule {name}"
    for name, program in (("server.mjs", "node"), ("server.js", "node"), ("index.js", "node"), ("app.js", "node")):
        if (folder / name).is_file():
            yield f"{program} {name}", f"the file {name}"
    for name in ("app.py", "main.py", "server.py", "api.py"):
        if (folder / name).is_file():
            yield _python(name, _text(folder / name))
    for package in sorted(folder.glob("*/__main__.py")):
        yield f"{{python}} -m {package.parent.name}", f"the package {package.parent.name}, which can be run"


def _python(name: str, text: str) -> tuple[str, str]:
    """How a file in Python is started: by the server of its framework, or by itself."""
    stem = name.removesuffix(".py")
    if found := re.search(r"^(\w+)\s*=\s*(?:FastAPI|Starlette|Litestar|Quart)\(", text, re.MULTILINE):
        return f"{{python}} -m uvicorn {stem}:{found[1]} --port {{port}}", f"the file {name}, an ASGI application"
    if re.search(r"^\w+\s*=\s*Flask\(", text, re.MULTILINE) and "__main__" not in text:
        return f"{{python}} -m flask --app {stem} run --port {{port}}", f"the file {name}, an application of Flask"
    return f"{{python}} {name}", f"the file {name}"


def scripts_of(folder: Path) -> dict[str, str]:
    """The scripts of the `package.json` in a folder, by name; none where there is no such file."""
    try:
        document = json.loads(_text(folder / "package.json") or "{}")
    except ValueError:
        return {}
    scripts = document.get("scripts") if isinstance(document, dict) else None
    return {str(name): str(text) for name, text in scripts.items()} if isinstance(scripts, dict) else {}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")[:_MOST_BYTES]
    except OSError:
        return ""
