"""The bounds that the README states are those that hold."""

from __future__ import annotations

import re

from technogate.checks import leak
from technogate.drivers.console_driver import LIMIT_S
from technogate.drivers.http import pace
from technogate.drivers.http.raw_http import HEAD_LIMIT, READ_LIMIT
from technogate.drivers.module import module_process
from technogate.drivers.page import hanging_page
from technogate.journal import decoded_layers
from technogate.model.settings import IDLE_S, ITEM_S, MAX_TIME_S
from technogate.runner.time_budget import in_words
from technogate.target.process import output_log
from technogate.trail.sources import command_source, trail_file
from technogate.util import http_client
from technogate.util.strict_json import DEEPEST
from tests.conftest import ROOT

MIB = 1 << 20

#: What each row of the table names, in its order.
STATED: dict[str, list[str]] = {
    "a run": [in_words(MAX_TIME_S["standard"]), in_words(MAX_TIME_S["thorough"])],
    "an item": [f"{seconds:g} s" for seconds in (*ITEM_S.values(), IDLE_S)],
    "an answer": [f"{READ_LIMIT // MIB} MiB", f"{HEAD_LIMIT // 1024} KiB", f"{DEEPEST} deep"],
    "a request that gets a 429": [f"{pace.ATTEMPTS} attempts", f"{pace.PATIENCE_S:g} s"],
    "a client module": [f"{LIMIT_S:g} s", f"{module_process.PING_S:g} s"],
    "a page": [f"{hanging_page.SILENCE_S:g} s"],
    "printed output": [f"{output_log.MOST // MIB} MiB"],
    "the audit trail": [
        f"{trail_file.MOST_READ // MIB} MiB",
        f"{command_source.COMMAND_S:g} s",
        f"{command_source.MOST_PRINTED // MIB} MiB",
        f"{http_client.MOST_BYTES // MIB} MiB",
    ],
    "the search for the key": [
        f"{decoded_layers.DEEPEST} times",
        f"{decoded_layers.UNPACKED // MIB} MiB",
        f"{decoded_layers.MOST // MIB} MiB",
    ],
    "the search for leaks": [f"{leak.SEARCHED} characters"],
}


def test_the_bounds_are_those_of_the_code() -> None:
    """Each number, in its order, and each row."""
    table = (
        (ROOT / "README.md").read_text("utf-8").partition("| what | its bound |\n|---|---|\n")[2].partition("\n\n")[0]
    )
    rows = dict(line.strip("| ").split(" | ") for line in table.splitlines())
    assert list(rows) == list(STATED)
    for what, bounds in STATED.items():
        found = re.findall("|".join(rf"(?<!\d){re.escape(bound)}\b" for bound in bounds), rows[what])
        assert found == bounds, what
