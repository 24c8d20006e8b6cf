"""What the parts of a console's page are for, and what follows where a page does not have one.

A part that a page lacks is no mistake of the page: what is done instead is stated here once, for the driver, for the
fit of a target file to its pair, and for what writes such a file. The selector "" says that a page has no such part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

#: What a part belongs to.
Region = Literal["command", "result", "audit", "memory"]

#: The requirements that need the page's list, its snapshot, or the page at all: their items call it.
NEED_LIST = (
    "CON-01", "CON-06", "CON-09", "CON-10", "CON-12", "CON-14", "CON-15", "CON-16", "CON-19", "CON-20", "CON-22",
)  # fmt: skip
NEED_SNAPSHOT = (
    "CON-01", "CON-06", "CON-09", "CON-11", "CON-12", "CON-14", "CON-15", "CON-16", "CON-19", "CON-20", "CON-22",
)  # fmt: skip
NEED_PAGE = tuple(f"CON-{number:02}" for number in range(1, 23))


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePart:
    """One part of a page: what it is, what is done without it, and the MUSTs that are then left undecided.

    `name` is its key in `[console.selectors]`. `required` is whether nothing can be done without it; then the MUSTs in
    `undecided` need it. For an optional part `undecided` is empty: what can be judged without it, is.
    """

    name: str
    region: Region
    words: str
    without: str
    undecided: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether its region cannot be used without it."""
        return bool(self.undecided)


_AS_TEXT = "the text of {0} is read instead: the value must appear in it, and no other status word"


def _text(name: str, region: Region, words: str) -> PagePart:
    whole = {"result": "the result's area", "audit": "the row", "memory": "the snapshot's area"}[region]
    return PagePart(name=name, region=region, words=words, without=_AS_TEXT.format(whole))


PARTS = (
    PagePart(
        name="command", region="command", words="the field for the command",
        without="no command can be entered", undecided=NEED_PAGE,
    ),
    PagePart(
        name="session", region="command", words="the field for the session id",
        without="commands are run without a session: the name under which it is sent is not checked",
    ),
    PagePart(
        name="run", region="command", words="the button that sends the command",
        without="no command can be run", undecided=NEED_PAGE,
    ),
    PagePart(
        name="result", region="result", words="the area of the result",
        without="no result can be read", undecided=NEED_PAGE,
    ),
    _text("status", "result", "the status of the result"),
    _text("trace_id", "result", "the trace id of the result"),
    _text("reasons", "result", "the reason codes of the result"),
    _text("message", "result", "the message of the result"),
    PagePart(
        name="audit", region="audit", words="the area of the audit list",
        without="the list is not judged", undecided=NEED_LIST,
    ),
    PagePart(
        name="audit_filter", region="audit", words="the choice of the filter",
        without="the list is judged with the default filter alone",
    ),
    PagePart(
        name="audit_limit", region="audit", words="the field for the limit",
        without="the list is judged with the default limit alone",
    ),
    PagePart(
        name="audit_refresh", region="audit", words="the button that loads the list",
        without="the page is loaded anew to load the list",
    ),
    PagePart(
        name="audit_row", region="audit", words="one entry of the list",
        without=_AS_TEXT.format("the list's area"),
    ),
    PagePart(
        name="audit_timestamp", region="audit", words="the time in a row", without="the time of an entry is not read",
    ),
    _text("audit_action", "audit", "the action in a row"),
    _text("audit_result", "audit", "the result in a row"),
    _text("audit_state", "audit", "the state in a row"),
    PagePart(
        name="audit_trace_id", region="audit", words="the trace id in a row",
        without="the trace id of an entry is not read",
    ),
    PagePart(
        name="audit_execution_id", region="audit", words="the execution id in a row",
        without="the execution id of an entry is not read",
    ),
    PagePart(
        name="audit_empty", region="audit", words="what stands in place of an empty list",
        without="a list without rows counts as empty",
    ),
    PagePart(
        name="memory", region="memory", words="the area of the memory snapshot",
        without="the snapshot is not judged", undecided=NEED_SNAPSHOT,
    ),
    PagePart(
        name="memory_refresh", region="memory", words="the button that loads the snapshot",
        without="the page is loaded anew to load the snapshot",
    ),
    _text("memory_command", "memory", "the command of the snapshot"),
    _text("memory_output", "memory", "the output of the snapshot"),
    _text("memory_status", "memory", "the status of the snapshot"),
    PagePart(
        name="memory_timestamp", region="memory", words="the time of the snapshot",
        without="the time of the snapshot is not read",
    ),
    PagePart(
        name="memory_empty", region="memory", words="what stands in place of no snapshot",
        without="an area without a status word counts as no snapshot",
    ),
)  # fmt: skip

BY_NAME: Mapping[str, PagePart] = {part.name: part for part in PARTS}


def undecided_without(missing: Iterable[str]) -> tuple[str, ...]:
    """The ids of the MUSTs that stay undecided on a page without these parts; raises KeyError for an unknown part."""
    return tuple(sorted({must for name in missing for must in BY_NAME[name].undecided}))


def consequence(name: str) -> str:
    """One sentence: which part a page lacks, and what is done instead. Raises KeyError for an unknown part."""
    part = BY_NAME[name]
    return f"The page has no part `{name}` ({part.words}): {part.without}."


def consequences(missing: Iterable[str]) -> tuple[str, ...]:
    """The same for each of several parts, in the order of the page."""
    names = set(missing)
    return tuple(consequence(part.name) for part in PARTS if part.name in names)
