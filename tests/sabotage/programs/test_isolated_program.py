"""A program under test that runs as another user: it reaches nothing of the gate."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from technogate.model.program_isolation import ISOLATED, ProgramIsolation, isolation_of_run
from technogate.target.process.isolation import Account, isolation_of, own_account
from technogate.target.spec import BackendSpec
from tests.cli.test_exit_codes import OPTIONS
from tests.conftest import Sandbox
from tests.sabotage.programs.hostile import plant

WHY_NOT = own_account()
only_root = pytest.mark.skipif(
    not isinstance(WHY_NOT, Account), reason=f"no program can get a user of its own here: {WHY_NOT}"
)

#: A shell is everywhere where another user reaches it, as no Python of a home folder is.
SPEC = BackendSpec(command=("sh", "backend.sh", "{workdir}"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can read."""
    with tempfile.TemporaryDirectory(prefix="technogate-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "backend.sh").write_text("exit 0\n")
        (folder / "run" / "backend").mkdir(parents=True)
        yield folder


def isolation(folder: Path, spec: BackendSpec = SPEC, argv: tuple[str, ...] = (), port: int = 40000) -> str:
    """What the verdict says of a backend in this folder."""
    env = {"PATH": os.environ["PATH"]}
    return isolation_of(spec, argv or spec.command, folder, env, port, folder / "run" / "backend").text


@only_root
def test_a_program_whose_folder_is_open_is_isolated(open_folder: Path) -> None:
    """It needs no more than files that it can read, and a folder of its own."""
    assert isolation(open_folder) == ISOLATED


@only_root
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda folder: folder.chmod(0o700), "cannot reach the folder"),
        (lambda folder: (folder / "backend.sh").chmod(0o600), "cannot reach backend.sh"),
    ],
)
def test_a_program_that_the_other_user_cannot_start_is_not(open_folder: Path, change: object, why: str) -> None:
    """A checkout in a closed home is no mistake: the program runs as before, and the verdict says why."""
    change(open_folder)  # type: ignore[operator]
    assert why in isolation(open_folder)


@only_root
def test_a_target_file_and_a_port_of_root_decide_too(open_folder: Path) -> None:
    """`none` is never isolated, a program without {workdir} only when the target file says that it writes nothing."""
    elsewhere = BackendSpec(command=("sh", "backend.sh"))
    assert "{workdir}" in isolation(open_folder, elsewhere)
    assert isolation(open_folder, BackendSpec(command=("sh", "backend.sh"), isolation="user")) == ISOLATED
    assert 'isolation = "none"' in isolation(open_folder, BackendSpec(command=SPEC.command, isolation="none"))
    assert "port 80 belongs to root" in isolation(open_folder, port=80)
    assert "cannot reach the program nowhere" in isolation(open_folder, argv=("nowhere",))


def test_a_run_is_isolated_only_when_every_program_was() -> None:
    """One that was not names the reason; no program at all proves nothing."""
    good, bad = ProgramIsolation(program="backend", isolation=ISOLATED), ProgramIsolation(program="c", isolation="why")
    assert isolation_of_run([good, good], started_by_gate=True) == ISOLATED
    assert isolation_of_run([good, bad], started_by_gate=True) == "not isolated: c: why"
    assert isolation_of_run([], started_by_gate=True).startswith("not isolated")
    assert "did not start" in isolation_of_run([good], started_by_gate=False)


#: Tries to read and write what belongs to the gate, from a shell: it notes what succeeded.
REACHES = r"""
home=$1; port=$2; workdir=$3
{
    for place in "$home/reports" "$home/reports/journal.jsonl" "/proc/$PPID/environ" "/proc/$PPID/mem" "$STATE"; do
        test -r "$place" && head -c 1 "$place" >/dev/null 2>&1 && echo "read $place"
        test -w "$place" && echo "write $place"
    done
    ls "/proc/$PPID/fd" >/dev/null 2>&1 && echo "descriptors of $PPID"
    kill -0 "$PPID" 2>/dev/null && echo "signal $PPID"
    test "$(id -u)" = 0 && echo "root"
    echo "id $(id -u) groups $(id -G)"
} > "$workdir/reached"
exec node "$home/server.mjs" "$port" "$workdir/reached"
"""

_SERVER = """
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
createServer((_, answer) => answer.end(readFileSync(process.argv[3]))).listen(Number(process.argv[2]), "127.0.0.1");
"""

SUITE = '''
import json, pathlib, urllib.request
from technogate.runner.suite import requirement

@requirement("CTR-01")
def test_it(must_hold, running):
    """It holds."""
    text = urllib.request.urlopen(running.backend.url + "/").read().decode()
    pathlib.Path("reached.txt").write_text(text)
    must_hold([])
'''


@only_root
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="no Node that another user reaches (apt-get install nodejs)")
@pytest.mark.sabotage("a program under test reads the gate's memory, environment, journal, reports and state folder")
def test_an_isolated_program_reaches_nothing_of_the_gate(sandbox: Sandbox, open_folder: Path) -> None:
    """It has a user and a folder of its own; what it tries on the gate fails, and the verdict says `isolated`."""
    plant(sandbox, "done()")
    sandbox.suite("test_it.py", SUITE)
    (open_folder / "backend.sh").write_text(REACHES)
    (open_folder / "server.mjs").write_text(_SERVER)
    (open_folder / "pair.toml").write_text(
        'name = "isolated"\n[backend]\nready = "/"\n'
        f'command = ["sh", "backend.sh", "{open_folder}", "{{port}}", "{{workdir}}"]\n'
        f'env = {{ STATE = "{sandbox.home.parent}/state" }}\n'
    )
    reports = open_folder / "reports"
    words = ("--contract", OPTIONS[1], "--target", str(open_folder / "pair.toml"), "--workers", "1")
    ended = sandbox.run("validate", *words, "--reports", str(reports))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert json.loads((reports / "verdict.json").read_text("utf-8"))["isolation"] == ISOLATED
    reached = (sandbox.home / "reached.txt").read_text("utf-8").splitlines()
    # The folder of this test is open to all: what is in it can be listed.
    assert [line for line in reached if not line.startswith("id ") and line != f"read {reports}"] == []
    assert reached[-1].split()[1] == reached[-1].split()[3] != "0"
