"""Pages that do more than the reference's: tabs, another path, requests of their own doing, a server of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.drivers.page.chromium import browser_missing
from tests.pairs.test_pages import checked, verdicts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing())),
]


def test_a_page_with_tabs_that_refreshes_itself_is_judged_where_it_is(tmp_path: Path) -> None:
    """Nothing is found; what was learnt is stated: its tabs, and what it requests by itself every second."""
    document = checked(tmp_path, "tabs-and-polling", "CON-01")
    assert document["findings"] == []
    assert verdicts(document) == {"CON-01": "PASS"}
    told = (tmp_path / "reports" / "journal.jsonl").read_text("utf-8")
    assert "The page requests fetchAuditLog by itself every 1 s" in told
    assert "role=tab[name=" in told


def test_a_page_that_asks_twice_is_found_although_it_refreshes_itself(tmp_path: Path) -> None:
    """What it requests by itself excuses nothing else."""
    document = checked(tmp_path, "asks-twice", "CON-01")
    assert verdicts(document) == {"CON-01": "FAIL"}
    assert "requested twice" in str(document["findings"])


def test_a_page_whose_own_server_asks_is_judged_by_what_that_sends(tmp_path: Path) -> None:
    """The key is in what the server sends, and without a configuration it sends nothing."""
    document = checked(tmp_path, "behind-its-own-server", "CON-01", "CON-20")
    assert document["findings"] == []
    assert verdicts(document) == {"CON-01": "PASS", "CON-20": "PASS"}
