"""A deployment in which everything is right, and what a situation makes different: evidence, policy, engine, clock."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from securesystemslib.signer import CryptoSigner

from technogate.cli import main as command_line
from technogate.contract.loader import Contract, load_contract
from technogate.deploy import engine_images
from technogate.deploy.evidence.envelope import seal
from technogate.deploy.evidence.signing_keys import generate, signer_from
from technogate.deploy.evidence.statement import decode, statement_of
from technogate.deploy.policy_source import PAYLOAD_TYPE, SIGNATURE
from technogate.deploy.policy_text import new_policy
from technogate.model.events import Waiver
from technogate.model.verdict import Verdict, VerdictDocument, WaiverResult, WaiverState
from technogate.util.gate_digest import gate_digest
from tests.conftest import ROOT
from tests.deploy.sealed import BACKEND_ID, BACKEND_NAME, CONSOLE_ID, CONSOLE_NAME, changed, described, document_of
from tests.deploy.stand_in_engine import StandInEngine
from tests.judging.test_waivers import day

HOUR, DAY = 3600.0, 86_400.0
OWNER, REASON = "the backend team", "fixed in 1.3"
_SPAN = re.compile(r"(?:in )?([0-9]+) (hours|days)(?: ago)?")

#: How a name in a row is written on the command line.
NAMES = {"CONSOLE@ID": f"techno-os-console@{CONSOLE_ID}", "BACKEND@ID": f"{BACKEND_NAME[:-4]}@{BACKEND_ID}"}


def moment(text: str | float) -> float:
    """The time that a row names, in seconds since the epoch."""
    if not isinstance(text, str):
        return text
    text = {"yesterday": "1 days ago", "tomorrow": "in 1 days"}.get(text, text)
    match = _SPAN.fullmatch(text)
    assert match is not None, text
    span = float(match[1]) * (HOUR if match[2] == "hours" else DAY)
    return time.time() + (span if text.startswith("in ") else -span)


def toml(value: Any) -> str:
    """A value as TOML; a table in a table is written inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool | str | int):
        return json.dumps(value)
    return str(value.isoformat())


@dataclass(kw_only=True)
class Scene:
    """Everything that a decision rests on, in one folder, which is the current one."""

    folder: Path
    engine: StandInEngine
    monkeypatch: pytest.MonkeyPatch
    document: VerdictDocument
    signer: CryptoSigner
    entries: dict[str, Any] = field(default_factory=dict)
    changes: list[Callable[[dict[str, Any]], None]] = field(default_factory=list)
    waivers: list[dict[str, str]] = field(default_factory=list)
    options: dict[str, str] = field(
        default_factory=lambda: {
            "console": CONSOLE_NAME, "backend": BACKEND_NAME, "evidence": "evidence.dsse.json", "state": "state",
            "policy": "deploy-policy.toml", "policy-key": "deployer/technogate.pub",
        }
    )  # fmt: skip
    #: What happens after the policy was signed.
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def statement(self) -> bytes:
        """The statement that is signed, with what the situation changes."""

        def change(plain: dict[str, Any]) -> None:
            for one in self.changes:
                one(plain)

        return changed(statement_of(self.document, gate_digest()), change)

    def write(self) -> None:
        """Write evidence, policy with its signature, and waivers."""
        Path("evidence.dsse.json").write_bytes(seal(self.statement(), self.signer))
        right = decode(changed(statement_of(self.document, gate_digest()), lambda _: None))
        text = new_policy("deploy-policy.toml", Path("ci/technogate.pub").read_text(), time.time() - DAY, right)
        policy = tomllib.loads(text)
        # The times of keys are days; this one counts since yesterday.
        policy["contract"]["digests"] = []
        for name, value in self.entries.items():
            place, _, key = name.rpartition(".")
            table = policy
            for part in filter(None, place.split(".")):
                table = table.setdefault(part, {})
                table = table[0] if isinstance(table, list) else table
            table[key] = value
        rows = "".join("[[waiver]]\n" + "".join(f"{k} = {v}\n" for k, v in row.items()) for row in self.waivers)
        Path("waivers.toml").write_text(rows)
        if isinstance(policy.get("waivers"), dict):
            policy["waivers"]["sha256"] = hashlib.sha256(rows.encode()).hexdigest()
        keys = policy.pop("key")
        body = "".join(f"{key} = {toml(value)}\n" for key, value in policy.items())
        body += "".join("[[key]]\n" + "".join(f"{k} = {toml(v)}\n" for k, v in key.items()) for key in keys)
        Path("deploy-policy.toml").write_text(body)
        self.sign("deployer")
        for happen in self.afterwards:
            happen()

    def sign(self, folder: str) -> None:
        """Sign the policy with the private key in a folder."""
        signer = signer_from(f"{folder}/technogate.key", {})
        assert signer is not None
        raw = Path("deploy-policy.toml").read_bytes()
        Path(f"deploy-policy.toml{SIGNATURE}").write_bytes(seal(raw, signer, PAYLOAD_TYPE))

    def run(self, capsys: pytest.CaptureFixture[str], **options: str) -> tuple[int, str]:
        """Exit code and output of `technogate deploy-check`, in this process."""
        words = [f"--{name}={value}" for name, value in {**self.options, **options}.items()]
        self.monkeypatch.setattr("sys.argv", ["technogate", "deploy-check", *words])
        self.monkeypatch.setattr(command_line, "ignore_existing_objects", lambda: None)
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        shown = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, " ".join((shown.out + shown.err).split())

    # ---- what a row names under `set`

    def no_trust(self) -> None:
        """Neither a policy nor a key."""
        del self.options["policy"], self.options["policy-key"]

    def key_alone(self) -> None:
        """A key in place of a policy."""
        self.no_trust()
        self.options["key"] = "ci/technogate.pub"

    def policy_without_key(self) -> None:
        """A policy that nobody vouches for."""
        del self.options["policy-key"]

    def policy_changed(self) -> None:
        """A policy that was changed after it was signed."""
        path = Path("deploy-policy.toml")

        def change() -> None:
            path.write_text(path.read_text().replace('"standard"', '"quick"'))

        self.afterwards.append(change)

    def policy_of_the_ci(self) -> None:
        """A policy signed with the key that signs evidence."""
        self.afterwards.append(lambda: self.sign("ci"))

    def branch(self, ref: str) -> None:
        """A policy of a branch."""
        del self.options["policy-key"]
        self.options["policy-ref"] = ref
        self.afterwards.append(self.commit)

    def commit(self) -> None:
        """Commit the folder, as the protected branch has it."""
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        for words in (
            ("init", "--quiet", "--initial-branch=main"),
            ("add", "deploy-policy.toml", "waivers.toml"),
            (*who, "commit", "--quiet", "--message=policy"),
            ("update-ref", "refs/remotes/origin/main", "HEAD"),
        ):
            subprocess.run(["git", *words], check=True, cwd=self.folder, env={**os.environ, "HOME": str(self.folder)})

    def branch_behind(self) -> None:
        """A policy of the protected branch, and another one on top of it that trusts another key."""
        self.branch("origin/main")

        def on_top() -> None:
            path = Path("deploy-policy.toml")
            public = Path("ci/technogate.pub").read_text()
            path.write_text(path.read_text().replace(json.dumps(public)[1:-1], json.dumps("no key")[1:-1]))
            subprocess.run(
                ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false",
                 "commit", "--quiet", "--all", "--message=mine"],
                check=True, cwd=self.folder, env={**os.environ, "HOME": str(self.folder)},
            )  # fmt: skip

        self.afterwards.append(on_top)

    def seen_later(self) -> None:
        """A decision in 40 days was kept: the clock was set back since."""
        Path("state").write_text(f"{time.time() + 40 * DAY:.3f}\n")

    def another_signer(self) -> None:
        """Evidence of somebody else."""
        self.signer = CryptoSigner.generate_ed25519()

    def weaker_contract(self) -> None:
        """A contract in which every MUST is a SHOULD, judged and named."""
        contract = weaker(self.folder)
        self.document = document_of(contract, self.document.ended)
        self.options["contract"] = str(contract.folder)

    def moved_tag(self) -> None:
        """The engine has another image under the tag now."""
        self.engine.images[CONSOLE_NAME] = described(CONSOLE_NAME, f"sha256:{'0' * 64}")

    def known_too(self) -> None:
        """The engine has the image under the name of the command."""
        name = self.options["console"]
        self.engine.images[name] = described(name, CONSOLE_ID)

    def lying_docker(self) -> None:
        """The tag was moved, and a program and a variable say that it was not."""
        self.moved_tag()
        program = self.folder / "bin" / "docker"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho '{json.dumps([described(CONSOLE_NAME, CONSOLE_ID)])}'\n")
        program.chmod(0o755)
        self.monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        self.monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")

    def no_engine(self) -> None:
        """No socket of an engine."""
        self.monkeypatch.setattr(engine_images, "engine_sockets", list)

    def waived(self, name: str = "ERR-05", owner: str = OWNER, expires: str = "", reason: str = REASON) -> None:
        """A failure that was waived, in the file too."""
        expires = expires or day(20)
        waiver = Waiver(requirement=name, reason=reason, owner=owner, expires=expires)
        used = WaiverResult(waiver=waiver, state=WaiverState.USED, problem="")
        requirements = tuple(
            msgspec.structs.replace(one, verdict=Verdict.FAIL, effective_verdict=Verdict.PASS)
            if one.id == name
            else one
            for one in self.document.requirements
        )
        document = msgspec.structs.replace(self.document, requirements=requirements)
        self.document = msgspec.structs.replace(document, waivers=(*document.waivers, used))
        if expires < "9999" and not name.startswith("AUT"):
            row = {"requirement": f'"{name}"', "reason": f'"{reason}"', "owner": f'"{owner}"', "expires": expires}
            self.waivers.append(row)

    def waived_elsewhere(self) -> None:
        """A failure that was waived by a file that the policy does not name."""
        self.waived()
        self.waivers.clear()

    def waivers_changed(self) -> None:
        """The file of waivers is longer than when the policy was signed."""
        self.waived()
        path = Path("waivers.toml")

        def change() -> None:
            path.write_text(path.read_text() + "\n")

        self.afterwards.append(change)

    def all_waived(self) -> None:
        """Every requirement failed, and is waived."""
        for one in self.document.requirements:
            self.waived(one.id)
        self.waivers.clear()


#: What a row names under `set`.
ARRANGED: dict[str, Callable[[Scene], None]] = {
    "no trust": Scene.no_trust,
    "key alone": Scene.key_alone,
    "policy without key": Scene.policy_without_key,
    "policy changed": Scene.policy_changed,
    "policy signed with the key of the CI": Scene.policy_of_the_ci,
    "branch origin/main": lambda scene: scene.branch("origin/main"),
    "branch origin/main, another key in the working tree and in the commit on top": Scene.branch_behind,
    "branch main": lambda scene: scene.branch("main"),
    "a time in 40 days was seen": Scene.seen_later,
    "evidence signed with another key": Scene.another_signer,
    "a weaker contract": Scene.weaker_contract,
    "the tag was moved": Scene.moved_tag,
    "the engine knows it too": Scene.known_too,
    "a docker that lies": Scene.lying_docker,
    "no engine": Scene.no_engine,
    "ERR-05 waived": Scene.waived,
    "ERR-05 waived by someone": lambda scene: scene.waived(owner="someone"),
    "ERR-05 waived, and not in the file": Scene.waived_elsewhere,
    "ERR-05 waived for ever": lambda scene: scene.waived(expires="9999-12-31", reason="."),
    "waivers changed": Scene.waivers_changed,
    "all waived": Scene.all_waived,
}


def weaker(folder: Path) -> Contract:
    """The shipped contract with every MUST made SHOULD, under a name of its own: under its own name it is refused."""
    path = folder / "console-v0.1-weaker"
    if not path.exists():
        shutil.copytree(ROOT / "contracts" / "console-v0.1", path)
        file = path / "requirements.toml"
        file.write_text(file.read_text("utf-8").replace('level = "must"', 'level = "should"'), "utf-8")
    return load_contract(path)


def entry(scene: Scene, name: str, value: Any) -> Any:
    """The value of a policy's entry, from what a row says of it."""
    if name in ("expires", "key.from", "key.until"):
        return datetime.fromtimestamp(moment(value), UTC).date()
    if name == "issued":
        return datetime.fromtimestamp(moment(value), UTC)
    if name == "contract.digests":
        return [f"sha256:{weaker(scene.folder).digest}"]
    if name == "key":
        today = datetime.now(UTC).date()
        ended, begins, later = (today + timedelta(days=days) for days in (-1, -2, 90))
        return [
            _key("old", generated("old"), today - timedelta(days=90), ended),
            _key("new", Path("ci/technogate.pub"), begins, later),
        ]
    if name == "waivers":
        requirement = value.partition(" ")[0]
        return {"file": "waivers.toml", "requirements": [requirement], "owners": [OWNER]}
    return value


def generated(folder: str) -> Path:
    """The public key of a pair that is made in a folder."""
    return generate(Path(folder))[1]


def _key(name: str, public: Path, since: date, until: date) -> dict[str, Any]:
    return {"name": name, "public": public.read_text(), "from": since, "until": until}


def evidence_change(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """The change of the statement that a row names."""
    owner, _, key = name.partition(".")
    value = moment(value) if key in ("ended", "started") else value

    def change(plain: dict[str, Any]) -> None:
        run = plain["predicate"]["technogate"]
        if owner == "run":
            run[key] = value
        for one in run["requirements"]:
            if owner in ("each", one["id"]):
                one[key] = value

    return change


def made(folder: Path, engine: StandInEngine, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A scene in which everything is right."""
    monkeypatch.chdir(folder)
    generate(Path("ci"))
    generate(Path("deployer"))
    signer = signer_from("ci/technogate.key", {})
    assert signer is not None
    document = document_of(_shipped_contract(), time.time() - HOUR)
    return Scene(folder=folder, engine=engine, monkeypatch=monkeypatch, document=document, signer=signer)


@cache
def _shipped_contract() -> Contract:
    return load_contract(ROOT / "contracts" / "console-v0.1")
