"""CON-06, and the slow responses of CON-10 and CON-11: not complete within 15 s, or only just.

The interactions were begun with the run's first item, and are only collected here.
"""

import pytest

from fixtures.console_interactions import timed_drivers
from fixtures.slow_response_kinds import (
    AT_ONCE,
    CHAIN_PROFILES,
    ENDPOINTS,
    IN_TIME,
    KINDS,
    Endpoint,
    Kind,
    SlowResponse,
    SlowResponseOutcome,
)
from fixtures.slow_response_run import lag_reason
from technogate.checks.console_display import rows_show, shows_blocked, shows_empty_list, shows_no_snapshot
from technogate.checks.console_interaction import Interaction
from technogate.checks.console_requests import queries_agree, sent_times
from technogate.checks.console_timeout import aborted_in_time, requested_in_time, shown_in_time
from technogate.model.driver_name import BROWSER_DRIVERS
from technogate.model.events import Finding
from technogate.runner.plugin import RUN_CONTEXT
from technogate.runner.run_context import RunContext
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

#: The interactions that each test collects, by its name.
COLLECTED: dict[str, tuple[Endpoint, ...]] = {
    "test_gives_up_in_time": ENDPOINTS,
    "test_slow_list_leads_to_the_fallback": ("audit",),
    "test_slow_fallback_is_the_empty_list": ("fallback",),
    "test_slow_memory_is_no_snapshot": ("memory",),
    "test_slow_fallback_is_shown": ("slow",),
    "test_fallback_has_a_time_of_its_own": ("slow",),
}


#: The part that an endpoint is of; a slow list is followed by its fallback.
_PART_OF: dict[Endpoint, str] = {"memory": "memory"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each endpoint and each kind of stall, in each driver that the target gives rise to."""
    run_context = metafunc.config.stash.get(RUN_CONTEXT, None)
    if run_context is None:
        return
    drivers, endpoints = timed_drivers(run_context), COLLECTED[metafunc.function.__name__]
    has = run_context.contract.parts
    if endpoints == ENDPOINTS:
        endpoints = tuple(one for one in endpoints if one == "execute" or _PART_OF.get(one, "fallback") in has)
    late = [
        SlowResponse(driver=d, endpoint=e, kind=k) for d in drivers for e in endpoints for k in kinds(run_context, d, e)
    ]
    chained = metafunc.function.__name__ == "test_gives_up_in_time" and "fallback" in has
    if chained and run_context.settings.profile in CHAIN_PROFILES:
        late += [SlowResponse(driver=driver, endpoint="chain", kind="before-headers") for driver in drivers]
    metafunc.parametrize("slow_response", late, ids=[slow_response.name for slow_response in late])


def kinds(run_context: RunContext, driver: str, endpoint: Endpoint) -> tuple[Kind, ...]:
    """The kinds of stall: all of them, but for a quick run in a browser, where each needs a page."""
    stalls: tuple[Kind, ...] = ("in-time",) if endpoint == "slow" else KINDS
    return stalls[::2] if run_context.settings.profile == "quick" and driver in BROWSER_DRIVERS else stalls


def in_time(
    run_context: RunContext, slow_response: SlowResponse, interaction: Interaction, outcome: SlowResponseOutcome
) -> list[Finding]:
    """What is wrong with when and how the console gave up.

    When it showed that is left out where the time is not known exactly: a page that refreshes itself shows more.
    """
    names, time = run_context.contract.behavior.operations, run_context.contract.behavior.time

    def shown(operation: str) -> list[Finding]:
        return [] if outcome.untimed else shown_in_time(interaction, operation, time)

    if slow_response.endpoint == "execute":
        return shown(names.execute) or aborted_in_time(interaction, names.execute, time) or shows_blocked(interaction)
    if slow_response.endpoint == "memory":
        return shown(names.memory) or aborted_in_time(interaction, names.memory, time)
    if slow_response.endpoint == "fallback":
        return shown(names.fallback) or aborted_in_time(interaction, names.fallback, time)
    findings = requested_in_time(interaction, names.audit, names.fallback, time) or aborted_in_time(
        interaction, names.audit, time
    )
    if slow_response.endpoint == "chain":
        findings = findings or shown(names.fallback) or shows_empty_list(interaction)
    return findings


def judged(outcome: SlowResponseOutcome, findings: list[Finding]) -> list[Finding]:
    """The findings; raises RuntimeError for findings on a machine that stood still while times were measured."""
    if findings and lag_reason(outcome):
        raise RuntimeError(lag_reason(outcome))
    return findings


def fell_back(run_context: RunContext, interaction: Interaction) -> tuple[list[Finding], ...]:
    """One request of the list, one of its fallback, with the same query."""
    names = run_context.contract.behavior.operations
    return (
        sent_times(interaction, names.audit, 1),
        sent_times(interaction, names.fallback, 1),
        queries_agree(interaction, names.audit, names.fallback),
    )


@requirement("CON-06")
def test_gives_up_in_time(
    run_context: RunContext,
    slow_response: SlowResponse,
    slow_interaction: tuple[Interaction, SlowResponseOutcome],
    must_hold: MustHold,
) -> None:
    """A request whose response stops before, after or within its headers or body is aborted between 14 and 16 s."""
    interaction, outcome = slow_interaction
    must_hold(judged(outcome, in_time(run_context, slow_response, interaction, outcome)))


@requirement("CON-10")
@parts("fallback")
def test_slow_list_leads_to_the_fallback(
    run_context: RunContext, slow_interaction: tuple[Interaction, SlowResponseOutcome], must_hold: MustHold
) -> None:
    """A list that is too slow leads to one request of the fallback with the same query, which is shown."""
    interaction, _ = slow_interaction
    must_hold(*fell_back(run_context, interaction), rows_show(interaction, "action", [AT_ONCE]))


@requirement("CON-10")
@parts("fallback")
def test_slow_fallback_is_shown(
    run_context: RunContext, slow_interaction: tuple[Interaction, SlowResponseOutcome], must_hold: MustHold
) -> None:
    """A list that fails slowly leads to one request of the fallback, which is shown although it is slow as well."""
    interaction, outcome = slow_interaction
    must_hold(*fell_back(run_context, interaction), judged(outcome, rows_show(interaction, "action", [IN_TIME])))


@requirement("CON-06")
@parts("fallback")
def test_fallback_has_a_time_of_its_own(
    slow_interaction: tuple[Interaction, SlowResponseOutcome], must_hold: MustHold
) -> None:
    """A fallback that conforms within its own 15 s is shown, whatever time its list has taken."""
    interaction, outcome = slow_interaction
    must_hold(judged(outcome, rows_show(interaction, "action", [IN_TIME])))


@requirement("CON-10")
@parts("fallback")
def test_slow_fallback_is_the_empty_list(
    run_context: RunContext, slow_interaction: tuple[Interaction, SlowResponseOutcome], must_hold: MustHold
) -> None:
    """When the fallback is too slow, it was requested once, and the list is empty."""
    interaction, _ = slow_interaction
    must_hold(
        sent_times(interaction, run_context.contract.behavior.operations.fallback, 1),
        shows_empty_list(interaction),
    )


@requirement("CON-11")
@parts("memory")
def test_slow_memory_is_no_snapshot(
    slow_interaction: tuple[Interaction, SlowResponseOutcome], must_hold: MustHold
) -> None:
    """A memory that is too slow is no snapshot, without an error."""
    interaction, _ = slow_interaction
    must_hold(shows_no_snapshot(interaction))
