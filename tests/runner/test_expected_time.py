"""The time that a rate limit costs is said before the run."""

from __future__ import annotations

import pytest

from technogate.contract.loader import load_contract
from technogate.runner.expected_time import expected_time, in_words
from technogate.target.spec import BackendSpec, RateLimitSpec, TargetFile
from tests.conftest import ROOT

CONTRACT = load_contract(ROOT / "contracts" / "console-v0.1")


def target(requests: int, per_s: float) -> TargetFile:
    """A backend that takes so many requests."""
    limit = RateLimitSpec(requests=requests, per_s=per_s)
    return TargetFile(name="pair", backend=BackendSpec(command=("serve",), port=8000, rate_limit=limit))


def test_the_time_is_that_of_the_requests_beyond_the_first_window() -> None:
    """Three thousand requests at five a second are ten minutes; two workers have a backend each."""
    spec = target(300, 60)
    alone = expected_time(spec, CONTRACT, (), "quick", 1)
    assert alone == "the target allows 300 requests in 60 s: about 3200 requests take about 10 minutes"
    assert "by 2 workers, each with a backend of its own, take about 4 minutes" in expected_time(
        spec, CONTRACT, (), "quick", 2
    )
    assert "about 78 hours" in expected_time(target(72, 3600), CONTRACT, (), "standard", 1)


def test_a_few_requirements_take_their_share() -> None:
    """A check of one requirement sends a part of the requests, which one window holds."""
    assert expected_time(target(300, 60), CONTRACT, ("AUD-05",), "quick", 1) == ""


def test_without_a_limit_nothing_is_said() -> None:
    """A target that declares none, or has no backend, has no line."""
    bare = TargetFile(name="pair", backend=BackendSpec(command=("serve",), port=8000))
    assert expected_time(bare, CONTRACT, (), "quick", 1) == ""
    assert expected_time(TargetFile(name="pair"), CONTRACT, (), "quick", 1) == ""


@pytest.mark.parametrize(("seconds", "words"), [(1.2, "2 s"), (119, "119 s"), (121, "2 minutes"), (7200, "2 hours")])
def test_times_are_whole(seconds: float, words: str) -> None:
    """A time is a whole number of the unit that fits."""
    assert in_words(seconds) == words
