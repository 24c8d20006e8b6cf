"""Compose files over the gate's own that make another program run, or reach the gate: refused before any starts."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from technogate.model.errors import UserError
from technogate.model.events import ImageRef
from technogate.target.compose import compose_target, described_stack
from technogate.target.compose.compose_target import FILES_VARIABLE, ComposeTarget
from technogate.target.described_by import RESOLVED
from technogate.target.load import load_target

#: What compose makes of a file of one's own, without compose: the services of both, key by key.
PLAIN: dict[str, Any] = {
    "networks": {"techno-net": {}},
    "services": {
        side: {
            "environment": {"TZ": "Asia/Kathmandu"},
            "healthcheck": {"interval": "2s", "retries": 15},
            "image": f"techno-os-{side}:1.2",
            "networks": {"techno-net": {}},
        }
        for side in ("backend", "console")
    },
}


def merged(base: Any, over: Any) -> Any:
    """One value laid over another, as compose does it for what these tests use."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}
    return [*base, *over] if isinstance(base, list) and isinstance(over, list) else over


class Configured:
    """Stands for compose: `config` shows the gate's own file and those of the team, laid over one another."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(compose_target, "compose_command", lambda: ("docker-compose",))
        monkeypatch.setattr(compose_target, "provide", lambda names, _: {
            side: ImageRef(name=name, digest=f"sha256:{'1' * 64}") for side, name in names.items()
        })  # fmt: skip
        monkeypatch.setattr(compose_target, "image_names", lambda _, sides: {side: f"{side}:1.2" for side in sides})
        monkeypatch.setattr(compose_target, "facts", lambda _: described_image())
        monkeypatch.setattr(described_stack, "compose_config", self.config)
        monkeypatch.setattr(described_stack, "first_below", self.first_below)
        self.image_files: tuple[str, ...] = ("/app/app.py", "/usr/bin/python")

    def config(self, argv: list[str], environment: dict[str, str]) -> str:
        """What `compose config` prints."""
        assert environment["BACKEND_IMAGE"] == "backend:1.2"
        files = [Path(word.removeprefix("--file=")) for word in argv if word.startswith("--file=")]
        document: Any = PLAIN
        for path in files[1:]:
            document = merged(document, yaml.safe_load(path.read_text()))
        present = {name: service for name, service in document["services"].items() if service is not None}
        return yaml.safe_dump({**document, "services": present})

    def first_below(self, image: str, folders: list[str]) -> dict[str, str]:
        """What the image has at a place."""
        assert image == "backend:1.2"
        found = {folder: [path for path in self.image_files if path.startswith(folder)] for folder in folders}
        return {folder: paths[0] for folder, paths in found.items() if paths}


def described_image() -> Any:
    """An image as the engine describes it."""
    return type("Image", (), {"ports": (8000, 3000), "has_health_check": True})


@pytest.fixture
def compose(monkeypatch: pytest.MonkeyPatch) -> Configured:
    """Compose without an engine."""
    return Configured(monkeypatch)


def target_with(folder: Path, overlay: dict[str, Any]) -> ComposeTarget:
    """A target file with one compose file of its own."""
    (folder / "own.yml").write_text(yaml.safe_dump(overlay))
    (folder / "pair.toml").write_text("[compose]\nfiles = ['own.yml']\n[backend]\n[console]\n")
    target = load_target(str(folder / "pair.toml"))
    assert isinstance(target, ComposeTarget)
    return target


def backend(**keys: Any) -> dict[str, Any]:
    """A compose file that adds keys to the backend's service."""
    return {"services": {"backend": keys}}


def beside(**keys: Any) -> dict[str, Any]:
    """A compose file with a service beside the pair."""
    return {"services": {"helper": {"image": "helper:1", **keys}}}


def refusal(folder: Path, overlay: dict[str, Any]) -> str:
    """The one line by which the target is refused."""
    with pytest.raises(UserError) as refused:
        target_with(folder, overlay).preflight()
    message = str(refused.value)
    assert "\n" not in message
    return message


def tried(sentence: str, cases: Iterable[str]) -> list[Any]:
    """A parameter for each case, with the sentence that says what it tries."""
    return [pytest.param(what, marks=pytest.mark.sabotage(sentence.format(what)), id=what) for what in cases]


#: What a compose file tries, and what the refusal names.
KEYS: dict[str, tuple[dict[str, Any], str]] = {
    "another entrypoint": ({"entrypoint": ["python", "other.py"]}, "`entrypoint`"),
    "another command": ({"command": ["python", "-m", "other"]}, "`command`"),
    "another image": ({"image": "evil:1.2"}, "`image`"),
    "a build in place of the image": ({"build": {"context": "evil"}}, "`build`"),
    "all privileges": ({"privileged": True}, "`privileged`"),
    "the processes of the machine": ({"pid": "host"}, "`pid`"),
    "the network of the machine": ({"network_mode": "host"}, "`network_mode`"),
    "the memory segments of the machine": ({"ipc": "host"}, "`ipc`"),
    "the host name of the machine": ({"uts": "host"}, "`uts`"),
    "the users of the machine": ({"userns_mode": "host"}, "`userns_mode`"),
    "the control groups of the machine": ({"cgroup": "host"}, "`cgroup`"),
    "the user root": ({"user": "root"}, "`user`"),
    "another group": ({"group_add": ["docker"]}, "`group_add`"),
    "a capability": ({"cap_add": ["SYS_ADMIN"]}, "`cap_add`"),
    "no confinement": ({"security_opt": ["seccomp:unconfined"]}, "`security_opt`"),
    "a device": ({"devices": ["/dev/sda:/dev/sda"]}, "`devices`"),
    "a setting of the kernel": ({"sysctls": {"net.core.somaxconn": 1}}, "`sysctls`"),
    "another runtime": ({"runtime": "other"}, "`runtime`"),
    "the volumes of another service": ({"volumes_from": ["helper"]}, "`volumes_from`"),
    "another working folder": ({"working_dir": "/data"}, "`working_dir`"),
    "other names in the network": ({"extra_hosts": ["backend:10.0.0.1"]}, "`extra_hosts`"),
    "another name server": ({"dns": ["10.0.0.1"]}, "`dns`"),
    "several of it": ({"deploy": {"replicas": 2}}, "`deploy`"),
    "several of it by scale": ({"scale": 2}, "`scale`"),
    "a profile, so that it does not start": ({"profiles": ["never"]}, "`profiles`"),
    "a file of secrets": ({"secrets": ["key"]}, "`secrets`"),
    "a file of configuration": ({"configs": ["app"]}, "`configs`"),
    "variables that are read later": ({"env_file": ["../signing.env"]}, "`env_file`"),
    "a command after its start": ({"post_start": [{"command": "evil"}]}, "`post_start`"),
    "a restart when it ends": ({"restart": "always"}, "`restart`"),
    "another port": ({"ports": ["8001:8001"]}, "`ports`"),
    "another network": ({"networks": {"other": {}}}, "`networks`"),
    "a health check that always succeeds": ({"healthcheck": {"test": ["CMD", "true"]}}, "`healthcheck.test`"),
    "no health check": ({"healthcheck": {"disable": True}}, "`healthcheck.disable`"),
    "a library that is loaded before": ({"environment": {"LD_PRELOAD": "/data/x.so"}}, "LD_PRELOAD"),
    "other modules of Python": ({"environment": {"PYTHONPATH": "/data"}}, "PYTHONPATH"),
    "code for Node in a variable": ({"environment": {"NODE_OPTIONS": "--import data:,1"}}, "NODE_OPTIONS"),
    "other programs on the path": ({"environment": ["PATH=/data"]}, "PATH"),
}  # fmt: skip


@pytest.mark.parametrize("what", tried("a compose file gives the backend {}", KEYS))
def test_a_key_of_a_judged_service(compose: Configured, tmp_path: Path, what: str) -> None:
    """What decides which program runs, and what it may do, is the image's and the gate's alone."""
    assert compose
    keys, named = KEYS[what]
    message = refusal(tmp_path, backend(**keys))
    assert message.startswith("own.yml: the service backend has ")
    assert named in message


#: Mounts of the backend, and what else the compose file has; `FOLDER` is the folder of the target file.
MOUNTS: dict[str, tuple[str | dict[str, Any], dict[str, Any], str]] = {
    "a folder of the machine over its program": ("FOLDER/given:/app:ro", {}, "over /app/app.py of its image"),
    "a folder of the machine over all programs": ("FOLDER/given:/usr:ro", {}, "over /usr/bin/python of its image"),
    "a folder of the machine that it may write to": ("FOLDER/given:/given", {}, "read-only"),
    "the folder of the target file": ("FOLDER:/given:ro", {}, "must lie below"),
    "the whole machine": ("/:/given:ro", {}, "must lie below"),
    "a folder above by a way back": ("FOLDER/given/../..:/given:ro", {}, "must lie below"),
    "a folder elsewhere by a link": ("FOLDER/link:/given:ro", {}, "must lie below"),
    "the socket of the engine": ("/var/run/docker.sock:/var/run/docker.sock", {}, "must lie below"),
    "a socket in the folder, read-only": ("FOLDER/docker.sock:/docker.sock:ro", {}, "must lie below"),
    "the whole file system": ("kept:/", {"volumes": {"kept": {}}}, "no place for data"),
    "a place that is a way back": ("kept:/data/../app", {"volumes": {"kept": {}}}, "no place for data"),
    "a folder of the machine as a volume": (
        "kept:/kept",
        {"volumes": {"kept": {"driver_opts": {"type": "none", "o": "bind", "device": "/"}}}},
        "no volume of this run",
    ),
    "a volume of another driver": ("kept:/kept", {"volumes": {"kept": {"driver": "other"}}}, "no volume of this run"),
    "a volume that is there already": (
        "kept:/kept", {"volumes": {"kept": {"external": True, "name": "kept"}}}, "no volume of this run",
    ),
    "a volume of another name": ("kept:/kept", {"volumes": {"kept": {"name": "theirs"}}}, "no volume of this run"),
    "a volume that hides its program": (
        {"type": "volume", "source": "kept", "target": "/app", "volume": {"nocopy": True}},
        {"volumes": {"kept": {}}},
        "nocopy",
    ),
    "a mount of an unknown kind": ({"type": "image", "source": "evil:1", "target": "/app"}, {}, "not known"),
    "a mount with an unknown mode": ("FOLDER/given:/given:ro,exec", {}, "not known"),
    "a mount that spreads": (
        {
            "type": "bind",
            "source": "FOLDER/given",
            "target": "/given",
            "read_only": True,
            "bind": {"propagation": "shared"},
        },
        {},
        "read-only",
    ),
}  # fmt: skip


def placed(value: Any, folder: Path) -> Any:
    """A mount with the folder of the target file in place of FOLDER."""
    if isinstance(value, dict):
        return {key: placed(one, folder) for key, one in value.items()}
    return value.replace("FOLDER", str(folder)) if isinstance(value, str) else value


def given(folder: Path) -> None:
    """What a folder of a target file has: a folder, a link out of it, and a socket."""
    (folder / "given").mkdir()
    (folder / "given" / "app.py").write_text("evil")
    (folder / "link").symlink_to("/etc")
    os.mknod(folder / "docker.sock", stat.S_IFSOCK | 0o600)


@pytest.mark.parametrize("what", tried("a compose file mounts in the backend: {}", MOUNTS))
def test_a_mount_of_a_judged_service(compose: Configured, tmp_path: Path, what: str) -> None:
    """A judged container has volumes of its own, and files of the target's folder where its image has nothing."""
    assert compose
    given(tmp_path)
    mount, more, named = MOUNTS[what]
    message = refusal(tmp_path, {**backend(volumes=[placed(mount, tmp_path)]), **more})
    assert "the service backend mounts" in message
    assert named in message


#: A service beside the pair, and what it would make of the backend.
BESIDE: dict[str, tuple[dict[str, Any], str]] = {
    "writes to a volume of the backend": (
        merged(merged(backend(volumes=["kept:/kept"]), beside(volumes=["kept:/kept"])), {"volumes": {"kept": {}}}),
        "the service helper may write to it",
    ),
    "takes the volumes of the backend": (beside(volumes_from=["backend"]), "the service helper joins the backend"),
    "takes them in the older compose's form": (
        beside(volumes_from=["service:backend:rw"]), "the service helper joins the backend",
    ),
    "answers in the network of the backend": (
        beside(network_mode="service:backend"), "the service helper joins the backend",
    ),
    "sees the processes of the backend": (beside(pid="service:backend"), "the service helper joins the backend"),
    "replaces the network": (
        {"networks": {"techno-net": {"external": True, "name": "host"}}}, "the network techno-net",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", tried("a service beside the pair {}", BESIDE))
def test_a_service_beside_the_pair(compose: Configured, tmp_path: Path, what: str) -> None:
    """No other service becomes a part of a judged one."""
    assert compose
    overlay, named = BESIDE[what]
    assert named in refusal(tmp_path, overlay)


@pytest.mark.sabotage("a compose file that only the environment names gives the console another program")
def test_a_file_that_the_environment_names(
    compose: Configured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is held to the same as one of the target file."""
    assert compose
    (tmp_path / "own.yml").write_text("services: {console: {entrypoint: [evil]}}\n")
    monkeypatch.setenv(FILES_VARIABLE, str(tmp_path / "own.yml"))
    with pytest.raises(UserError, match=r"own\.yml: the service console has `entrypoint` of another's"):
        load_target("compose").preflight()


@pytest.mark.sabotage("a compose file removes a judged service")
def test_a_service_that_is_gone(compose: Configured, tmp_path: Path) -> None:
    """Without it nothing would be judged."""
    assert compose
    assert "the service backend is gone" in refusal(tmp_path, {"services": {"backend": None}})


def test_what_a_compose_file_may_do(compose: Configured, tmp_path: Path) -> None:
    """Variables, volumes of its own, files read-only, further services, and the times of a health check."""
    given(tmp_path)
    scratch = {"type": "tmpfs", "target": "/scratch"}
    own = merged(
        backend(
            environment={"TEAM": "1", "PYTHONUNBUFFERED": "1"},
            volumes=["kept:/kept", "/anonymous", f"{tmp_path}/given:/given:ro", scratch],
            healthcheck={"start_period": "5s", "interval": "1s"},
            depends_on={"helper": {"condition": "service_started"}},
        ),
        merged(
            beside(volumes=[{"type": "volume", "source": "kept", "target": "/kept", "read_only": True}]),
            {"volumes": {"kept": {}}},
        ),
    )
    target = target_with(tmp_path, own)
    target.preflight()
    assert compose
    known = dict(target.ref.digests)
    assert set(known) == {"own.yml", "pair.toml", "shipped:docker-compose.test.yml", RESOLVED, "given"}
    (tmp_path / "given" / "app.py").write_text("other")
    target.preflight()
    assert {name for name, digest in target.ref.digests.items() if known[name] != digest} == {"given"}


def test_the_digest_of_the_configuration(compose: Configured, tmp_path: Path) -> None:
    """It follows what compose makes of all files, and leaves out folders, and images, which have their own digests."""
    assert compose
    found = []
    for name, value in (("a", "1"), ("b", "1"), ("c", "2")):
        (tmp_path / name).mkdir()
        target = target_with(tmp_path / name, backend(environment={"TEAM": value}))
        target.preflight()
        found.append(target.ref.digests[RESOLVED])
    assert found[0] == found[1] != found[2]
