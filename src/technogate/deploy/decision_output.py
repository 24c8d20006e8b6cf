"""The checklist of the deploy gate on the terminal. Everything from the evidence is text, never markup."""

from __future__ import annotations

import io

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from technogate.deploy.decide import DeployDecision
from technogate.util.text import rich_text

#: The most characters of one proof.
_LIMIT = 500

#: The width of a line when the output is not a terminal.
_LOG_WIDTH = 180


def checklist(decision: DeployDecision) -> Group:
    """The checklist: a line for each proof, and the decision."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=2, justify="right")
    table.add_column(width=27, overflow="fold")
    table.add_column(overflow="fold")
    for line in decision.lines:
        style = "green" if line.proven else "bold red"
        mark = Text("✔" if line.proven else "✘", style=style)
        table.add_row(mark, rich_text(line.title), rich_text(line.proof, "" if line.proven else "red", _LIMIT))
    missing = sum(not line.proven for line in decision.lines)
    word = Text(" DEPLOY", style="bold green") if decision.deploy else Text(" DO NOT DEPLOY", style="bold red")
    why = f": {len(decision.lines)} of {len(decision.lines)} lines proven"
    if not decision.deploy:
        why = f": {missing} of {len(decision.lines)} lines not proven"
    # What is deployed by a tag can be swapped afterwards: the answer names digests.
    pinned = [rich_text(f" {side}: {name}", "", _LIMIT) for side, name in sorted(decision.images.items())]
    answer = [Text("\n Deploy exactly these, by digest:"), *pinned] if decision.deploy else []
    return Group(
        Text("\n Phase 6: deploy only what was validated\n", style="bold"),
        table,
        Text(),
        word.append(why + ("" if answer else "\n")),
        *answer,
        *([Text()] if answer else []),
    )


def show(console: Console, decision: DeployDecision) -> None:
    """Print the checklist; a character that the console's encoding lacks is written as an escape."""
    # A log is searched for digests, so they must not be wrapped there.
    width = console.width if console.is_terminal else max(console.width, _LOG_WIDTH)
    plain = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    with plain.capture() as captured:
        plain.print(checklist(decision))
    text = "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
    if not console.is_terminal:
        encoding = console.encoding
        console.out(text.encode(encoding, "backslashreplace").decode(encoding), end="", highlight=False)
        return
    console.print(checklist(decision))
