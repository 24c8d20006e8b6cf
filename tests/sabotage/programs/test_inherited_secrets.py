"""What a program, a browser or a command of a target file can read of the environment that the gate was started in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from technogate.faults.unwritable_trail import unwritable
from technogate.target.spec import UnwritableSpec
from tests.cli.test_exit_codes import item
from tests.conftest import Sandbox

SECRETS = {
    "CI_JOB_TOKEN": "t-0",
    "GITHUB_TOKEN": "t-1",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t-2",
    "AWS_SECRET_ACCESS_KEY": "t-3",
    "DOCKER_AUTH_CONFIG": "t-4",
    "PGPASSWORD": "t-5",
    "TECHNOGATE_SIGNING_KEY": "t-6",
    "XDG_API_KEY": "t-7",
    "NPM_CONFIG__AUTH": "t-8",
}

#: Every child of a process of a run has its environment, or less: a browser and its driver have all of it.
LOOKS = f"""
    import json
    secrets = {sorted(SECRETS)!r}
    found = [name for name in secrets if name in os.environ]
    pathlib.Path(f'found-{{os.getpid()}}').write_text(json.dumps([found, sorted(os.environ)]))
    must_hold([])"""


@pytest.mark.slow
@pytest.mark.sabotage("secrets of the CI are inherited by the browser, Playwright's driver and Node")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_process_of_a_run_has_a_secret_in_its_environment(sandbox: Sandbox, workers: str) -> None:
    """The suites and their workers start without it, so nothing that they start inherits it."""
    sandbox.contract(("CTR-01",))
    sandbox.target('name = "b"\n[backend]\ncommand = ["{python}", "-c", "pass", "{port}", "{api_key}"]\n')
    sandbox.suite("test_it.py", item(LOOKS.strip()) + item(LOOKS.strip(), name="test_again"))
    words = ("validate", "--contract", "contracts/small", "--target", "pair.toml", "--workers", workers)
    ended = sandbox.run(*words, **{**SECRETS, "TECHNOGATE_SIGNING_KEY": ""})
    assert ended.returncode == 0, ended.stdout + ended.stderr
    looked = [json.loads(path.read_text("utf-8")) for path in sandbox.home.glob("found-*")]
    assert looked
    for found, names in looked:
        assert found == []
        assert "PATH" in names


#: Withholds what a target file does not name, and starts a child.
WITHHOLDS = """
import os, subprocess, sys
from technogate.target.environment import variable, whole_environment, withhold
withhold({"NAMED_KEY"})
assert variable("NAMED_KEY") == "mine" and whole_environment()["NAMED_KEY"] == "mine"
assert variable("CI_JOB_TOKEN") is None
subprocess.run([sys.executable, "-c", "import os; print(sorted(os.environ))"], check=True)
"""


@pytest.mark.sabotage("a program reads the key that the target file names for another one")
def test_a_child_does_not_even_inherit_what_a_target_file_names() -> None:
    """The gate knows a variable that the target file names; a child has it only where the target file says so."""
    ended = subprocess.run(
        [sys.executable, "-c", WITHHOLDS],
        env={**os.environ, **SECRETS, "NAMED_KEY": "mine"},
        capture_output=True,
        text=True,
        check=True,
    )
    names = ended.stdout
    assert "'PATH'" in names
    assert not [name for name in ("NAMED_KEY", *SECRETS) if f"'{name}'" in names]


@pytest.mark.sabotage("secrets of the CI are inherited by [backend.unwritable] command and undo")
def test_the_command_that_breaks_the_trail_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets what every program needs, and what the target file names for it."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    write = (sys.executable, "-c", "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))")
    spec = UnwritableSpec(command=(*write, "broken"), undo=(*write, "mended"), env={"PGPASSWORD": "named"})
    with unwritable(spec, tmp_path, str):
        pass
    for name in ("broken", "mended"):
        given = json.loads((tmp_path / name).read_text("utf-8"))
        assert given["PGPASSWORD"] == "named"
        assert "PATH" in given
        assert not set(given) & set(SECRETS) - {"PGPASSWORD"}
