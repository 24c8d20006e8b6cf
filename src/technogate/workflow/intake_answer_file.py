"""Reading an answer: the front part of a Markdown file, held to schema and contract, each problem with its line.

The front part is a fenced block of TOML that the file begins with. What stands below it is for people and decides
nothing. Nothing is guessed: text without a front part is refused.
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

    `detail` is what an answer can be graded without: it costs a GO and no more.
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
    """An answer as read; `answer` is None when something but details is wrong. `sha256` is that of the text."""

    answer: IntakeAnswer | None
    problems: tuple[Problem, ...]
    sha256: str


def asked(contract: Contract) -> dict[str, list[str]]:
    """What an answer must have a table for: each layer, and each endpoint of the contract."""
    return {"layer": list(LAYERS), "endpoint": [operation.id for operation in contract.guarded]}


def read_answer(text: str, contract: Contract) -> AnswerReading:
    """Read an answer and hold it to the schema and the contract.

    Raises UserError for text without a front part, naming what is missing, and for one that is no TOML.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    end = next((number for number, line in enumerate(lines) if number and line.rstrip() == CLOSE), None)
    if lines[0].rstrip() != OPEN or end is None:
        raise UserError(_no_front_part(lines[0].rstrip() == OPEN, contract))
    front = lines[1:end]
    try:
        # The empty line in the place of the fence makes the parser count lines as the file does.
        tables = parse_toml("\n".join(["", *front]), "the front part")
    except TomlFileError as error:
        raise UserError(str(error)) from error
    problems = [*_by_schema(tables, front), *_by_contract(tables, front, contract)]
    problems = sorted(dict.fromkeys(problems), key=lambda one: (one.line == 0, one.line, one.key))
    whole = all(one.detail for one in problems)
    return AnswerReading(
        answer=msgspec.convert(tables, IntakeAnswer) if whole else None,
        problems=tuple(problems),
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
    )


def _no_front_part(begun: bool, contract: Contract) -> str:
    what = f"its front part is not ended by a line {CLOSE}" if begun else f"it does not begin with a line {OPEN}"
    names = asked(contract)
    missing = [
        "the head (contract, digest, team, weeks, redesign, schema_change, trace_ids)",
        f"section 1 ({', '.join(f'[layer.{name}]' for name in names['layer'])})",
        f"section 2 ({', '.join(f'[endpoint.{name}]' for name in names['endpoint'])})",
        "section 3 ([gaps])",
    ]
    return (
        f"the answer cannot be read: {what}; missing: {'; '.join(missing)}. "
        "Fill in the file that `technogate intake template` writes: free text is not guessed at"
    )


def _by_schema(tables: dict[str, Any], front: list[str]) -> Iterator[Problem]:
    """What the schema refuses, and numbers that are none, each with its line."""
    for path in _no_numbers(tables, []):
        yield _problem(path, front, "write a number")
    for mistake in Schemas(msgspec.json.schema(IntakeAnswer)).mistakes("#", tables):
        path = [str(step) for step in mistake.path]
        if mistake.keyword == "required":
            yield from (_problem([*path, name], front, "is missing; add it") for name in mistake.names)
        elif mistake.keyword == "additionalProperties":
            yield from (_problem([*path, name], front, "is not known; remove it") for name in sorted(mistake.names))
        else:
            yield _problem(path, front, _hint(mistake))


def _no_numbers(value: object, path: list[str]) -> Iterator[list[str]]:
    """Where `nan` and its like stand: TOML has them, and no limit of the schema applies to them."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _no_numbers(member, [*path, str(name)])
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _no_numbers(member, [*path, str(number)])


def _hint(mistake: SchemaMistake) -> str:
    """What to write instead of what the schema refused."""
    wanted: Any = mistake.wanted
    if mistake.keyword == "enum":
        return f"write one of {', '.join(str(each) for each in wanted)}"
    if mistake.keyword == "type":
        return f"write {_WORDS.get(str(wanted), str(wanted))}"
    if mistake.keyword == "minLength":
        return "fill it in"
    if mistake.keyword == "pattern":
        return "copy it from the template"
    words = {"minimum": "at least", "maximum": "at most", "maxLength": "at most that many characters:"}
    return f"write {words.get(mistake.keyword, mistake.keyword)} {wanted}"


def _by_contract(tables: Mapping[str, Any], front: list[str], contract: Contract) -> Iterator[Problem]:
    """What only the contract can tell: every layer and endpoint of it, and no other; gaps that fit them."""
    if "digest" in tables and (tables["digest"], tables.get("contract")) != (contract.digest, contract.id):
        yield _problem(["digest"], front, f"it is not that of {contract.id} as it is now; begin a new template")
    for table, names in asked(contract).items():
        rows = tables.get(table)
        given = rows if isinstance(rows, Mapping) else {}
        yield from (_problem([table, name], front, "is missing; add the table") for name in names if name not in given)
        yield from (
            _problem([table, name], front, "is not asked for; remove it") for name in given if name not in names
        )
        for name in names:
            yield from _entry([table, name], given.get(name), front)
    yield from _gaps(tables.get("gaps"), front, [name for names in asked(contract).values() for name in names])


def _entry(path: list[str], entry: object, front: list[str]) -> Iterator[Problem]:
    """An entry that does not say where it can be seen, or what is missing."""
    if not isinstance(entry, Mapping):
        return
    state, evidence, gap = entry.get("state"), entry.get("evidence"), entry.get("gap")
    if isinstance(evidence, str) and not evidence.strip() and state != State.MISSING:
        yield _problem([*path, "evidence"], front, "say where it can be seen", detail=True)
    if isinstance(gap, str) and not gap.strip() and state in (State.PARTIAL, State.MISSING):
        yield _problem([*path, "gap"], front, "say what is missing", detail=True)


def _gaps(gaps: object, front: list[str], names: list[str]) -> Iterator[Problem]:
    """Gaps that concern nothing, and a list that contradicts itself."""
    if not isinstance(gaps, Mapping):
        return
    listed = gaps.get("list", [])
    rows = listed if isinstance(listed, list) else []
    if gaps.get("none") is bool(rows):
        yield _problem(["gaps", "none"], front, "write true when no gap is listed, false when one is")
    for number, one in enumerate(rows):
        concerns = one.get("concerns") if isinstance(one, Mapping) else None
        if isinstance(concerns, str) and concerns and concerns not in names:
            yield _problem(["gaps", "list", str(number), "concerns"], front, f"write one of {', '.join(names)}")


def _problem(path: list[str], front: list[str], hint: str, *, detail: bool = False) -> Problem:
    return Problem(line=_line_of(path, front), key=".".join(path) or "the front part", hint=hint, detail=detail)


def _line_of(path: list[str], front: list[str]) -> int:
    """The line of the file where the key `path` stands, of its table when there is no such key; 0 without either."""
    index = next((int(part) for part in path if part.isdecimal()), 0)
    words = [part for part in path if not part.isdecimal()]
    here, rows, table_line = "", -1, 0
    for number, line in enumerate(front, 2):
        if header := re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line):
            here = header[2].replace('"', "")
            rows += header[1] == "[["
        mine = here != "gaps.list" or rows == index
        if header and mine and here in (".".join(words), ".".join(words[:-1])):
            table_line = number
        key = re.match(r'\s*"?([\w-]+)"?\s*=', line)
        if key and mine and ".".join(filter(None, [here, key[1]])) == ".".join(words):
            return number
    return table_line
