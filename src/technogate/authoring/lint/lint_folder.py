"""Read a contract folder as far as it can be read, and list its problems with file and line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from technogate.authoring.diff.folder_text import valid_document
from technogate.authoring.lint.behavior_rules import behavior_findings
from technogate.authoring.lint.lines import Lines, toml_lines, yaml_lines
from technogate.authoring.lint.operation_rules import operation_findings
from technogate.authoring.lint.problem import Finding, Folder, Problem
from technogate.authoring.lint.requirement_rules import checked_ids, requirement_findings
from technogate.authoring.lint.schema_rules import schema_findings
from technogate.contract.files import FILES, ContractError, decisions_in, groups_in, requirement_of, tables_in
from technogate.contract.loader import load_contract
from technogate.model.requirement import Requirement

_PLACE = re.compile(r"^(?P<file>\S+?)(?:, line (?P<line>\d+))?(?:, column \d+)?: (?P<text>.*?)(?:; (?P<hint>[^;]*))?$")

Value = TypeVar("Value")


def lint_folder(folder: Path) -> list[Problem]:
    """Every problem of the folder, by file and line; raises ContractError when there is no folder."""
    if not folder.is_dir():
        raise ContractError(f"{folder} is not a contract folder; name one that holds {', '.join(FILES)}")
    problems: list[Problem] = []
    files: dict[str, bytes] = {}
    for name in FILES:
        try:
            files[name] = (folder / name).read_bytes()
        except OSError as error:
            text = f"the file cannot be read: {error.strerror}"
            problems.append(Problem(file=name, line=0, rule="file-missing", text=text, hint="add it"))
    lines = _lines(files)
    reader = _Reader(folder, files, problems)
    read = _read(reader, lines["requirements.toml"])
    for name, findings in (
        ("openapi.yaml", _document_findings(read)),
        ("behavior.toml", behavior_findings(read.behavior, read.document)),
        (
            "requirements.toml",
            requirement_findings(read.requirements, read.groups, read.decisions, checked_ids()),
        ),
    ):
        problems += _placed(name, findings, lines[name])
    if not any(not problem.is_note for problem in problems):
        # What the rules do not know, a run would be refused for.
        reader.tried("contract-refused", lambda: load_contract(folder))
    return sorted(set(problems), key=lambda problem: (FILES.index(problem.file), problem.line, problem))


def _document_findings(read: Folder) -> Iterator[Finding]:
    if read.document:
        yield from operation_findings(read.document)
        yield from schema_findings(read.document)
        version = str(read.document.get("openapi"))
        if not version.startswith("3.1"):
            text, hint = f"the document is of version {version}", "write it in 3.1; `technogate contract new` does"
            yield Finding(rule="version-old", pointer="#/openapi", text=text, hint=hint)


def _lines(files: Mapping[str, bytes]) -> dict[str, Lines]:
    lines = {}
    for name in FILES:
        text = files.get(name, b"").decode("utf-8", "replace")
        lines[name] = yaml_lines(text) if name.endswith(".yaml") else toml_lines(text)
    return lines


def _placed(name: str, findings: Iterable[Finding], lines: Lines) -> Iterator[Problem]:
    for found in findings:
        line = lines.of(found.pointer)
        yield Problem(file=name, line=line, rule=found.rule, text=found.text, hint=found.hint)


class _Reader:
    """Reads the files of a folder; what is wrong with one goes into `problems`."""

    def __init__(self, folder: Path, files: Mapping[str, bytes], problems: list[Problem]) -> None:
        self._folder, self._files, self._problems = folder, files, problems

    def part(self, name: str, rule: str, read: Callable[[Path, bytes], Value]) -> Value | None:
        """What `read` makes of one file; None where it is missing or refused."""
        if name not in self._files:
            return None
        return self.tried(rule, lambda: read(self._folder / name, self._files[name]))

    def tried(self, rule: str, read: Callable[[], Value], line: int | None = None) -> Value | None:
        """What `read` gives; None with a problem, at `line` or the line that it names, where it is refused."""
        try:
            return read()
        except ContractError as error:
            match = _PLACE.match(str(error).removeprefix(f"{self._folder}/"))
            known = match is not None and match["file"] in FILES
            said = match.groupdict() if match and known else {}
            problem = Problem(
                file=said.get("file") or FILES[0],
                line=line if line is not None else int(said.get("line") or 0),
                rule=rule,
                text=said.get("text") or str(error),
                hint=said.get("hint") or "correct the file",
            )
            self._problems.append(problem)
            return None


def _read(reader: _Reader, lines: Lines) -> Folder:
    """Each file as far as it can be read; `lines` are those of the requirements."""
    decisions = reader.part("decisions.md", "decisions-invalid", decisions_in) or {}
    groups = reader.part("requirements.toml", "requirements-invalid", groups_in) or {}
    rows = (reader.part("requirements.toml", "requirements-invalid", tables_in) or {}).get("requirement")
    requirements: dict[str, Requirement] = {}
    for name, row in (rows if isinstance(rows, dict) else {}).items():
        # Decisions that do not exist are the rules' to report, all of them.
        listed = row.get("decisions") if isinstance(row, dict) else None
        known = set(decisions) | set(map(str, listed if isinstance(listed, list) else ()))
        read = partial(requirement_of, Path("requirements.toml"), name, row, set(groups), known)
        one = reader.tried("requirement-invalid", read, lines.of(f"#/requirement/{name}"))
        if one is not None:
            requirements[name] = one
    return Folder(
        document=reader.part("openapi.yaml", "openapi-invalid", valid_document) or {},
        behavior=reader.part("behavior.toml", "behavior-invalid", tables_in) or {},
        groups=groups,
        requirements=requirements,
        decisions=decisions,
    )
