"""The CI examples: their commands exist, and hostile text in a verdict is never a command to the runner."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
import yaml

from technogate.cli.main import app
from technogate.deploy.evidence.signing_keys import generate
from technogate.model.verdict import VerdictDocument
from technogate.report.verdict_json import encode
from tests.conftest import ROOT, STUCK_S, Sandbox
from tests.deploy.sealed import BACKEND_NAME, CONSOLE_NAME
from tests.deploy.test_deploy_command import house
from tests.gate_command import GATE
from tests.report.samples import SAMPLES, hostile

__all__ = ["house"]

CI = ROOT / "examples" / "ci"


def jobs() -> dict[str, Any]:
    """The jobs of the workflow, by name."""
    return dict(yaml.safe_load((CI / "github-actions.yml").read_text("utf-8"))["jobs"])


def steps(job: str = "") -> list[dict[str, object]]:
    """The steps of one job, or of all of them."""
    return [step for name, described in jobs().items() if job in ("", name) for step in described["steps"]]


def gitlab() -> dict[str, Any]:
    """The pipeline for GitLab."""
    return dict(yaml.safe_load((CI / "gitlab-ci.yml").read_text("utf-8")))


def gitlab_jobs() -> dict[str, dict[str, Any]]:
    """Its jobs, by name."""
    return {name: value for name, value in gitlab().items() if isinstance(value, dict) and "script" in value}


def calls() -> list[list[str]]:
    """Every call of the gate in the examples, as words."""
    text = (CI / "gate.sh").read_text("utf-8").replace("\\\n", " ")
    text += "\n".join(str(step.get("run", "")) for step in steps())
    text += "\n" + "\n".join(line for job in gitlab_jobs().values() for line in job["script"])
    return [shlex.split(line) for line in text.splitlines() if line.strip().startswith("technogate ")]


def test_each_call_exists() -> None:
    """The commands and options of the examples exist, and no required option is missing."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert {words[1] for words in calls()} == {"validate", "sign", "deploy-check", "doctor"}
    for words in calls():
        command = commands[words[1]]
        known = {name for parameter in command.params for name in parameter.opts}
        needed = {parameter.opts[0] for parameter in command.params if parameter.required}
        needed = {name for name in needed if name.startswith("--")}
        given = {word for word in words[2:] if word.startswith("--")}
        assert needed <= given <= known, words


def test_the_workflow_deploys_only_after_the_gate() -> None:
    """The deployment is the last step, needs both other jobs, and after a failure only the steps of the reports run."""
    names = [str(step.get("name", "")) for step in steps()]
    assert names.index("Validate") < names.index("May it be deployed?") < names.index("Deploy") == len(names) - 1
    assert {name: job.get("needs") for name, job in jobs().items()} == {
        "validate": None, "sign": "validate", "deploy": "sign",
    }  # fmt: skip
    assert [str(step["name"]) for step in steps() if "if" in step] == ["Summary and annotations", "Keep the reports"]
    assert not [step for step in steps() if "continue-on-error" in step]


@pytest.mark.sabotage("a program under test reads the signing key on the machine of the validation")
def test_only_the_job_that_signs_has_the_key() -> None:
    """What is validated runs in another job, and the digest of its journal does not come with its files."""
    secrets = [str(step["name"]) for step in steps() if "secrets." in json.dumps(step)]
    assert secrets == ["Sign"]
    assert not [name for name, job in jobs().items() if "secrets." in json.dumps({**job, "steps": []})]
    run = [str(step.get("run", "")) for step in steps("sign")]
    assert [line for line in "\n".join(run).splitlines() if "technogate " in line and "pip" not in line] == [
        'technogate sign reports --sha256 "$JOURNAL"'
    ]
    [digest] = [step for step in steps("validate") if step.get("id") == "journal"]
    assert "sha256sum reports/journal.jsonl" in str(digest["run"])


def test_the_workflow_is_pinned() -> None:
    """Actions are pinned by commit, with their version as a comment, and the runner has a fixed label."""
    lines = (CI / "github-actions.yml").read_text("utf-8").splitlines()
    used = [line for line in lines if re.match(r"\s*(- )?uses:", line)]
    assert len(used) == len([step for step in steps() if "uses" in step]) == 11
    for line in used:
        assert re.search(r"uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
    assert not [line for line in lines if re.search(r"runs-on:.*latest", line)]


def test_the_pipeline_deploys_only_after_the_gate() -> None:
    """On GitLab too: three stages, each job needs the one before, nothing may fail, and no other branch deploys."""
    found = gitlab_jobs()
    assert [(name, job["stage"]) for name, job in found.items()] == [(name, name) for name in gitlab()["stages"]]
    assert list(found) == ["validate", "sign", "deploy"]
    assert found["sign"]["needs"] == ["validate"]
    assert [need["job"] for need in found["deploy"]["needs"]] == ["validate", "sign"]
    assert not [name for name, job in found.items() if {"allow_failure", "rules", "when"} & set(job)]
    assert gitlab()["workflow"]["rules"] == [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}]
    script = found["deploy"]["script"]
    assert script.index(next(line for line in script if "deploy-check" in line)) == len(script) - 2
    assert all("latest" not in str(job.get("image", "")) for job in found.values())


@pytest.mark.sabotage("a program under test reads the signing key on the runner of the validation, on GitLab")
def test_only_the_job_of_the_pipeline_that_signs_has_the_key() -> None:
    """It runs on another runner, in the environment of the key, and the journal's digest does not come with files."""
    found = gitlab_jobs()
    assert [name for name, job in found.items() if "SIGNING_KEY" in json.dumps(job)] == ["sign"]
    assert "SIGNING_KEY" not in json.dumps([gitlab()["variables"], gitlab()["default"]])
    sign = found["sign"]
    assert sign["script"] == ['technogate sign reports --sha256 "$JOURNAL" --signing-key "$SIGNING_KEY"']
    assert sign["environment"]["name"] == "signing"
    assert "tags" not in sign
    validate = found["validate"]
    assert validate["script"][-1].startswith('echo "JOURNAL=$(sha256sum reports/journal.jsonl')
    assert validate["artifacts"]["reports"]["dotenv"] == "journal.env"
    assert "journal.env" not in validate["artifacts"]["paths"]


def annotated(path: Path) -> subprocess.CompletedProcess[str]:
    """The output of the script for a verdict."""
    return subprocess.run(
        [sys.executable, str(CI / "annotate.py"), str(path)],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        encoding="utf-8",
        timeout=STUCK_S,
        check=False,
    )


def written(folder: Path, document: VerdictDocument) -> Path:
    """A verdict as a file."""
    path = folder / "verdict.json"
    path.write_text(encode(document), "utf-8")
    return path


@pytest.mark.parametrize("name", SAMPLES)
def test_annotations_are_whole_commands(tmp_path: Path, name: str) -> None:
    """One annotation for the verdict and one for each cause; no text of a program begins one or ends one early."""
    _, document = SAMPLES[name]()
    ended = annotated(written(tmp_path, document))
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.removesuffix("\n").split("\n")
    assert len(lines) == 1 + len(document.causes)
    assert all(f"cause {cause.number}%2C" in line for cause, line in zip(document.causes, lines[1:], strict=True))
    for line in lines:
        assert re.fullmatch(r"::(notice|warning|error) title=[^:,]*::.*", line)
        assert line.isprintable()
        assert "##[" not in line
        assert not re.search(r"%(?!25|3A|2C)", line)
    kind = "notice" if document.verdict == "PASS" else "error"
    what = f"technogate {document.verdict}" if document.is_validation else "technogate check PASSED%2C not a validation"
    assert lines[0].startswith(f"::{kind} title={what} (")


def test_annotations_fit_the_runner(tmp_path: Path) -> None:
    """The runner shows ten errors and ten warnings: nineteen causes fit, and a notice counts the others."""
    document = SAMPLES["failing"]()[1]
    causes = tuple(msgspec.structs.replace(document.causes[0], number=number) for number in range(1, 31))
    output = annotated(written(tmp_path, msgspec.structs.replace(document, causes=causes))).stdout
    kinds = [line.split()[0] for line in output.splitlines()]
    assert kinds == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"]
    assert "11 more causes" in output


def test_the_hostile_verdict_holds_commands(tmp_path: Path) -> None:
    """The planted text, printed unescaped, holds lines that a runner executes."""
    reasons = hostile()[1].reasons
    assert any(re.search(r"^::error::", reason, re.MULTILINE) for reason in reasons)
    document = msgspec.structs.replace(hostile()[1], reasons=("::warning::x", "a\r\n::error::y", "%0A::error::z"))
    output = annotated(written(tmp_path, document)).stdout
    assert not re.search(r"^::error::", output, re.MULTILINE)
    assert "%250A::error::z" in output


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"verdict": "PASS"}', None])
def test_no_verdict_is_an_error(tmp_path: Path, text: str | None) -> None:
    """A missing or invalid verdict is an annotation of its own, and exit code 1."""
    path = tmp_path / "verdict.json"
    if text is not None:
        path.write_text(text)
    ended = annotated(path)
    assert ended.returncode == 1
    assert ended.stdout.startswith("::error title=technogate::no verdict")
    assert ended.stderr == ""


def ship_small(house: Sandbox) -> None:
    """Make the small contract the one that ships with the sandbox."""
    shutil.rmtree(house.home / "contracts" / "console-v0.1")
    (house.home / "contracts" / "small").rename(house.home / "contracts" / "console-v0.1")


def script(house: Sandbox, *words: str, **changed: str) -> subprocess.CompletedProcess[str]:
    """Run the shell example in the sandbox, on the pair of processes that stand in for images."""
    program = house.home / "bin" / "technogate"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.join(GATE)} "$@"\n')
    program.chmod(0o755)
    environment = {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "TARGET": "pair.toml",
        "TRUSTED_KEY": "keys/technogate.pub",
        "TECHNOGATE_SIGNING_KEY": (house.home / "keys" / "technogate.key").read_text(),
    }
    return subprocess.run(
        [shutil.which("sh") or "sh", str(CI / "gate.sh"), *words],
        cwd=house.home,
        env={**house.environment(), **environment, **changed},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )


@pytest.mark.slow
def test_the_shell_example_validates_and_checks(house: Sandbox) -> None:
    """The script runs to its end and prints DEPLOY; where another key is trusted, it prints DO NOT DEPLOY."""
    ship_small(house)
    ended = script(house, CONSOLE_NAME, BACKEND_NAME)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "DEPLOY: 22 of 22 lines proven" in ended.stdout
    ended = script(house, CONSOLE_NAME, BACKEND_NAME, TRUSTED_KEY="deployer/technogate.pub")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "✔ PASS" in ended.stdout
    assert "DO NOT DEPLOY" in ended.stdout
    assert "signed with another key" in ended.stdout


@pytest.mark.slow
def test_the_shell_example_stops_without_pass(house: Sandbox) -> None:
    """After FAIL deploy-check does not run; without both images nothing runs."""
    ship_small(house)
    text = (house.home / "suites" / "test_all.py").read_text()
    house.suite(
        "test_all.py", text.replace("must_hold([])", 'must_hold([Finding(check="c", expected="e", observed="o")])')
    )
    ended = script(house, CONSOLE_NAME, BACKEND_NAME)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Phase 6" not in ended.stdout
    assert script(house, CONSOLE_NAME).returncode == 2
    generate(house.home / "unused")
