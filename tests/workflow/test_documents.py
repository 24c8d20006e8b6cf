"""Prompt, template, ideal and specification: made of the contract, all of it, and of nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from technogate.contract.loader import ContractError
from technogate.contract.selection import select
from technogate.deploy.decide import TITLES
from technogate.workflow.facts import examples_beside, exchange_example, node_at, schema_examples
from technogate.workflow.intake import ideal, prompt, template
from technogate.workflow.integration_spec import scenarios, specification
from tests.workflow.answers import CONTRACT, ROOT

COMPOSITION = (ROOT / "docker-compose.test.yml").read_text("utf-8")
SPEC = specification(CONTRACT, COMPOSITION)


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return [one.content for one in MarkdownIt("commonmark").parse(text) if one.type == "fence" and one.info == language]


def test_every_example_of_the_specification_is_valid() -> None:
    """The examples of each schema and of each exchange conform to the contract."""
    names = list(node_at(CONTRACT, "#/components/schemas"))
    shown = re.findall(r"^### `(\w+)`\n\n(.*?)(?=^##)", SPEC, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in shown] == names
    for name, section in shown:
        schema, *examples = blocks(section, "json")
        assert json.loads(schema).keys() <= node_at(CONTRACT, f"#/components/schemas/{name}").keys()
        values = [json.loads(line) for block in examples for line in block.splitlines()]
        assert len(values) == len(schema_examples(CONTRACT)[name])
        for value in values:
            assert CONTRACT.schema_problems(name, value) == []
    assert sum(map(len, schema_examples(CONTRACT).values())) > 20


def test_every_exchange_conforms() -> None:
    """For each operation and each of its responses, request and body are valid."""
    for operation in CONTRACT.operations.values():
        for status in operation.responses:
            asked, _, answered = exchange_example(CONTRACT, operation, status).partition(f"\nHTTP/1.1 {status}\n")
            body = answered.partition("\n\n")[2]
            assert CONTRACT.response_problems(operation.id, status, json.loads(body) if body else None) == []
            sent = asked.partition("\n\n")[2].strip()
            if sent.startswith("{"):
                assert CONTRACT.request_problems(operation.id, json.loads(sent)) == []
            if status == 200 and examples_beside(CONTRACT, operation.request_pointer):
                assert sent.startswith("{")


def test_an_example_that_is_not_valid_stops_the_document() -> None:
    """An invalid example is never printed."""
    document = json.loads(json.dumps(CONTRACT.document))
    document["components"]["schemas"]["StatusType"]["examples"] = ["approved"]
    with pytest.raises(ContractError, match="an example of StatusType is not valid"):
        specification(replace(CONTRACT, document=document), COMPOSITION)


def test_each_requirement_stands_in_one_scenario_and_its_command_runs_it() -> None:
    """The command of a scenario selects exactly the requirements in its table."""
    section = SPEC.partition("## Testing scenarios")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([A-Z]{3}-\d+) \|", section, re.MULTILINE)
    assert sorted(rows) == sorted(CONTRACT.requirements)
    commands = blocks(section, "sh")
    assert len(commands) == len(scenarios(CONTRACT))
    for command, members in zip(commands, scenarios(CONTRACT).values(), strict=True):
        words = command.split()
        assert (words[:2], words[3:]) == (["technogate", "check"], ["--target", "pair.toml"])
        assert list(select(CONTRACT, [words[2]])) == [one.id for one in members]


def test_the_specification_has_the_composition_and_the_deploy_gates_own_list() -> None:
    """The document contains both unchanged."""
    assert blocks(SPEC, "yaml") == [COMPOSITION]
    assert re.findall(r"^- \[ \] (.*)$", SPEC, re.MULTILINE) == [*TITLES]
    assert "- Service `backend` on `techno-net`." in SPEC
    assert "Service `postgres`" not in SPEC


def test_documents_name_every_operation_and_the_digest() -> None:
    """The prompt asks about each guarded endpoint, and each document names its contract."""
    asked = prompt(CONTRACT)
    for operation in CONTRACT.operations.values():
        for text in (asked, SPEC):
            assert f"### {operation.id}: `{operation.method} {operation.path}`" in text
        for text in (asked, template(CONTRACT), ideal(CONTRACT)):
            assert (f"[endpoint.{operation.id}]" in text) == operation.guarded
    for text in (asked, template(CONTRACT), ideal(CONTRACT), SPEC):
        assert CONTRACT.digest in text
