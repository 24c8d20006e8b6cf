"""Client modules as bundlers and libraries have them: judged as their target files are, in Node and in a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from technogate.drivers.page.chromium import browser_missing
from technogate.util.shipped import shipped
from tests.checked_program import check_program
from tests.drivers.module_programs import ALL, need_esbuild

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).parents[1] / "programs" / "pairs"

#: What each program is checked for: an approval is shown, in both runtimes; of one also what a browser alone decides.
CHECKED = {
    "60-vite-env": ("CON-02",),
    "63-commonjs": ("CON-02",),
    "65-factory": ("CON-02", "CON-12", "CON-19"),
}


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the program with the reference's client in it, as the program has it."""
    need_esbuild()
    reason, hint = browser_missing()
    if reason:
        pytest.skip(f"{reason}: {hint}")
    client = shipped("images", "console", "static", "client.js").read_text("utf-8")
    copy = shutil.copytree(PROGRAMS / request.param, tmp_path / "program")
    if request.param == "63-commonjs":
        (copy / "api.js").write_text(client.replace("\nexport ", "\n") + f"\nmodule.exports = {ALL};\n", "utf-8")
    else:
        (copy / "src" / "client.js").write_text(client, "utf-8")
    return copy


def checked(folder: Path, *requirements: str) -> subprocess.CompletedProcess[str]:
    """`technogate check` of some requirements, from within the program's folder."""
    return check_program(folder, folder / "reports", *requirements)


@pytest.mark.parametrize(("folder", "requirements"), CHECKED.items(), ids=list(CHECKED), indirect=["folder"])
def test_a_conforming_module_passes_alone(folder: Path, requirements: tuple[str, ...]) -> None:
    """No finding, and nothing of it is left undecided."""
    ended = checked(folder, *requirements)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    document = json.loads((folder / "reports" / "verdict.json").read_text("utf-8"))
    assert {result["id"]: result["verdict"] for result in document["requirements"]} == dict.fromkeys(
        requirements, "PASS"
    )
    events = (folder / "reports" / "journal.jsonl").read_text("utf-8")
    assert '"driver":"module"' in events
    assert '"driver":"module-browser"' in events


#: Defects that Node does not show: it has no cache and no storage, and no page that follows a redirect.
DEFECTS = {
    "CON-12": ("configured = { ...", "globalThis.localStorage?.setItem('key', fields.apiKey); configured = { ..."),
    "CON-14": ('redirect: "error"', 'redirect: "follow"'),
    "CON-19": ('cache: "no-store"', 'cache: "default"'),
}


@pytest.mark.parametrize("folder", ["65-factory"], indirect=True)
def test_what_a_browser_alone_shows_is_found(folder: Path) -> None:
    """A key in the storage, a redirect that is followed and an answer from the cache fail a module alone."""
    client = folder / "src" / "client.js"
    text = client.read_text("utf-8")
    for before, after in DEFECTS.values():
        assert before in text
        text = text.replace(before, after)
    client.write_text(text, "utf-8")
    assert checked(folder, *DEFECTS).returncode == 1
    document = json.loads((folder / "reports" / "verdict.json").read_text("utf-8"))
    assert {result["id"]: result["verdict"] for result in document["requirements"]} == dict.fromkeys(DEFECTS, "FAIL")


@pytest.mark.parametrize("folder", ["65-factory"], indirect=True)
def test_a_client_that_cannot_be_made_is_one_line(folder: Path) -> None:
    """It ends the run before its first item, with what the module exports and the line to write."""
    (folder / "src" / "api.js").write_text("export const createClient = (url, key) => ({ url, key });", "utf-8")
    ended = checked(folder, "CON-02")
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "it exports createClient (function): write how a client is made: create = " in ended.stderr
