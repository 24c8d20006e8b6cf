"""Find a console's client module: the file that exports the three functions, directly or through an object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from technogate.util.source_texts import Sources

#: The functions of the contract's client.
FUNCTIONS = ("executeCommand", "fetchAuditLog", "fetchMemory")
_CODE = (".ts", ".mts", ".js", ".mjs", ".cjs")
_TEST = re.compile(r"(?:\.|/|_|^)(?:test|tests|spec|mock|mocks|stories|d)(?:\.|/|$)")
_DIRECT = (
    r"export\s+(?:async\s+)?(?:function\*?|const|let)\s+{0}\b|export\s*\{{[^}}]*\b{0}\b|exports\.{0}\b|"
    r"module\.exports\s*=\s*\{{[^}}]*\b{0}\b"
)
_FACTORY = re.compile(
    r"export\s+(default\s+)?(?:async\s+)?(?:function\s*(\w*)\s*|const\s+(\w+)\s*=\s*(?:async\s*)?)\(([^)]*)\)"
)
_CLASS = re.compile(r"export\s+(default\s+)?class\s+(\w+)[^{]*\{[\s\S]*?constructor\s*\(([^)]*)\)")
_INSTANCE = re.compile(
    r"export\s+(?:const|let)\s+\w+\s*(?::[^=]+)?=\s*(?:new\s+)?\w+\(|export\s+default\s+(?:new\s+)?\w+\(|"
    r"export\s+default\s+\{"
)
_URL = re.compile(r"(?i)url|base|endpoint|host|address|origin")
_KEY = re.compile(r"(?i)key|token|secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientModule:
    """A client module: its path in the folder, how its client is made ("" where it exports the functions), evidence."""

    path: str
    create: str
    evidence: str


def find_client_module(sources: Sources, named: str = "") -> ClientModule | None:
    """The client module of a folder, the one that is named where one is; None when there is none.

    Of several, one that imports another is the application's own: it is configured there.
    """
    texts = {name: text for name, text in sources.texts.items() if PurePosixPath(name).suffix in _CODE}
    if named:
        return _module(named, texts.get(PurePosixPath(named).as_posix(), ""), "given")
    found = {name: text for name, text in texts.items() if not _TEST.search(name) and _exports(text)}
    if not found:
        return None
    best = max(
        sorted(found, key=len, reverse=True), key=lambda name: (_imports_another(name, found), _is_direct(found[name]))
    )
    how = "exports" if _is_direct(found[best]) else "has an export with"
    return _module(best, found[best], f"{how} {', '.join(FUNCTIONS)}")


def _module(path: str, text: str, evidence: str) -> ClientModule:
    return ClientModule(
        path=path, create="" if _is_direct(text) or _INSTANCE.search(text) else _creation(text), evidence=evidence
    )


def _exports(text: str) -> bool:
    """Whether a text exports the functions, or an object that has them; what builds a page only uses them."""
    if not all(re.search(rf"\b{name}\b", text) for name in FUNCTIONS):
        return False
    if _is_direct(text):
        return True
    has_export = re.search(r"\bexport\b|module\.exports|\bexports\.", text) is not None
    return has_export and not re.search(r"\bdocument\.|createRoot|createApp", text)


def _is_direct(text: str) -> bool:
    return all(re.search(_DIRECT.format(name), text) for name in FUNCTIONS)


def _imports_another(name: str, found: Mapping[str, str]) -> bool:
    """Whether the file imports another of the files."""
    imported = re.findall(r"(?:from|require\(|import\()\s*[\"']([^\"']+)[\"']", found[name])
    others = {PurePosixPath(other).stem for other in found if other != name}
    return any(PurePosixPath(path).stem in others for path in imported)


def _creation(text: str) -> str:
    """How a factory or a class makes the client, from the names of its parameters; "" when they do not say."""
    for match in _CLASS.finditer(text):
        if arguments := _arguments(match[3]):
            return f"new {'exports.default' if match[1] else match[2]}({arguments})"
    for match in _FACTORY.finditer(text):
        name = match[2] or match[3]
        if name not in FUNCTIONS and (arguments := _arguments(match[4])):
            return f"{'exports.default' if match[1] else name}({arguments})"
    return ""


def _arguments(parameters: str) -> str:
    """The arguments for parameters that are named after an address and a key, alone or in an object."""
    members = re.fullmatch(r"\s*\{([^}]*)\}\s*(?::[\s\S]*)?(?:=[\s\S]*)?", parameters)
    names = [
        re.split(r"[:=?]", one)[0].strip() for one in (members[1] if members else parameters).split(",") if one.strip()
    ]
    values = ["{backend_url}" if _URL.search(name) else "{api_key}" if _KEY.search(name) else "" for name in names]
    if "{backend_url}" not in values:
        return ""
    if members:
        given = [f"{name}: '{value}'" for name, value in zip(names, values, strict=True) if value]
        return f"{{ {', '.join(given)} }}"
    return ", ".join(f"'{value}'" if value else "undefined" for value in values)
