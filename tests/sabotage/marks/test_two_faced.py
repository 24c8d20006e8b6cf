"""A backend that is right for the gate alone is found, by whatever it would know the gate."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.conftest import ROOT, Sandbox

PROGRAM = ROOT / "tests" / "sabotage" / "marks" / "two_faced_backend.py"

TARGET = f"""
name = "two-faced"
extends = "{(ROOT / "images" / "commands.toml").as_posix()}"
[backend]
command = ["{{python}}", "-I", "{PROGRAM.as_posix()}", "--host", "{{host}}", "--port", "{{port}}"]
[backend.env]
REFERENCE = "{(ROOT / "images" / "backend").as_posix()}"
FACE = "FACE-NAME"
TECHNO_API_KEY = "{{api_key}}"
TECHNO_DATABASE_URL = "sqlite:///{{workdir}}/trail.db"
TECHNO_ALLOWED_ORIGINS = "{{console_origin}}"
TECHNO_DEMO_FAULTS = "1"
"""


@pytest.mark.slow
@pytest.mark.sabotage("a backend that is right only for the gate's User-Agent")
@pytest.mark.sabotage("a backend that is right only for the first User-Agent that knows the key")
@pytest.mark.sabotage("a backend that is right only for requests with a header that the gate sends")
@pytest.mark.sabotage("a backend that is right only for requests whose headers are in the gate's order")
@pytest.mark.parametrize("face", ["named", "first", "identity", "accept", "order"])
def test_a_backend_that_is_right_for_the_gate_alone_fails(sandbox: Sandbox, face: str) -> None:
    """What it does for all others is a finding of the requirement that the case belongs to."""
    shutil.copytree(ROOT / "suites" / "backend", sandbox.home / "suites" / "backend")
    shutil.copytree(ROOT / "suites" / "properties", sandbox.home / "suites" / "properties")
    shutil.copy(ROOT / "docker-compose.test.yml", sandbox.home)
    target = sandbox.target(TARGET.replace("FACE-NAME", face))
    words = ("check", "EXE-06", "--target", str(target), "--reports", str(sandbox.reports), "--seed", "1")
    ended = sandbox.run(*words)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    verdict = json.loads((sandbox.reports / "verdict.json").read_bytes())
    assert {each["id"]: each["verdict"] for each in verdict["requirements"]}["EXE-06"] == "FAIL"
