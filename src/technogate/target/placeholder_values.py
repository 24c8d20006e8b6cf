"""The values of the placeholders of a target file in a running pair."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from technogate.model.contract_words import spoken
from technogate.target.placeholders import fill
from technogate.target.spec import AuditSpec, UnwritableSpec


def console_environment(api_url: str, key: str) -> dict[str, str]:
    """Return the variables that the contract gives a console in its environment."""
    words = spoken()
    return {name: value for name, value in ((words.url_variable, api_url), (words.key_variable, key)) if name}


def console_values(api_url: str, key: str, origin: str) -> dict[str, str]:
    """Return the placeholders of a console that need no program."""
    return {"api_key": key, "backend_url": api_url, "console_origin": origin, "python": sys.executable}


def resolve_audit(
    audit: AuditSpec, folder: Path, values: Mapping[str, str], env: Mapping[str, str] | None = None
) -> AuditSpec:
    """Fill the placeholders of an audit source; relative paths are in `folder`, beside the target file.

    `env` are the variables of the backend, which a command that reads its audit trail gets too.
    """
    path, url = fill(audit.path, values), fill(audit.url, values)
    if path:
        path = str(folder / path)
    scheme, mark, database = url.partition(":///")
    if mark and scheme.startswith("sqlite") and database and not database.startswith((":", "file:")):
        url = f"{scheme}:///{folder / database}"
    declared = {**(env or {}), **audit.env}
    return msgspec.structs.replace(
        audit,
        path=path,
        url=url,
        command=tuple(fill(word, values) for word in audit.command),
        cwd=str(folder / audit.cwd),
        env={name: fill(text, values) for name, text in declared.items()} if audit.command else {},
    )


def resolve_unwritable(
    spec: UnwritableSpec, folder: Path, values: Mapping[str, str], env: Mapping[str, str] | None = None
) -> UnwritableSpec:
    """Fill the placeholders of the way to make the audit trail unwritable; `env` are the variables of the backend."""
    path = fill(spec.lock_sqlite, values)
    return msgspec.structs.replace(
        spec,
        lock_sqlite=str(folder / path) if path else "",
        command=tuple(fill(word, values) for word in spec.command),
        undo=tuple(fill(word, values) for word in spec.undo),
        env={name: fill(text, values) for name, text in {**(env or {}), **spec.env}.items()} if spec.command else {},
    )
