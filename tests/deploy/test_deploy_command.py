"""From a validation of images to DEPLOY, one command for each step, with its exit code."""

from __future__ import annotations

import json
import os

import pytest

from technogate.deploy.evidence.signing_keys import generate
from tests.cli.test_exit_codes import verdicts
from tests.conftest import Sandbox
from tests.deploy.sealed import BACKEND_ID, BACKEND_NAME, CONSOLE_ID, CONSOLE_NAME, both, engine, payload

pytestmark = pytest.mark.slow

#: A requirement of each group that the list asks for; none of them is swept over a run's exchanges.
KEPT = ("EXE-01", "AUD-02", "MEM-01", "AUT-01", "ERR-05", "STK-02", "TRL-07", "CTR-01")

PAIR = """name = "pair"
[backend]
command = ["{python}", "-c", "pass", "{port}"]
[backend.commands]
approved = "PING"
warning = ""
neutral = ""
expired = ""
blocked = ""
slow = ""
crashing = ""
unknown_status = ""
[console]
command = ["{python}", "-c", "pass", "{port}"]
"""

SUITE = """
import os
import pytest
from technogate.model.events import Finding
from technogate.runner.suite import requirement
"""

#: What makes a pair of processes look like a pair of images: the engine itself is tested elsewhere.
IMAGES = f"""            images={{
                "console": ImageRef(name={CONSOLE_NAME!r}, digest={CONSOLE_ID!r}),
                "backend": ImageRef(name={BACKEND_NAME!r}, digest={BACKEND_ID!r}),
            }},
"""

VALIDATE = ("validate", "--contract", "contracts/small", "--target", "pair.toml", "--workers", "1")
EVIDENCE = "reports/evidence.dsse.json"


def item(requirement: str, body: str = "must_hold([])") -> str:
    """One item that checks a requirement."""
    name = requirement.lower().replace("-", "_")
    return f'\n\n@requirement("{requirement}")\ndef test_{name}(must_hold):\n    """It holds."""\n    {body}\n'


@pytest.fixture
def house(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a small contract that passes, a pair of images, a pair of keys and an engine."""
    sandbox.contract(KEPT)
    sandbox.target(PAIR)
    body = 'assert "TECHNOGATE_SIGNING_KEY" not in os.environ; must_hold([])'
    sandbox.suite("test_all.py", SUITE + "".join(item(name, body) for name in KEPT))
    process = sandbox.home / "src" / "technogate" / "target" / "process" / "process_target.py"
    text = process.read_text("utf-8")
    anchor = "            faults=self.allows_faults,\n"
    assert text.count(anchor) == 1
    text = text.replace(anchor, anchor + IMAGES)
    process.write_text(text.replace("import TargetRef", "import ImageRef, TargetRef"), "utf-8")
    generate(sandbox.home / "keys")
    engine(sandbox.home / "bin", both())
    return sandbox


def path_of(house: Sandbox) -> str:
    """The PATH, with the stand-in for the engine first."""
    return f"{house.home / 'bin'}{os.pathsep}{os.environ['PATH']}"


def deploy(house: Sandbox, *words: str, **environment: str) -> tuple[int, str]:
    """Return exit code and output of `deploy-check`; of a repeated option the last one counts."""
    ended = house.run(
        "deploy-check", "--console", CONSOLE_NAME, "--backend", BACKEND_NAME, "--evidence", EVIDENCE,
        "--key", "keys/technogate.pub", "--contract", "contracts/small", *words,
        **{"PATH": path_of(house), **environment},
    )  # fmt: skip
    assert "Traceback" not in ended.stderr
    return ended.returncode, " ".join((ended.stdout + ended.stderr).split())


def test_from_validation_to_deployment(house: Sandbox) -> None:
    """After a PASS deploy-check prints DEPLOY, and after any change DO NOT DEPLOY."""
    ended = house.run(*VALIDATE, "--signing-key", "keys/technogate.key", PATH=path_of(house))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "evidence: " in ended.stdout
    assert "Deploy these two images." in ended.stdout
    assert ended.stdout.rstrip().splitlines()[-1] == " ✔ PASS (pair, images): see reports/report.html"
    assert "Deploy these two images." in (house.reports / "report.md").read_text("utf-8")
    code, output = deploy(house)
    assert code == 0, output
    assert output.endswith("DEPLOY: 16 of 16 lines proven")
    assert "\x1b" not in output

    for words, why in (
        (("--console", "techno-os-console:latest"), "has a tag that moves"),
        (("--console", "techno-os-console:1.3"), "No such image"),
        (("--console", BACKEND_NAME), f"but {CONSOLE_ID} was validated"),
        (("--evidence", "nowhere.json"), "cannot be read"),
        (("--contract", "contracts/console-v0.1"), "another contract was judged"),
    ):
        code, output = deploy(house, *words)
        assert code == 1, output
        # A terminal breaks long words wherever its line ends.
        assert why.replace(" ", "") in output.replace(" ", ""), output
        assert "DO NOT DEPLOY" in output

    generate(house.home / "others")
    assert deploy(house, "--key", "others/technogate.pub")[0] == 1
    evidence = house.home / EVIDENCE
    honest = evidence.read_bytes()
    evidence.write_bytes(honest.replace(b"A", b"B", 1))
    code, output = deploy(house)
    assert (code, "it was changed after signing, or never signed" in output) == (1, True), output
    evidence.write_bytes(honest)
    assert deploy(house)[0] == 0

    house.suite("test_more.py", SUITE + item("CTR-01"))
    code, output = deploy(house)
    assert (code, "another gate judged" in output) == (1, True), output


def test_no_variable_turns_the_gate_off(house: Sandbox) -> None:
    """No environment variable makes an unproven line count as proven."""
    variables = {
        f"TECHNOGATE_{name}": value
        for name in ("SKIP", "FORCE", "MAX_AGE", "EVIDENCE", "KEY", "DEPLOY", "CONTRACT", "DEPLOY_CHECK_FORCE")
        for value in ("1",)
    }
    code, output = deploy(house, "--evidence", "nowhere.json", **variables)
    assert (code, "DO NOT DEPLOY" in output) == (1, True), output


def test_mistakes_of_usage_are_exit_2(house: Sandbox) -> None:
    """A mistake on the command line is one line and exit code 2, without a decision."""
    for words in (
        ("--max-age", "31d"),
        ("--key", "nowhere.pub"),
        ("--key", "keys/technogate.key"),
        ("--contract", "nowhere"),
        ("--force",),
    ):
        code, output = deploy(house, *words)
        assert code == 2, output
        assert "DEPLOY" not in output


def test_every_option_is_required(sandbox: Sandbox) -> None:
    """Images, evidence and key have no default."""
    options = {"--console": "c:1", "--backend": "b:1", "--evidence": "e", "--key": "k"}
    for left_out in options:
        words = [word for name, value in options.items() if name != left_out for word in (name, value)]
        assert sandbox.run("deploy-check", *words).returncode == 2


def test_a_failed_validation_is_not_deployed(house: Sandbox) -> None:
    """The evidence of a failure is signed with the key of the environment, and deploy-check refuses it."""
    assertion = 'must_hold([Finding(check="c", expected="this", observed="that")])'
    house.suite("test_more.py", SUITE + item("CTR-01", assertion))
    key = (house.home / "keys" / "technogate.key").read_text()
    ended = house.run(*VALIDATE, TECHNOGATE_SIGNING_KEY=key)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    stated = payload((house.home / EVIDENCE).read_bytes())["predicate"]
    assert (stated["result"], stated["failedTests"]) == ("FAILED", ["CTR-01"])
    code, output = deploy(house)
    assert (code, "CTR-01 FAIL" in output) == (1, True), output


def test_a_waiver_goes_with_the_images(house: Sandbox) -> None:
    """A failure that is waived for one of the images can be deployed, and the checklist shows the owner."""
    assertion = 'must_hold([Finding(check="c", expected="this", observed="that")])'
    house.suite("test_more.py", SUITE + item("CTR-01", assertion))
    (house.home / "waivers.toml").write_text(
        f'[[waiver]]\nrequirement = "CTR-01"\nreason = "until 1.3"\nowner = "backend team"\n'
        f'expires = 2999-12-31\nimage = "{BACKEND_ID}"\n'
    )
    ended = house.run(*VALIDATE, "--signing-key", "keys/technogate.key")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    code, output = deploy(house)
    assert (code, "CTR-01 until 2999-12-31, backend team: until 1.3" in output) == (0, True), output


def test_only_a_validation_with_a_key_leaves_evidence(house: Sandbox) -> None:
    """A check writes none, a validation without a key reports that, and evidence of an earlier run is removed."""
    evidence = house.home / EVIDENCE
    assert house.run(*VALIDATE, "--signing-key", "keys/technogate.key").returncode == 0
    assert evidence.exists()
    ended = house.run(*VALIDATE)
    assert ended.returncode == 0
    assert "no evidence: no signing key was given" in ended.stdout
    assert not evidence.exists()
    key = (house.home / "keys" / "technogate.key").read_text()
    check = ("check", "CTR-01", *VALIDATE[1:], "--reports", "reports")
    assert house.run(*check, TECHNOGATE_SIGNING_KEY=key).returncode == 0
    house.run("judge", "reports/journal.jsonl", TECHNOGATE_SIGNING_KEY=key)
    assert not evidence.exists()
    assert json.loads((house.reports / "verdict.json").read_text())["is_validation"] is False


def test_a_validation_of_processes_reports_why_there_is_no_evidence(house: Sandbox) -> None:
    """Processes have no digest: nothing is signed, the reason is printed, and the verdict stays."""
    process = house.home / "src" / "technogate" / "target" / "process" / "process_target.py"
    process.write_text(process.read_text("utf-8").replace(IMAGES, ""), "utf-8")
    ended = house.run(*VALIDATE, "--signing-key", "keys/technogate.key")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "no evidence: processes were judged" in ended.stdout
    assert not (house.home / EVIDENCE).exists()


def test_an_invalid_key_ends_the_run_before_it_starts(house: Sandbox) -> None:
    """An invalid key is one line and exit code 2, before anything is started."""
    for words, variable in (
        (("--signing-key", "nowhere.key"), ""),
        (("--signing-key", "keys/technogate.pub"), ""),
        ((), "no key"),
    ):
        ended = house.run(*VALIDATE, *words, TECHNOGATE_SIGNING_KEY=variable)
        assert ended.returncode == 2, ended.stdout + ended.stderr
        assert ended.stderr.count("\n") == 1
        assert not house.journal.exists()


def test_evidence_that_cannot_be_written_is_no_pass(house: Sandbox) -> None:
    """When requested evidence cannot be written, the run does not exit 0, and no report has PASS."""
    body = "import pathlib; pathlib.Path('reports/evidence.dsse.json').mkdir(); must_hold([])"
    house.suite("test_more.py", SUITE + item("CTR-01", body))
    ended = house.run(*VALIDATE, "--signing-key", "keys/technogate.key")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "no evidence: " in ended.stdout
    assert verdicts(house.reports) == {"INCONCLUSIVE"}
