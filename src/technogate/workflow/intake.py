"""Phase 1: the prompt to the backend team, the answer to fill in, and the answer one would wish for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from technogate.contract import Contract
from technogate.text import markdown_text
from technogate.workflow.answer import FENCE
from technogate.workflow.facts import LAYERS, about, endpoint_section, page, row

PROMPT = "ORCHESTRATION_PROMPT.md"
TEMPLATE = "INTAKE_ANSWER.md"
IDEAL = "INTAKE_IDEAL.md"

_CONTEXT = """## Context

The console is to be served by your backend. This is an alignment with the layers that you have, not a redesign: governance,
audit, authentication and fail-closed behaviour stay as they are. When in doubt, the answer is blocked.

## What we ask for

Answer in three sections, in the file that `technogate intake template` writes. An answer in another form cannot be read.
"""


def prompt(contract: Contract) -> str:
    """The orchestration prompt for this contract, as Markdown."""
    parts = [f"# Intake: {markdown_text(contract.title)}\n", about(contract), _CONTEXT]
    parts += ["### 1. Inventory of five layers\n", row("layer", "what to say"), "|---|---|"]
    parts += [row(title, "exists, partial or missing; where it can be seen; gap; days") for title in LAYERS.values()]
    parts += [
        "\n### 2. Endpoint gap matrix\n",
        row("endpoint", "path", "exists", "gap", "effort"),
        "|---|---|---|---|---|",
    ]
    parts += [row(one.id, f"`{one.method} {one.path}`", "", "", "") for one in contract.guarded]
    parts += [
        "\n### 3. Prioritised gaps\n",
        "Critical (the console cannot work without it), minor (it can), or none. For each: what it concerns, and the fix.\n",
        "## Endpoint specification\n",
        *endpoint_section(contract),
    ]
    return page(parts)


def template(contract: Contract) -> str:
    """The answer as a file to fill in: every value that is asked for is empty."""
    head = [
        'team = ""',
        'weeks = ""            # of work in all, a number',
        "redesign = []         # of authentication, audit, governance",
    ]
    head += ['schema_change = ""    # true or false', 'trace_ids = ""        # true when every answer has one']
    blank = ['state = ""            # exists, partial or missing', 'evidence = ""         # where it can be seen']
    blank += ['gap = ""              # what is missing', 'effort_days = ""      # a number']
    gaps = ['none = ""             # true, or false and a table for each gap:', "# [[gaps.list]]"]
    gaps += ['# concerns = ""       # a layer or an endpoint from above', '# priority = ""       # critical or minor']
    gaps += ['# what = ""', '# fix = ""']
    return _answer(contract, head, lambda _: blank, gaps)


def ideal(contract: Contract) -> str:
    """The answer that would need no work: to read before the real one, and to compare it with."""
    head = ['team = "the ideal"', "weeks = 0", "redesign = []", "schema_change = false", "trace_ids = true"]

    def filled(title: str) -> list[str]:
        evidence = json.dumps(f"{title}: in place, shown by a check of the contract", ensure_ascii=False)
        return ['state = "exists"', f"evidence = {evidence}", 'gap = ""', "effort_days = 0"]

    return _answer(contract, head, filled, ["none = true"])


def _answer(contract: Contract, head: list[str], entry: Callable[[str], list[str]], gaps: list[str]) -> str:
    return page([FENCE, *_front(contract, head, entry, gaps), FENCE, "", "# Answer to the intake\n", about(contract)])


def _front(contract: Contract, head: list[str], entry: Callable[[str], list[str]], gaps: list[str]) -> Iterator[str]:
    """The front part, in the order of the schema."""
    yield from (f"contract = {json.dumps(contract.id)}", f'digest = "{contract.digest}"', *head)
    for name, title in LAYERS.items():
        yield from ("", f"[layer.{name}]", *entry(title))
    for operation in contract.guarded:
        title = f"{operation.method} {operation.path}"
        yield from ("", f"[endpoint.{json.dumps(operation.id) if not operation.id.isidentifier() else operation.id}]")
        yield from entry(title)
    yield from ("", "[gaps]", *gaps)
