"""What a program printed while a finding came about: by trace id, else by the item that ran meanwhile. Pure."""

from __future__ import annotations

from technogate.journal.journal_file import Journal
from technogate.judging.causes.fact import Fact

#: Lines that a cause shows.
MOST_LINES = 12


def printed_meanwhile(fact: Fact, journal: Journal) -> str:
    """The lines that the party's program printed for a finding, "" for none."""
    if shown := fact.finding.example.get("standard error", ""):
        return shown
    meanwhile = [
        line
        for printed in journal.printed
        if printed.item == fact.finding.item and printed.program.startswith(fact.sample.party.value)
        for line in printed.text.splitlines()
    ]
    ids = [name for name in (fact.finding.trace_id, *fact.finding.example.get("trace ids", "").split(", ")) if name]
    # What a container prints is known at its end alone.
    whole = [
        line
        for output in journal.outputs
        if output.program.startswith(fact.sample.party.value)
        for line in output.text.splitlines()
    ]
    named = [line for line in (meanwhile or whole) if any(name in line for name in ids)]
    return "\n".join(named[:MOST_LINES] or meanwhile[-MOST_LINES:])
