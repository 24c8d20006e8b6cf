"""What the text of a program says about its variables, options, files, paths and words. Reads; runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

#: Folders that hold no text of the program's own.
SKIPPED = frozenset({
    "node_modules", ".git", ".venv", "venv", "__pycache__", ".next", "dist", "build", "target", "vendor", "reports",
    ".idea", ".vscode", "coverage", ".cache", "tests", "test", "allure-results",
    "site-packages",
})  # fmt: skip
#: The endings of files that are read, those of settings after those of code.
CODE = (
    ".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".tsx", ".jsx", ".vue", ".svelte", ".go", ".java", ".kt", ".rb", ".rs",
    ".php", ".cs", ".sh",
)  # fmt: skip
SETTINGS = (".json", ".yaml", ".yml", ".toml", ".properties", ".md", ".txt")
#: The most files that are read, and the most characters of each.
MOST_FILES, MOST_CHARACTERS = 400, 200_000

_ENV_NAME = r"([A-Z][A-Z0-9_]{2,60})"
_ENV_USES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"process\.env(?:\.|\[[\"']){_ENV_NAME}",
        rf"import\.meta\.env(?:\.|\[[\"']){_ENV_NAME}",
        rf"environ(?:\.get\(|\[)\s*[\"']{_ENV_NAME}",
        rf"(?i:getenv|lookupenv|\benv|env\.get|env::var|environ)\(\s*(?:environ,\s*)?[\"']{_ENV_NAME}[\"']",
        rf"ENV(?:\.fetch\(|\[)[\"']{_ENV_NAME}",
        rf"\$\{{{_ENV_NAME}[:}}]",
        rf"env\.{_ENV_NAME}",
        rf"\(environ,\s*[\"']{_ENV_NAME}",
    )
)
_SETTING = re.compile(rf"^\s*(?:export\s+|-\s+|ENV\s+)?{_ENV_NAME}\s*[=:]\s*[\"']?([^\"'\n#]*)", re.MULTILINE)
_OPTION = re.compile(r"(?:[\"'`]--([a-z][a-z0-9-]{1,30})\b|\b([a-z][a-z0-9_-]{1,30}):\s*\{\s*type:)")
_FILE = re.compile(r"[\"'`](?:sqlite:/{2,4})?(?:\./)?([\w./-]*?[\w-]+\.(?:jsonl|ndjson|log|db|sqlite3?|json))[\"'`]")
_PATH = re.compile(r"[\"'`](/[a-z][a-z0-9_-]{0,30}(?:/v?[a-z0-9_-]{1,30})?)/?[\"'`]")
_WORD = re.compile(r"(?<![A-Za-z0-9_$.])([A-Z][A-Z_]{2,31})(?![A-Za-z0-9_])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a text says something: the file, the line, and the line's text."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Sources:
    """The texts of a program: the folder that it runs in, and further files that its command names."""

    def __init__(self, folder: Path, files: Iterable[Path] = ()) -> None:
        self._folder = folder
        self._files = tuple(files)

    @cached_property
    def texts(self) -> dict[str, str]:
        """The texts by the path of their file, relative to the folder where that is possible; settings last."""
        found: dict[str, str] = {}
        for path in self._paths():
            if len(found) >= MOST_FILES:
                break
            try:
                found[self._name(path)] = path.read_text("utf-8", errors="replace")[:MOST_CHARACTERS]
            except OSError:
                continue
        return found

    def env_names(self) -> dict[str, Place]:
        """The environment variables that the program reads or that its settings set, and where."""
        found: dict[str, Place] = {}
        for pattern in _ENV_USES:
            for match, place in self._matches(pattern):
                found.setdefault(match[1], place)
        for match, place in self._matches(_SETTING, settings_alone=True):
            found.setdefault(match[1], place)
        return found

    def options(self) -> dict[str, Place]:
        """The names of the options of a command line, without hyphens, and where each is read."""
        found: dict[str, Place] = {}
        for match, place in self._matches(_OPTION):
            found.setdefault(match[1] or match[2], place)
        return found

    def files_named(self) -> Iterator[tuple[str, Place]]:
        """The data files that the text names: JSON lines, logs and databases."""
        for match, place in self._matches(_FILE):
            if Path(match[1]).name not in ("package.json", "tsconfig.json", "config.json", "openapi.json"):
                yield match[1], place

    def paths_named(self) -> dict[str, Place]:
        """The first parts of URL paths that the text names."""
        found: dict[str, Place] = {}
        for match, place in self._matches(_PATH):
            found.setdefault(match[1], place)
        return found

    def words(self) -> dict[str, Place]:
        """The words in upper case, in the order in which the text has them."""
        found: dict[str, Place] = {}
        for match, place in self._matches(_WORD):
            found.setdefault(match[1], place)
        return found

    def mentions(self, pattern: str) -> Place | None:
        """The first place that matches a pattern, None without one."""
        return next((place for _, place in self._matches(re.compile(pattern))), None)

    def _matches(
        self, pattern: re.Pattern[str], *, settings_alone: bool = False
    ) -> Iterator[tuple[re.Match[str], Place]]:
        for name, text in self.texts.items():
            if settings_alone and not _is_setting(Path(name)):
                continue
            for match in pattern.finditer(text):
                start = text.rfind("\n", 0, match.start()) + 1
                end = text.find("\n", match.end())
                line = text[start : len(text) if end < 0 else end]
                yield match, Place(file=name, line=text.count("\n", 0, match.start()) + 1, text=line)

    def _paths(self) -> Iterator[Path]:
        seen: set[Path] = set()
        candidates = [*self._files, *sorted(self._walk(self._folder, 0), key=_settings_last)]
        for path in candidates:
            real = path.resolve()
            if real not in seen:
                seen.add(real)
                yield path

    def _walk(self, folder: Path, depth: int) -> Iterator[Path]:
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            return
        for path in entries:
            if path.is_dir() and not path.is_symlink():
                if path.name not in SKIPPED and depth < 4:
                    yield from self._walk(path, depth + 1)
            elif path.suffix in (*CODE, *SETTINGS) or _is_setting(path):
                yield path

    def _name(self, path: Path) -> str:
        try:
            return path.resolve().relative_to(self._folder.resolve()).as_posix()
        except ValueError:
            return path.name


def _is_setting(path: Path) -> bool:
    """Whether a file sets variables: an example of an environment, a compose file, a Dockerfile."""
    name = path.name.lower()
    return name.startswith((".env", "dockerfile", "docker-compose", "compose.")) or name.endswith(".env")


def _settings_last(path: Path) -> tuple[bool, str]:
    return path.suffix in SETTINGS, path.as_posix()
