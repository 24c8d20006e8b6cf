"""Attempts to have the gate load what it was not installed with: bytecode, code in `.pth` files, changed packages."""

from __future__ import annotations

import importlib.metadata
import marshal
import shutil
import site
import subprocess
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from technogate.util import gate_digest as digest_module
from technogate.util import installed_packages, sealed_start
from technogate.util import shipped as shipped_data
from technogate.util.sealed_start import without_steering
from tests.conftest import ROOT, STUCK_S, Sandbox
from tests.gate_command import GATE

pytestmark = pytest.mark.slow


def plant_bytecode(source: Path, text: str) -> None:
    """Put bytecode of another `text` beside `source`, where Python looks for it, with the time and size of `source`."""
    state = source.stat()
    # Not where this process keeps its own bytecode, which may be another place.
    place = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
    place.parent.mkdir(exist_ok=True)
    code = compile(text, str(source), "exec")
    written = (0, int(state.st_mtime), state.st_size)
    head = b"".join(number.to_bytes(4, "little") for number in written)
    place.write_bytes(MAGIC_NUMBER + head + marshal.dumps(code))


@pytest.mark.sabotage("a program under test leaves bytecode beside the gate's sources, for the next run")
@pytest.mark.slow
def test_planted_bytecode_is_not_loaded(sandbox: Sandbox) -> None:
    """The gate compiles its own sources: bytecode that was left beside them does nothing."""
    home = sandbox.home / "src"
    for name in ("cli/main.py", "util/text.py", "model/errors.py", "util/sealed_start.py"):
        plant_bytecode(home / "technogate" / name, "import os\nos._exit(0)\n")
    beside = {"PYTHONPYCACHEPREFIX": ""}
    ended = sandbox.run_program([sys.executable, "-m", "technogate", "judge", "nowhere.jsonl"], beside)
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "cannot read the journal" in ended.stderr


@pytest.mark.sabotage("a program under test writes into the bytecode of the very run that judges it")
def test_bytecode_of_a_run_is_closed_before_programs_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the suites were collected no bytecode is read from the folder of the run, and none written."""
    monkeypatch.setitem(sys._xoptions, "pycache_prefix", sealed_start.NO_BYTECODE)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    with sealed_start.bytecode_of_a_run() as folder:
        assert Path(folder).stat().st_mode & 0o077 == 0
        monkeypatch.setitem(sys._xoptions, "pycache_prefix", folder)
        sealed_start.close_bytecode()
        assert (sys.pycache_prefix, sys.dont_write_bytecode) == (sealed_start.NO_BYTECODE, True)
    assert not Path(folder).exists()


@pytest.mark.sabotage("a `.pth` file among the packages holds code")
def test_code_in_a_pth_file_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a `.pth` file only the folders are taken."""
    added = tmp_path / "added"
    added.mkdir()
    (tmp_path / "evil.pth").write_text(f"import os; os._exit(0)\n{added}\nnowhere\n", "utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(site, "addpackage", sealed_start._paths_alone)
    site.addsitedir(str(tmp_path))
    assert str(added) in sys.path
    assert str(tmp_path / "nowhere") not in sys.path


@pytest.mark.sabotage("a variable steers the interpreter, pytest, Node or the linker in a process of the gate")
@pytest.mark.parametrize(
    "name", ["PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS", "LD_PRELOAD", "NODE_OPTIONS", "_TECHNOGATE_COMPLETE"]
)
def test_no_process_of_the_gate_is_steered(name: str) -> None:
    """The environment of the suites has no variable that chooses what is loaded."""
    assert without_steering({name: "x", "PATH": "/bin", "HOME": "/"}) == {"PATH": "/bin", "HOME": "/"}


@pytest.mark.sabotage("a contract with the name of the shipped one has its MUSTs made SHOULD")
@pytest.mark.parametrize("command", [("validate",), ("check", "AUT-01")], ids=["validate", "check"])
def test_a_softened_contract_of_the_same_name_is_refused(command: tuple[str, ...], tmp_path: Path) -> None:
    """A contract that has the name of a shipped one and other bytes is a mistake, in one line."""
    folder = tmp_path / "console-v0.1"
    shutil.copytree(ROOT / "contracts" / "console-v0.1", folder)
    rules = folder / "requirements.toml"
    rules.write_text(rules.read_text("utf-8").replace('level = "must"', 'level = "should"'), "utf-8")
    ended = subprocess.run(
        [*GATE, *command, "--target", "embedded", "--contract", str(folder)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "is not the shipped contract console-v0.1" in ended.stderr
    assert not (tmp_path / "reports" / "verdict.json").exists()


def package(folder: Path) -> importlib.metadata.Distribution:
    """An installed package with one module."""
    (folder / "h11").mkdir(parents=True)
    (folder / "h11" / "__init__.py").write_text("SAFE = True\n", "utf-8")
    record = folder / "h11-1.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: h11\nVersion: 1\n", "utf-8")
    (record / "RECORD").write_text("h11/__init__.py,,\nh11-1.dist-info/METADATA,,\n", "utf-8")
    return importlib.metadata.PathDistribution(record)


CHANGES = {
    "a file of a package is edited": "h11/__init__.py",
    "a file is planted that is loaded before a package's own": "h11/__init__.abi3.so",
    "a file is planted beside a package": "h11.abi3.so",
    "a module without source is planted in a package": "h11/_readers.pyc",
}


@pytest.mark.sabotage("a package that the gate judges with is changed after its installation")
@pytest.mark.parametrize("name", CHANGES)
def test_the_gates_digest_covers_its_packages(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another file, or other bytes, in a package make another gate of it: evidence of the one is none of the other."""
    found = package(tmp_path)
    monkeypatch.setattr(installed_packages, "judging_packages", lambda: {"h11": found})
    before = installed_packages.packages_digest()
    cached = tmp_path / "h11" / "__pycache__" / "x.pyc"
    cached.parent.mkdir()
    cached.write_bytes(b"no run loads this")
    assert installed_packages.packages_digest() == before
    (tmp_path / CHANGES[name]).write_text("SAFE = False\n", "utf-8")
    assert installed_packages.packages_digest() != before


@pytest.mark.sabotage("the settings of pytest, or the list of versions, are changed after the installation")
@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_the_gates_digest_covers_its_settings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed setting changes the digest of the gate."""
    monkeypatch.setattr(shipped_data, "shipped_root", lambda: tmp_path)
    monkeypatch.setattr(digest_module, "packages_digest", lambda: "")
    (tmp_path / name).write_text("a = 1\n", "utf-8")
    before = digest_module.gate_digest()
    (tmp_path / name).write_text("a = 2\n", "utf-8")
    assert digest_module.gate_digest() != before


def test_the_packages_are_those_that_judge() -> None:
    """The gate knows its packages: those that it declares and those that they need, and not itself."""
    known = installed_packages.judging_packages()
    assert {"pytest", "h11", "httpx", "pluggy", "msgspec"} <= set(known)
    assert "technogate" not in known
    assert "ruff" not in known
