"""`contract new`: three documents of three kinds become folders that say the same, and that lint accepts."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from technogate.authoring.diff.compare import changes_between
from technogate.authoring.diff.folder_text import read_text, valid_document
from technogate.authoring.diff.operation_changes import document_changes
from technogate.authoring.lint.lint_folder import lint_folder
from technogate.authoring.lint.requirement_rules import checked_ids
from technogate.authoring.new.new_folder import new_folder
from technogate.contract.files import ContractError
from technogate.model.errors import UserError

DOCUMENTS = Path(__file__).with_name("documents")
NAMES = ("bearer", "crud", "nullable")


def made(name: str, tmp_path: Path) -> tuple[Path, dict[str, Any], str]:
    """The folder of one document, its OpenAPI document, and its questions."""
    folder, _ = new_folder(DOCUMENTS / f"{name}.yaml", tmp_path / name)
    document = yaml.safe_load((folder / "openapi.yaml").read_text("utf-8"))
    return folder, document, (folder / "QUESTIONS.md").read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_lint_accepts_the_folder(name: str, tmp_path: Path) -> None:
    """No rule finds a problem, and a run would load it."""
    folder, _, _ = made(name, tmp_path)
    assert lint_folder(folder) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_was_described_is_kept(name: str, tmp_path: Path) -> None:
    """Against the document that was given, nothing is gone but what a question names, and no schema has changed."""
    folder, _, questions = made(name, tmp_path)
    before = valid_document(DOCUMENTS / f"{name}.yaml", (DOCUMENTS / f"{name}.yaml").read_bytes())
    after = valid_document(folder, (folder / "openapi.yaml").read_bytes())
    expected = {
        "bearer": {"security-changed", "request-media-type-added", "request-media-type-removed"},
        "crud": {"operation-removed", "operation-id-changed"} | {"request-pattern-removed", "response-pattern-removed"},
        "nullable": {"response-body-added"},
    }[name]
    always = {"response-status-added", "response-status-removed", "response-example-changed", "request-example-changed"}
    rules = {change.rule for change in document_changes(before, after)}
    assert rules - always - {"parameter-example-changed"} == expected
    assert "- [ ] " in questions


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_equals_itself_and_is_made_the_same_twice(name: str, tmp_path: Path) -> None:
    """Every file has the same bytes, and a comparison finds nothing."""
    one, other = made(name, tmp_path / "one")[0], made(name, tmp_path / "other")[0]
    assert changes_between(read_text(one), read_text(other)) == ()
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {
        path.name: path.read_bytes() for path in other.iterdir()
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_requirement_has_a_check(name: str, tmp_path: Path) -> None:
    """What fits any contract is tested, and applies: without a credential there is none on credentials."""
    folder, _, _ = made(name, tmp_path)
    rows = tomllib.loads((folder / "requirements.toml").read_text("utf-8"))["requirement"]
    assert rows.keys() <= checked_ids()
    assert ("AUT-01" in rows) == (name != "crud")


def test_a_crud_document(tmp_path: Path) -> None:
    """Ids, single status codes, an envelope for errors; what is no JSON is left out, and each of these is asked."""
    folder, document, questions = made("crud", tmp_path)
    listed = document["paths"]["/notes"]["post"]
    assert listed["operationId"] == "postNotes"
    assert list(listed["responses"]) == ["201", "400", "500"]
    assert "/notes/{id}/picture" not in document["paths"]
    assert document["paths"]["/notes/{id}"]["put"]["responses"].keys() == {"200", "400", "404", "500"}
    for text in ("image/png", "What is the body of an error?", "(?i)^[a-z]+$", "Which header identifies the request"):
        assert text in questions
    behavior = tomllib.loads((folder / "behavior.toml").read_text("utf-8"))
    assert behavior["operations"] == {"health": "health"}
    assert "trace" not in behavior["headers"]


def test_bearer_and_path_parameters(tmp_path: Path) -> None:
    """The token is a bearer token, ranges become single codes, and the header of all answers identifies a request."""
    folder, document, questions = made("bearer", tmp_path)
    assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    assert document["paths"]["/parcels/{number}"]["get"]["responses"].keys() == {
        "200",
        "400",
        "401",
        "403",
        "404",
        "500",
    }
    assert tomllib.loads((folder / "behavior.toml").read_text("utf-8"))["headers"] == {
        "key": "Authorization",
        "trace": "X-Request-Id",
    }
    (example,) = document["components"]["schemas"]["Number"]["examples"]
    assert re.fullmatch("PN-[0-9]{6}", example)
    assert "application/problem+json" in questions


def test_openapi_30(tmp_path: Path) -> None:
    """`nullable`, boolean bounds and `example` are written in 3.1; a wrong example is replaced, and asked about."""
    _, document, questions = made("nullable", tmp_path)
    reading = document["components"]["schemas"]["Reading"]["properties"]
    assert reading["meter"] == {"type": "integer", "exclusiveMinimum": 0, "examples": [7]}
    assert reading["value"] == {"type": "number", "minimum": 0, "exclusiveMaximum": 100}
    assert reading["unit"] == {"type": ["string", "null"], "enum": ["kWh", "MWh", None]}
    assert reading["place"] == {"$ref": "#/components/schemas/Place"}
    assert document["components"]["schemas"]["Place"]["type"] == ["object", "null"]
    assert document["paths"]["/readings"]["get"]["parameters"][0]["example"] == "2026-02-01"
    body = document["paths"]["/readings"]["post"]["requestBody"]["content"]["application/json"]
    assert body["examples"]["generated"]["value"]["value"] >= 0
    assert "an example contradicts the schema" in questions


def test_the_folder_is_named_after_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Title and version; one that is there already is not touched."""
    monkeypatch.chdir(tmp_path)
    folder, _ = new_folder(DOCUMENTS / "crud.yaml", None)
    assert folder == Path("notes-v1.2")
    before = (folder / "openapi.yaml").read_bytes()
    with pytest.raises(UserError, match="is there already"):
        new_folder(DOCUMENTS / "crud.yaml", None)
    assert (folder / "openapi.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("openapi: [", "correct the YAML"),
        ("openapi: 2.0.0\ninfo: {title: A, version: '1'}\npaths: {}\n", "version 3.0 or 3.1"),
        ("openapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths: {}\n", "no operation is left"),
    ],
)
def test_what_is_no_document_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    """One line, and nothing is written."""
    (tmp_path / "odd.yaml").write_text(text, "utf-8")
    with pytest.raises(ContractError, match=re.escape(problem)) as raised:
        new_folder(tmp_path / "odd.yaml", tmp_path / "out")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()
