"""Which of a program's variables hold the key, the other side's address, and the place of the audit trail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from technogate.util.source_texts import Place, Sources

_KEY = re.compile(r"(?:^|_)(?:API_?KEY|KEY|API_?TOKEN|TOKEN|API_?SECRET|SECRET)$")
_NO_KEY = re.compile(r"PRIVATE|PUBLIC_KEY$|SSL|TLS|CERT|SIGNING|ENCRYPT|JWT|SESSION|COOKIE|DJANGO|GITHUB|NPM")
_URL = re.compile(
    r"(?:API|BACKEND|SERVER|SERVICE|BASE|UPSTREAM)(?:_?(?:BASE))?_?(?:URL|URI|ADDRESS|ORIGIN|ENDPOINT|HOST|BASE)$|^API$"
)
_ORIGIN = re.compile(r"ORIGINS?$|^CORS|FRONTEND_URL$|CONSOLE_URL$")
_TRAIL = re.compile(
    r"(?:TRAIL|AUDIT|LOG|JOURNAL|DB|DATABASE|SQLITE|DATA)_?(?:LOG|TRAIL)?_?(?:FILE|PATH|URL|URI|DIR|NAME)?$"
)
_TRAIL_OPTION = re.compile(r"(?:^|-)(?:trail|audit|log|journal|db|database|data)(?:-(?:file|path|url|dir|log|trail))?$")
_LEVEL = re.compile(r"LEVEL|FORMAT|LOGIN|LOGO")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A way to move the audit trail into a folder of the pair's own: a variable or an option, and the value."""

    name: str
    value: str
    option: bool
    place: Place

    @property
    def said(self) -> str:
        """How a person would write it."""
        return f"--{self.name} {self.value}" if self.option else f"{self.name}={self.value}"


def key_names(names: Iterable[str]) -> list[str]:
    """The variables that may hold the key, the likeliest first."""
    return sorted((name for name in names if _KEY.search(name) and not _NO_KEY.search(name)), key=_key_rank)


def _key_rank(name: str) -> tuple[int, int]:
    likely = ("API_KEY", "APIKEY")
    return (0 if name in likely else 1 if name.endswith(likely) else 2 if name.endswith("KEY") else 3), len(name)


def url_names(names: Iterable[str]) -> list[str]:
    """The variables that may hold the address of the backend, the likeliest first."""
    return sorted((name for name in names if _URL.search(name)), key=lambda name: (not name.endswith("URL"), len(name)))


def origin_names(names: Iterable[str]) -> list[str]:
    """The variables that may hold the origins of pages that a backend allows."""
    return [name for name in names if _ORIGIN.search(name)]


def movers(sources: Sources) -> tuple[list[Mover], list[Mover]]:
    """The ways to move the trail: those beside the name of a file in the text, and those by their name alone."""
    strong: dict[str, Mover] = {}
    weak: dict[str, Mover] = {}
    for file, place in sources.files_named():
        for mover in _beside(file, place, sources):
            strong.setdefault(mover.name, mover)
    for name, place in sources.env_names().items():
        if _TRAIL.search(name) and not _LEVEL.search(name):
            weak.setdefault(name, Mover(name=name, value=_value(name, "trail.jsonl", ""), option=False, place=place))
    for name, place in sources.options().items():
        if _TRAIL_OPTION.search(name):
            weak.setdefault(name, Mover(name=name, value=_value(name, "trail.jsonl", ""), option=True, place=place))
    return list(strong.values()), [mover for name, mover in weak.items() if name not in strong]


def _beside(file: str, place: Place, sources: Sources) -> Iterator[Mover]:
    """The variables and options on the line that names a file."""
    before = place.text[: place.text.find(file)]
    found = {}
    for name in sources.env_names():
        if not _LEVEL.search(name):
            found[name, False] = max((match.start() for match in re.finditer(rf"\b{name}\b", before)), default=-1)
    for name in sources.options():
        declared = rf"[\"'`]--{name}\b|\b{name}:\s*\{{"
        found[name, True] = max((match.start() for match in re.finditer(declared, before)), default=-1)
    # Of several on one line, the name belongs to the nearest before it.
    (name, option), at = max(found.items(), key=lambda entry: entry[1], default=(("", False), -1))
    if at >= 0:
        value = _value(name, PurePosixPath(file).name, place.text)
        yield Mover(name=name, value=value, option=option, place=place)


def _value(name: str, file: str, line: str) -> str:
    """The value that puts the trail into a folder of the pair's own."""
    if re.search(r"DIR$|-dir$", name):
        return "{workdir}"
    if "sqlite:" in line or re.search(r"(?i)database_?ur[li]$", name):
        stem = file if file.endswith((".db", ".sqlite", ".sqlite3")) else "trail.db"
        return f"sqlite:///{{workdir}}/{stem}"
    return f"{{workdir}}/{file}"
