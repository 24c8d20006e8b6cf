"""`contract lint`: the shipped contract has no problem, and each planted one is found in its line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from technogate.authoring.lint.lines import toml_lines, yaml_lines
from technogate.authoring.lint.lint_folder import lint_folder
from technogate.authoring.lint.problem import NOTES, Problem
from technogate.contract.files import ContractError
from tests.conftest import ROOT

CONSOLE = ROOT / "contracts" / "console-v0.1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped contract, to be damaged."""
    return Path(shutil.copytree(CONSOLE, tmp_path / "copy"))


def test_the_shipped_contract_has_no_problem() -> None:
    """Neither a problem nor a note."""
    assert lint_folder(CONSOLE) == []


def replaced(file: str, before: str, after: str) -> Callable[[Path], None]:
    """A damage: a text of a file replaced, once."""

    def damage(folder: Path) -> None:
        text = (folder / file).read_text("utf-8")
        assert before in text
        (folder / file).write_text(text.replace(before, after, 1), "utf-8")

    return damage


def added(file: str, more: str) -> Callable[[Path], None]:
    """A damage: more text at the end of a file."""

    def damage(folder: Path) -> None:
        path = folder / file
        path.write_text(path.read_text("utf-8") + more, "utf-8")

    return damage


OPENAPI, BEHAVIOR, REQUIREMENTS = "openapi.yaml", "behavior.toml", "requirements.toml"
LIMITS = "        minimum: 1\n        maximum: 1000\n        default: 50\n"
SELF = '      type: object\n      required: [a]\n      properties: {a: {$ref: "#/components/schemas/Odd"}}\n'


def schema(text: str) -> Callable[[Path], None]:
    """A damage: a schema `Odd` at the end of the document."""
    return added(OPENAPI, f"    Odd:\n      examples: [1]\n{text}")


#: Rule, damage, and a text of the line that it must be found in.
DAMAGES: list[tuple[str, Callable[[Path], None], str]] = [
    ("operation-without-id", replaced(OPENAPI, "      operationId: getHealth\n", ""), "get:"),
    (
        "error-without-envelope",
        replaced(
            OPENAPI,
            '        "503":\n          $ref: "#/components/responses/Unavailable"',
            '        "503":\n          description: No.',
        ),
        '"503":',
    ),
    (
        "body-without-schema",
        replaced(OPENAPI, '              schema:\n                $ref: "#/components/schemas/Health"\n', ""),
        "application/json:",
    ),
    (
        "success-missing",
        replaced(
            OPENAPI,
            '        "200":\n          description: The backend is up.',
            '        "500":\n          description: The backend is up.',
        ),
        "responses:",
    ),
    ("status-not-single", replaced(OPENAPI, '        "204":', "        default:"), "default:"),
    (
        "refusal-undocumented",
        replaced(OPENAPI, '        "401":\n          $ref: "#/components/responses/MissingKey"\n', ""),
        "responses:",
    ),
    (
        "invalid-undocumented",
        replaced(OPENAPI, '        "400":\n          $ref: "#/components/responses/BadRequest"\n', ""),
        "responses:",
    ),
    (
        "media-type-untested",
        replaced(OPENAPI, "        content:\n", "        content:\n          text/plain: {}\n"),
        "text/plain",
    ),
    ("parameter-without-restriction", replaced(OPENAPI, "        type: integer\n" + LIMITS, "        {}\n"), "schema:"),
    (
        "security-untested",
        replaced(OPENAPI, "      in: header\n      name: X-API-Key", "      in: query\n      name: X-API-Key"),
        "apiKey:",
    ),
    (
        "security-scheme-unused",
        replaced(OPENAPI, "  securitySchemes:\n", "  securitySchemes:\n    other: {type: http, scheme: bearer}\n"),
        "other:",
    ),
    (
        "security-unknown",
        replaced(OPENAPI, "security:\n  - apiKey: []", "security:\n  - apiKey: []\n    gone: []"),
        "security:",
    ),
    ("errors-differ", replaced(OPENAPI, "schemas/ErrorResponse", "schemas/BlockedEnvelope"), "MissingKey:"),
    ("enum-empty", replaced(OPENAPI, "enum: [SUCCESS, FAILED]", "enum: []"), "enum: []"),
    (
        "enum-repeats",
        replaced(OPENAPI, "enum: [SUCCESS, FAILED]", "enum: [SUCCESS, SUCCESS, FAILED]"),
        "enum: [SUCCESS",
    ),
    ("pattern-invalid", schema('      pattern: "(?i)a"\n'), 'pattern: "(?i)a"'),
    ("pattern-unmatched", schema('      type: string\n      pattern: "^a$b"\n'), 'pattern: "^a$b"'),
    (
        "pattern-unmatched",
        schema('      type: string\n      pattern: "^a{3}$"\n      maxLength: 2\n'),
        'pattern: "^a{3}$"',
    ),
    ("pattern-fields", schema("      patternProperties: {}\n"), "patternProperties: {}"),
    ("schema-unsatisfiable", schema("      minimum: 3\n      maximum: 2\n"), "Odd:"),
    ("schema-unsatisfiable", schema("      allOf: [{type: string}, {type: object}]\n"), "Odd:"),
    ("schema-unsatisfiable", schema("      type: string\n      enum: [1]\n"), "Odd:"),
    ("schema-unsatisfiable", schema("      required: [a]\n      additionalProperties: false\n"), "Odd:"),
    ("schema-unsatisfiable", schema(SELF), "Odd:"),
    ("example-missing", added(OPENAPI, "    Odd: {type: string}\n"), "Odd:"),
    ("example-invalid", added(OPENAPI, "    Odd: {type: string, examples: [1]}\n"), "Odd:"),
    ("openapi-invalid", replaced(OPENAPI, "paths:\n", "paths: [\n"), ""),
    ("openapi-invalid", replaced(OPENAPI, "openapi: 3.1.0", "openapi: 2.0.0"), ""),
    ("times-contradict", replaced(BEHAVIOR, "abort_earliest_s = 14.0", "abort_earliest_s = 17.0"), "abort_earliest_s"),
    ("times-contradict", replaced(BEHAVIOR, "fetchMemory = 0.5", "fetchMemory = 20"), "fetchMemory = 20"),
    ("status-unknown", replaced(BEHAVIOR, 'approved = "APPROVED"', 'approved = "FINE"'), "approved ="),
    ("reason-code-unknown", replaced(BEHAVIOR, 'timeout = "TIMEOUT"', 'timeout = "LATE"'), "timeout ="),
    ("operation-unknown", replaced(BEHAVIOR, 'memory = "fetchMemory"', 'memory = "fetchAll"'), "memory ="),
    ("operation-unknown", replaced(BEHAVIOR, "fetchMemory = 0.5", "fetchAll = 0.5"), "fetchAll ="),
    ("part-twice", replaced(BEHAVIOR, 'memory = "fetchMemory"', 'memory = "fetchAuditLog"'), "memory ="),
    (
        "parameter-unknown",
        replaced(BEHAVIOR, 'limit_parameter = "limit"', 'limit_parameter = "most"'),
        "limit_parameter",
    ),
    ("key-header-unknown", replaced(BEHAVIOR, 'key = "X-API-Key"', 'key = "X-Odd"'), 'key = "X-Odd"'),
    ("trace-header-missing", replaced(BEHAVIOR, 'trace = "X-Trace-Id"', 'trace = "X-Odd"'), 'trace = "X-Odd"'),
    ("behavior-invalid", replaced(BEHAVIOR, "[headers]", "[headers"), "[headers"),
    ("requirement-without-check", replaced(REQUIREMENTS, "[requirement.ENV-04]", "[requirement.ENV-99]"), "ENV-99"),
    (
        "requirement-twice",
        added(
            REQUIREMENTS,
            '\n[requirement.ENV-98]\nparty = "backend"\nlevel = "should"\n'
            'group = "execute"\ntext = "the OpenAPI document is valid"\n',
        ),
        'text = "the OpenAPI',
    ),
    (
        "requirement-tested",
        replaced(REQUIREMENTS, "[requirement.ENV-04]\n", '[requirement.ENV-04]\nnot_tested = "no time"\n'),
        "not_tested",
    ),
    ("requirement-invalid", replaced(REQUIREMENTS, 'party = "backend"', 'party = "nobody"'), "ENV-01"),
    ("decision-unknown", replaced(REQUIREMENTS, 'decisions = ["D10"]', 'decisions = ["D99"]'), "D99"),
    ("group-unused", replaced(REQUIREMENTS, "[groups]\n", '[groups]\nodd = "Odd"\n'), "odd ="),
    ("decisions-invalid", replaced("decisions.md", "## D1 — ", "## D1 "), "## D1 "),
    (
        "contract-refused",
        replaced(BEHAVIOR, 'fallback = "fetchDiagnosticMetrics"', 'further = "fetchDiagnosticMetrics"'),
        "",
    ),
]


def found(folder: Path, rule: str) -> list[Problem]:
    """The problems by one rule."""
    return [problem for problem in lint_folder(folder) if problem.rule == rule]


@pytest.mark.parametrize(
    ("rule", "damage", "text"), DAMAGES, ids=[f"{number}-{row[0]}" for number, row in enumerate(DAMAGES)]
)
def test_a_damage_is_found_in_its_line(folder: Path, rule: str, damage: Callable[[Path], None], text: str) -> None:
    """By its rule, in a line with the text; it is a problem unless the rule gives notes."""
    damage(folder)
    problems = found(folder, rule)
    assert problems
    lines = [(folder / problem.file).read_text("utf-8").splitlines()[problem.line - 1] for problem in problems]
    assert any(text in line for line in lines), (problems, lines)
    assert all(problem.is_note == (rule in NOTES) for problem in problems)


def test_a_missing_file_is_one_problem(folder: Path) -> None:
    """The other files are looked at all the same."""
    (folder / OPENAPI).unlink()
    replaced(BEHAVIOR, "abort_earliest_s = 14.0", "abort_earliest_s = 17.0")(folder)
    rules = {problem.rule for problem in lint_folder(folder)}
    assert rules == {"file-missing", "times-contradict"}


def test_an_old_version_of_openapi_is_named(folder: Path) -> None:
    """A contract is written in 3.1; what is wrong beside that is found all the same."""
    paths = "{/a: {get: {operationId: a, responses: {'200': {description: A.}, '404': {description: No.}}}}}"
    (folder / OPENAPI).write_text(f"openapi: 3.0.3\ninfo: {{title: A, version: '1'}}\npaths: {paths}\n", "utf-8")
    problems = lint_folder(folder)
    assert [(one.line, one.rule) for one in problems if one.file == OPENAPI] == [
        (1, "version-old"),
        (3, "error-without-envelope"),
    ]


def test_no_folder_is_refused(tmp_path: Path) -> None:
    """What is not there cannot be accepted."""
    with pytest.raises(ContractError, match="is not a contract folder"):
        lint_folder(tmp_path / "none")


def test_lines_of_yaml_and_toml() -> None:
    """Pointers lead to lines; what is not there has the line of what it stands in."""
    lines = yaml_lines('a:\n  b/c: [1,\n    2]\n  "d": &x {e: 1}\nf: *x\n')
    assert [lines.of(pointer) for pointer in ("#/a", "#/a/b~1c/1", "#/a/d/e", "#/f", "#/a/none")] == [1, 3, 4, 5, 1]
    lines = toml_lines('a = 1\n[b.c]\n"d" = 2 # x\n[[e]]\nf.g = 3\n')
    assert [lines.of(pointer) for pointer in ("#/a", "#/b/c/d", "#/e/f/g", "#/none")] == [1, 3, 5, 0]
    assert yaml_lines("a: [").of("#/a") == 0
