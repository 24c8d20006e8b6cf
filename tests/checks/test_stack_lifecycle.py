"""The predicates of both images together: each reports a planted defect."""

from __future__ import annotations

import pytest

from technogate.checks.console_interaction import Interaction
from technogate.checks.stack_lifecycle import (
    backend_responds_by_name,
    both_healthy,
    both_on_network,
    both_started_within,
    result_is_shown_within,
)
from technogate.model.events import RenderedOutput


def interaction(seconds: float, **fields: str) -> Interaction:
    """A command that was shown after `seconds`."""
    rendered = RenderedOutput(
        id="view-1",
        item="t",
        call="executeCommand",
        driver="browser",
        fields=fields,
        started=100.0,
        ended=100.0 + seconds,
    )
    return Interaction(rendered=rendered, exchanges=())


def test_a_late_start_is_found() -> None:
    """Each side has 60 s, counted separately."""
    assert not both_started_within({"backend": 3.0, "console": 60.0}, 60.0)
    [finding] = both_started_within({"backend": 60.5, "console": 3.0}, 60.0)
    assert finding.observed == "backend after 60.5 s"


def test_ill_health_is_found() -> None:
    """Unhealthy and still starting are not healthy; without a health check only the address counts."""
    assert not both_healthy({"backend": "healthy", "console": ""})
    assert both_healthy({"backend": "unhealthy", "console": ""})
    assert both_healthy({"backend": "starting"})


@pytest.mark.parametrize("name", ["techno-net", "technogate-1_techno-net", "stack-techno-net"])
def test_a_shared_network_is_accepted(name: str) -> None:
    """One network that connects both sides is accepted, in any project."""
    assert not both_on_network({"backend": {"1": name, "2": "db"}, "console": {"1": name}}, "techno-net")


@pytest.mark.parametrize(
    "networks",
    [
        {"backend": {"1": "techno-net"}, "console": {"2": "techno-net"}},
        {"backend": {"1": "other"}, "console": {"1": "other"}},
        {"backend": {"1": "techno-net"}, "console": {}},
        {},
    ],
)
def test_a_missing_shared_network_is_found(networks: dict[str, dict[str, str]]) -> None:
    """Two networks of one name, another name, and no network are findings."""
    assert both_on_network(networks, "techno-net")


@pytest.mark.parametrize("status", ["", "404", "Name or service not known"])
def test_reports_a_backend_that_does_not_respond_by_name(status: str) -> None:
    """Only 200 is accepted."""
    assert not backend_responds_by_name("http://backend:8000/health", "200")
    assert backend_responds_by_name("http://backend:8000/health", status)


def test_a_result_that_comes_too_late_is_found() -> None:
    """A result after 16 s, or none at all, is a finding."""
    assert not result_is_shown_within(interaction(15.9, status="BLOCKED"), 16.0)
    assert result_is_shown_within(interaction(16.1, status="BLOCKED"), 16.0)
    assert result_is_shown_within(interaction(3.0, pending="true"), 16.0)
