"""Read target files, check them against their schema, and decode them.

Every error becomes one line that names the file, the key, what is wrong and the likely right key.
"""

from __future__ import annotations

import difflib
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from technogate.contract.schema_wording import SchemaMistake
from technogate.contract.schemas import Schemas
from technogate.model.errors import TargetFileError
from technogate.target.extends import read_extended
from technogate.target.placeholders import placeholder_mistakes
from technogate.target.spec import TargetFile
from technogate.util.shipped import shipped

#: The JSON Schema of target files, within the shipped data.
SCHEMA = Path("contracts", "schemas", "target.schema.json")
_INDEX = re.compile(r"\[[0-9]+\]")
_TYPES = {
    "object": "a table",
    "array": "a list",
    "string": "a string in quotes",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def read_target_file(path: Path) -> TargetFile:
    """Read, check and decode the target file at `path`; raises TargetFileError with every error."""
    document = read_extended(path)
    mistakes = list(_mistakes(document, shipped(SCHEMA).read_text("utf-8")))
    if not mistakes:
        spec, mistakes = _decode(document, path.stem)
        if spec is not None:
            return spec
    raise TargetFileError(*(f"{path.name}: {mistake}" for mistake in mistakes))


def _mistakes(document: dict[str, Any], schema: str) -> Iterator[str]:
    """What breaks the schema, misspelt keys first: they explain most of the other mistakes."""
    schemas, known = _compiled(schema)
    for mistake in sorted(schemas.mistakes("#", document), key=_rank):
        yield from _explain(mistake, known)


@cache
def _compiled(schema: str) -> tuple[Schemas, list[str]]:
    """The schema of this text, compiled once in a process, and its known keys."""
    parsed = json.loads(schema)
    return Schemas(parsed), list(_known_keys(parsed))


def _rank(mistake: SchemaMistake) -> tuple[int, list[str]]:
    """Misspelt keys, wrong values, rules within a table, rules between tables; in the order of their paths."""
    rule = 2 if mistake.rule_path[0] == "properties" else 3
    ranks = {"additionalProperties": 0, "required": rule, "not": rule, "anyOf": rule, "oneOf": rule}
    return ranks.get(mistake.keyword, 1), [str(part) for part in mistake.path]


def _known_keys(schema: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield every key of the schema, as a dotted path."""
    for name, below in schema.get("properties", {}).items():
        yield prefix + name
        yield from _known_keys(below.get("items", below), f"{prefix}{name}.")


def _explain(mistake: SchemaMistake, known: list[str]) -> Iterator[str]:
    """One line for each key that `mistake` is about."""
    path = _dotted(mistake.path)
    description = mistake.schema.get("description", "")
    value = mistake.value
    rule: Any = mistake.wanted
    match mistake.keyword:
        case "additionalProperties":
            for key in sorted(mistake.names):
                yield _unknown_key(f"{path}.{key}" if path else key, known)
        case "type":
            wanted = rule if isinstance(rule, list) else [rule]
            yield f"{path} must be {' or '.join(_TYPES[name] for name in wanted)}"
        case "enum":
            words = [str(word) for word in rule]
            yield f'{path} must be {" or ".join(words)}, not "{value}"{_guess(str(value), words)}'
        case "minLength" | "minItems":
            yield f"{path} must not be empty"
        case "required" | "not" | "anyOf" | "oneOf":
            yield f"{path}: {description}" if path else str(description)
        case _ if "propertyNames" in mistake.rule_path:
            yield f'{path}: "{value}" is not the {description}'
        case _:
            yield f"{path} must be {description}, not {json.dumps(value, default=str)[:80]}"


def _dotted(path: tuple[str | int, ...]) -> str:
    """A path as a key of the file: `backend.command[1]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _unknown_key(path: str, known: list[str]) -> str:
    """The line for a key that the schema does not have."""
    table, _, name = path.rpartition(".")
    table = _INDEX.sub("", table)
    here = {key.rpartition(".")[2]: key for key in known if key.rpartition(".")[0] == table}
    close = difflib.get_close_matches(name, here, n=1)
    same_name = [key for key in known if key.rpartition(".")[2] == name]
    guess = [here[word] for word in close] or same_name or difflib.get_close_matches(path, known, n=1, cutoff=0.8)
    if guess:
        return f"{path} is not a known key; did you mean {guess[0]}?"
    return f"{path} is not a known key; known here: {', '.join(here)}"


def _guess(word: str, words: list[str]) -> str:
    """`; did you mean …?` when one of `words` is near `word`, else nothing."""
    close = difflib.get_close_matches(word.lower(), words, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _decode(document: dict[str, Any], stem: str) -> tuple[TargetFile | None, list[str]]:
    """Decode the document, or return the errors that a schema cannot express."""
    whole: dict[str, Any] = {"name": stem, **document}
    mistakes: list[str] = []
    for side in ("backend", "console"):
        if isinstance(command := whole.get(side, {}).get("command"), str):
            try:
                words = shlex.split(command)
            except ValueError as error:
                mistakes.append(f"{side}.command cannot be split into words: {str(error).lower()}")
                words = []
            whole[side] = {**whole[side], "command": words}
    if mistakes:
        return None, mistakes
    spec = msgspec.convert(whole, TargetFile)
    mistakes = [*_command_mistakes(spec), *_pattern_mistakes(spec), *placeholder_mistakes(spec)]
    return (None, mistakes) if mistakes else (spec, [])


def _command_mistakes(spec: TargetFile) -> Iterator[str]:
    """Yield empty commands, and programs without a port."""
    if spec.compose is not None:
        return
    for side, served in (("backend", spec.backend), ("console", spec.console)):
        if served is None or served.url or (served is spec.console and spec.console.driver == "module"):
            continue
        if not served.command or not served.command[0].strip():
            yield f"{side}.command must not be empty"
        elif served is spec.backend and spec.backend.socket:
            continue
        elif served.serves and "{port}" not in served.serves and f":{served.port}" not in served.serves:
            yield f"{side}.serves has no {{port}}: write it there, or name the port of the program with {side}.port too"
        elif served.port is None and not served.movable:
            yield f"{side}.port is missing: neither command nor env has {{port}}, so name the port of the program"


def _pattern_mistakes(spec: TargetFile) -> Iterator[str]:
    """Yield what is no regular expression."""
    for side, served in (("backend", spec.backend), ("console", spec.console)):
        try:
            re.compile(served.ready_log if served is not None else "")
        except re.error as error:
            yield f"{side}.ready_log is no regular expression: {error}"
