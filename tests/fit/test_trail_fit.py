"""One reading of the audit trail: a place that the target file names wrongly is its mistake, an API the program's."""

from __future__ import annotations

import pytest

from technogate.fit.trail_fit import open_trail, trail_parts
from technogate.model.fit_check import Blame, FoundPart, Misfit
from technogate.target import AuditSpec
from technogate.trail.entry import TrailError


def refused() -> int:
    """A reading that fails."""
    raise TrailError("the audit file trail.jsonl is not there")


@pytest.mark.parametrize(
    ("spec", "part", "blame"),
    [
        (AuditSpec(source="jsonl", path="trail.jsonl"), "backend.audit.path", Blame.TARGET),
        (AuditSpec(source="sql", url="sqlite:///x", query="SELECT 1"), "backend.audit.url", Blame.TARGET),
        (AuditSpec(), "backend.audit.source", Blame.PROGRAM),
    ],
)
def test_a_trail_that_cannot_be_read(spec: AuditSpec, part: str, blame: Blame) -> None:
    """The key that says where the trail is, and who is to act."""
    [misfit] = trail_parts(spec, refused, "the trail")
    assert isinstance(misfit, Misfit)
    assert (misfit.part, misfit.blame, bool(misfit.line)) == (part, blame, blame is Blame.TARGET)


def test_a_trail_that_can_be_read() -> None:
    """How many entries it shows."""
    [found] = trail_parts(AuditSpec(), lambda: 2, "api")
    assert found == FoundPart(area="trail", part="api", shown="2 entries")


def test_a_database_that_nobody_knows() -> None:
    """An address that cannot be opened is the target file's mistake."""
    opened = open_trail(AuditSpec(source="sql", url="no such thing", query="SELECT 1"), "http://127.0.0.1:9", "k" * 20)
    assert isinstance(opened, Misfit)
    assert opened.blame is Blame.TARGET
