"""Phase 1: the prompt to the backend team, the answer to fill in, and the ideal answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from technogate.contract.loader import Contract
from technogate.util.text import markdown_code, markdown_text
from technogate.workflow.facts import LAYERS, about, endpoint_section, page, row, schema_section, table
from technogate.workflow.intake_answer_file import CLOSE, OPEN

PROMPT = "ORCHESTRATION_PROMPT.md"
TEMPLATE = "INTAKE_ANSWER.md"
IDEAL = "INTAKE_IDEAL.md"

_CONTEXT = f"""## Context

Your backend will serve the console. This aligns the two with the layers that you already have; it is not a redesign:

- **Governance** stays as it is: who decides, and what is decided, does not change.
- **Audit** stays as it is: each request leaves its entry, and no entry is changed or removed.
- **Authentication** stays as it is: the key is checked before anything else.
- **Fail closed** stays as it is: when in doubt, the response is a refusal. HTTP 200 means that a request was processed,
  never that it was approved.

Please do not propose other schemas, other endpoints or another way to authenticate. List what is missing to serve
this specification.

## What to send back

Three sections, in the file `{TEMPLATE}` that comes with this prompt (`technogate intake template` writes it). A program
reads them: fill in each value, and check the file with `technogate intake check {TEMPLATE}`. An answer in another form
cannot be read.
"""

_THIRD = """### Section 3: the gaps, by priority

- **critical**: the console cannot work with this gap. What is missing altogether is critical.
- **minor**: the console can work with this gap, and there is a fix.
- **none**: set `none = true`.

For each gap: the layer or endpoint that it concerns, what is missing, and the fix.

Besides the sections, fill in the total weeks of work, whether authentication, audit or governance would be
redesigned, whether a schema would change, and whether every response carries a trace id.
"""


def prompt(contract: Contract) -> str:
    """The orchestration prompt for this contract, as Markdown."""
    layers = [row(title, markdown_code(f"[layer.{name}]")) for name, title in LAYERS.items()]
    endpoints = [
        row(
            markdown_code(f"{operation.method} {operation.path}", cell=True),
            markdown_code(f"[endpoint.{operation.id}]", cell=True),
        )
        for operation in contract.guarded
    ]
    parts = [f"# Intake: {markdown_text(contract.title)}\n", about(contract), _CONTEXT]
    parts += ["### Section 1: inventory of five layers\n"]
    parts += ["For each layer: exists, partial or missing; the evidence; what is missing; days of work.\n"]
    parts += [*table("layer | table to fill in", *layers), "### Section 2: endpoint gap matrix\n"]
    parts += ["For each endpoint: exists, partial or missing; the evidence; the gap; the effort in days.\n"]
    parts += [*table("endpoint | table to fill in", *endpoints), _THIRD]
    parts += ["## Endpoint specification\n", *endpoint_section(contract), "## Schemas\n", *schema_section(contract)]
    return page(parts)


def template(contract: Contract) -> str:
    """The answer as a file to fill in: every required value is empty, and none has a default."""
    head = [
        'team = ""                # who answers',
        'weeks = ""               # total weeks of work: a number',
        'redesign = ""            # a list: [] for none, or any of "authentication", "audit", "governance"',
        'schema_change = ""       # true or false: would a request or a response differ from the specification?',
        'trace_ids = ""           # true or false: does every response carry a trace id?',
    ]
    blank = [
        'state = ""               # exists, partial or missing',
        'evidence = ""            # where this is visible: a file, an endpoint, a test',
        'gap = ""                 # what is missing; leave it empty when nothing is',
        'effort_days = ""         # a number',
    ]
    gaps = [
        'none = ""                # true when there is no gap; else false, and one table like this for each gap:',
        "# [[gaps.list]]",
        '# concerns = ""          # a layer or an endpoint, by its name above',
        '# priority = ""          # critical or minor',
        '# what = ""              # what is missing',
        '# fix = ""               # how to fix it',
    ]
    return _answer(contract, head, lambda _: blank, gaps)


def ideal(contract: Contract) -> str:
    """The answer that would need no work, to compare the real one with."""
    head = ['team = "the ideal"', "weeks = 0", "redesign = []", "schema_change = false", "trace_ids = true"]

    def filled(title: str) -> list[str]:
        evidence = _quoted(f"{title}: in place as specified; a test shows it")
        return ['state = "exists"', f"evidence = {evidence}", 'gap = ""', "effort_days = 0"]

    return _answer(contract, head, filled, ["none = true"])


def _answer(contract: Contract, head: list[str], entry: Callable[[str], list[str]], gaps: list[str]) -> str:
    below = [
        f"# Answer to the intake: {markdown_text(contract.title)}\n",
        about(contract),
        "The block above is the answer; a program reads it. Text below it is for people and decides nothing.",
    ]
    return page([OPEN, *_front(contract, head, entry, gaps), CLOSE, "", *below])


def _front(contract: Contract, head: list[str], entry: Callable[[str], list[str]], gaps: list[str]) -> Iterator[str]:
    """The front part, in the order of the schema."""
    yield from (f"contract = {_quoted(contract.id)}", f'digest = "{contract.digest}"', *head)
    yield from ("", "# Section 1: inventory of five layers")
    for name, title in LAYERS.items():
        yield from ("", f"[layer.{name}]", *entry(title))
    yield from ("", "# Section 2: endpoint gap matrix")
    for operation in contract.guarded:
        title = f"{operation.method} {operation.path}"
        name = operation.id if operation.id.isidentifier() and operation.id.isascii() else _quoted(operation.id)
        yield from ("", f"[endpoint.{name}]  # {title}", *entry(title))
    yield from ("", "# Section 3: the gaps", "", "[gaps]", *gaps)


def _quoted(text: str) -> str:
    """A TOML string; every JSON string is one."""
    return json.dumps(text, ensure_ascii=False)
