"""Requests a second of technogate, compared with the `schemathesis` command line on the same backend and contract.

technogate draws and sends the requests, writes them to a journal and judges them by every generated rule that applies.
Both tools run as one process with one worker against the reference backend, one after the other; the backend's own log
counts the requests of both. Run from the repository's root:

    python -m benchmarks.request_rate
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
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
from technogate.generation.requests.commands import CommandSet
from technogate.journal.journal_file import JournalWriter
from technogate.journal.redaction import Redactor
from technogate.model.errors import UserError
from technogate.runner.suite import CheckCounter
from technogate.target import load_target
from technogate.target.api_key import new_key

ROOT = Path(__file__).resolve().parents[1]
CONTRACT = ROOT / "contracts" / "console-v0.1"

#: technogate must make at least this many times as many requests a second.
REQUIRED_RATIO = 3.0

#: The backend's log contains this once for each request.
LOGGED = "trace="

#: The names of the two tools.
TECHNOGATE, SCHEMATHESIS = "technogate", "schemathesis run"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRate:
    """One tool: the number of its requests, the seconds that they took, and the number of its checks."""

    name: str
    requests: int
    seconds: float
    checks: str

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def send_and_judge(url: str, key: str, journal: Path) -> int:
    """Draw, send, record and judge the requests of the standard profile; return the number of checks."""
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
    batches = Batches(driver=driver, words=CommandSet.of(commands.commands), profile="standard", seed=1)
    names = contract.behavior.operations
    for operation in contract.guarded:
        for rule in REGISTRY.rules.values():
            if _concerns(rule, operation.id, names.execute, names.memory):
                batches.hold(rule, operation.id, counter)
    driver.close()
    writer.close()
    return counter.count


def _concerns(rule: GeneratedRule, operation: str, execute: str, memory: str) -> bool:
    """Whether the suites check `operation` by `rule`."""
    family = rule.requirement[:3]
    if family in ("AUT", "ERR") or rule.requirement in ("ENV-05", "ENV-07"):
        return rule.requirement != "ERR-04" and not (rule.requirement == "AUT-04" and operation == memory)
    if family in ("EXE", "ENV"):
        return operation == execute and rule.requirement != "EXE-05"
    return (operation == memory) if family == "MEM" else operation not in (execute, memory)


def _measured(name: str, command: list[str], environment: dict[str, str], count: Callable[[], int]) -> ToolRate:
    """Run a tool as a process of its own; `count` returns the number of the backend's requests so far."""
    before, started = count(), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    seconds = time.perf_counter() - started
    output = done.stdout.strip().splitlines()
    if name == TECHNOGATE and done.returncode:
        raise UserError(f"technogate's part failed: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    checks = output[-1] if name == TECHNOGATE and output else "its own"
    return ToolRate(name=name, requests=count() - before, seconds=seconds, checks=checks)


def measure(examples: int) -> tuple[ToolRate, ToolRate]:
    """The rates of technogate and of `schemathesis run`, each against a new reference backend."""
    rates: list[ToolRate] = []
    for name in (TECHNOGATE, SCHEMATHESIS):
        key = new_key()
        with load_target("embedded", ROOT).start(key) as pair, tempfile.TemporaryDirectory() as folder:
            if pair.backend is None:
                raise UserError("the embedded target has no backend")
            url = pair.backend.url

            def count() -> int:
                texts = [output.text for output in pair.outputs() if output.program == "backend"]
                return sum(text.count(LOGGED) for text in texts)

            if name == TECHNOGATE:
                command = [sys.executable, "-m", "benchmarks.request_rate", "--url", url]
                command += ["--journal", str(Path(folder) / "journal.jsonl")]
            else:
                command = [
                    sys.executable,
                    "-m",
                    "schemathesis.cli",
                    "run",
                    str(CONTRACT / "openapi.yaml"),
                    "--url",
                    url,
                ]
                command += ["-H", f"X-API-Key: {key}", "--max-examples", str(examples), "--seed", "1", "--workers", "1"]
                command += ["--phases", "coverage,fuzzing", "--continue-on-failure", "--no-shrink", "--no-color"]
            rates.append(_measured(name, command, {**os.environ, "TECHNOGATE_API_KEY": key}, count))
    return rates[0], rates[1]


def main() -> int:
    """Print the table; 1 when technogate is not fast enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--examples", type=int, default=150, help="examples of each operation for schemathesis")
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--journal", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.url:
        checks = send_and_judge(arguments.url, os.environ["TECHNOGATE_API_KEY"], arguments.journal)
        sys.stdout.write(f"{checks}\n")
        return 0
    rates = measure(arguments.examples)
    sys.stdout.write(f"{'':18}{'requests':>10}{'seconds':>10}{'per second':>12}{'checks':>10}\n")
    for tool in rates:
        sys.stdout.write(f"{tool.name:18}{tool.requests:>10}{tool.seconds:>10.1f}{tool.rate:>12.0f}{tool.checks:>10}\n")
    ratio = rates[0].rate / rates[1].rate
    sys.stdout.write(
        f"technogate makes {ratio:.1f} times as many requests a second; at least {REQUIRED_RATIO:g} are required\n"
    )
    return 0 if ratio >= REQUIRED_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
