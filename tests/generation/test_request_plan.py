"""The generated cases: filed correctly, reproducible by seed, complete for every parameter, and harmless."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from technogate.contract.loader import Contract
from technogate.drivers.http.http_driver import Case
from technogate.generation.requests.commands import CommandSet
from technogate.generation.requests.request_plan import TOTAL, Mode, Planned, RequestPlan, size
from technogate.generation.requests.sequences import drawn
from technogate.target.spec import Commands

KEYS = ("no key", "a wrong key")
OPERATIONS = ["executeCommand", "fetchAuditLog", "fetchDiagnosticMetrics", "fetchMemory"]
#: The words of the contract, written out here a second time on purpose.
FILTERS = {"all", "APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"}


def plan(contract: Contract, operation: str, words: CommandSet, seed: int = 7, count: int = 300) -> RequestPlan:
    """The cases of one operation."""
    return RequestPlan(contract, operation, count=count, seed=seed, words=words, keys=KEYS)


def encoded(cases: tuple[Planned, ...]) -> bytes:
    """Cases as bytes, to compare them."""
    return msgspec.json.encode([(entry.case, entry.key, entry.mode) for entry in cases])


def refuse(word: str) -> object:
    """NaN and Infinity are not JSON."""
    raise ValueError(word)


def valid_by_the_schema(contract: Contract, case: Case) -> bool:
    """Decide with jsonschema and rules of this module, not with the oracle, whether a request is valid."""
    if case.body is None:
        query = dict(case.query)
        limit = query.get("limit", "50")
        plain = len(query) == len(case.query) and set(query) <= {"filter", "limit"}
        good = re.fullmatch("[1-9][0-9]*", limit) and int(limit) <= 1000 and query.get("filter", "all") in FILTERS
        return bool(plain and good)
    try:
        value = json.loads(case.body, parse_constant=refuse)
    except (ValueError, RecursionError):
        return False
    schema = {**contract.document, "$ref": "#/components/schemas/ExecuteRequest"}
    strict = all(ord(letter) < 0x7F for letter in str(value.get("command"))) if isinstance(value, dict) else False
    newline = isinstance(value, dict) and str(value.get("command")).endswith("\n")
    fits = Draft202012Validator(schema).is_valid(value) and strict and not newline
    return fits and case.content_type == "application/json" and len(case.body) <= 65536


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
def test_allowed_cases_are_valid(contract: Contract, words: CommandSet, operation: str) -> None:
    """Every case that is filed as allowed is valid against the contract."""
    cases = plan(contract, operation, words).of(Mode.ALLOWED)
    assert len(cases) > 5
    assert [entry.case for entry in cases if not valid_by_the_schema(contract, entry.case)] == []


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS[:3])
def test_forbidden_cases_are_invalid(contract: Contract, words: CommandSet, operation: str) -> None:
    """No case that is filed as forbidden is valid against the contract."""
    cases = plan(contract, operation, words).of(Mode.FORBIDDEN)
    assert len(cases) > 50
    assert [entry.case for entry in cases if valid_by_the_schema(contract, entry.case)] == []


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
def test_unkeyed_cases_lack_the_right_key(contract: Contract, words: CommandSet, operation: str) -> None:
    """Unkeyed cases have a wrong key, of each kind; all other cases have the right key."""
    cases = plan(contract, operation, words)
    assert {entry.key for entry in cases.of(Mode.UNKEYED)} == set(KEYS)
    assert {entry.key for mode in (Mode.ALLOWED, Mode.FORBIDDEN, Mode.OPEN) for entry in cases.of(mode)} == {""}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_same_seed_gives_same_cases(contract: Contract, words: CommandSet, operation: str) -> None:
    """The same seed gives the same cases, and another seed gives others."""
    one, same = (plan(contract, operation, words, count=100) for _ in range(2))
    other_cases = plan(contract, operation, words, seed=8, count=100)
    for mode in Mode:
        assert encoded(one.of(mode)) == encoded(same.of(mode))
    assert encoded(one.of(Mode.UNKEYED)) != encoded(other_cases.of(Mode.UNKEYED))


@pytest.mark.slow
def test_same_seed_gives_same_cases_in_every_process(tmp_path: Path) -> None:
    """Two processes that hash strings differently draw the same cases."""
    script = tmp_path / "draw.py"
    script.write_text(
        "import hashlib, sys\n"
        "from pathlib import Path\n"
        "from technogate.contract.loader import load_contract\n"
        "from technogate.generation.requests.commands import CommandSet\n"
        "from technogate.generation.requests.request_plan import Mode, RequestPlan\n"
        "from technogate.target.spec import Commands\n"
        "from technogate.model.contract_words import speak\n"
        "contract = load_contract(Path(sys.argv[1]))\n"
        "speak(contract.words)\n"
        "words = CommandSet.of(Commands(approved='PING'))\n"
        "sha = hashlib.sha256()\n"
        "for each in contract.guarded:\n"
        "    plan = RequestPlan(contract, each.id, count=80, seed=3, words=words, keys=('a', 'b'))\n"
        "    for mode in Mode:\n"
        "        sha.update(repr([(one.case, one.key) for one in plan.of(mode)]).encode())\n"
        "print(sha.hexdigest())\n"
    )
    folder = Path(__file__).parents[2] / "contracts" / "console-v0.1"
    digests = {
        subprocess.run(
            [sys.executable, str(script), str(folder)],
            # Hypothesis keeps its tables in the current folder.
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_every_limit_is_covered(contract: Contract, words: CommandSet) -> None:
    """A short list already has each parameter at, just within and just beyond its limits."""
    execute = plan(contract, "executeCommand", words, count=120)
    bodies = [json.loads(entry.case.body or b"") for entry in execute.of(Mode.ALLOWED)]
    assert {3, 32} <= {len(parsed["command"]) for parsed in bodies}
    assert {127, 128} <= {len(parsed["session_id"]) for parsed in bodies if "session_id" in parsed}
    forbidden = execute.of(Mode.FORBIDDEN)
    assert {fault for entry in forbidden for fault in entry.expectation.faults} >= {"command", "session_id", "body"}
    raw = b"\n".join(entry.case.body or b"" for entry in forbidden)
    assert b'"AA"' in raw
    assert re.search(rb'"[A-Z_]{33}"', raw)
    assert re.search(rb'"session_id": ?"[^"\\]{129}"', raw)
    audit = plan(contract, "fetchAuditLog", words, count=120)
    parameters = [pair for entry in audit.of(Mode.ALLOWED) for pair in entry.case.query]
    assert {value for name, value in parameters if name == "filter"} == FILTERS
    assert {"1", "1000"} <= {value for name, value in parameters if name == "limit"}
    refused = {value for entry in audit.of(Mode.FORBIDDEN) for name, value in entry.case.query if name == "limit"}
    assert {"0", "1001"} <= refused


def test_no_harmful_command_is_drawn(contract: Contract) -> None:
    """No generated body holds a command that hangs, crashes or has an unknown effect."""
    words = CommandSet.of(
        Commands(approved="PING", slow="AAA", crashing="ZZZ", unknown_status=("RUN_REPORT", "GET_LIST"))
    )
    execute = plan(contract, "executeCommand", words, count=600)
    bodies = [entry.case.body or b"" for mode in Mode for entry in execute.of(mode)]
    assert not [body for body in bodies if re.search(rb"(?i)(?<![A-Z_])(AAA|ZZZ|RUN_REPORT)(?![A-Z_])", body)]
    allowed = {json.loads(entry.case.body or b"")["command"] for entry in execute.of(Mode.ALLOWED)}
    assert all(command == "PING" or command.startswith("ZZ") for command in allowed)
    assert "PING" in allowed


@pytest.mark.slow
def test_standard_profile_has_2000_requests(contract: Contract, words: CommandSet) -> None:
    """The standard profile has at least 2,000 requests for the four operations, and no list repeats a case."""
    count = 0
    for operation in OPERATIONS:
        made = plan(contract, operation, words, count=size(contract, operation, "standard"))
        for mode in Mode:
            count += len(made.of(mode))
        bare = [msgspec.structs.replace(entry.case, name="") for entry in made.of(Mode.ALLOWED)]
        assert len(bare) == len(set(bare))
    assert count >= 2000
    assert TOTAL["quick"] < TOTAL["standard"] < TOTAL["thorough"]


def test_every_draw_of_sequences_reads_the_memory(contract: Contract, words: CommandSet) -> None:
    """With every seed, a snapshot is read right after an execution and after an unknown command."""
    for seed in range(50):
        [steps] = drawn(contract, words, KEYS, count=1, seed=seed)
        operations = [step.case.operation for step in steps[:4]]
        assert operations == ["executeCommand", "fetchMemory", "executeCommand", "fetchMemory"]
