"""From a validation of images to DEPLOY, one command for each step, with its exit code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from technogate.deploy.evidence.signing_keys import generate
from technogate.target.described_by import RESOLVED
from tests.cli.test_exit_codes import verdicts
from tests.conftest import Sandbox
from tests.deploy.sealed import BACKEND_ID, BACKEND_NAME, CONSOLE_ID, CONSOLE_NAME, both, payload
from tests.deploy.stand_in_engine import StandInEngine
from tests.judging.test_waivers import day

pytestmark = pytest.mark.slow

#: A requirement of each group that the list asks for; none of them is swept over a run's exchanges.
KEPT = ("EXE-01", "AUD-02", "MEM-01", "AUT-01", "ERR-05", "STK-02", "TRL-07", "CTR-01")

PAIR = """name = "pair"
[backend]
command = ["{python}", "-c", "pass", "{port}", "{api_key}"]
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
command = ["{python}", "-c", "pass", "{port}", "{api_key}"]
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
#: Without a policy: one key and the strict defaults.
KEY = ("--key", "keys/technogate.pub")


def item(requirement: str, body: str = "must_hold([])") -> str:
    """One item that checks a requirement."""
    name = requirement.lower().replace("-", "_")
    return f'\n\n@requirement("{requirement}")\ndef test_{name}(must_hold):\n    """It holds."""\n    {body}\n'


def replaced(file: Path, *pairs: tuple[str, str]) -> None:
    """Replace texts that a file has once."""
    text = file.read_text("utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


@contextmanager
def images_of(sandbox: Sandbox) -> Iterator[None]:
    """Make the pair of a sandbox look like two images of an engine, and its target like the one that ships."""
    engine, package = StandInEngine(both()), sandbox.home / "src" / "technogate"
    anchor = "            faults=self.allows_faults,\n"
    replaced(
        package / "target" / "process" / "process_target.py",
        (anchor, anchor + IMAGES),
        ("import TargetRef", "import ImageRef, TargetRef"),
    )
    replaced(
        package / "deploy" / "evidence" / "statement.py",
        ("document.isolation", '"isolated"'),
        ("dict(document.target.digests)", f'{{**document.target.digests, "{RESOLVED}": "{"f" * 64}"}}'),
    )
    replaced(package / "deploy" / "proofs.py", ('_SHIPPED_TARGET = "compose"', '_SHIPPED_TARGET = "pair.toml"'))
    sockets = '(Path("/run/docker.sock"), Path("/var/run/docker.sock"), Path("/run/podman/podman.sock"))'
    replaced(package / "deploy" / "engine_images.py", (sockets, f"(Path({str(engine.socket)!r}),)"))
    (package / "deploy" / "least-checks.toml").write_text("")
    generate(sandbox.home / "keys")
    generate(sandbox.home / "deployer")
    yield
    engine.close()


@pytest.fixture
def house(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox with a small contract that passes, a pair of images, two pairs of keys and an engine."""
    sandbox.contract(KEPT)
    sandbox.target(PAIR)
    body = 'assert "TECHNOGATE_SIGNING_KEY" not in os.environ; must_hold([])'
    sandbox.suite("test_all.py", SUITE + "".join(item(name, body) for name in KEPT))
    with images_of(sandbox):
        yield sandbox


def signed_policy(house: Sandbox, *changes: tuple[str, str]) -> None:
    """Write a policy from the evidence of the last run, change it, and sign it."""
    (house.home / "deploy-policy.toml").unlink(missing_ok=True)
    ended = house.run("policy", "new", "--key", "keys/technogate.pub", "--evidence", EVIDENCE)
    assert ended.returncode == 0, ended.stderr
    replaced(house.home / "deploy-policy.toml", *changes)
    ended = house.run("policy", "sign", "deploy-policy.toml", "--signing-key", "deployer/technogate.key")
    assert ended.returncode == 0, ended.stderr


POLICY = ("--policy", "deploy-policy.toml", "--policy-key", "deployer/technogate.pub")


def deploy(house: Sandbox, *words: str, trust: tuple[str, ...] = POLICY, **environment: str) -> tuple[int, str]:
    """Return exit code and output of `deploy-check`; of a repeated option the last one counts."""
    ended = house.run(
        "deploy-check", "--console", CONSOLE_NAME, "--backend", BACKEND_NAME, "--evidence", EVIDENCE,
        "--contract", "contracts/small", "--state", "state/latest", *trust, *words, **environment,
    )  # fmt: skip
    assert "Traceback" not in ended.stderr
    return ended.returncode, " ".join((ended.stdout + ended.stderr).split())


def test_from_validation_to_deployment(house: Sandbox) -> None:
    """After a PASS deploy-check prints DEPLOY, and after any change DO NOT DEPLOY."""
    ended = house.run(*VALIDATE, "--signing-key", "keys/technogate.key")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "evidence: " in ended.stdout
    # The contract is not the one that ships: without a policy nothing is deployed, so no report advises to.
    assert "Run `technogate deploy-check`" in ended.stdout
    assert ended.stdout.rstrip().splitlines()[-1] == " ✔ PASS (pair, images): see reports/report.html"
    code, output = deploy(house, trust=KEY)
    assert (code, "the contract" in output, "is not trusted" in output) == (1, True, True), output
    signed_policy(house)
    code, output = deploy(house)
    assert code == 0, output
    repository = BACKEND_NAME.removesuffix(":1.2")
    assert output.endswith(
        "DEPLOY: 22 of 22 lines proven Deploy exactly these, by digest: "
        f"backend: {repository}@{BACKEND_ID} console: techno-os-console@{CONSOLE_ID}"
    ), output
    assert "\x1b" not in output
    by_digest = ("--console", f"techno-os-console@{CONSOLE_ID}", "--backend", f"{repository}@{BACKEND_ID}")
    assert deploy(house, *by_digest)[0] == 0

    for words, why in (
        (("--console", "techno-os-console:latest"), "has a tag that moves"),
        (("--console", "techno-os-console:1.3"), "No such image"),
        (("--console", BACKEND_NAME), "is of the repository registry.example:5000/techno-os-backend"),
        (("--evidence", "nowhere.json"), "cannot be read"),
        (("--contract", "contracts/console-v0.1"), "another contract was judged"),
    ):
        code, output = deploy(house, *words)
        assert code == 1, output
        # A terminal breaks long words wherever its line ends.
        assert why.replace(" ", "") in output.replace(" ", ""), output
        assert "DO NOT DEPLOY" in output

    generate(house.home / "others")
    code, output = deploy(house, "--policy-key", "others/technogate.pub")
    assert (code, "signed with another key" in output) == (2, True), output
    evidence = house.home / EVIDENCE
    honest = evidence.read_bytes()
    evidence.write_bytes(honest.replace(b"A", b"B", 1))
    code, output = deploy(house)
    assert (code, "it was changed after signing, or never signed" in output) == (1, True), output
    evidence.write_bytes(honest)
    assert deploy(house)[0] == 0

    house.suite("test_more.py", SUITE + item("CTR-01"))
    code, output = deploy(house, trust=KEY)
    assert (code, "another gate judged" in output) == (1, True), output


def test_no_variable_turns_the_gate_off(house: Sandbox) -> None:
    """No environment variable makes an unproven line count as proven."""
    variables = {
        f"TECHNOGATE_{name}": value
        for name in ("SKIP", "FORCE", "MAX_AGE", "EVIDENCE", "KEY", "DEPLOY", "DEPLOY_CHECK_FORCE")
        for value in ("1",)
    }
    code, output = deploy(house, "--evidence", "nowhere.json", trust=KEY, **variables)
    assert (code, "DO NOT DEPLOY" in output) == (1, True), output
    # Those that an earlier version obeyed are refused, so that nobody believes in them.
    code, output = deploy(house, "--evidence", "nowhere.json", trust=KEY, TECHNOGATE_CONTRACT="contracts/small")
    assert (code, "DEPLOY" in output) == (2, False), output


def test_mistakes_of_usage_are_exit_2(house: Sandbox) -> None:
    """A mistake on the command line is one line and exit code 2, without a decision."""
    for words in (
        ("--max-age", "31d"),
        ("--key", "nowhere.pub"),
        ("--key", "keys/technogate.key"),
        ("--contract", "nowhere"),
        ("--policy", "nowhere.toml"),
        ("--policy-ref", "origin/main"),
        ("--force",),
    ):
        code, output = deploy(house, *words, trust=KEY)
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
    code, output = deploy(house, trust=KEY)
    assert (code, "CTR-01 FAIL" in output) == (1, True), output


def test_a_waiver_goes_with_the_images(house: Sandbox) -> None:
    """A failure that is waived as the policy has it can be deployed, and the checklist shows the owner."""
    assertion = 'must_hold([Finding(check="c", expected="this", observed="that")])'
    house.suite("test_more.py", SUITE + item("CTR-01", assertion))
    waivers = house.home / "waivers.toml"
    waivers.write_text(
        f'[[waiver]]\nrequirement = "CTR-01"\nreason = "fixed in 1.3"\nowner = "backend team"\n'
        f'expires = {day(20)}\nimage = "{BACKEND_ID}"\n'
    )
    ended = house.run(*VALIDATE, "--signing-key", "keys/technogate.key", "--waivers", "waivers.toml")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    signed_policy(house)
    code, output = deploy(house)
    assert (code, "the policy does not let CTR-01 be waived" in output) == (1, True), output
    table = f"""[waivers]
file = "waivers.toml"
sha256 = "{hashlib.sha256(waivers.read_bytes()).hexdigest()}"
requirements = ["CTR-01"]
owners = ["backend team"]
"""
    signed_policy(house, ("# [waivers]\n", table))
    code, output = deploy(house)
    assert (code, f"CTR-01 until {day(20)}, backend team: fixed in 1.3" in output) == (0, True), output
    waivers.write_text(waivers.read_text().replace("backend team", "someone"))
    code, output = deploy(house)
    assert (code, "is not the file of waivers.sha256" in output) == (2, True), output


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
