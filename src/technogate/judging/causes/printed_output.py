"""What a program printed while a finding came about: by trace id, else by the item that ran meanwhile. Pure."""

from __future__ import annotations

from technogate.journal.journal_file import Journal
from technogate.judging.causes.fact import Fact

#: Lines that a cause shows, and characters of each.
MOST_LINES = 20
_LONGEST = 400


def printed_meanwhile(fact: Fact, journal: Journal) -> str:
    """The lines that the party's programs printed for a finding, "" for none that can be told apart."""
    if shown := fact.finding.example.get("standard error", ""):
        return shown
    ids = [name for name in (fact.finding.trace_id, *fact.finding.example.get("trace ids", "").split(", ")) if name]
    lines = [
        line[:_LONGEST]
        for output in journal.outputs
        if output.program.startswith(fact.sample.party.value)
        for line in output.text.splitlines()
        if any(name in line for name in ids)
    ]
    return "\n".join(lines[:MOST_LINES])
