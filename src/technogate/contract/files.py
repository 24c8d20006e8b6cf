"""The files of a contract folder, each read into records and refused with one line when it is wrong."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import yaml

from technogate.contract.behavior import Behavior, BehaviorError, behavior_of, worded
from technogate.contract.openapi import document_problems
from technogate.model.requirement import ID, Requirement
from technogate.util.phrases import one_line
from technogate.util.toml_file import TomlFileError, decode_text, parse_toml

if TYPE_CHECKING:
    from yaml import SafeLoader as YamlLoader
else:
    YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: The files of a contract folder.
FILES = ("behavior.toml", "decisions.md", "openapi.yaml", "requirements.toml")

_DECISION = re.compile(r"^## (D[1-9][0-9]*) — (\S.*)$")
_CORE_TAGS = {
    "tag:yaml.org,2002:bool": re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"),
    "tag:yaml.org,2002:int": None,
    "tag:yaml.org,2002:float": None,
    "tag:yaml.org,2002:null": None,
}


class ContractError(Exception):
    """The contract cannot be used; the text is one line: which file, which place, and the hint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision record: `text` is everything below its heading, as Markdown."""

    id: str
    title: str
    text: str


class _Loader(YamlLoader):
    """YAML as JSON has it: times stay text, only true and false are booleans, no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value} stands twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: kept
    for first, resolvers in YamlLoader.yaml_implicit_resolvers.items()
    if (kept := [(tag, _CORE_TAGS[tag] or pattern) for tag, pattern in resolvers if tag in _CORE_TAGS])
}


def read_folder(folder: Path) -> dict[str, bytes]:
    """The bytes of each of `FILES`; raises ContractError for a folder or file that is missing or unreadable."""
    if not folder.is_dir():
        raise ContractError(f"{folder} is not a contract folder; name one that holds {', '.join(FILES)}")
    return {name: _bytes_of(folder / name) for name in FILES}


def digest_of(files: Mapping[str, bytes]) -> str:
    """The sha256 over the names, lengths and bytes of `files`, in the order of their names."""
    sha = hashlib.sha256()
    for name in sorted(files):
        sha.update(f"{name}\0{len(files[name])}\0".encode())
        sha.update(files[name])
    return sha.hexdigest()


def document_in(file: Path, raw: bytes, *, is_checked: bool = False) -> dict[str, object]:
    """The OpenAPI 3.1 document in `raw`; raises ContractError when it is not YAML or not valid.

    `is_checked` is whether another process of this run has found these bytes valid.
    """
    document = yaml_in(file, raw)
    problems = [] if is_checked else document_problems(document)
    if problems or not isinstance(document, dict):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ContractError(f"{file}: not a valid OpenAPI document (CTR-01): {problems[0]}{more}")
    if not str(document["openapi"]).startswith("3.1"):
        raise ContractError(f"{file}: openapi: a contract is written in version 3.1, found {document['openapi']}")
    return document


def yaml_in(file: Path, raw: bytes) -> object:
    """The value that `raw` has as YAML; raises ContractError with the line when it is not YAML."""
    text = _text(file, raw)
    try:
        document: object = yaml.load(text, _Loader)  # noqa: S506 (a safe loader, made stricter)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ContractError(f"{file}, line {line}: {error.problem}; correct the YAML") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ContractError(f"{file}: {one_line(str(error))}; correct the YAML") from error
    return document


def decisions_in(file: Path, raw: bytes) -> dict[str, Decision]:
    """The decision records in `raw` by id; raises ContractError for a heading that is no record or occurs twice."""
    decisions: dict[str, Decision] = {}
    sections: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(_text(file, raw).splitlines(), 1):
        if line.startswith("## "):
            sections.append((number, line.rstrip(), []))
        elif sections:
            sections[-1][2].append(line)
    for number, heading, lines in sections:
        if heading == "## Left open":
            continue
        record = _DECISION.match(heading)
        text = "\n".join(lines).strip()
        if record is None:
            raise ContractError(f"{file}, line {number}: write the heading as `## D1 — title` or `## Left open`")
        if record[1] in decisions:
            raise ContractError(f"{file}, line {number}: {record[1]} stands twice; give one of them a new id")
        if not text:
            raise ContractError(f"{file}, line {number}: {record[1]} has no text; write the record below its heading")
        decisions[record[1]] = Decision(id=record[1], title=record[2], text=text)
    return decisions


def groups_in(file: Path, raw: bytes) -> dict[str, str]:
    """Group id -> title in the order of the file; raises ContractError for a title that is no text."""
    groups = tables_in(file, raw).get("groups")
    if not isinstance(groups, dict) or not groups:
        raise ContractError(f'{file}: the table [groups] is missing or empty; add `group-id = "Title"` lines')
    for name, title in groups.items():
        if not isinstance(title, str) or not title.strip():
            raise ContractError(f"{file}: the title of the group {name} must be text")
    return groups


def requirements_in(file: Path, raw: bytes, groups: Iterable[str], decisions: Iterable[str]) -> dict[str, Requirement]:
    """The requirements in `raw` by id, in the order of the file.

    Raises ContractError for an unknown key, party, level, group or decision; an id that occurs twice is
    no TOML.
    """
    tables = tables_in(file, raw)
    if unknown := sorted(set(tables) - {"groups", "requirement"}):
        raise ContractError(f"{file}: the table [{unknown[0]}] is not known; remove it")
    rows = tables.get("requirement")
    if not isinstance(rows, dict) or not rows:
        raise ContractError(f"{file}: there is no requirement; add a table [requirement.ABC-01]")
    known_groups, known_decisions = set(groups), set(decisions)
    requirements: dict[str, Requirement] = {}
    for name, row in rows.items():
        if not ID.fullmatch(name):
            hint = "join words of letters and digits by a hyphen or a dot, such as ORD-01, at most 40 characters"
            raise ContractError(f"{file}: {name} is not an id; {hint}")
        requirements[name] = requirement_of(file, name, row, known_groups, known_decisions)
    return requirements


def requirement_of(file: Path, name: str, row: object, groups: set[str], decisions: set[str]) -> Requirement:
    """One row as a requirement; raises ContractError naming the key that is wrong."""
    if not isinstance(row, dict) or "id" in row:
        raise ContractError(f"{file}: {name}: write a table [requirement.{name}] without a key id")
    try:
        requirement = msgspec.convert({"id": name, **row}, Requirement)
    except msgspec.ValidationError as error:
        raise ContractError(f"{file}: {name}: {worded(error)}") from error
    if not requirement.text.strip():
        raise ContractError(f"{file}: {name}: the key text is empty; write the requirement")
    if requirement.group not in groups:
        raise ContractError(f"{file}: {name}: unknown group {requirement.group}; add it to [groups] or correct it")
    for decision in requirement.decisions:
        if decision not in decisions:
            raise ContractError(f"{file}: {name}: unknown decision {decision}; add it to decisions.md or remove it")
    return requirement


def behavior_in(file: Path, raw: bytes) -> Behavior:
    """The behavior in `raw`; raises ContractError naming the key that is wrong."""
    try:
        return behavior_of(tables_in(file, raw))
    except BehaviorError as error:
        raise ContractError(f"{file}: {error}") from error


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise ContractError(f"{file} is missing; a contract folder holds {', '.join(FILES)}") from error
    except OSError as error:
        raise ContractError(f"{file} cannot be read: {error.strerror}; make it a readable file") from error


def _text(file: Path, raw: bytes) -> str:
    try:
        return decode_text(raw, str(file))
    except TomlFileError as error:
        raise ContractError(str(error)) from error


def tables_in(file: Path, raw: bytes) -> dict[str, object]:
    """The tables of the TOML in `raw`; raises ContractError with the line when it is not TOML."""
    try:
        return parse_toml(decode_text(raw, str(file)), str(file))
    except TomlFileError as error:
        raise ContractError(str(error)) from error
