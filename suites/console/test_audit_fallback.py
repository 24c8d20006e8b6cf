"""CON-10: a list that cannot be read leads to the fallback, once and with the same query; then to the empty list."""

from collections.abc import Callable

import msgspec
import pytest

from fixtures.console_harnesses import MISSING, Harness
from technogate.checks.console_display import rows_show, shows, shows_empty_list
from technogate.checks.console_requests import queries_agree, query_is, sent_times, was_sent
from technogate.mock.listener import Refusal
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Fault, Where
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("audit", "console")

BROKEN: dict[str, Callable[[Harness], Fault]] = {
    "blocked": lambda harness: harness.envelope(),
    "400": lambda harness: harness.error(400),
    "401": lambda harness: harness.error(401),
    "403": lambda harness: harness.error(403),
    "404": lambda harness: harness.error(404),
    "429": lambda harness: harness.error(429),
    "500": lambda harness: harness.error(500),
    "503": lambda harness: harness.error(503),
    "503 with a list": lambda harness: harness.response("a list", harness.list_template().body, status=503),
    "204": lambda harness: harness.response("nothing", b"", status=204),
    "206 with a list": lambda harness: harness.response("a list", harness.list_template().body, status=206),
    "reset": lambda harness: Broken(template=harness.list_template()),
    "closed in body": lambda harness: Broken(template=harness.list_template(), where=Where.IN_BODY, reset=False),
    "truncated": lambda harness: Truncated(template=harness.list_template(), at=20),
    "empty": lambda harness: harness.response("nothing", b""),
    "null": lambda harness: harness.response("null", b"null"),
    "an envelope of entries": lambda harness: harness.response(
        "entries", msgspec.json.encode({"entries": [], "status": harness.approved})
    ),
    "html": lambda harness: harness.response("a page", b"<html></html>", content_type="text/html"),
    "list as text": lambda harness: harness.response("a list", harness.list_template().body, content_type="text/plain"),
    "an entry without a state": lambda harness: harness.response(
        "an entry", msgspec.json.encode([harness.entry(state=MISSING)])
    ),
    "a state in the other case": lambda harness: harness.listing(harness.entry(state=harness.approved.swapcase())),
    "an entry without a list": lambda harness: harness.response("an entry", msgspec.json.encode(harness.entry())),
    "a refused success": lambda harness: harness.listing(harness.entry(state=harness.blocked)),
    "state and result at odds": lambda harness: harness.listing(
        harness.entry(result=harness.contract.behavior.audit.failure)
    ),
}
IN_THE_PAGE = ("blocked", "401", "503", "reset", "closed in body", "html", "a state in the other case")
QUERIES = [("every", 50), ("blocked", 10), ("approved", 1000), ("neutral", 1)]


def falls_back(harness: Harness, name: str, must_hold: MustHold) -> None:
    """The list is broken in the way of `name`, the fallback conforms."""
    entry = harness.entry(action="FROM_THE_FALLBACK")
    interaction = harness.audit(BROKEN[name](harness), harness.listing(entry), case=name)
    names = harness.names
    must_hold(
        sent_times(interaction, names.audit, 1),
        sent_times(interaction, names.fallback, 1),
        queries_agree(interaction, names.audit, names.fallback),
        rows_show(interaction, "action", ["FROM_THE_FALLBACK"]),
    )


@requirement("CON-10")
@parts("fallback")
@pytest.mark.parametrize("name", BROKEN, ids=lambda name: name.replace(" ", "-"))
def test_broken_list(wide_harness: Harness, name: str, must_hold: MustHold) -> None:
    """A list that is blocked, refused, failing or malformed leads to one request of the fallback, which is shown."""
    falls_back(wide_harness, name, must_hold)


@requirement("CON-10")
@parts("fallback")
@pytest.mark.parametrize("name", IN_THE_PAGE, ids=lambda name: name.replace(" ", "-"))
def test_broken_list_in_the_page(page_harness: Harness, name: str, must_hold: MustHold) -> None:
    """The page shows the entries of the fallback where the list is broken."""
    falls_back(page_harness, name, must_hold)


@requirement("CON-10")
@parts("fallback")
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query[0]}-{query[1]}")
def test_same_query(harness: Harness, query: tuple[str, int], must_hold: MustHold) -> None:
    """The fallback is requested with the query of the list: filter and limit."""
    state, limit = harness.filter_for(query[0]), query[1]
    interaction = harness.audit(harness.error(503), harness.listing(), state=state, limit=limit)
    names = harness.names
    must_hold(
        sent_times(interaction, names.fallback, 1),
        queries_agree(interaction, names.audit, names.fallback),
        query_is(interaction, names.fallback, harness.entered(state, limit), harness.entered(None, None)),
    )


@requirement("CON-10")
@parts("fallback")
def test_conforming_list_needs_no_fallback(harness: Harness, must_hold: MustHold) -> None:
    """A conforming list is shown, and the fallback is not requested."""
    listing = harness.listing(harness.entry(action="FROM_THE_LIST"))
    interaction = harness.audit(listing, harness.listing(), must_send=True)
    must_hold(
        was_sent(interaction, harness.names.audit),
        rows_show(interaction, "action", ["FROM_THE_LIST"]),
        sent_times(interaction, harness.names.fallback, 0),
    )


@requirement("CON-10")
@parts("fallback")
def test_empty_list_needs_no_fallback(harness: Harness, must_hold: MustHold) -> None:
    """A conforming list without entries is shown as empty, and the fallback is not requested."""
    empty = harness.response("an empty list", b"[]")
    interaction = harness.audit(empty, harness.listing(), must_send=True)
    must_hold(
        was_sent(interaction, harness.names.audit),
        shows_empty_list(interaction),
        sent_times(interaction, harness.names.fallback, 0),
    )


@requirement("CON-10")
@parts("fallback")
@pytest.mark.parametrize("name", ["blocked", "401", "503", "reset", "html", "a state in the other case"])
def test_both_fail(harness: Harness, name: str, must_hold: MustHold) -> None:
    """When the fallback fails as well, it was requested once, and the list is empty."""
    interaction = harness.audit(harness.error(503), BROKEN[name](harness), case=name)
    must_hold(
        sent_times(interaction, harness.names.audit, 1),
        sent_times(interaction, harness.names.fallback, 1),
        shows_empty_list(interaction),
    )


@requirement("CON-10")
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_list_without_a_listener(harness: Harness, how: Refusal, must_hold: MustHold) -> None:
    """With no listener, or every connection reset on arrival, the list is empty and nothing else breaks."""
    interaction = harness.run_refused(how, lambda driver: driver.audit(), part="audit")
    must_hold(shows_empty_list(interaction))
    then = harness.execute(harness.conforming())
    must_hold(shows(then, "status", harness.approved))
