"""The item of the self-test that must fail: it shows that a violation gets from a response through pytest to a verdict.

It runs in each process that runs items, before the first of them, through the same hooks, fixtures and journal. What
replaces one of those with something that lets everything pass lets this item pass too.
"""

from __future__ import annotations

import pytest
from _pytest.fixtures import FuncFixtureInfo
from _pytest.runner import runtestprotocol

from technogate.checks.response_predicates import has_status
from technogate.drivers.http.http_driver import Case
from technogate.journal.journal_file import decode_line
from technogate.mock.mock_backend import MockBackend
from technogate.mock.responses.status_code import Status
from technogate.model.events import Finding, ItemResult, Outcome
from technogate.model.item_result import MUST_FAIL, SELF_TEST
from technogate.runner.run_context import RunContext
from technogate.runner.self_test import mock_examples
from technogate.runner.self_test.self_test_driver import self_test_driver
from technogate.runner.suite import MustHold

#: The fixtures of the item, those of every check. Fixtures that a run sets up by itself are left out: they start it.
_FIXTURES = ["must_hold", "run_context", "pytestconfig"]

#: The status that the mock backend sends, and the one that the item requires.
_SENT, _REQUIRED = 422, 200

_PATH = "/self-test"


def must_fail(must_hold: MustHold, run_context: RunContext) -> None:
    """A response with another status than the required one is a violation."""
    with MockBackend(operations={SELF_TEST: ("GET", _PATH)}, defaults={}) as mock_backend:
        mock_backend.script(SELF_TEST, Status(template=mock_examples.TEMPLATE, code=_SENT))
        with self_test_driver(run_context, mock_backend.base_url, run_context.run_key, SELF_TEST) as driver:
            sent = driver.send(Case(method="GET", path=_PATH, operation=SELF_TEST, name=SELF_TEST))
    must_hold(has_status(sent, _REQUIRED))


def item_that_must_fail(session: pytest.Session, worker: str) -> pytest.Function:
    """The item, for the process `worker` of a run."""
    manager = session._fixturemanager
    found = {name: manager.getfixturedefs(name, session) or () for name in _FIXTURES}
    information = FuncFixtureInfo(
        argnames=("must_hold", "run_context"),
        initialnames=("must_hold", "run_context"),
        names_closure=list(_FIXTURES),
        name2fixturedefs=found,
    )
    name = f"{MUST_FAIL.removeprefix('::')}[{worker}]"
    item: pytest.Function = pytest.Function.from_parent(session, name=name, callobj=must_fail, fixtureinfo=information)
    item.add_marker(pytest.mark.requirement(SELF_TEST))
    return item


def play(item: pytest.Function, run_context: RunContext) -> list[str]:
    """Run the item and return what is not proven, one line: it must be in the journal as failed, with its finding."""
    run_context.begin_item(item.nodeid)
    # Reported to nobody: neither to the controlling process of a worker, nor as a failure of the session.
    runtestprotocol(item, log=False, nextitem=None)
    raw = run_context.journal.path.read_bytes()
    events = [decode_line(line).event for line in raw.split(b"\n")[:-1] if item.nodeid.encode() in line]
    failed = [event for event in events if isinstance(event, ItemResult) and event.outcome is Outcome.FAILED]
    findings = [event for event in events if isinstance(event, Finding) and str(_SENT) in event.observed]
    if failed and failed[0].checks and findings:
        return []
    ended = next((event.outcome.value for event in events if isinstance(event, ItemResult)), "not recorded")
    return [f"an item that must fail was {ended}, with {len(findings)} findings"]
