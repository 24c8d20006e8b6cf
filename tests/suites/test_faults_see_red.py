"""The suites that inject faults: each check fails on the defect that it covers, and its finding describes it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from technogate.model.verdict import Verdict
from technogate.target.readiness import wait_for
from tests.conftest import ROOT, STUCK_S, Sandbox
from tests.ports import kept_port

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
KEY = "TgAbCdEfGh0123456789"

REFERENCE = """
[backend]
command = ["{python}", "SCRIPT", "PLANTED", "--host", "{host}", "--port", "{port}"]
cwd = "images/backend"
env = { TECHNO_API_KEY = "{api_key}", TECHNO_DATABASE_URL = "sqlite:///{workdir}/trail.db", TECHNO_DEMO_FAULTS = "1" }
MORE

[backend.commands]
approved = "PING"
warning = "CHECK_QUOTA"
crashing = "CRASH"
unknown_status = "ODD_STATUS"

[backend.unwritable]
lock_sqlite = "LOCKED"
"""

#: The contract's limit for an answer in the runs against a backend that is too slow: shorter, for the test need not
#: take so long, and long enough for what a busy machine does not get done in a second.
LIMIT_S = 3.0


@pytest.fixture
def faults(sandbox: Sandbox) -> Sandbox:
    """A sandbox with the suites that inject faults and no others, and with shorter timeouts."""
    shutil.copytree(ROOT / "suites" / "faults", sandbox.home / "suites" / "faults", dirs_exist_ok=True)
    for module, name, seconds in (
        ("fixtures/faulty_pair.py", "RESPONSE_GRACE_S", 0.5),
        ("src/technogate/trail/trail_reader.py", "COMPLETE_S", 2.5),
    ):
        path = sandbox.home / module
        text, count = re.subn(rf"(?m)^{name} = \S+", f"{name} = {seconds}", path.read_text("utf-8"))
        assert count == 1
        path.write_text(text, "utf-8")
    return sandbox


def reference(sandbox: Sandbox, planted: str, *, locked: str = "{workdir}/trail.db", more: str = "") -> Path:
    """A target file for the reference backend with faults `planted`."""
    script = (HERE / "wrong_reference.py").as_posix()
    text = REFERENCE.replace("SCRIPT", script).replace("PLANTED", planted).replace("LOCKED", locked)
    return sandbox.target(text.replace("MORE", more))


def judged(sandbox: Sandbox, target: Path, *requirements: str, **environment: str) -> dict[str, Any]:
    """Check `requirements` against `target`; each requirement's result, and its findings under `findings`."""
    line = ["check", *requirements, "--target", str(target), "--reports", str(sandbox.reports)]
    if (sandbox.home / "contracts" / "hasty").exists():
        line += ["--contract", str(sandbox.home / "contracts" / "hasty")]
    done = sandbox.run(*line, **environment)
    assert (sandbox.reports / "verdict.json").exists(), done.stdout + done.stderr
    document = json.loads((sandbox.reports / "verdict.json").read_text("utf-8"))
    results = {requirement["id"]: {**requirement, "findings": []} for requirement in document["requirements"]}
    for sample in document["findings"]:
        results[sample["finding"]["requirement"]]["findings"].append(sample["finding"])
    assert set(results) == set(requirements), done.stdout + done.stderr
    return results


def test_planted_outcomes_are_found_and_an_undelivered_fault_is_none(faults: Sandbox) -> None:
    """An approved crash and an approved odd status fail; a lock on the wrong file proves nothing."""
    with closing(sqlite3.connect(faults.home / "other.db")) as other_database:
        other_database.execute("CREATE TABLE events (n INTEGER)")
    target = reference(faults, "crash_is_approved,odd_is_approved", locked="other.db")
    results = judged(faults, target, "ERR-05", "FCB-01", "TRL-10")
    assert results["ERR-05"]["verdict"] == Verdict.FAIL
    assert results["FCB-01"]["verdict"] == Verdict.FAIL
    assert "the trail was still written" in json.dumps(results["TRL-10"])
    assert results["TRL-10"]["verdict"] == Verdict.INCONCLUSIVE


def test_a_response_before_its_entry_is_found(faults: Sandbox) -> None:
    """A kill loses the entry, and a locked audit trail must stop actions; this holds for a single pair too."""
    with kept_port() as port:
        results = judged(faults, reference(faults, "late_trail", more=f"port = {port}"), "TRL-07", "TRL-10")
    assert {result["verdict"] for result in results.values()} == {Verdict.FAIL}
    (lost,), (unaudited,) = results["TRL-07"]["findings"], results["TRL-10"]["findings"]
    assert re.match(r"kill \d, right after a response arrived: \d+ have none: [a-z0-9-]{36}", lost["observed"])
    assert lost["trace_id"] in lost["observed"]
    assert (unaudited["expected"], unaudited["observed"]) == ("status 500 or 503", "status 200")


def test_a_backend_that_serves_one_at_a_time_is_found(faults: Sandbox) -> None:
    """Slow and idle clients block others, and hanging commands add up."""
    contract = faults.home / "contracts" / "hasty"
    shutil.copytree(ROOT / "contracts" / "console-v0.1", contract)
    behavior = (contract / "behavior.toml").read_text("utf-8")
    for name, value in (("response_s", LIMIT_S), ("abort_earliest_s", LIMIT_S / 2), ("abort_latest_s", 2 * LIMIT_S)):
        behavior = re.sub(rf"(?m)^{name} = \S+", f"{name} = {value}", behavior)
    (contract / "behavior.toml").write_text(behavior, "utf-8")
    target = faults.target(
        f'[backend]\ncommand = ["{{python}}", "-m", "tests.suites.one_at_a_time", "{{port}}", "{LIMIT_S / 2}"]\n'
        f'cwd = "{ROOT.as_posix()}"\n'
        'env = { KEY = "{api_key}" }\ncommands = { approved = "PING", slow = "SLOW" }\n'
    )
    results = judged(faults, target, "ERR-07", "TMO-01")
    assert results["TMO-01"]["verdict"] == Verdict.FAIL
    assert results["ERR-07"]["verdict"] == Verdict.FAIL
    red = {finding["item"].rpartition("[")[2].rstrip("]") for finding in results["ERR-07"]["findings"]}
    assert {"slow-header", "slow-body", "idle"} <= red
    assert not red & {"half-line", "half-head", "half-body", "pipelined-garbage"}


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of a backend that the gate did not start."""
    command = [sys.executable, "-m", "tests.suites.one_at_a_time"]
    with (
        kept_port() as port,
        subprocess.Popen([*command, str(port), "0"], cwd=ROOT, env={**os.environ, "KEY": KEY}) as process,
    ):
        try:
            assert wait_for(f"http://127.0.0.1:{port}/health", STUCK_S, lambda: process.poll() is not None) == ""
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def test_a_pair_of_others_is_never_attacked(faults: Sandbox, stranger: str) -> None:
    """Without the owner's consent no fault is injected, and the report shows how to exercise it."""
    target = faults.target(
        f'[backend]\nurl = "{stranger}"\napi_key_env = "PAIR_KEY"\ncommands = {{ approved = "PING" }}\n'
    )
    results = judged(faults, target, "ERR-07", "TRL-07", "TRL-10", PAIR_KEY=KEY)
    for result in results.values():
        assert result["verdict"] == Verdict.INCONCLUSIVE
        assert "may not inject faults into it" in json.dumps(result)
        assert "set faults = true in the target file" in json.dumps(result)
        assert "give `command` in place of `url` (only then can it be killed)" in json.dumps(result)
    assert '"event":"fault"' not in faults.journal.read_text("utf-8")


def test_reports_what_needs_a_program_or_a_declaration(faults: Sandbox, stranger: str) -> None:
    """With the owner's consent a running backend is attacked; its kill and its audit trail need more."""
    target = faults.target(
        f'faults = true\n[backend]\nurl = "{stranger}"\napi_key_env = "PAIR_KEY"\ncommands = {{ approved = "PING" }}\n'
    )
    results = judged(faults, target, "TRL-07", "TRL-10", PAIR_KEY=KEY)
    assert "give `command` in [backend]" in json.dumps(results["TRL-07"])
    assert "add [backend.unwritable]" in json.dumps(results["TRL-10"])
    assert {result["verdict"] for result in results.values()} == {Verdict.INCONCLUSIVE}


def test_a_machine_without_strace_judges_all_but_what_needs_it(faults: Sandbox, tmp_path: Path) -> None:
    """The trail that is locked is one way, and enough; the order of the calls has no result, and the hint says why."""
    for tool in ("sh", "env"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
    results = judged(faults, reference(faults, "crash_is_approved"), "TRL-10", "TRL-11", PATH=str(tmp_path))
    assert results["TRL-10"]["verdict"] == Verdict.PASS
    assert results["TRL-11"]["verdict"] == Verdict.INCONCLUSIVE
    assert results["TRL-11"]["reason"].startswith("strace is not installed")
    assert "apt-get install strace" in results["TRL-11"]["hint"]
