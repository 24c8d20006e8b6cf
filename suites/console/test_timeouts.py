"""CON-06, and the late answers of CON-10 and CON-11: answers that are not complete within 15 s, or only just.

The scenes were begun with the run's first item, and are only collected here.
"""

import pytest

from fixtures.console_driving import drivers_of
from fixtures.console_late_kinds import AT_ONCE, CHAIN_PROFILES, ENDPOINTS, IN_TIME, KINDS, Endpoint, Kind, Late, Told
from fixtures.console_late_run import held_up
from technogate.checks import console, console_timeout
from technogate.checks.console import Scene
from technogate.model.events import Finding
from technogate.runner.plugin import GATE
from technogate.runner.run_context import Gate
from technogate.runner.suite import MustHold, requirement

#: The scenes that each test collects, by its name.
COLLECTED: dict[str, tuple[Endpoint, ...]] = {
    "test_gives_up_in_time": ENDPOINTS,
    "test_late_list_leads_to_the_fallback": ("audit",),
    "test_late_fallback_is_the_empty_list": ("fallback",),
    "test_late_memory_is_no_snapshot": ("memory",),
    "test_slow_fallback_is_shown": ("slow",),
    "test_fallback_has_a_time_of_its_own": ("slow",),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each endpoint and each kind of stall, in each driver that the target gives rise to."""
    gate = metafunc.config.stash.get(GATE, None)
    if gate is None:
        return
    drivers, endpoints = drivers_of(gate.target.spec.console), COLLECTED[metafunc.function.__name__]
    late = [Late(driver=d, endpoint=e, kind=k) for d in drivers for e in endpoints for k in kinds(gate, d, e)]
    if endpoints == ENDPOINTS and gate.settings.profile in CHAIN_PROFILES:
        late += [Late(driver=driver, endpoint="chain", kind="before-headers") for driver in drivers]
    metafunc.parametrize("late", late, ids=[each.name for each in late])


def kinds(gate: Gate, driver: str, endpoint: Endpoint) -> tuple[Kind, ...]:
    """The kinds of stall: all of them, but for a quick run in a browser, where each needs a page."""
    each: tuple[Kind, ...] = ("in-time",) if endpoint == "slow" else KINDS
    return each[::2] if gate.settings.profile == "quick" and driver == "browser" else each


def in_time(gate: Gate, late: Late, scene: Scene) -> list[Finding]:
    """What is wrong with when and how the console gave up."""
    names, time = gate.contract.behavior.operations, gate.contract.behavior.time
    if late.endpoint == "execute":
        return (
            console_timeout.shown_in_time(scene, names.execute, time)
            or console_timeout.aborted(scene, names.execute, time)
            or console.blocked(scene)
        )
    if late.endpoint == "memory":
        return console_timeout.shown_in_time(scene, names.memory, time) or console_timeout.aborted(
            scene, names.memory, time
        )
    if late.endpoint == "fallback":
        return console_timeout.shown_in_time(scene, names.fallback, time) or console_timeout.aborted(
            scene, names.fallback, time
        )
    found = console_timeout.asked_in_time(scene, names.audit, names.fallback, time) or console_timeout.aborted(
        scene, names.audit, time
    )
    if late.endpoint == "chain":
        found = found or console_timeout.shown_in_time(scene, names.fallback, time) or console.empty_list(scene)
    return found


def judged(told: Told, findings: list[Finding]) -> list[Finding]:
    """The findings; raises RuntimeError for findings on a machine that stood still while times were measured."""
    if findings and held_up(told):
        raise RuntimeError(held_up(told))
    return findings


def fell_back(gate: Gate, scene: Scene) -> tuple[list[Finding], ...]:
    """One request of the list, one of its fallback, with the same query."""
    names = gate.contract.behavior.operations
    return (
        console.asked(scene, names.audit, 1),
        console.asked(scene, names.fallback, 1),
        console.same_query(scene, names.audit, names.fallback),
    )


@requirement("CON-06")
def test_gives_up_in_time(gate: Gate, late: Late, late_scene: tuple[Scene, Told], must_hold: MustHold) -> None:
    """A request whose answer stops before, after or within its headers or body is given up between 14 and 16 s."""
    scene, told = late_scene
    must_hold(judged(told, in_time(gate, late, scene)))


@requirement("CON-10")
def test_late_list_leads_to_the_fallback(gate: Gate, late_scene: tuple[Scene, Told], must_hold: MustHold) -> None:
    """A list that is late leads to one request of the fallback with the same query, which is shown."""
    scene, _ = late_scene
    must_hold(*fell_back(gate, scene), console.rows_say(scene, "action", [AT_ONCE]))


@requirement("CON-10")
def test_slow_fallback_is_shown(gate: Gate, late_scene: tuple[Scene, Told], must_hold: MustHold) -> None:
    """A list that fails late leads to one request of the fallback, which is shown although it is slow as well."""
    scene, told = late_scene
    must_hold(*fell_back(gate, scene), judged(told, console.rows_say(scene, "action", [IN_TIME])))


@requirement("CON-06")
def test_fallback_has_a_time_of_its_own(late_scene: tuple[Scene, Told], must_hold: MustHold) -> None:
    """A fallback that conforms within its own 15 s is shown, whatever time its list has taken."""
    scene, told = late_scene
    must_hold(judged(told, console.rows_say(scene, "action", [IN_TIME])))


@requirement("CON-10")
def test_late_fallback_is_the_empty_list(gate: Gate, late_scene: tuple[Scene, Told], must_hold: MustHold) -> None:
    """When the fallback is late, it was asked once, and the list is empty."""
    scene, _ = late_scene
    must_hold(console.asked(scene, gate.contract.behavior.operations.fallback, 1), console.empty_list(scene))


@requirement("CON-11")
def test_late_memory_is_no_snapshot(late_scene: tuple[Scene, Told], must_hold: MustHold) -> None:
    """A memory that is late is no snapshot, without an error."""
    scene, _ = late_scene
    must_hold(console.no_snapshot(scene))
