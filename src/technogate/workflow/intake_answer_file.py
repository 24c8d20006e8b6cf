"""Read an answer: validate the front part of a Markdown file against schema and contract, each problem with its line.

The front part is a fenced block of TOML at the start of the file. Text below it is for people and decides nothing.
Nothing is guessed: text without a front part is refused.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from technogate.contract.loader import Contract
from technogate.contract.schema_wording import SchemaMistake
from technogate.contract.schemas import Schemas
from technogate.model.errors import UserError
from technogate.util.toml_file import TomlFileError, parse_toml
from technogate.workflow.facts import LAYERS
from technogate.workflow.intake_answer import IntakeAnswer, State

#: The first line of an answer, and the line that ends its front part.
OPEN, CLOSE = "```toml", "```"

_WORDS = {"number": "a number", "boolean": "true or false", "array": "a list", "string": "text", "object": "a table"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to fill in: the line (0 for what is not in the file), the key, and the hint.

    An answer can be graded without a `detail`: it prevents GO, but nothing else.
    """

    line: int
    key: str
    hint: str
    detail: bool = False

    @property
    def text(self) -> str:
        """The problem on one line."""
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.key}: {self.hint}{' (a detail)' if self.detail else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReading:
    """An answer as read; `answer` is None when more than details is wrong. `sha256` is that of the text."""

    answer: IntakeAnswer | None
    problems: tuple[Problem, ...]
    sha256: str


def required_entries(contract: Contract) -> dict[str, list[str]]:
    """The tables that an answer must have: one for each layer, and one for each endpoint of the contract."""
    return {"layer": list(LAYERS), "endpoint": [operation.id for operation in contract.guarded]}


def read_answer(text: str, contract: Contract) -> AnswerReading:
    """Read an answer and validate it against the schema and the contract.

    Raises UserError for text without a front part (it names what is missing), and for a front part that is not TOML.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    end = next((number for number, line in enumerate(lines) if number and line.rstrip() == CLOSE), None)
    if lines[0].rstrip() != OPEN or end is None:
        raise UserError(_no_front_part(lines[0].rstrip() == OPEN, contract))
    front = lines[1:end]
    try:
        # The empty line replaces the fence, so that the parser counts lines as in the file.
        tables = parse_toml("\n".join(["", *front]), "the front part")
    except TomlFileError as error:
        raise UserError(str(error)) from error
    problems = [*_by_schema(tables, front), *_by_contract(tables, front, contract)]
    problems = sorted(dict.fromkeys(problems), key=lambda problem: (problem.line == 0, problem.line, problem.key))
    complete = all(problem.detail for problem in problems)
    return AnswerReading(
        answer=msgspec.convert(tables, IntakeAnswer) if complete else None,
        problems=tuple(problems),
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
    )


def _no_front_part(begun: bool, contract: Contract) -> str:
    what = f"no line {CLOSE} ends its front part" if begun else f"it does not begin with a line {OPEN}"
    names = required_entries(contract)
    missing = [
        "the head (contract, digest, team, weeks, redesign, schema_change, trace_ids)",
        f"section 1 ({', '.join(f'[layer.{name}]' for name in names['layer'])})",
        f"section 2 ({', '.join(f'[endpoint.{name}]' for name in names['endpoint'])})",
        "section 3 ([gaps])",
    ]
    return (
        f"the answer cannot be read: {what}; missing: {'; '.join(missing)}. "
        "Fill in the file that `technogate intake template` writes: free text is not interpreted"
    )


def _by_schema(tables: dict[str, Any], front: list[str]) -> Iterator[Problem]:
    """What the schema refuses, and values such as `nan`, each with its line."""
    for path in _not_finite(tables, []):
        yield _problem(path, front, "write a number")
    for mistake in Schemas(msgspec.json.schema(IntakeAnswer)).mistakes("#", tables):
        path = [str(step) for step in mistake.path]
        if mistake.keyword == "required":
            yield from (_problem([*path, name], front, "is missing; add it") for name in mistake.names)
        elif mistake.keyword == "additionalProperties":
            yield from (
                _problem([*path, name], front, "is an unknown key; remove it") for name in sorted(mistake.names)
            )
        else:
            yield _problem(path, front, _hint(mistake))


def _not_finite(value: object, path: list[str]) -> Iterator[list[str]]:
    """The paths of `nan` and infinite values: TOML allows them, and no limit of the schema applies to them."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _not_finite(member, [*path, str(name)])
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _not_finite(member, [*path, str(number)])


def _hint(mistake: SchemaMistake) -> str:
    """What to write instead of the value that the schema refused."""
    limit: Any = mistake.wanted
    if mistake.keyword == "enum":
        return f"write one of {', '.join(str(value) for value in limit)}"
    if mistake.keyword == "type":
        return f"write {_WORDS.get(str(limit), str(limit))}"
    if mistake.keyword == "minLength":
        return "fill it in"
    if mistake.keyword == "pattern":
        return "copy it from the template"
    words = {"minimum": "at least", "maximum": "at most", "maxLength": "at most that many characters:"}
    return f"write {words.get(mistake.keyword, mistake.keyword)} {limit}"


def _by_contract(tables: Mapping[str, Any], front: list[str], contract: Contract) -> Iterator[Problem]:
    """Problems against the contract: missing or unknown layers and endpoints, and gaps that concern none of them."""
    if "digest" in tables and (tables["digest"], tables.get("contract")) != (contract.digest, contract.id):
        yield _problem(["digest"], front, f"is not the digest of the current {contract.id}; start from a new template")
    for table, names in required_entries(contract).items():
        rows = tables.get(table)
        entries = rows if isinstance(rows, Mapping) else {}
        yield from (
            _problem([table, name], front, "is missing; add the table") for name in names if name not in entries
        )
        yield from (
            _problem([table, name], front, "is not part of this contract; remove it")
            for name in entries
            if name not in names
        )
        for name in names:
            yield from _entry([table, name], entries.get(name), front)
    yield from _gaps(
        tables.get("gaps"), front, [name for names in required_entries(contract).values() for name in names]
    )


def _entry(path: list[str], entry: object, front: list[str]) -> Iterator[Problem]:
    """An entry without its evidence, or without what is missing."""
    if not isinstance(entry, Mapping):
        return
    state, evidence, gap = entry.get("state"), entry.get("evidence"), entry.get("gap")
    if isinstance(evidence, str) and not evidence.strip() and state != State.MISSING:
        yield _problem([*path, "evidence"], front, "name the evidence: where this is visible", detail=True)
    if isinstance(gap, str) and not gap.strip() and state in (State.PARTIAL, State.MISSING):
        yield _problem([*path, "gap"], front, "write what is missing", detail=True)


def _gaps(gaps: object, front: list[str], names: list[str]) -> Iterator[Problem]:
    """Gaps that concern no entry, and a list that contradicts `none`."""
    if not isinstance(gaps, Mapping):
        return
    listed = gaps.get("list", [])
    rows = listed if isinstance(listed, list) else []
    if gaps.get("none") is bool(rows):
        yield _problem(["gaps", "none"], front, "write true when no gap is listed, false when one is")
    for number, gap in enumerate(rows):
        concerns = gap.get("concerns") if isinstance(gap, Mapping) else None
        if isinstance(concerns, str) and concerns and concerns not in names:
            yield _problem(["gaps", "list", str(number), "concerns"], front, f"write one of {', '.join(names)}")


def _problem(path: list[str], front: list[str], hint: str, *, detail: bool = False) -> Problem:
    return Problem(line=_line_of(path, front), key=".".join(path) or "the front part", hint=hint, detail=detail)


def _line_of(path: list[str], front: list[str]) -> int:
    """The line of the key `path`, of its table when there is no such key; 0 without either."""
    index = next((int(part) for part in path if part.isdecimal()), 0)
    words = [part for part in path if not part.isdecimal()]
    here, rows, table_line = "", -1, 0
    for number, line in enumerate(front, 2):
        if header := re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line):
            here = header[2].replace('"', "")
            rows += header[1] == "[["
        same_row = here != "gaps.list" or rows == index
        if header and same_row and here in (".".join(words), ".".join(words[:-1])):
            table_line = number
        key = re.match(r'\s*"?([\w-]+)"?\s*=', line)
        if key and same_row and ".".join(filter(None, [here, key[1]])) == ".".join(words):
            return number
    return table_line
