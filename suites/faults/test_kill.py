"""TRL-07: a backend killed under load, and what its audit trail kept."""

import zlib
from collections.abc import Callable

import pytest

from fixtures.fault_injection import KILLS
from fixtures.faulty_pair import FaultyPair
from technogate.checks.trail_durability import entries_survive_kill, no_entry_is_doubled
from technogate.contract.loader import Contract
from technogate.faults.kill import plan_kills
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("execute", "trail")


@requirement("TRL-07")
@pytest.mark.usefixtures("kill_round")
def test_answered_requests_survive_a_kill(
    disturbed: FaultyPair, contract: Contract, word: Callable[[str], str], must_hold: MustHold
) -> None:
    """After a kill under load, the backend has the entry of every request with a response, and none twice."""
    run_context, command, trace = disturbed.run_context, word("approved"), contract.behavior.headers.trace
    disturbed.quiet()
    for kill in plan_kills(
        run_context.seed ^ zlib.crc32(run_context.item.encode()), KILLS[run_context.settings.profile]
    ):
        survival = disturbed.kill(kill, command)
        must_hold(
            entries_survive_kill(survival, trace),
            no_entry_is_doubled(survival, trace),
        )
