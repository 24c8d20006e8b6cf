"""CON-19: each reading requests the backend, whatever caching headers the response before it had."""

import pytest

from fixtures.console_harnesses import COMMAND, Harness
from technogate.checks.console_display import rows_show, shows, shows_empty_list, shows_no_snapshot
from technogate.checks.console_requests import sent_times
from technogate.mock.responses.cached import KEEP_FOR_A_YEAR, Cached
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

HEADERS = {
    "for a year": KEEP_FOR_A_YEAR,
    "max-age": (("Cache-Control", "max-age=3600"),),
    "expires": (("Expires", "Thu, 31 Dec 2099 23:59:59 GMT"),),
    "last-modified": (("Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT"),),
    "stale-while-revalidate": (("Cache-Control", "max-age=0, stale-while-revalidate=3600"),),
    "etag": (("ETag", '"kept"'), ("Cache-Control", "max-age=3600")),
}
CASES = pytest.mark.parametrize("name", HEADERS)


@requirement("CON-19")
@parts("audit")
@CASES
def test_list_is_read_anew(harness: Harness, name: str, must_hold: MustHold) -> None:
    """A second reading of the list sends a request again, and shows its response."""
    names, headers = harness.names, HEADERS[name]
    harness.audit(
        Cached(template=harness.list_template(harness.entry(action="FIRST")), headers=headers), harness.listing()
    )
    interaction = harness.audit(harness.listing(harness.entry(action="SECOND")), harness.listing(), case=name)
    must_hold(
        sent_times(interaction, names.audit, 1),
        rows_show(interaction, "action", ["SECOND"]),
    )


@requirement("CON-19")
@parts("fallback")
@CASES
def test_fallback_is_read_anew(harness: Harness, name: str, must_hold: MustHold) -> None:
    """A second reading of the fallback sends a request again, and shows its response."""
    names, headers = harness.names, HEADERS[name]
    kept = Cached(template=harness.list_template(harness.entry(action="FIRST")), headers=headers)
    harness.audit(harness.error(503), kept)
    interaction = harness.audit(harness.error(503), harness.listing(harness.entry(action="SECOND")), case=name)
    must_hold(
        sent_times(interaction, names.fallback, 1),
        rows_show(interaction, "action", ["SECOND"]),
    )


@requirement("CON-19")
@parts("memory")
@CASES
def test_memory_is_read_anew(harness: Harness, name: str, must_hold: MustHold) -> None:
    """A second reading of the memory sends a request again, and shows its response."""
    harness.memory(Cached(template=harness.snapshot_template(command="FIRST"), headers=HEADERS[name]))
    interaction = harness.memory(harness.snapshot(command="SECOND"), case=name)
    must_hold(
        sent_times(interaction, harness.names.memory, 1),
        shows(interaction, "command", "SECOND"),
    )


@requirement("CON-19")
def test_command_is_sent_anew(harness: Harness, must_hold: MustHold) -> None:
    """The same command entered again is sent again, and shown with its own response."""
    harness.execute(Cached(template=harness.template()), COMMAND)
    interaction = harness.execute(harness.conforming(status=harness.status("neutral")), COMMAND)
    must_hold(
        sent_times(interaction, harness.names.execute, 1),
        shows(interaction, "status", harness.status("neutral")),
    )


@requirement("CON-19")
@parts("audit", "memory")
@pytest.mark.parametrize("first", ["a list", "a snapshot"], ids=["list", "snapshot"])
def test_no_earlier_response_is_shown_instead(harness: Harness, first: str, must_hold: MustHold) -> None:
    """When a reading fails, nothing that was read before replaces it."""
    if first == "a list":
        harness.audit(Cached(template=harness.list_template()), harness.listing())
        must_hold(shows_empty_list(harness.audit(harness.error(503), harness.error(503))))
    else:
        harness.memory(Cached(template=harness.snapshot_template()))
        must_hold(shows_no_snapshot(harness.memory(harness.error(503))))
