"""Make a contract folder from an OpenAPI document: what it says, what fits any contract, and questions for the rest."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from technogate.authoring.diff.folder_text import valid_document
from technogate.authoring.diff.operation_view import mapping
from technogate.authoring.lint.schema_rules import schemas_in
from technogate.authoring.new.behavior_text import behavior_text
from technogate.authoring.new.examples import NoExampleError, example_of, with_examples
from technogate.authoring.new.operations import Operations
from technogate.authoring.new.questions import Questions
from technogate.authoring.new.upgrade import upgraded
from technogate.contract.consistency import exampled
from technogate.contract.files import ContractError, yaml_in
from technogate.contract.openapi import RefError, locate, operations_of
from technogate.contract.schemas import SchemaError, Schemas
from technogate.model.errors import UserError
from technogate.util.ecma import PatternError, matcher
from technogate.util.write_file import write_file

_GENERAL = Path(__file__).with_name("general-requirements.toml")


class _Dumper(yaml.SafeDumper):
    """YAML without aliases: each part is written where it stands."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Never write an alias."""
        return True


def new_folder(file: Path, out: Path | None) -> tuple[Path, Questions]:
    """Write the folder that the document in `file` describes, and return it with the questions.

    `out` is the folder, None for one that is named after the document. Raises UserError for a folder that is there,
    ContractError for a document that is not valid.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}; name an OpenAPI document") from error
    questions = Questions()
    files = files_of(file, raw, questions)
    folder = out or Path(_slug(yaml_in(file, raw)))
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise UserError(f"{folder} is there already; name another folder with --out") from error
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}; correct --out") from error
    for name, text in files.items():
        write_file(folder / name, text)
    return folder, questions


def files_of(file: Path, raw: bytes, questions: Questions) -> dict[str, str]:
    """The files of the folder by name; raises ContractError for a document that is not valid."""
    document = upgraded(copy.deepcopy(dict(valid_document(file, raw))))
    try:
        return _files_of(file, document, questions)
    except RefError as error:
        raise ContractError(f"{file}: {error}; correct the reference") from error


def _files_of(file: Path, document: dict[str, Any], questions: Questions) -> dict[str, str]:
    operations = Operations(document, questions)
    operations.complete()
    if not list(operations_of(document)):
        raise ContractError(f"{file}: no operation is left that can be tested; describe one with JSON")
    _plain_patterns(document, questions)
    _give_examples(document, questions)
    behavior = behavior_text(document, operations, questions)
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    if json.dumps(yaml_in(file, text.encode())) != json.dumps(document):
        raise ContractError(f"{file}: the document cannot be written as YAML without a change; write its texts plainly")
    return {
        "openapi.yaml": text,
        "behavior.toml": behavior,
        "requirements.toml": _requirements(document, operations),
        "decisions.md": "# Decisions\n\nWhere sources disagree, a record says what was decided.\n\n## Left open\n\n"
        "See QUESTIONS.md.\n",
        "QUESTIONS.md": questions.markdown(),
    }


def _slug(document: object) -> str:
    info = mapping(mapping(document).get("info"))
    title = "-".join(re.findall(r"[a-z0-9]+", str(info.get("title", "")).lower())) or "contract"
    version = ".".join(re.findall(r"[0-9]+", str(info.get("version", "")))[:2]) or "1"
    return f"{title}-v{version}"


def _plain_patterns(document: dict[str, Any], questions: Questions) -> None:
    """Take away the patterns that the gate cannot read."""
    for pointer, schema in list(schemas_in(document)):
        node: Any = schema
        if "patternProperties" in node:
            del node["patternProperties"]
            text = "patternProperties is not supported. Which names can the fields have?"
            questions.ask(f"openapi.yaml {pointer}", text, "any")
        if isinstance(pattern := node.get("pattern"), str):
            try:
                matcher(pattern)
            except PatternError as error:
                del node["pattern"]
                questions.ask(f"openapi.yaml {pointer}", f"{error}. How is it written in ECMA 262?", "no pattern")


def _give_examples(document: dict[str, Any], questions: Questions) -> None:
    """Give an example to each named schema, body and parameter that has none, or a wrong one."""
    try:
        schemas = Schemas(document)
        for pointer, at, values in list(exampled(document, "#")):
            if values and not any(schemas.problems(at, value) for _, value in values):
                continue
            node: Any = locate(document, {"$ref": pointer}, "")[1]
            is_named = pointer == at and values[:1] != [("default", node.get("default"))]
            if values:
                text = "an example contradicts the schema. Which of them is right?"
                questions.ask(f"openapi.yaml {pointer}", text, "the schema")
                for key in ("example", "examples", "default") if pointer == at else ("example", "examples"):
                    node.pop(key, None)
                if not is_named and pointer == at:
                    continue
            _give_example(document, pointer, at, schemas, questions)
    except SchemaError as error:
        raise ContractError(f"openapi.yaml: {error}; correct the schema") from error


def _give_example(document: dict[str, Any], pointer: str, at: str, schemas: Schemas, questions: Questions) -> None:
    node: Any = locate(document, {"$ref": pointer}, "")[1]
    schema = locate(document, {"$ref": at}, "")[1]
    try:
        value = example_of(document, at, schema, schemas)
    except NoExampleError as error:
        questions.ask(f"openapi.yaml {pointer}", f"What is a valid value? None was found ({error}).", "none")
        return
    if pointer == at:
        node["examples"] = [value]
    else:
        changed = with_examples(node, value)
        node.clear()
        node.update(changed)


def _requirements(document: Mapping[str, Any], operations: Operations) -> str:
    """The requirements that fit any contract, as far as they apply."""
    general = tomllib.loads(_GENERAL.read_text("utf-8"))
    listed = list(operations_of(document))
    holds = {
        "always": True,
        "credential": any(operations.is_guarded(operation) for _, _, operation in listed),
        "input": any(operations.takes_input(path, operation) for path, _, operation in listed),
        "body": any("requestBody" in operation for _, _, operation in listed),
    }
    rows = {name: row for name, row in general["requirement"].items() if holds[row["when"]]}
    used = {row["group"] for row in rows.values()}
    lines = [
        "# The numbered sentences that console and backend are held to. Identifiers are never renumbered, never",
        "# reused. These fit any contract; add your own below. `technogate contract lint` names those without a check.",
        "",
        "[groups]",
        *(f"{name} = {json.dumps(title)}" for name, title in general["groups"].items() if name in used),
    ]
    for name, row in rows.items():
        lines += ["", f"[requirement.{name}]", 'party = "backend"']
        lines += [f"{key} = {json.dumps(row[key], ensure_ascii=False)}" for key in ("level", "group", "text")]
    return "\n".join(lines) + "\n"
