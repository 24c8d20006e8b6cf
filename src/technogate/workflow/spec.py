"""Phase 3: the integration specification, made from the contract, the deploy gate's list and the composition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from technogate.contract import Contract
from technogate.deploy_proofs import PROOFS
from technogate.text import markdown_block, markdown_text
from technogate.workflow.facts import about, endpoint_section, page, row, schema_section

NAME = "INTEGRATION_SPEC.md"


def specification(contract: Contract, home: Path) -> str:
    """`INTEGRATION_SPEC.md`; raises OSError when the composition cannot be read."""
    parts = [f"# Integration specification: {markdown_text(contract.title)}\n", about(contract)]
    parts += ["## Adapter endpoints\n", *endpoint_section(contract), "## Schemas\n", *schema_section(contract)]
    parts += ["## Testing scenarios\n", *_scenarios(contract), "## Composition of both services\n"]
    console = contract.behavior.console
    parts.append(
        f"The console finds the backend by `{console.url_variable}` and `{console.key_variable}`; "
        f"the backend says that it is up at `{contract.operation(contract.behavior.operations.health).path}`.\n"
    )
    parts.append(markdown_block((home / "docker-compose.test.yml").read_text("utf-8"), language="yaml"))
    parts += [
        "## Deployment checklist\n",
        "Each line is proven by `technogate deploy-check`, or nothing is deployed.\n",
    ]
    first = (
        "console: exists, tagged",
        "backend: exists, tagged",
        "evidence: signed, unchanged",
        "evidence: of a validation",
    )
    parts += [f"- [ ] {title}" for title in (*first, *(title for title, _ in PROOFS))]
    return page(parts)


def _scenarios(contract: Contract) -> Iterator[str]:
    """A scenario for each group: its requirements and the command that runs it."""
    for group, title in contract.groups.items():
        members = [one for one in contract.requirements.values() if one.group == group]
        if not members:
            continue
        yield f"### {markdown_text(title)} ({len(members)})\n"
        yield markdown_block(f"technogate check {group} --target my-pair.toml", language="sh")
        yield f"{row('id', 'party', 'level', 'requirement')}\n|---|---|---|---|"
        for one in members:
            yield row(one.id, one.party.value, one.level.value.upper(), markdown_text(one.text))
        yield ""
