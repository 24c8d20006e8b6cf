"""Containers that ran another program than their image's, or reached the machine: the journal knows, and no PASS."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from technogate.judging.judge import judge
from technogate.model.container_facts import ContainerFacts, container_isolation, container_problems
from technogate.model.events import ImageRef, ProgramIsolation
from technogate.model.program_isolation import ISOLATED, isolation_of_run
from technogate.model.verdict import Verdict
from technogate.target.compose import container_facts
from technogate.target.compose.container_facts import facts_of_containers
from technogate.target.compose.described_stack import AdmittedMounts
from technogate.target.compose.resolved import MountedFiles
from tests import builders

PROJECT = "technogate-1-abc"
IMAGE = f"sha256:{'b' * 64}"
OTHER = f"sha256:{'e' * 64}"
ANONYMOUS = "0" * 64
CONFIG: dict[str, Any] = {
    "Entrypoint": ["python"],
    "Cmd": ["-m", "backend"],
    "User": "10001",
    "WorkingDir": "/app",
    "Env": ["PATH=/usr/bin", "PYTHONPATH=/app/packages"],
    "Healthcheck": {"Test": ["CMD", "python", "health.py"], "Interval": 5},
    "Volumes": {"/data": {}},
}
#: A container as an engine shows it whose compose file asks for nothing.
PLAIN: dict[str, Any] = {
    "Id": "1" * 64,
    "Image": IMAGE,
    "Config": {
        **CONFIG, "Env": ["TECHNO_API_KEY=x", *CONFIG["Env"]], "Healthcheck": {**CONFIG["Healthcheck"], "Interval": 2},
    },
    "HostConfig": {
        "Privileged": False, "CapAdd": None, "SecurityOpt": None, "Devices": None, "DeviceCgroupRules": None,
        "DeviceRequests": None, "PidMode": "", "IpcMode": "private", "UTSMode": "", "UsernsMode": "",
        "NetworkMode": f"{PROJECT}_techno-net", "VolumesFrom": [], "GroupAdd": None, "CgroupParent": "",
        "ExtraHosts": None, "MaskedPaths": ["/proc/kcore"],
    },
    "Mounts": [{"Type": "volume", "Name": ANONYMOUS, "Destination": "/data", "Driver": "local", "RW": True}],
}  # fmt: skip
#: A run in which every requirement of a backend passed.
PASSED = (
    builders.plan(("a", "AUT-01"), ("b", "EXE-01")), builders.result("a", "AUT-01"), builders.result("b", "EXE-01"),
)  # fmt: skip


class Engine:
    """Stands for the engine: what it shows of containers, images and volumes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.containers = {"backend_1": copy.deepcopy(PLAIN)}
        self.volumes: dict[str, dict[str, Any]] = {}
        self.folder = folder
        self.files: tuple[MountedFiles, ...] = ()
        monkeypatch.setattr(container_facts, "inspect", self._inspect)
        monkeypatch.setattr(container_facts, "docker", self._docker)

    def _inspect(self, kind: str, *names: str) -> list[dict[str, Any]]:
        if kind == "--type=image":
            return [{"Id": name, "Config": CONFIG} for name in names]
        return [self.containers[name] for name in names]

    def _docker(self, *words: str) -> str:
        assert words[:2] == ("volume", "inspect")
        plain = {"Driver": "local", "Options": None}
        return msgspec.json.encode([{"Name": one, **plain, **self.volumes.get(one, {})} for one in words[2:]]).decode()

    def facts(self) -> list[ContainerFacts]:
        """The facts of the containers; all but the first are not judged."""
        names = {name: (name.partition("_")[0], "" if name != "backend_1" else "backend") for name in self.containers}
        mounts = AdmittedMounts(self.folder, self.files)
        reports = self.folder / "reports"
        return facts_of_containers(
            names, {"backend": IMAGE}, PROJECT, lambda *what: mounts.admit((reports,), *what), lambda text: text
        )

    @property
    def backend(self) -> dict[str, Any]:
        """What the engine shows of the backend."""
        return self.containers["backend_1"]

    @property
    def host(self) -> dict[str, Any]:
        """The part of that about the machine."""
        settings: dict[str, Any] = self.backend["HostConfig"]
        return settings

    def mount(self, **shown: Any) -> None:
        """Mount something in the backend."""
        self.backend["Mounts"].append({"Type": "bind", "RW": False, "Destination": "/given", **shown})

    def helper(self, **shown: Any) -> None:
        """A container beside the backend."""
        helper = copy.deepcopy(PLAIN)
        helper["Id"], helper["Image"] = "2" * 64, OTHER
        helper["HostConfig"] |= shown.pop("HostConfig", {})
        self.containers["helper_1"] = {**helper, **shown}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Engine:
    """An engine with a backend as its image says."""
    for name in ("given", "reports"):
        (tmp_path / name).mkdir()
    return Engine(monkeypatch, tmp_path)


def judged(folder: Path, facts: list[ContainerFacts], images: tuple[str, ...] = ("backend",)) -> Any:
    """The document of a run in which all passed, with these containers."""
    head = builders.header()
    target = msgspec.structs.replace(
        head.target, kind="compose", images={side: ImageRef(name=f"{side}:1", digest=IMAGE) for side in images}
    )
    head = msgspec.structs.replace(head, target=target)
    isolations = [ProgramIsolation(program=one.program, isolation=container_isolation(one)) for one in facts]
    return judge(builders.journal(folder, *PASSED, *facts, *isolations, head=head))


def host(**settings: Any) -> Callable[[Engine], None]:
    """Settings of the backend's container."""
    return lambda engine: engine.host.update(settings)


def config(**settings: Any) -> Callable[[Engine], None]:
    """What the backend's container runs."""
    return lambda engine: engine.backend["Config"].update(settings)


def volume(**options: Any) -> Callable[[Engine], None]:
    """A volume of the project in the backend that is more than a fresh one."""

    def act(engine: Engine) -> None:
        engine.volumes[f"{PROJECT}_kept"] = options
        engine.mount(Type="volume", Name=f"{PROJECT}_kept", Destination="/app", RW=True)

    return act


def shared(engine: Engine) -> None:
    """A volume of the backend that a helper writes to."""
    engine.mount(Type="volume", Name=f"{PROJECT}_kept", Destination="/kept")
    engine.helper(Mounts=[{"Type": "volume", "Name": f"{PROJECT}_kept", "Destination": "/kept", "RW": True}])


#: What a container was given, although no compose file that was looked at says so; and what the reason names.
OTHERS: dict[str, tuple[Callable[[Engine], None], str]] = {
    "another entrypoint": (config(Entrypoint=["sh"]), "its entrypoint is another"),
    "another command": (config(Cmd=["-m", "other"]), "its command is another"),
    "the user root": (config(User="root"), "its user is another"),
    "another working folder": (config(WorkingDir="/data"), "its working folder is another"),
    "a health check that lies": (config(Healthcheck={"Test": ["CMD", "true"]}), "its health check is another"),
    "no health check": (config(Healthcheck={"Test": ["NONE"]}), "its health check is another"),
    "a library that is loaded before": (config(Env=[*CONFIG["Env"], "LD_PRELOAD=/x"]), "its environment is another"),
    "other modules of Python": (config(Env=["PATH=/usr/bin", "PYTHONPATH=/data"]), "its environment is another"),
    "another image under the same tag": (lambda engine: engine.backend.update(Image=OTHER), "its image is another"),
    "all privileges": (host(Privileged=True), "Privileged is true"),
    "a capability": (host(CapAdd=["SYS_PTRACE"]), "CapAdd is"),
    "no confinement": (host(SecurityOpt=["seccomp=unconfined"]), "SecurityOpt is"),
    "the kernel's files": (host(MaskedPaths=[]), "MaskedPaths is"),
    "a device": (host(Devices=[{"PathOnHost": "/dev/sda"}]), "Devices is"),
    "the processes of the machine": (host(PidMode="host"), "PidMode is host"),
    "the network of the machine": (host(NetworkMode="host"), "NetworkMode is host"),
    "the network of another container": (host(NetworkMode="container:9"), "NetworkMode is container:9"),
    "the memory segments of the machine": (host(IpcMode="host"), "IpcMode is host"),
    "the users of the machine": (host(UsernsMode="host"), "UsernsMode is host"),
    "the volumes of another container": (host(VolumesFrom=["helper_1:rw"]), "VolumesFrom is"),
    "the socket of the engine": (
        lambda engine: engine.mount(Source="/var/run/docker.sock", Destination="/var/run/docker.sock"), "docker.sock",
    ),
    "files over its program": (
        lambda engine: engine.mount(Source=f"{engine.folder}/given", Destination="/app"), "mounted at /app",
    ),
    "a folder of the machine as a volume": (volume(Options={"device": "/", "o": "bind", "type": "none"}), "/app"),
    "a volume of another driver": (volume(Driver="other"), "/app"),
    "a volume that was there before": (
        lambda engine: engine.mount(Type="volume", Name="theirs", Destination="/app", RW=True), "theirs",
    ),
    "a volume that a helper writes to": (shared, "helper writes to the volume of the backend"),
    "a helper in its network": (
        lambda engine: engine.helper(HostConfig={"NetworkMode": f"container:{'1' * 64}"}), "helper joins the backend",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "what",
    [pytest.param(what, marks=pytest.mark.sabotage(f"a running container has {what}"), id=what) for what in OTHERS],
)
def test_a_container_that_is_not_its_image(engine: Engine, tmp_path: Path, what: str) -> None:
    """The run proves nothing of the image: all passed, and it is INCONCLUSIVE."""
    act, named = OTHERS[what]
    act(engine)
    facts = engine.facts()
    assert any(named in problem for problem in container_problems(facts, ["backend"]))
    document = judged(tmp_path / "reports", facts)
    assert document.verdict is Verdict.INCONCLUSIVE
    assert document.exit_code == 3
    assert any(named in reason for reason in document.reasons)


def test_a_container_that_is_its_image(engine: Engine, tmp_path: Path) -> None:
    """Variables, times of the health check, and files that its compose file may mount are no difference."""
    engine.files = (MountedFiles("backend", tmp_path / "given", "/given"),)
    engine.mount(Source=str(tmp_path / "given"))
    engine.mount(Type="volume", Name=f"{PROJECT}_kept", Destination="/kept", RW=True)
    engine.mount(Type="tmpfs", Source="", Destination="/scratch", RW=True)
    engine.helper(Mounts=[{"Type": "bind", "Source": str(tmp_path / "given"), "Destination": "/x", "RW": False}])
    document = judged(tmp_path / "reports", engine.facts())
    assert document.verdict is Verdict.PASS
    assert document.isolation == ISOLATED


@pytest.mark.sabotage("nothing is known of the container of a judged side")
def test_a_container_that_nothing_is_known_of(engine: Engine, tmp_path: Path) -> None:
    """A validation of containers without the facts of both is no PASS."""
    document = judged(tmp_path / "reports", engine.facts(), ("backend", "console"))
    assert document.verdict is Verdict.INCONCLUSIVE
    assert "nothing is known of the container of the console" in document.reasons


#: What a container beside the pair has; it may run what it likes, but the gate is not out of its reach.
REACHES: dict[str, dict[str, Any]] = {
    "the socket of the engine": {"Mounts": [{"Type": "bind", "Source": "/var/run/docker.sock", "Destination": "/s"}]},
    "a folder that it may write to": {"Mounts": [{"Type": "bind", "Source": "GIVEN", "Destination": "/s", "RW": True}]},
    "the folder of the reports": {"Mounts": [{"Type": "bind", "Source": "REPORTS", "Destination": "/s", "RW": False}]},
    "the whole machine": {"Mounts": [{"Type": "bind", "Source": "/", "Destination": "/s", "RW": False}]},
    "all privileges": {"HostConfig": {"Privileged": True}},
    "the processes of the machine": {"HostConfig": {"PidMode": "host"}},
    "the network of the machine": {"HostConfig": {"NetworkMode": "host"}},
    "a capability": {"HostConfig": {"CapAdd": ["SYS_ADMIN"]}},
    "a device": {"HostConfig": {"Devices": [{"PathOnHost": "/dev/mem"}]}},
}  # fmt: skip


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(what, marks=pytest.mark.sabotage(f"a service beside the pair has {what}"), id=what)
        for what in REACHES
    ],
)
def test_a_service_that_reaches_the_gate(engine: Engine, tmp_path: Path, what: str) -> None:
    """The verdict says "not isolated" and why; a deployment is refused for that by default."""
    shown = copy.deepcopy(REACHES[what])
    for mount in shown.get("Mounts", ()):
        mount["Source"] = {"GIVEN": f"{tmp_path}/given", "REPORTS": f"{tmp_path}/reports"}.get(
            mount["Source"], mount["Source"]
        )
    engine.helper(**shown)
    document = judged(tmp_path / "reports", engine.facts())
    assert document.isolation.startswith("not isolated: helper: ")


def test_no_container_is_no_isolation() -> None:
    """A run of containers that says nothing of them is not isolated."""
    assert isolation_of_run([], started_by_gate=True) != ISOLATED
