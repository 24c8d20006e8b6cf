"""A contract folder as it is written, read for a comparison: no part of it has to fit another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from technogate.authoring.diff.change import ContractVersion
from technogate.contract.files import (
    ContractError,
    Decision,
    decisions_in,
    digest_of,
    groups_in,
    read_folder,
    requirements_in,
    tables_in,
    yaml_in,
)
from technogate.contract.openapi import document_problems
from technogate.model.requirement import Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderText:
    """The four files of a folder as plain values."""

    version: ContractVersion
    document: Mapping[str, object]
    behavior: Mapping[str, Any]
    groups: Mapping[str, str]
    requirements: Mapping[str, Requirement]
    decisions: Mapping[str, Decision]


def read_text(folder: Path) -> FolderText:
    """The folder's files; raises ContractError for one that is missing or cannot be read as what it is."""
    files = read_folder(folder)
    openapi = folder / "openapi.yaml"
    document = valid_document(openapi, files["openapi.yaml"])
    decisions = decisions_in(folder / "decisions.md", files["decisions.md"])
    rows = folder / "requirements.toml"
    groups = groups_in(rows, files["requirements.toml"])
    requirements = requirements_in(rows, files["requirements.toml"], groups, decisions)
    info = document.get("info")
    info = info if isinstance(info, Mapping) else {}
    version = ContractVersion(
        folder=folder.resolve().name,
        title=str(info.get("title", "")),
        version=str(info.get("version", "")),
        digest=digest_of(files),
    )
    return FolderText(
        version=version,
        document=document,
        behavior=tables_in(folder / "behavior.toml", files["behavior.toml"]),
        groups=groups,
        requirements=requirements,
        decisions=decisions,
    )


def valid_document(file: Path, raw: bytes) -> Mapping[str, object]:
    """The OpenAPI document of version 3.0 or 3.1 in `raw`; raises ContractError when it is not valid."""
    document = yaml_in(file, raw)
    problems = document_problems(document)
    if problems or not isinstance(document, Mapping):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ContractError(f"{file}: not a valid OpenAPI document (CTR-01): {problems[0]}{more}")
    return document
