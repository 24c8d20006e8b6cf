"""How many requests a second the gate makes, beside the `schemathesis` command line on the same backend and contract.

Ours are drawn, sent, written to a journal, and judged by every rule that they concern. Both run as one
process with one worker against the reference backend, one after the other; the backend's own log counts
the requests of both. Run from the repository's root:

    python benchmarks/requests.py
"""

from __future__ import annotations

import sys

# To the end with this folder: the package `requests` must be found before this file, which has its name.
sys.path.sort(key=lambda folder: folder.endswith("benchmarks"))

import argparse
import itertools
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fixtures.request_batches import Batches
from technogate.checks.family import GeneratedRule
from technogate.checks.registry import REGISTRY
from technogate.contract.loader import load_contract
from technogate.drivers.http.api_keys import right_key
from technogate.drivers.http.http_driver import HttpDriver
from technogate.generation.requests.commands import Words
from technogate.journal.journal_file import JournalWriter
from technogate.journal.redaction import Redactor
from technogate.model.errors import UserError
from technogate.runner.run_context import new_key
from technogate.runner.suite import CheckCounter
from technogate.target import load_target

ROOT = Path(__file__).resolve().parents[1]
CONTRACT = ROOT / "contracts" / "console-v0.1"

#: Ours must be at least so many times as fast.
WANTED = 3.0

#: What stands in the backend's log for each request that it answered.
LOGGED = "trace="


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One contestant: how many requests it made, in how many seconds, and how many checks it made of them."""

    name: str
    requests: int
    seconds: float
    checks: str

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def ours(url: str, key: str, journal: Path) -> int:
    """Draw, send, record and judge the standard profile's requests; the number of checks made."""
    contract, numbers = load_contract(CONTRACT), itertools.count(1)
    writer, counter = JournalWriter(journal, "main"), CheckCounter()
    commands = load_target("embedded", ROOT).spec.backend
    if commands is None:
        raise UserError("the embedded target has no backend")
    driver = HttpDriver(
        base_url=url,
        key=right_key(key),
        contract=contract,
        redactor=Redactor(key),
        record=writer.append,
        item=lambda: "benchmark",
        new_id=lambda: f"main-{next(numbers)}",
        run="benchmark",
        timeout_s=18,
    )
    batches = Batches(driver=driver, words=Words.of(commands.commands), profile="standard", seed=1)
    names = contract.behavior.operations
    for operation in contract.guarded:
        for rule in REGISTRY.rules.values():
            if _concerns(rule, operation.id, names.execute, names.memory):
                batches.hold(rule, operation.id, counter)
    driver.close()
    writer.close()
    return counter.count


def _concerns(rule: GeneratedRule, operation: str, execute: str, memory: str) -> bool:
    """Whether the suites judge `operation` by `rule`."""
    family = rule.requirement[:3]
    if family in ("AUT", "ERR") or rule.requirement in ("ENV-05", "ENV-07"):
        return rule.requirement != "ERR-04" and not (rule.requirement == "AUT-04" and operation == memory)
    if family in ("EXE", "ENV"):
        return operation == execute and rule.requirement != "EXE-05"
    return (operation == memory) if family == "MEM" else operation not in (execute, memory)


def _measured(name: str, command: list[str], environment: dict[str, str], seen: Callable[[], int]) -> Measured:
    """Run one contestant as a process of its own; `seen` counts the backend's requests so far."""
    before, started = seen(), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    seconds = time.perf_counter() - started
    said = done.stdout.strip().splitlines()
    if name == "technogate" and done.returncode:
        raise UserError(f"technogate's part failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    checks = said[-1] if name == "technogate" and said else "its own"
    return Measured(name=name, requests=seen() - before, seconds=seconds, checks=checks)


def compare(examples: int) -> list[Measured]:
    """Both contestants against one fresh reference backend each."""
    found: list[Measured] = []
    for name in ("technogate", "schemathesis run"):
        key = new_key()
        with load_target("embedded", ROOT).start(key) as pair, tempfile.TemporaryDirectory() as folder:
            if pair.backend is None:
                raise UserError("the embedded target has no backend")
            url = pair.backend.url

            def seen() -> int:
                texts = [output.text for output in pair.outputs() if output.program == "backend"]
                return sum(text.count(LOGGED) for text in texts)

            mine = [sys.executable, __file__, "--url", url, "--journal", str(Path(folder) / "journal.jsonl")]
            theirs = [sys.executable, "-m", "schemathesis.cli", "run", str(CONTRACT / "openapi.yaml"), "--url", url]
            theirs += ["-H", f"X-API-Key: {key}", "--max-examples", str(examples), "--seed", "1", "--workers", "1"]
            theirs += ["--phases", "coverage,fuzzing", "--continue-on-failure", "--no-shrink", "--no-color"]
            environment = {**os.environ, "TECHNOGATE_API_KEY": key}
            found.append(_measured(name, mine if name == "technogate" else theirs, environment, seen))
    return found


def main() -> int:
    """Print the table; 1 when ours is not fast enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--examples", type=int, default=150, help="examples of each operation for schemathesis")
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--journal", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.url:
        sys.stdout.write(f"{ours(given.url, os.environ['TECHNOGATE_API_KEY'], given.journal)}\n")
        return 0
    rows = compare(given.examples)
    sys.stdout.write(f"{'':18}{'requests':>10}{'seconds':>10}{'per second':>12}{'checks':>10}\n")
    for row in rows:
        sys.stdout.write(f"{row.name:18}{row.requests:>10}{row.seconds:>10.1f}{row.rate:>12.0f}{row.checks:>10}\n")
    ratio = rows[0].rate / rows[1].rate
    sys.stdout.write(f"technogate makes {ratio:.1f} times as many requests a second; wanted are {WANTED:g}\n")
    return 0 if ratio >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
