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

#: The compose file that the gate starts, within the shipped data.
COMPOSITION = "docker-compose.test.yml"

_CONTENTS = """1. [Adapter endpoints](#adapter-endpoints)
2. [Schemas](#schemas)
3. [Testing scenarios](#testing-scenarios)
4. [Composition of both services](#composition-of-both-services)
5. [Deployment checklist](#deployment-checklist)
"""


def specification(contract: Contract, composition: str) -> str:
    """The whole document; `composition` is the text of the compose file."""
    parts = [f"# Integration specification: {markdown_text(contract.title)}\n", about(contract), _CONTENTS]
    operations = [_endpoint(operation) for operation in contract.operations.values()]
    parts += ["## Adapter endpoints\n", *table("operation | endpoint | key | responses", *operations)]
    parts += [*endpoint_section(contract), "## Schemas\n", *schema_section(contract)]
    parts += ["## Testing scenarios\n", *_scenarios(contract)]
    parts += ["## Composition of both services\n", *_composition(contract, composition)]
    parts += ["## Deployment checklist\n"]
    parts += ["`technogate deploy-check` proves each line. Deploy only when all of them are proven.\n"]
    parts += [f"- [ ] {title}" for title in TITLES]
    return page(parts)


def scenarios(contract: Contract) -> dict[str, list[Requirement]]:
    """Group -> its requirements; each requirement of the contract is in one group."""
    members = {
        group: [requirement for requirement in contract.requirements.values() if requirement.group == group]
        for group in contract.groups
    }
    return {group: requirements for group, requirements in members.items() if requirements}


def _endpoint(operation: Operation) -> str:
    statuses = ", ".join(str(status) for status in operation.responses)
    endpoint = markdown_code(f"{operation.method} {operation.path}", cell=True)
    return row(markdown_text(operation.id), endpoint, "yes" if operation.guarded else "no", statuses)


def _scenarios(contract: Contract) -> Iterator[str]:
    """A scenario for each group: the command that runs it, and the requirements that it proves."""
    yield (
        f"{len(contract.requirements)} requirements in {len(scenarios(contract))} scenarios. `pair.toml` is the target "
        "file that describes your pair; when it describes a backend alone, only the requirements on a backend are "
        "judged. A scenario passes when its command exits with 0. `technogate validate --target pair.toml` runs all "
        "scenarios, and only that command gives a verdict.\n"
    )
    for group, members in scenarios(contract).items():
        yield f"### {markdown_text(contract.groups[group])} ({len(members)})\n"
        yield markdown_block(f"technogate check {group} --target pair.toml", language="sh")
        yield from table(
            "id | party | level | requirement",
            *(
                row(member.id, member.party.value, member.level.value.upper(), markdown_text(member.text))
                for member in members
            ),
        )


def _composition(contract: Contract, composition: str) -> Iterator[str]:
    """The variables and networks of the services, and the compose file."""
    console, health = contract.behavior.console, contract.operation(contract.behavior.operations.health)
    url, key = markdown_code(console.url_variable), markdown_code(console.key_variable)
    up = markdown_code(f"{health.method} {health.path}")
    yield f"- The console reads the URL of the backend from {url} and its key from {key}."
    start_s = contract.behavior.time.start_s
    yield f"- The backend reports at {up} that it is up; both services are up within {start_s:g} s."
    for name, networks in _services(composition).items():
        yield f"- Service {markdown_code(name)} on {', '.join(markdown_code(network) for network in networks)}."
    yield f"\nThis is {markdown_code(COMPOSITION)}, which the gate starts with `--target compose`:\n"
    yield markdown_block(composition.rstrip("\n"), language="yaml")


def _services(composition: str) -> dict[str, list[str]]:
    """Service -> its networks, for the services that are always started."""
    document = yaml.safe_load(composition)
    services = document.get("services") if isinstance(document, Mapping) else None
    members = services if isinstance(services, Mapping) else {}
    return {
        str(name): [str(network) for network in service.get("networks", [])]
        for name, service in members.items()
        if isinstance(service, Mapping) and not service.get("profiles")
    }
