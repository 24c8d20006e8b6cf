"""What the text of a client module shows that Node alone does not load it as the bundler of a web page would."""

from __future__ import annotations

import json
import re
from pathlib import Path

#: What a bundler replaces or allows, and Node does not.
_BUNDLED = re.compile(
    r"\bimport\.meta\.(?:env|glob|hot)\b|\brequire\(|\bmodule\.exports\b|\bexports\.\w|[\"'][^\"'\n]+\.json[\"']"
)

#: Where a module names another: `from "…"`, `import "…"`, `import("…")`.
_IMPORT = re.compile(r"(?:\bfrom|\bimport)\s*\(?\s*[\"']([^\"'\n]+)[\"']")

#: A statement that only an ES module has.
_ESM = re.compile(r"^\s*(?:export|import)\b", re.MULTILINE)

_COMMENT = re.compile(r"^\s*(?://|\*).*$", re.MULTILINE)

#: Endings of files that Node and the gate's hooks load as they are.
_PLAIN = {".js", ".mjs", ".ts", ".mts"}
_ENDINGS = ("", ".ts", ".mts", ".tsx", ".js", ".mjs", ".jsx", ".cjs", ".cts", "/index.ts", "/index.js")

#: A module of more files than these is not read to its end.
_MOST_FILES = 200


def needs_bundler(module: Path) -> bool:
    """Whether the module, or a file that it imports by a relative path, is written for a bundler.

    An import by another name is a package, of which a page may get other code than Node, or an alias of the project.
    """
    seen: set[Path] = set()
    waiting = [module.resolve()]
    while waiting and len(seen) < _MOST_FILES:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        if file.suffix not in _PLAIN or (file.suffix == ".js" and not _is_esm(file)):
            return True
        try:
            text = _COMMENT.sub("", file.read_text("utf-8", errors="replace"))
        except OSError:
            continue  # what cannot be read is reported by whoever loads it
        if _BUNDLED.search(text):
            return True
        for name in _IMPORT.findall(text):
            if not name.startswith((".", "/", "node:")):
                return True
            if name.startswith("."):
                waiting += _files(file.parent / name)
    return False


def _files(wanted: Path) -> list[Path]:
    """The file that an import names, perhaps without its ending; none where there is none."""
    named = (
        wanted.with_name(wanted.name + ending) if ending[:1] != "/" else wanted / ending[1:] for ending in _ENDINGS
    )
    return [path.resolve() for path in named if path.is_file()][:1]


def _is_esm(file: Path) -> bool:
    """Whether Node takes a `.js` for an ES module: the nearest package.json says so, or its text shows it."""
    for folder in file.parents:
        package = folder / "package.json"
        if package.is_file():
            try:
                return json.loads(package.read_text("utf-8")).get("type") == "module" or _exports(file)
            except (OSError, ValueError, AttributeError):
                return False
    return _exports(file)


def _exports(file: Path) -> bool:
    """Whether a file has the syntax of an ES module."""
    try:
        return (
            re.search(r"^\s*(?:export|import)\b", file.read_text("utf-8", errors="replace"), re.MULTILINE) is not None
        )
    except OSError:
        return False
