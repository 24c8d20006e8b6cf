"""The parts of a page that were never there while it showed one conforming answer in each of its areas."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import msgspec

from technogate.drivers.console_driver import call_of
from technogate.fit.console_fit import ConsoleFit
from technogate.model.contract_words import Part
from technogate.model.fit_check import Blame, Misfit
from technogate.target import Selectors
from technogate.target.page_parts import BY_NAME

#: The call that shows each part, "" for parts that are there from the beginning. Parts of the empty states are
#: shown by an empty list and by no snapshot.
SHOWN_BY: dict[str, Part | Literal[""]] = {
    **dict.fromkeys(
        ("command", "session", "run", "audit_filter", "audit_limit", "audit_refresh", "memory_refresh"), ""
    ),
    **dict.fromkeys(("result", "status", "trace_id", "reasons", "message"), "execute"),
    **dict.fromkeys(("audit", "audit_row", "audit_timestamp", "audit_action", "audit_result", "audit_state"), "audit"),
    **dict.fromkeys(("audit_trace_id", "audit_execution_id", "audit_empty"), "audit"),
    **dict.fromkeys(("memory", "memory_command", "memory_output", "memory_status", "memory_timestamp"), "memory"),
    "memory_empty": "memory",
}

#: The parts that only an empty list, or no snapshot, shows.
EMPTY_PARTS = frozenset({"audit_empty", "memory_empty"})

#: Proposes a selector for a part and says what the page has: text of the proposal, "" for none.
Propose = Callable[[str], str]


def missing_parts(fit: ConsoleFit, selectors: Selectors) -> tuple[str, ...]:
    """The parts that the target file names, and that were never on the page although they should have been.

    A part is not missing where the call that shows it sent no request: whether it would be shown is not known.
    """
    css: Mapping[str, str] = msgspec.structs.asdict(selectors)
    return tuple(
        part
        for part, call in SHOWN_BY.items()
        if css.get(part) and part not in fit.seen and (not call or was_sent(fit, call))
    )


def was_sent(fit: ConsoleFit, call: Part) -> bool:
    """Whether a call sent its request; one that the contract does not have was not made."""
    tried = fit.calls.get(call_of(call))
    return tried is not None and tried.sent


def named_in_file(selectors: Selectors, part: str) -> bool:
    """Whether the target file names the part itself, rather than leave it at the reference console's."""
    return bool(getattr(selectors, part) != getattr(Selectors(), part))


def page_misfits(missing: tuple[str, ...], selectors: Selectors, propose: Propose) -> Iterator[Misfit]:
    """One misfit for each missing part.

    A selector that the target file names and that matches nothing is the file's mistake, and so is a page whose
    required parts have other names. Anything else is optional, and what follows from it is stated.
    """
    for name in missing:
        part, offer = BY_NAME[name], propose(name)
        found = f"nothing on the page matches {getattr(selectors, name)} ({part.words})"
        yield Misfit(
            area="page",
            part=f"console.selectors.{name}",
            found=found + (f"; it has {offer}" if offer else ""),
            blame=Blame.TARGET if part.required or named_in_file(selectors, name) else Blame.OPTIONAL,
            consequence=part.without,
            undecided=part.undecided,
            line=_line(name, offer or "<selector>", required=part.required),
        )


def declared_absent(selectors: Selectors) -> Iterator[Misfit]:
    """One misfit for each part that the target file says the page does not have, with what follows from that."""
    for name, part in BY_NAME.items():
        if getattr(selectors, name) == "":
            yield Misfit(
                area="page",
                part=f"console.selectors.{name}",
                found='"": the page has no such part',
                blame=Blame.OPTIONAL,
                consequence=part.without,
                undecided=part.undecided,
            )


def _line(name: str, selector: str, *, required: bool) -> str:
    line = f"{name} = {json.dumps(selector)} below [console.selectors]"
    return line if required else f'{line}, or {name} = "" if the page has none'
