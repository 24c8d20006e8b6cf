"""The help of the command line: commands in sections, by who uses them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from typer.core import TyperGroup

CONSOLE_LEAD = "Console lead"
CI_GATE = "CI gate"
BACKEND_TEAM = "Backend team"
DEPLOYMENT = "Deployment"
WORKFLOW = "Workflow around the gate"
GATE = "About the gate"

#: The sections in the order of the help.
SECTIONS = (CONSOLE_LEAD, CI_GATE, BACKEND_TEAM, DEPLOYMENT, WORKFLOW, GATE)

EPILOG = (
    "Exit codes: 0 PASS, 1 FAIL, 2 usage or configuration error, 3 INCONCLUSIVE. Only PASS exits 0. "
    "Anything skipped, crashed or never run makes the result INCONCLUSIVE."
)

#: The width of an indent, and of the gap between a command's name and its help.
_INDENT, _GAP = 2, 2


class GroupedCommands(TyperGroup):
    """A group that lists its commands under the `rich_help_panel` of each."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each panel; a command without a panel goes last, under "Commands"."""
        members: dict[str, list[tuple[str, Any]]] = defaultdict(list)
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                panel = getattr(command, "rich_help_panel", None)
                members[panel if panel in SECTIONS else "Commands"].append((name, command))
        longest = max(len(name) for commands in members.values() for name, _ in commands)
        limit = formatter.width - 2 * _INDENT - _GAP - longest
        for section in (*SECTIONS, "Commands"):
            if members[section]:
                # Commands with subcommands come first; names are padded, so that all sections share their columns.
                members[section].sort(key=lambda member: not isinstance(member[1], TyperGroup))
                with formatter.section(section):
                    formatter.write_dl(
                        [(name.ljust(longest), command.get_short_help_str(limit)) for name, command in members[section]]
                    )
