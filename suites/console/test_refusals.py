"""CON-04, CON-05: no error response is ever an approval, whatever its body holds."""

import pytest

from fixtures.console_harnesses import Harness
from technogate.checks.console_display import mentions, shows_blocked
from technogate.checks.console_requests import sent_times
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

CODES_4XX = [400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 418, 422, 425, 429, 431, 451, 499]
CODES_5XX = [500, 501, 502, 503, 504, 505, 507, 511, 599]


@requirement("CON-04")
@pytest.mark.parametrize("code", CODES_4XX)
def test_4xx_is_blocked(wide_harness: Harness, code: int, must_hold: MustHold) -> None:
    """A 4xx is shown as a refusal, even when its body approves."""
    harness = wide_harness
    interaction = harness.execute(harness.conforming(code=code))
    must_hold(sent_times(interaction, harness.names.execute, 1), shows_blocked(interaction))


@requirement("CON-04")
@pytest.mark.parametrize("code", [400, 413, 415, 429])
def test_documented_4xx_is_blocked(harness: Harness, code: int, must_hold: MustHold) -> None:
    """A 4xx with a proper error response is shown as a refusal."""
    interaction = harness.execute(harness.error(code))
    must_hold(shows_blocked(interaction))


@requirement("CON-04")
@pytest.mark.parametrize("body", ["refusal", "approval"])
def test_refused_key_is_said(harness: Harness, body: str, must_hold: MustHold) -> None:
    """401 and 403 show that the authentication failed."""
    wanted = harness.contract.behavior.console
    for code in wanted.refused_statuses:
        reply = harness.error(code) if body == "refusal" else harness.conforming(code=code)
        interaction = harness.execute(reply)
        must_hold(
            shows_blocked(interaction),
            mentions(interaction, "message", wanted.refused_text),
        )


@requirement("CON-05")
@pytest.mark.parametrize("code", CODES_5XX)
def test_5xx_is_blocked(wide_harness: Harness, code: int, must_hold: MustHold) -> None:
    """A 5xx is shown as a refusal, even when its body approves."""
    harness = wide_harness
    interaction = harness.execute(harness.conforming(code=code))
    must_hold(sent_times(interaction, harness.names.execute, 1), shows_blocked(interaction))


@requirement("CON-05")
@pytest.mark.parametrize("code", [500, 503])
def test_documented_5xx_is_blocked(harness: Harness, code: int, must_hold: MustHold) -> None:
    """A 5xx with a proper error response is shown as a refusal."""
    interaction = harness.execute(harness.error(code))
    must_hold(shows_blocked(interaction))
