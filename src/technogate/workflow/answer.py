"""The answer to an intake as a record: read from the front part of a Markdown file, each problem with its line.

The front part is TOML between two lines `+++`. What stands below it is for people and decides nothing.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from technogate.contract import Contract
from technogate.errors import UserError
from technogate.workflow.facts import LAYERS

FENCE = "+++"
SECTIONS = ("section 1, the layers [layer.…]", "section 2, the endpoints [endpoint.…]", "section 3, the gaps [gaps]")

Days = Annotated[float, msgspec.Meta(ge=0, le=1000)]
Filled = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class State(StrEnum):
    """Whether a layer or an endpoint is there."""

    EXISTS = "exists"
    PARTIAL = "partial"
    MISSING = "missing"


class Priority(StrEnum):
    """What a gap weighs."""

    CRITICAL = "critical"
    MINOR = "minor"


class Area(StrEnum):
    """What must not be redesigned."""

    AUTHENTICATION = "authentication"
    AUDIT = "audit"
    GOVERNANCE = "governance"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the answer's tables."""


class Entry(_Part, frozen=True):
    """A layer or an endpoint: its state, where that can be seen, what is missing, and days of work."""

    state: State
    evidence: Annotated[str, msgspec.Meta(max_length=2000)]
    gap: Annotated[str, msgspec.Meta(max_length=2000)]
    effort_days: Days


class Gap(_Part, frozen=True):
    """A gap: the layer or endpoint that it concerns, what it weighs, and how it is fixed ("" when unknown)."""

    concerns: Filled
    priority: Priority
    what: Filled
    fix: Annotated[str, msgspec.Meta(max_length=2000)]


class Gaps(_Part, frozen=True):
    """The gaps; `none` says that there are none."""

    none: bool
    list: tuple[Gap, ...] = ()


class Answer(_Part, frozen=True):
    """The whole answer. `digest` is the sha256 of the contract that was answered."""

    contract: Filled
    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    team: Filled
    weeks: Annotated[float, msgspec.Meta(ge=0, le=520)]
    redesign: tuple[Area, ...]
    schema_change: bool
    trace_ids: bool
    layer: dict[str, Entry]
    endpoint: dict[str, Entry]
    gaps: Gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to fill in: the line (0 for what is not there at all), the key, and the cure.

    `detail` is what can be judged without: it costs a GO and no more.
    """

    line: int
    key: str
    cure: str
    detail: bool = False

    @property
    def text(self) -> str:
        """The problem on one line."""
        return f"{f'line {self.line}' if self.line else 'missing'}: {self.key}: {self.cure}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An answer as read; `answer` is None when something but details is wrong with it."""

    answer: Answer | None
    problems: tuple[Problem, ...]


def intake_schema() -> str:
    """The JSON Schema of the front part, as `contracts/schemas/intake.schema.json` has it."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The front part of an answer to a technogate intake",
        **msgspec.json.schema(Answer),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def read_answer(text: str, contract: Contract) -> Reading:
    """Read an answer and hold it to the schema and the contract.

    Raises UserError for text without a front part, naming what is missing, and for one that is no TOML.
    """
    lines = text.replace("\r\n", "\n").lstrip("\ufeff").split("\n")
    ends = [number for number, line in enumerate(lines) if line.strip() == FENCE]
    if not ends or ends[0] != 0 or len(ends) < 2:
        where = "has no front part" if not ends or ends[0] != 0 else f"has a front part that no second {FENCE} ends"
        parts = "; ".join(SECTIONS)
        raise UserError(f"the answer {where}; missing: {parts}; fill in what `technogate intake template` writes")
    front = lines[1 : ends[1]]
    try:
        tables = tomllib.loads("\n".join(["", *front]))
    except tomllib.TOMLDecodeError as error:
        raise UserError(
            f"the front part is no TOML: {' '.join(str(error).split())[:200]}; correct that line"
        ) from error
    problems = [*_by_schema(tables, front), *_by_contract(tables, front, contract)]
    problems.sort(key=lambda one: (one.line == 0, one.line, one.key))
    whole = all(one.detail for one in problems)
    return Reading(answer=msgspec.convert(tables, Answer) if whole else None, problems=tuple(problems))


def _by_schema(tables: dict[str, Any], front: list[str]) -> list[Problem]:
    """What the schema refuses, each with its line."""
    found = []
    for error in Draft202012Validator(json.loads(intake_schema())).iter_errors(tables):
        path = [str(part) for part in error.absolute_path]
        if error.validator == "required":
            names = [name for name in error.validator_value if name not in error.instance]
            found += [Problem(line=0, key=".".join([*path, str(name)]), cure="add it") for name in names]
        elif error.validator == "additionalProperties":
            names = sorted(set(error.instance) - set(error.schema.get("properties", {})))
            found += [_problem([*path, name], front, "is not known; remove it") for name in names]
        else:
            found.append(_problem(path, front, _cure(error)))
    return list(dict.fromkeys(found))


def _cure(error: ValidationError) -> str:
    if error.validator == "enum":
        return f"write one of {', '.join(str(each) for each in error.validator_value)}"
    if error.validator in ("minLength", "pattern"):
        return "fill it in" if error.validator == "minLength" else "copy it from the template"
    words = {"number": "a number", "boolean": "true or false", "array": "a list", "string": "text", "object": "a table"}
    if error.validator == "type":
        return f"write {words.get(str(error.validator_value), str(error.validator_value))}"
    return f"must keep to {error.validator} {error.validator_value}"


def _by_contract(tables: Mapping[str, Any], front: list[str], contract: Contract) -> list[Problem]:
    """What only the contract can tell: every layer and endpoint of it, and no other; gaps that fit them."""
    found = []
    if tables.get("digest") != contract.digest or tables.get("contract") != contract.id:
        found.append(
            _problem(["digest"], front, f"it answers another contract than {contract.id}; begin a new template")
        )
    wanted = {"layer": list(LAYERS), "endpoint": [operation.id for operation in contract.guarded]}
    for table, names in wanted.items():
        rows = tables.get(table)
        given = rows if isinstance(rows, Mapping) else {}
        found += [Problem(line=0, key=f"{table}.{name}", cure="add the table") for name in names if name not in given]
        found += [_problem([table, name], front, "is not asked for; remove it") for name in given if name not in names]
        found += [one for name in names if name in given for one in _entry([table, name], given[name], front)]
    return found + _gaps(tables.get("gaps"), front, {name for names in wanted.values() for name in names})


def _entry(path: list[str], entry: object, front: list[str]) -> list[Problem]:
    """An entry that does not say where it can be seen, or what is missing."""
    if not isinstance(entry, Mapping):
        return []
    found = []
    state, evidence, gap = entry.get("state"), entry.get("evidence"), entry.get("gap")
    if isinstance(evidence, str) and not evidence.strip() and state != "missing":
        found.append(_problem([*path, "evidence"], front, "say where it can be seen", detail=True))
    if isinstance(gap, str) and not gap.strip() and state in ("partial", "missing"):
        found.append(_problem([*path, "gap"], front, "say what is missing", detail=True))
    return found


def _gaps(gaps: object, front: list[str], names: set[str]) -> list[Problem]:
    """Gaps that concern nothing, and a list that contradicts itself."""
    if not isinstance(gaps, Mapping):
        return []
    listed = gaps.get("list", [])
    rows = listed if isinstance(listed, list) else []
    found = []
    if gaps.get("none") is bool(rows):
        found.append(_problem(["gaps", "none"], front, "write true when no gap is listed, false when one is"))
    for number, one in enumerate(rows):
        concerns = one.get("concerns") if isinstance(one, Mapping) else None
        if isinstance(concerns, str) and concerns and concerns not in names:
            cure = f"name one of {', '.join(sorted(names))}"
            found.append(_problem(["gaps", "list", str(number), "concerns"], front, cure))
    return found


def _problem(path: list[str], front: list[str], cure: str, *, detail: bool = False) -> Problem:
    return Problem(line=_line_of(path, front), key=".".join(path), cure=cure, detail=detail)


def _line_of(path: list[str], front: list[str]) -> int:
    """The line of the file where the key `path` stands, of its table when the key has none; 0 when unknown."""
    index = next((int(part) for part in path if part.isdecimal()), 0)
    words = [part for part in path if not part.isdecimal()]
    here, seen, table_line = "", -1, 0
    for number, line in enumerate(front, 2):
        header = re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line)
        if header:
            here = header[1].replace('"', "")
            seen += line.lstrip().startswith("[[")
            if here == ".".join(words) or here == ".".join(words[:-1]):
                table_line = number
        key = re.match(r'\s*"?([\w-]+)"?\s*=', line)
        full = f"{here}.{key[1]}" if here and key else key[1] if key else ""
        if full == ".".join(words) and (here != "gaps.list" or seen == index):
            return number
    return table_line
