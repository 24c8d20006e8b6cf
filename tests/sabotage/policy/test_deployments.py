"""Attempts to have something deployed that was not validated, or not as the deployer wants it: none ends in DEPLOY."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner

from technogate.deploy.evidence.envelope import seal
from technogate.deploy.evidence.signing_keys import generate
from technogate.deploy.latest_time import state_file
from tests.deploy.deployment_scene import DAY, OWNER, Scene, evidence_change, made
from tests.deploy.sealed import CONSOLE_ID, CONSOLE_NAME, described
from tests.deploy.stand_in_engine import StandInEngine
from tests.tools import GIT

pytestmark = pytest.mark.slow

Attempt = Callable[[Scene], Any]
GIVES_WAIVERS = {"file": "waivers.toml", "requirements": ["ERR-05"], "owners": [OWNER]}


def stated(**fields: Any) -> Attempt:
    """Evidence whose run is another."""
    return lambda scene: scene.changes.extend(evidence_change(f"run.{key}", value) for key, value in fields.items())


def named(**options: str) -> Attempt:
    """Other words on the command line."""
    return lambda scene: scene.options.update(options)


def afterwards(act: Callable[[Scene], Any]) -> Attempt:
    """Something that is done once evidence and policy are written."""
    return lambda scene: scene.afterwards.append(lambda: act(scene))


def all_of(*attempts: Attempt) -> Attempt:
    """One after the other."""

    def act(scene: Scene) -> None:
        for attempt in attempts:
            attempt(scene)

    return act


def waivable(name: str) -> Attempt:
    """A failure that was waived, in a policy that lets it."""
    return all_of(
        lambda scene: waived(scene, name=name), lambda scene: scene.entries["waivers"].update(requirements=[name])
    )


def swapped_waivers(_: Scene) -> None:
    """A file of waivers that is another one than when the policy was signed."""
    Path("waivers.toml").write_text("# nothing\n")


def no_time(_: Scene) -> None:
    """A file of the latest time seen that holds no time."""
    Path("state").write_text("never")


def _day(days: int) -> date:
    """A day from today on."""
    return datetime.now(UTC).date() + timedelta(days=days)


def dated_back(scene: Scene) -> None:
    """A key that ended, and evidence of the time when it counted."""
    stated(started=time.time() - 30 * DAY, ended=time.time() - 29 * DAY)(scene)
    scene.entries.update({"key.from": _day(-60), "key.until": _day(-20), "evidence.max_age": "30d"})


def waived(scene: Scene, *, given: dict[str, str] | None = None, **fields: str) -> None:
    """A waived failure; `given` is what the evidence says of the waiver that the file does not."""
    scene.entries["waivers"] = dict(GIVES_WAIVERS)
    scene.waived(**fields)
    if given:
        scene.changes.append(lambda plain: plain["predicate"]["technogate"]["waivers"][0]["waiver"].update(given))


def clock_set_back(scene: Scene) -> None:
    """Evidence of 40 days ago, and a clock that says it is of an hour ago; the files are as new as they are."""
    then = time.time() - 40 * DAY
    stated(started=then - 100, ended=then)(scene)
    scene.key_alone()
    scene.afterwards.append(lambda: scene.monkeypatch.setattr("time.time", lambda: then + 3600))


def old_files(scene: Scene) -> None:
    """The clock set back, and the files and folders as old as the evidence: the latest time seen is left."""
    now = time.time()
    clock_set_back(scene)
    scene.monkeypatch.setattr("technogate.deploy.latest_time._changed", lambda _: now - 40 * DAY)
    Path("state").write_text(f"{now - 3 * DAY:.3f}\n")


def two_signatures(scene: Scene) -> None:
    """The signature of a stranger beside the right one."""
    path = Path(scene.options["evidence"])
    plain = json.loads(path.read_bytes())
    other = json.loads(seal(b"{}", CryptoSigner.generate_ed25519()))
    path.write_text(json.dumps({**plain, "signatures": [*other["signatures"], *plain["signatures"]]}))


def borrowed_key_id(scene: Scene) -> None:
    """The signature of a stranger under the name of the right key."""
    path = Path(scene.options["evidence"])
    plain = json.loads(path.read_bytes())
    other = json.loads(seal(scene.statement(), CryptoSigner.generate_ed25519()))
    other["signatures"][0]["keyid"] = plain["signatures"][0]["keyid"]
    path.write_text(json.dumps(other))


def policy_of_the_attacker(scene: Scene) -> None:
    """A policy that trusts the attacker, signed by the attacker, in place of the deployer's."""
    generate(Path("attacker"))
    path = Path("deploy-policy.toml")
    path.write_text(path.read_text().replace('"standard"', '"quick"'))
    scene.sign("attacker")


def git(scene: Scene, *words: str) -> None:
    """Run git in the folder of the scene."""
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(
        ["git", *who, *words],
        check=True, cwd=scene.folder, capture_output=True, env={**os.environ, "HOME": str(scene.folder)},
    )  # fmt: skip


def weak_branch(scene: Scene) -> None:
    """Commit a weaker policy on top of the protected branch."""
    path = Path("deploy-policy.toml")
    path.write_text(path.read_text().replace('profile = "standard"', 'profile = "quick"').replace("standard", "quick"))
    git(scene, "commit", "--all", "--message=weaker")


def local_branch(name: str) -> Attempt:
    """Quick evidence, and a reference that a pull request sets, with a policy that is content with that."""

    def act(scene: Scene) -> None:
        stated(profile="quick")(scene)
        scene.branch(name)
        scene.afterwards += [
            lambda: weak_branch(scene), lambda: git(scene, "tag", "v9"), lambda: git(scene, "branch", "origin/main"),
        ]  # fmt: skip

    return act


def replaced_commit(scene: Scene) -> None:
    """Quick evidence, and `git replace`: the commit of the protected branch stands for a weaker one."""
    stated(profile="quick")(scene)
    scene.branch("origin/main")
    scene.afterwards += [lambda: weak_branch(scene), lambda: git(scene, "replace", "refs/remotes/origin/main", "HEAD")]


def another_repository(scene: Scene) -> None:
    """Quick evidence, and variables that lead git to the repository of somebody else."""
    stated(profile="quick")(scene)
    scene.branch("origin/main")

    def elsewhere() -> None:
        other = scene.folder / "other"
        subprocess.run(["git", "clone", "--quiet", str(scene.folder), str(other)], check=True, capture_output=True)
        policy = other / "deploy-policy.toml"
        policy.write_text(policy.read_text().replace("standard", "quick"))
        for words in (("commit", "--all", "--message=weaker"), ("update-ref", "refs/remotes/origin/main", "HEAD")):
            git(scene, "-C", str(other), *words)
        scene.monkeypatch.setenv("GIT_DIR", str(other / ".git"))
        scene.monkeypatch.setenv("GIT_WORK_TREE", str(other))

    scene.afterwards.append(elsewhere)


def lying_git(scene: Scene) -> None:
    """Quick evidence, and a `git` on the PATH that answers with a weaker policy."""
    stated(profile="quick")(scene)
    scene.branch("origin/main")

    def lie() -> None:
        weaker = scene.folder / "weaker.toml"
        weaker.write_text(Path("deploy-policy.toml").read_text().replace("standard", "quick"))
        program = scene.folder / "bin" / "git"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\ncat {weaker}\n")
        program.chmod(0o755)
        scene.monkeypatch.setenv("PATH", str(program.parent))

    scene.afterwards.append(lie)


def pipe(name: str) -> Attempt:
    """A pipe in place of a file, which nobody ever writes to."""

    def act(_: Scene) -> None:
        Path(name).unlink(missing_ok=True)
        os.mkfifo(name)

    return afterwards(act)


#: What is tried: one sentence, and what is done.
ATTEMPTS: dict[str, Attempt] = {
    "a contract with its MUSTs made SHOULD, judged and named to deploy-check": Scene.weaker_contract,
    "every requirement failed, all of them waived": Scene.all_waived,
    "a waiver until 9999-12-31 with the reason '.', in the file that the policy names": lambda scene: waived(
        scene, expires="9999-12-31", reason="."
    ),
    "a waiver that was extended in the evidence alone": lambda scene: waived(scene, given={"expires": "2999-01-01"}),
    "a waiver of an owner whose name only looks like the right one": lambda scene: waived(
        scene, owner=OWNER.replace("a", "\u0430")
    ),
    "a waiver for the key in a policy that lets it": waivable("AUT-01"),
    "a waiver for what fails closed in a policy that lets it": waivable("FCB-01"),
    "a file of waivers that was swapped after the policy was signed": all_of(waived, afterwards(swapped_waivers)),
    "evidence of the quick profile": stated(profile="quick"),
    "one check for each requirement": lambda scene: scene.changes.append(evidence_change("each.checks", 1)),
    "evidence of any target file": stated(target_argument="mine.toml"),
    "a compose overlay beside the shipped target": stated(target_digests={"evil.yml": "1" * 64}),
    "evidence that says nothing of isolation": stated(isolation=""),
    "evidence that says 'isolated' with a remark": stated(isolation="isolated: mostly"),
    **{f"the floating tag {tag}": named(console=f"techno-os-console:{tag}") for tag in ("rc", "lts", "v1", "beta")},
    "evil/x for x, with the same image behind it": all_of(named(console="evil/techno-os-console:1.2"), Scene.known_too),
    "x of another registry for x": all_of(named(console="evil.example/techno-os-console:1.2"), Scene.known_too),
    "an engine that answers for evil/x with x": lambda scene: scene.engine.images.update(
        {CONSOLE_NAME: described("evil/techno-os-console:1.2", CONSOLE_ID)}
    ),
    "a docker on the PATH and a DOCKER_HOST that lie": Scene.lying_docker,
    "a tag that was moved to another image after the validation": Scene.moved_tag,
    "the digest of another image": named(console=f"techno-os-console@sha256:{'0' * 64}"),
    "the id of an image without its name": named(console=CONSOLE_ID),
    "the clock set back 40 days": clock_set_back,
    "the clock set back 40 days, and every file made as old": old_files,
    "a file of the latest time seen that holds no time": no_time,
    "a later time of the end than the clock's": stated(ended=time.time() + DAY),
    "an end of the validation that is no number": stated(ended=1e308),
    "a second signature beside the right one": afterwards(two_signatures),
    "the id of the right key on the signature of another": afterwards(borrowed_key_id),
    "a policy of the attacker's, signed by the attacker": afterwards(policy_of_the_attacker),
    "a policy signed with the key of the CI": Scene.policy_of_the_ci,
    "a policy that was changed after it was signed": Scene.policy_changed,
    "a policy that lies in the folder, and no key for it": Scene.policy_without_key,
    "a key beside the policy, to be trusted too": named(key="ci/technogate.pub"),
    "a maximum age beside the policy": named(**{"max-age": "30d"}),
    "a signed policy without its signature": afterwards(lambda _: Path("deploy-policy.toml.dsse.json").unlink()),
    "a policy of yesterday's day": lambda scene: scene.entries.update(expires=_day(-1)),
    "an old key, with a validation that is dated back": dated_back,
    "a pipe in place of the evidence": pipe("evidence.dsse.json"),
    "a pipe in place of the policy": pipe("deploy-policy.toml"),
    "a pipe in place of the latest time seen": pipe("state"),
}

#: What is tried with the branch that a policy is taken from.
BRANCHES: dict[str, Attempt] = {
    "a policy of the branch that is checked out": local_branch("main"),
    "a policy of HEAD": local_branch("HEAD"),
    "a policy of a tag": local_branch("v9"),
    "a local branch by the name of the protected one": local_branch("origin/main"),
    "a reference that is an expression": local_branch("origin/main~0"),
    "a commit of the protected branch that git replaces": replaced_commit,
    "variables that lead git elsewhere": another_repository,
    "a git on the PATH that lies": lying_git,
}


def tried(attempts: dict[str, Attempt]) -> list[Any]:
    """Each attempt with its mark."""
    return [
        pytest.param(attempt, marks=pytest.mark.sabotage(sentence), id=sentence)
        for sentence, attempt in attempts.items()
    ]


@pytest.fixture
def scene(tmp_path: Path, engine: StandInEngine, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A deployment in which everything is right."""
    return made(tmp_path, engine, monkeypatch)


def test_without_an_attempt_it_is_deployed(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever stands below is refused for what is tried, and for nothing else."""
    scene.write()
    code, output = scene.run(capsys)
    assert (code, "DO NOT" in output) == (0, False), output


@pytest.mark.parametrize("attempt", tried(ATTEMPTS))
def test_no_attempt_is_deployed(attempt: Attempt, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 with DO NOT DEPLOY, or 2 with one line."""
    attempt(scene)
    scene.write()
    code, output = scene.run(capsys)
    assert code in (1, 2), output
    assert ("DO NOT DEPLOY" in output) is (code == 1), output
    assert "Deploy exactly these" not in output


@pytest.mark.parametrize("attempt", [clock_set_back, old_files, no_time])
def test_the_clock_is_what_is_refused(attempt: Attempt, scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing else is wrong with old evidence under a clock that was set back."""
    attempt(scene)
    scene.write()
    code, output = scene.run(capsys)
    assert (code, "1 of 22 lines not proven" in output, "the clock says" in output) == (1, True, True), output


@pytest.mark.skipif(bool(GIT.missing), reason=GIT.missing)
@pytest.mark.parametrize("attempt", tried(BRANCHES))
def test_no_branch_is_put_in_place_of_the_protected_one(
    attempt: Attempt, scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    """The policy of the remote's branch decides, or none."""
    attempt(scene)
    scene.write()
    code, output = scene.run(capsys)
    assert code in (1, 2), output
    assert "Deploy exactly these" not in output


@pytest.mark.sabotage("a home that is another one, so that the latest time seen is forgotten")
def test_the_home_is_that_of_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable moves the file of the latest time seen."""
    known = state_file()
    for name in ("HOME", "XDG_STATE_HOME", "USER", "LOGNAME"):
        monkeypatch.setenv(name, "/nowhere")
    assert state_file() == known


@pytest.mark.sabotage("a tag that is moved between DEPLOY and the deployment")
def test_the_answer_cannot_be_swapped(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """DEPLOY names digests, which stay what they are; the tag is refused from then on."""
    scene.write()
    code, output = scene.run(capsys)
    assert (code, f"console: techno-os-console@{CONSOLE_ID}" in output) == (0, True), output
    scene.moved_tag()
    assert scene.run(capsys)[0] == 1
    assert scene.run(capsys, console=f"techno-os-console@{CONSOLE_ID}")[0] == 0
