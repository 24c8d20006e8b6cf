"""Copies of the shipped contract that lack a part, or in which an operation plays none.

Requirements that are about the part alone go with it; all others stay, and must hold for the reference pair.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from technogate.contract.files import document_in
from technogate.contract.parts import ANCHORS, KEYS, RESTS_ON
from tests.renamed_contract import CONTRACT

#: The requirements that are about a part alone, by the beginning of their ids.
ABOUT: Mapping[str, tuple[str, ...]] = {
    "fallback": ("AUD-06", "CON-10"),
    "memory": ("MEM-", "EXE-09", "TRL-10", "CON-11"),
    "audit": ("AUD-", "CON-10"),
    "trail": ("AUD-", "TRL-", "CON-10"),
    "console": ("CON-", "STK-"),
}


def write_without(folder: Path, part: str, *, general: bool = False) -> Path:
    """Write a copy without `part` into `folder`, and return it.

    With `general` its operation stays, and plays no part.
    """
    lost = {part} | {other for other in RESTS_ON if part in _below(other)}
    behavior = tomllib.loads((CONTRACT / "behavior.toml").read_text("utf-8"))
    document = document_in(CONTRACT / "openapi.yaml", (CONTRACT / "openapi.yaml").read_bytes())
    operations = {behavior["operations"][one] for one in lost if one in behavior["operations"]}
    for one in lost:
        for key in (ANCHORS[one], *KEYS.get(one, ()), f"console.functions.{one}"):
            _forget(behavior, key)
    if not general:
        _leave_out(document, operations)
        for name in operations:
            behavior["time"]["p99_s"].pop(name, None)
    folder.mkdir(parents=True)
    (folder / "behavior.toml").write_text(toml(behavior), "utf-8")
    (folder / "openapi.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), "utf-8")
    (folder / "decisions.md").write_bytes((CONTRACT / "decisions.md").read_bytes())
    gone = tuple(word for one in lost for word in ABOUT.get(one, ()))
    rows = tomllib.loads((CONTRACT / "requirements.toml").read_text("utf-8"))
    rows["requirement"] = {name: row for name, row in rows["requirement"].items() if not name.startswith(gone)}
    (folder / "requirements.toml").write_text(toml(rows), "utf-8")
    return folder


def _below(part: str) -> set[str]:
    """All parts that a part rests on."""
    needed = RESTS_ON.get(part, ())
    return set(needed).union(*map(_below, needed))


def _forget(tables: dict[str, Any], key: str) -> None:
    *path, name = key.rstrip(".").split(".")
    for step in path:
        tables = tables.get(step, {})
    tables.pop(name, None)


def _leave_out(document: dict[str, Any], operations: set[str]) -> None:
    """Take the operations out of the document."""
    for path, item in list(document["paths"].items()):
        for method, described in list(item.items()):
            if isinstance(described, dict) and described.get("operationId") in operations:
                del item[method]
        if not item:
            del document["paths"][path]


def toml(tables: Mapping[str, Any], above: str = "") -> str:
    """Tables of plain values as TOML."""
    lines = [f"{json.dumps(key)} = {_value(value)}" for key, value in tables.items() if not isinstance(value, dict)]
    text = "\n".join(lines) + "\n"
    for key, value in tables.items():
        if isinstance(value, dict):
            name = f"{above}{json.dumps(key)}"
            text += f"\n[{name}]\n" + toml(value, f"{name}.")
    return text


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)
