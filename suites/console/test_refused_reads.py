"""CON-10, CON-11, CON-16: reads fail closed as thoroughly as commands do.

A client module meets every case; a console with a page alone meets the first of each group, and generated ones.
"""

from collections.abc import Mapping
from itertools import islice
from typing import TypeVar

import pytest

from fixtures.console_harnesses import Harness
from fixtures.refused_reads import GROUPS, Read, contradictions, read_of, redirects
from technogate.checks.console_display import rows_show, shows, shows_empty_list, shows_no_snapshot
from technogate.checks.console_requests import queries_agree, sent_times
from technogate.mock.scripted_reply import Fault
from technogate.model.driver_name import MODULE_DRIVERS
from technogate.model.events import Finding
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

READS = ("list", "fallback")
WHERE_REDIRECTED = pytest.mark.parametrize("place", ["itself", "the other origin"], ids=["itself", "other-origin"])


T = TypeVar("T")


def cases(harness: Harness, known: Mapping[str, T]) -> Mapping[str, T]:
    """All cases for a module; for a page, where each takes many times as long, the first."""
    return known if harness.driver.name in MODULE_DRIVERS else dict(islice(known.items(), 1))


def refused_list(harness: Harness, read: Read, what: str, sent: Fault) -> list[Finding]:
    """What is wrong with how a console takes a list, or a fallback, that it must refuse."""
    names, of_fallback = harness.names, read.name == "fallback"
    shown = harness.listing(harness.entry(action="FROM_THE_FALLBACK"))
    first, second = (harness.error(503), sent) if of_fallback else (sent, shown)
    interaction = harness.audit(first, second, case=f"{read.name}: {what}")
    return (
        sent_times(interaction, names.audit, 1)
        or sent_times(interaction, names.fallback, 1)
        or queries_agree(interaction, names.audit, names.fallback)
        or (shows_empty_list(interaction) if of_fallback else rows_show(interaction, "action", ["FROM_THE_FALLBACK"]))
    )


@requirement("CON-10")
@parts("fallback")
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("name", READS)
def test_list_is_refused(wide_harness: Harness, name: str, group: str, must_hold: MustHold) -> None:
    """Whatever is wrong with the list, its fallback is shown; whatever is wrong with that, the list is empty."""
    read = read_of(wide_harness, name)
    for what, sent in cases(wide_harness, read.refused(group)).items():
        must_hold(refused_list(wide_harness, read, what, sent))


@requirement("CON-10")
@parts("fallback")
@pytest.mark.parametrize("name", READS)
def test_contradiction_in_the_page(page_harness: Harness, name: str, must_hold: MustHold) -> None:
    """The page refuses a list with a result that contradicts its entry's state, whichever state it is."""
    read = read_of(page_harness, name)
    for what, sent in contradictions(read).items():
        must_hold(refused_list(page_harness, read, what, sent))


@requirement("CON-11")
@parts("memory")
@pytest.mark.parametrize("group", GROUPS)
def test_memory_is_refused(wide_harness: Harness, group: str, must_hold: MustHold) -> None:
    """Whatever is wrong with the memory, there is no snapshot, and it is requested once."""
    for what, sent in cases(wide_harness, read_of(wide_harness, "memory").refused(group)).items():
        interaction = wide_harness.memory(sent, case=what)
        must_hold(sent_times(interaction, wide_harness.names.memory, 1), shows_no_snapshot(interaction))


@requirement("CON-10")
@parts("fallback", "memory")
@WHERE_REDIRECTED
def test_list_is_not_redirected(wide_harness: Harness, place: str, must_hold: MustHold) -> None:
    """A list that is redirected is a failed one: its fallback is shown, whatever waits where it leads to."""
    harness, read = wide_harness, read_of(wide_harness, "list")
    location = harness.mock_backend.url(harness.names.memory, other=place != "itself")
    for what, redirect in cases(harness, redirects(read, location)).items():
        waiting = harness.listing(harness.entry(action="WHERE_IT_LEADS"))
        shown = harness.listing(harness.entry(action="FROM_THE_FALLBACK"))
        names = harness.names
        replies = {names.audit: redirect, names.fallback: shown, names.memory: waiting}
        interaction = harness.run(replies, lambda driver: driver.audit(), f"{what} to {place}")
        must_hold(sent_times(interaction, names.fallback, 1), rows_show(interaction, "action", ["FROM_THE_FALLBACK"]))


@requirement("CON-11")
@parts("fallback", "memory")
@WHERE_REDIRECTED
def test_memory_is_not_redirected(wide_harness: Harness, place: str, must_hold: MustHold) -> None:
    """A memory that is redirected is no snapshot, whatever waits where it leads to."""
    harness, read, names = wide_harness, read_of(wide_harness, "memory"), wide_harness.names
    location = harness.mock_backend.url(names.fallback, other=place != "itself")
    for what, redirect in cases(harness, redirects(read, location)).items():
        replies = {names.memory: redirect, names.fallback: harness.snapshot(command="WHERE_IT_LEADS")}
        interaction = harness.run(replies, lambda driver: driver.memory(), f"{what} to {place}")
        must_hold(shows_no_snapshot(interaction))


@requirement("CON-16")
@parts("fallback", "memory")
def test_reads_after_refused_ones(wide_harness: Harness, must_hold: MustHold) -> None:
    """After reads that were refused, the next conforming list and snapshot are shown as they are."""
    harness = wide_harness
    for group in cases(harness, GROUPS):
        for name in (*READS, "memory"):
            read = read_of(harness, name)
            what, sent = next(iter(read.refused(group).items()))
            if name == "memory":
                harness.memory(sent, case=what)
            else:
                refused_list(harness, read, what, sent)
        listed = harness.audit(harness.listing(harness.entry(action="SHOWN_AGAIN")), harness.error(500), case=group)
        kept = harness.memory(harness.snapshot(command="SHOWN_AGAIN"), case=group)
        must_hold(rows_show(listed, "action", ["SHOWN_AGAIN"]), shows(kept, "command", "SHOWN_AGAIN"))
