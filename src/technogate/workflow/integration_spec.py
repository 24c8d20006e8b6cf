"""Phase 3: the integration specification, made from the contract, the deploy gate's list and the composition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from technogate.contract.loader import Contract, Operation
from technogate.deploy.decide import TITLES
from technogate.model.requirement import Requirement
from technogate.util.text import markdown_block, markdown_code, markdown_text
from technogate.workflow.facts import about, endpoint_section, page, row, schema_section, table

NAME = "INTEGRATION_SPEC.md"

#: The composition that the gate itself starts, within the shipped data.
COMPOSITION = "docker-compose.test.yml"

_CONTENTS = """1. [Adapter endpoints](#adapter-endpoints)
2. [Schemas](#schemas)
3. [Testing scenarios](#testing-scenarios)
4. [Composition of both services](#composition-of-both-services)
5. [Deployment checklist](#deployment-checklist)
"""


def specification(contract: Contract, composition: str) -> str:
    """The whole document; `composition` is the text of the composition's file."""
    parts = [f"# Integration specification: {markdown_text(contract.title)}\n", about(contract), _CONTENTS]
    operations = [_endpoint(one) for one in contract.operations.values()]
    parts += ["## Adapter endpoints\n", *table("operation | endpoint | key | answers", *operations)]
    parts += [*endpoint_section(contract), "## Schemas\n", *schema_section(contract)]
    parts += ["## Testing scenarios\n", *_scenarios(contract)]
    parts += ["## Composition of both services\n", *_composition(contract, composition)]
    parts += ["## Deployment checklist\n"]
    parts += ["Each line is proven by `technogate deploy-check`; nothing is deployed while one is not.\n"]
    parts += [f"- [ ] {title}" for title in TITLES]
    return page(parts)


def scenarios(contract: Contract) -> dict[str, list[Requirement]]:
    """Group -> its requirements; each requirement of the contract stands in one of them."""
    members = {
        group: [one for one in contract.requirements.values() if one.group == group] for group in contract.groups
    }
    return {group: found for group, found in members.items() if found}


def _endpoint(one: Operation) -> str:
    answers = ", ".join(str(status) for status in one.responses)
    endpoint = markdown_code(f"{one.method} {one.path}", cell=True)
    return row(markdown_text(one.id), endpoint, "yes" if one.guarded else "no", answers)


def _scenarios(contract: Contract) -> Iterator[str]:
    """A scenario for each group: the command that runs it, and the requirements that it proves."""
    yield (
        f"{len(contract.requirements)} requirements in {len(scenarios(contract))} scenarios. `pair.toml` is the target "
        "file that describes your pair; one that describes a backend alone is judged by what concerns a backend. A "
        "scenario holds when its command exits with 0. `technogate validate --target pair.toml` runs all of them, and "
        "alone yields a verdict.\n"
    )
    for group, members in scenarios(contract).items():
        yield f"### {markdown_text(contract.groups[group])} ({len(members)})\n"
        yield markdown_block(f"technogate check {group} --target pair.toml", language="sh")
        yield from table(
            "id | party | level | requirement",
            *(row(one.id, one.party.value, one.level.value.upper(), markdown_text(one.text)) for one in members),
        )


def _composition(contract: Contract, composition: str) -> Iterator[str]:
    """What the services are told, and the file that composes them."""
    console, health = contract.behavior.console, contract.operation(contract.behavior.operations.health)
    url, key = markdown_code(console.url_variable), markdown_code(console.key_variable)
    up = markdown_code(f"{health.method} {health.path}")
    yield f"- The console finds the backend by {url}, and its key by {key}."
    yield f"- The backend says that it is up at {up}; both are up within {contract.behavior.time.start_s:g} s."
    for name, networks in _services(composition).items():
        yield f"- Service {markdown_code(name)} on {', '.join(markdown_code(one) for one in networks)}."
    yield f"\nThis is {markdown_code(COMPOSITION)}, which the gate starts with `--target compose`:\n"
    yield markdown_block(composition.rstrip("\n"), language="yaml")


def _services(composition: str) -> dict[str, list[str]]:
    """Service -> its networks, of those that are always started."""
    document = yaml.safe_load(composition)
    services = document.get("services") if isinstance(document, Mapping) else None
    found = services if isinstance(services, Mapping) else {}
    return {
        str(name): [str(one) for one in service.get("networks", [])]
        for name, service in found.items()
        if isinstance(service, Mapping) and not service.get("profiles")
    }
