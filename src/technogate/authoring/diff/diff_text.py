"""A comparison as text for a terminal and as Markdown: breaking changes first, then accepted ones, then the others."""

from __future__ import annotations

from collections.abc import Iterator

from technogate.authoring.diff.change import Breaks, Change, ContractDiff, Result
from technogate.util.phrases import few, many
from technogate.util.text import markdown_code, markdown_text, terminal

_BREAKS = {
    Breaks.NOBODY: "nobody",
    Breaks.BACKEND: "the backend",
    Breaks.CONSOLE: "the console",
    Breaks.BOTH: "both",
}
_MOST_USERS = 4


def headline(document: ContractDiff) -> str:
    """The result in one sentence."""
    changes = many(len(document.changes), "change")
    match document.result:
        case Result.SAME:
            return "SAME: the two versions say the same"
        case Result.COMPATIBLE:
            return f"COMPATIBLE: {changes}, none breaks anybody"
        case Result.ACCEPTED:
            return f"ACCEPTED: {changes}, {document.accepted} breaking, each accepted by an entry of changes.toml"
        case Result.BREAKING:
            more = f", {document.accepted} accepted" if document.accepted else ""
            return f"BREAKING: {document.breaking} of {changes} {_verb(document.breaking)} somebody{more}"


def _verb(number: int) -> str:
    return "breaks" if number == 1 else "break"


def sections(document: ContractDiff) -> Iterator[tuple[str, list[Change]]]:
    """The changes in the order of a report, each section with its title; none that is empty."""
    changes = document.changes
    for title, wanted in (
        ("Breaking", [change for change in changes if change.is_open]),
        ("Breaking, accepted", [change for change in changes if change.accepted is not None]),
        ("Breaks nobody", [change for change in changes if change.breaks is Breaks.NOBODY]),
    ):
        if wanted:
            yield title, wanted


def diff_lines(document: ContractDiff) -> Iterator[str]:
    """The lines of the text, safe for a terminal."""
    for title, changes in sections(document):
        yield f"{title} ({len(changes)})"
        yield ""
        for change in changes:
            yield f"  {terminal(change.what, 300)}"
            yield f"      where  {terminal(change.where)}"
            yield f"       rule  {change.rule}: breaks {_BREAKS[change.breaks]}"
            yield f"        why  {change.why}"
            if change.before or change.after:
                yield f"        was  {terminal(change.before or 'none', 200)}"
                yield f"         is  {terminal(change.after or 'none', 200)}"
            if change.used_by:
                yield f"         in  {terminal(few(change.used_by, _MOST_USERS))}"
            if entry := change.accepted:
                text = f"{entry.owner}, until {entry.expires}: {entry.reason}"
                yield f"   accepted  {terminal(text, 300)} ({terminal(entry.place)})"
            yield ""
    for warning in document.warnings:
        yield f"warning: {terminal(warning)}"
    yield headline(document)


def diff_markdown(document: ContractDiff) -> str:
    """The comparison for a pull request or the summary of a CI."""
    old, new = document.old, document.new
    lines = ["# Changes of the contract", "", f"**{headline(document)}.**", ""]
    lines += [f"{markdown_text(one.title)} {markdown_text(one.version)} (`{one.digest[:12]}`)" for one in (old, new)]
    lines[-2] += " →"
    for title, changes in sections(document):
        lines += [
            "",
            f"## {title} ({len(changes)})",
            "",
            "| change | breaks | rule | where | in |",
            "|---|---|---|---|---|",
        ]
        lines += [_row(change) for change in changes]
    if document.warnings:
        lines += ["", "## Warnings", "", *(f"- {markdown_text(warning)}" for warning in document.warnings)]
    return "\n".join(lines) + "\n"


def _row(change: Change) -> str:
    what = markdown_text(change.what, 300)
    if change.before or change.after:
        what += f": {_code(change.before)} → {_code(change.after)}"
    if entry := change.accepted:
        what += f"; accepted by {markdown_text(entry.owner)} until {entry.expires}: {markdown_text(entry.reason)}"
    users = markdown_text(few(change.used_by, _MOST_USERS))
    return (
        f"| {what} | {_BREAKS[change.breaks]} | `{change.rule}` | {markdown_code(change.where, cell=True)} | {users} |"
    )


def _code(text: str) -> str:
    return markdown_code(text, 120, cell=True) if text else "none"
