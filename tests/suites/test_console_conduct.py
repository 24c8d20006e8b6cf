"""Consoles that send nothing, are stuck or end by themselves: which requirement fails, and which prove nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from technogate.drivers.page.chromium import browser_missing
from technogate.journal.journal_file import Journal, read_journal
from tests.conftest import Sandbox

pytestmark = pytest.mark.slow

KEPT = ("CON-01", "CON-02", "CON-05", "CON-09", "CON-16")

SUITE = '''
from technogate.checks.console_display import shows, shows_blocked
from technogate.checks.console_recovery import sends_again
from technogate.checks.console_requests import carries_key, sent_times, was_sent
from technogate.runner.suite import requirement


@requirement("CON-02")
def test_approval(<harness>, must_hold):
    """An approval is shown."""
    for _ in range(5):
        interaction = <harness>.execute(<harness>.conforming(), must_send=True)
        must_hold(was_sent(interaction, "executeCommand"), shows(interaction, "status", "APPROVED"))


@requirement("CON-05")
def test_failure(<harness>, must_hold):
    """A 500 is BLOCKED."""
    must_hold(shows_blocked(<harness>.execute(<harness>.error(500))))


@requirement("CON-01")
def test_key(<harness>, must_hold):
    """A command carries the key."""
    must_hold(carries_key(<harness>.execute(<harness>.conforming())))


@requirement("CON-09")
def test_once(<harness>, must_hold):
    """A command is sent once."""
    must_hold(sent_times(<harness>.execute(<harness>.error(400)), "executeCommand", 1))


@requirement("CON-16")
def test_recovery(<harness>, must_hold):
    """After a 403 the next response is shown."""
    <harness>.execute(<harness>.error(403))
    interaction = <harness>.execute(<harness>.conforming())
    must_hold(sends_again(interaction), shows(interaction, "status", "APPROVED"))
'''

MODULE = """
let failed = false;
const ask = async (path, init = {}) =>
  fetch(process.env.NEXT_PUBLIC_API_URL + path, {
    ...init, headers: { "X-API-Key": process.env.NEXT_PUBLIC_API_KEY, "Content-Type": "application/json" },
  });
const BLOCKED = { status: "BLOCKED", reason_codes: ["API_BLOCKED"] };
export async function executeCommand(command) {
  /* before */
  const answer = await ask("/api/execute", { method: "POST", body: JSON.stringify({ command }) });
  if (answer.status === 200) return answer.json();
  /* after */
  return BLOCKED;
}
export const fetchAuditLog = async () => (await ask("/api/audit?filter=all&limit=50")).json();
export const fetchMemory = async () => null;
"""

TARGET = """
name = "a small module"

[console]
driver = "module"
module = "client.mjs"
env = { NEXT_PUBLIC_API_URL = "{backend_url}", NEXT_PUBLIC_API_KEY = "{api_key}" }
"""

#: What the module does before it sends and after a failure; what fails; what is inconclusive; the checks that failed.
MISTAKES: dict[str, tuple[str, str, set[str], set[str], set[str]]] = {
    "none": ("", "", set(), set(), set()),
    "stuck": ("if (failed) return BLOCKED;", "failed = true;", {"CON-16"}, set(), {"stuck"}),
    "stuck by throwing": (
        "if (failed) throw new Error('no more');",
        "failed = true;",
        {"CON-16"},
        set(),
        {"stuck"},
    ),
    "never sends": (
        "new URL('/api');",
        "",
        {"CON-02"},
        {"CON-01", "CON-05", "CON-09", "CON-16"},
        {"requests sent"},
    ),
    "ends on a 500": (
        "",
        "if (answer.status === 500) process.exit(3);",
        {"CON-05", "CON-16"},
        set(),
        {"crash"},
    ),
    "ends after a 500": (
        "",
        "if (answer.status === 500) setImmediate(() => process.exit(3));",
        {"CON-16"},
        set(),
        {"crash"},
    ),
    "ends before it sends": (
        "process.exit(3);",
        "",
        {"CON-02"},
        {"CON-01", "CON-05", "CON-09", "CON-16"},
        {"crash"},
    ),
}


def judged(sandbox: Sandbox, *words: str) -> tuple[dict[str, Any], Journal]:
    """The verdict document and the journal of a check of the small contract."""
    ended = sandbox.run("check", "console", "--contract", "contracts/small", "--workers", "1", *words)
    assert "Traceback" not in ended.stderr
    journal = next(sandbox.home.rglob("journal.jsonl"), None)
    assert journal is not None, ended.stdout + ended.stderr
    return json.loads((journal.parent / "verdict.json").read_text("utf-8")), read_journal(journal)


def by_verdict(document: dict[str, Any], verdict: str) -> set[str]:
    """The requirements with this verdict."""
    return {requirement["id"] for requirement in document["requirements"] if requirement["verdict"] == verdict}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_module_with_one_mistake_fails_one_requirement(sandbox: Sandbox, name: str) -> None:
    """What it did not send leaves the other requirements open, or is judged on a module that was loaded anew."""
    before, after, failed, inconclusive, checks = MISTAKES[name]
    (sandbox.home / "client.mjs").write_text(
        MODULE.replace("/* before */", before).replace("/* after */", after), "utf-8"
    )
    sandbox.contract(KEPT)
    sandbox.suite("console/test_it.py", SUITE.replace("<harness>", "wide_harness"))
    sandbox.target(TARGET)
    document, journal = judged(sandbox, "--target", "pair.toml")
    assert by_verdict(document, "FAIL") == failed
    assert by_verdict(document, "INCONCLUSIVE") == inconclusive
    assert {finding["finding"]["check"] for finding in document["findings"]} == checks
    if name == "never sends":
        assert {finding["finding"]["observed"] for finding in document["findings"]} == {
            "nothing was requested: executeCommand threw TypeError: Invalid URL"
        }
        assert all(result.hint for result in journal.results if result.outcome == "skipped")
    if name.startswith("ends"):
        assert {(left.program, left.exit_code, left.restarted) for left in journal.program_exits} == {
            ("client module", 3, True)
        }
        assert all(left.exchange for left in journal.program_exits) == (name != "ends before it sends")
    if name.startswith("stuck"):
        assert {stuck.after for stuck in journal.stuck} >= {"403", "500"}
        assert all(stuck.exchanges for stuck in journal.stuck)


@pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing()))
def test_a_page_that_leaves_fails_one_requirement(sandbox: Sandbox) -> None:
    """A page that leaves for another address on a 500 is loaded anew, and everything else is judged on that."""
    client = sandbox.home / "images" / "console" / "static" / "client.js"
    leaves = """    if (answer.http >= 500 && globalThis.location) {
      location.replace("about:blank");
      await new Promise(() => {});
    }
"""
    known = "    if (answer.http >= 400) return blockedByHttp(answer);\n"
    text = client.read_text("utf-8")
    assert text.count(known) == 1
    client.write_text(text.replace(known, leaves + known), "utf-8")
    sandbox.contract(KEPT)
    sandbox.suite("console/test_it.py", SUITE.replace("<harness>", "page_harness"))
    document, journal = judged(sandbox)
    assert by_verdict(document, "FAIL") == {"CON-05", "CON-16"}
    assert by_verdict(document, "INCONCLUSIVE") == set()
    observed = {sample["finding"]["requirement"]: sample["finding"]["observed"] for sample in document["findings"]}
    assert observed == {
        "CON-05": "nothing: the page left for another document is shown",
        "CON-16": "the page left for another document until the console was started afresh",
    }
    assert {sample["finding"]["check"] for sample in document["findings"]} == {"crash"}
    assert {(left.program, left.exit_code, left.restarted) for left in journal.program_exits} == {("page", None, True)}
