"""The pair as containers: started, frozen, cut off, and removed in any case. Needs a Docker engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from technogate.model.errors import StartError, UserError
from technogate.target.compose.compose_pair import ComposePair
from technogate.target.compose.compose_target import FILES_VARIABLE, ComposeTarget
from technogate.target.compose.container import Container
from technogate.target.compose.network import status_from_within
from technogate.target.readiness import probe
from tests.conftest import ROOT
from tests.containers import KEY, built_on, docker, left_of, reference_target, target_of

pytestmark = pytest.mark.slow

Eventually = Callable[[Callable[[], bool]], bool]

#: Starts a pair, prints its project, and waits to be killed.
STARTER = """
import sys, time
from pathlib import Path
from technogate.contract.loader import load_contract
from technogate.model.contract_words import speak
from technogate.target.load import load_target
from technogate.target.compose import compose_project

speak(load_contract(Path("contracts") / "console-v0.1").words)

made = compose_project.Project.__init__
def tell(self, **arguments):
    made(self, **arguments)
    print(self.name, flush=True)
compose_project.Project.__init__ = tell
target = load_target("compose")
pair = target.start(sys.argv[1])
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def reference() -> ComposeTarget:
    """The reference pair as images."""
    return reference_target()


@pytest.fixture(scope="module")
def pair(reference: ComposeTarget) -> Iterator[ComposePair]:
    """The reference pair as containers that run."""
    with reference.start(KEY) as running:
        yield running


@pytest.fixture
def backend(pair: ComposePair) -> Iterator[Container]:
    """The backend's container, which runs again after the test."""
    assert pair.backend is not None
    assert isinstance(pair.backend.program, Container)
    yield pair.backend.program
    pair.backend.program.restart()


def image_of(reference: ComposeTarget, side: str) -> str:
    """The name of a reference image."""
    return reference.ref.images[side].name


def test_images_are_named_with_their_ids(reference: ComposeTarget, pair: ComposePair) -> None:
    """The target names the images that it judges, and these run."""
    for side, served in (("backend", pair.backend), ("console", pair.console)):
        ref = reference.ref.images[side]
        assert ref.digest == docker("image", "inspect", "--format={{.Id}}", ref.name)
        assert served is not None
        assert isinstance(served.program, Container)
        assert served.program.image == ref.digest


def test_pair_listens_on_loopback_alone(pair: ComposePair) -> None:
    """Both are published on the loopback address, and nowhere else."""
    published = docker("ps", f"--filter=name={pair.project.name}", "--format={{.Ports}}").splitlines()
    assert len(published) == 2
    assert all(line.startswith("127.0.0.1:") and "," not in line for line in published)


def test_two_pairs_in_parallel(reference: ComposeTarget, pair: ComposePair) -> None:
    """Each pair has its own project, network and ports, and leaves nothing behind."""
    with reference.start(KEY) as second_pair:
        assert pair.backend is not None
        assert second_pair.backend is not None
        assert isinstance(pair.backend.program, Container)
        assert isinstance(second_pair.backend.program, Container)
        assert not set(pair.backend.program.networks) & set(second_pair.backend.program.networks)
        assert set(pair.backend.program.networks.values()) == {"techno-net"}
        assert pair.backend.url != second_pair.backend.url
        assert len(left_of(second_pair.project.name)) == 3
    assert left_of(second_pair.project.name) == []
    assert {output.program for output in second_pair.outputs()} == {"backend", "console"}
    assert "GET /health" in next(output.text for output in second_pair.outputs() if output.program == "backend")


@pytest.mark.parametrize("end", [Container.stop, Container.kill])
def test_ended_and_started_again(backend: Container, end: Callable[[Container], None]) -> None:
    """A container ends in every way, is reported as ended, and starts again at the same address."""
    url = backend.ready_url
    end(backend)
    assert not backend.alive
    assert backend.exit_code
    assert probe(url, 1.0)
    end(backend)
    backend.start()
    backend.wait_ready()
    assert backend.alive
    assert backend.exit_code is None
    assert not probe(url, 5.0)


def test_frozen_and_thawed(backend: Container) -> None:
    """A frozen container runs without a response, and can be ended while frozen."""
    url = backend.ready_url
    backend.freeze()
    assert backend.alive
    assert probe(url, 1.0)
    backend.thaw()
    assert not probe(url, 5.0)
    backend.freeze()
    backend.kill()
    assert not backend.alive


def test_cut_off_and_reconnected(pair: ComposePair, backend: Container) -> None:
    """A disconnected container runs without a network; reconnected, it has its address and names again."""
    url = backend.ready_url
    before = backend.networks
    started = backend.state["StartedAt"]
    backend.cut_off()
    assert backend.networks == {}
    assert backend.alive
    assert probe(url, 1.0)
    backend.reconnect()
    assert backend.networks == before
    backend.wait_ready()
    assert backend.state["StartedAt"] == started
    assert pair.console is not None
    assert isinstance(pair.console.program, Container)
    by_name = backend.url_within("backend")
    assert status_from_within((pair.console.program,), by_name) == "200"
    backend.reconnect()
    assert backend.networks == before


def test_further_console(pair: ComposePair) -> None:
    """A further console has the given backend and key, and ends separately."""
    with pair.start_console("http://127.0.0.1:1", "AnotherKey123") as console:
        assert isinstance(console.program, Container)
        environment = docker("inspect", "--format={{.Config.Env}}", console.program.container)
        assert "NEXT_PUBLIC_API_URL=http://127.0.0.1:1 " in environment
        assert "NEXT_PUBLIC_API_KEY=AnotherKey123" in environment
        assert console.url != (pair.console and pair.console.url)
    assert not console.program.alive
    assert pair.console is not None
    assert pair.console.program is not None
    assert pair.console.program.alive


def failed_start(target: ComposeTarget) -> StartError:
    """The error of a pair that must not start, and nothing of it is left."""
    before = docker("ps", "--all", "--quiet"), docker("network", "ls", "--quiet"), docker("volume", "ls", "--quiet")
    with pytest.raises(StartError) as caught:
        target.start(KEY)
    after = docker("ps", "--all", "--quiet"), docker("network", "ls", "--quiet"), docker("volume", "ls", "--quiet")
    assert after == before
    return caught.value


@pytest.mark.parametrize("health", ["", "HEALTHCHECK NONE\n"], ids=["health check", "no health check"])
def test_backend_that_dies(reference: ComposeTarget, tmp_path: Path, health: str) -> None:
    """The error names the container, its exit code and what it wrote, without the key; everything is taken down."""
    dying = built_on(
        image_of(reference, "backend"), f'{health}CMD ["sh", "-c", "echo the key is $TECHNO_API_KEY; exit 7"]'
    )
    error = failed_start(target_of(f'[compose]\nbackend_image = "{dying}"\n[backend]\n[console]\n', tmp_path))
    assert "backend did not start: " in str(error)
    assert "exited with code 7" in str(error)
    assert error.exit_code == 7
    assert "--- backend (exited, exit code 7) ---\nthe key is $TECHNOGATE_API_KEY" in error.output
    assert KEY not in error.output + str(error)


def test_console_that_dies(reference: ComposeTarget, tmp_path: Path) -> None:
    """When the console dies, the backend's log is there as well."""
    dying = built_on(image_of(reference, "console"), 'ENTRYPOINT ["sh", "-c", "echo no such page; exit 4"]')
    error = failed_start(target_of(f'[compose]\nconsole_image = "{dying}"\n[backend]\n[console]\n', tmp_path))
    assert "console did not start" in str(error)
    assert "exited with code 4" in str(error)
    assert "no such page" in error.output
    assert "GET /health" in error.output


def test_backend_that_never_responds(reference: ComposeTarget, tmp_path: Path) -> None:
    """A backend that does not listen is ended after the timeout, and its log is shown; without a health check too."""
    sleeping = built_on(image_of(reference, "backend"), 'HEALTHCHECK NONE\nCMD ["sh", "-c", "echo asleep; sleep 600"]')
    text = f"[compose]\nbackend_image = '{sleeping}'\n[backend]\nstart_timeout_s = 2\n[console]\n"
    error = failed_start(target_of(text, tmp_path))
    assert "is not ready after 2 s" in str(error)
    assert "asleep" in error.output


def test_missing_image(reference: ComposeTarget, tmp_path: Path) -> None:
    """A missing image is named, with a hint."""
    assert reference
    target = target_of("[compose]\nbackend_image = 'registry.invalid/nobody:1'\n[backend]\n", tmp_path)
    message = r"the image registry.invalid/nobody:1 is not on this machine .* correct BACKEND_IMAGE"
    with pytest.raises(UserError, match=message):
        target.preflight()


def test_compose_file_of_the_team(reference: ComposeTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables, volumes and services of the team's own file are in the pair, and are gone with it."""
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "note.txt").write_text("from the team")
    (tmp_path / "team.yml").write_text(
        "services:\n"
        "  backend: {environment: {TEAM_KEY: '${TECHNO_API_KEY}'}, volumes: ['./given:/given:ro', 'kept:/kept']}\n"
        f"  helper: {{image: '{image_of(reference, 'console')}', networks: [techno-net]}}\n"
        "  console: {depends_on: [helper]}\n"
        "volumes: {kept: {}}\n"
    )
    monkeypatch.setenv(FILES_VARIABLE, str(tmp_path / "team.yml"))
    with reference_target().start(KEY) as pair:
        assert pair.backend is not None
        assert isinstance(pair.backend.program, Container)
        assert pair.backend.program.execute("cat", "/given/note.txt") == "from the team"
        assert pair.backend.program.execute("printenv", "TEAM_KEY") == KEY
        assert len(left_of(pair.project.name)) == 5
    assert {output.program for output in pair.outputs()} == {"backend", "console", "helper"}
    assert left_of(pair.project.name) == []


def test_image_that_a_compose_file_exchanges(reference: ComposeTarget, tmp_path: Path) -> None:
    """The image must be the one that the report names."""
    other_image = built_on(image_of(reference, "backend"), "LABEL another=one")
    (tmp_path / "other.yml").write_text(f"services: {{backend: {{image: '{other_image}'}}}}\n")
    target = target_of("[compose]\nfiles = ['other.yml']\n[backend]\n[console]\n", tmp_path)
    with pytest.raises(UserError, match=r"other\.yml: the service backend has `image` of another's"):
        target.start(KEY)


@pytest.mark.parametrize("moment", ["as soon as there is a container", "when it is ready"])
@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_gate(
    reference: ComposeTarget, eventually: Eventually, moment: str, signal_number: signal.Signals
) -> None:
    """A killed gate leaves no container, network or volume, not even in the middle of a start."""
    assert reference
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, KEY], stdout=subprocess.PIPE, text=True, env=dict(os.environ), cwd=ROOT
    ) as run_context:
        assert run_context.stdout is not None
        project = run_context.stdout.readline().strip()
        if moment == "when it is ready":
            assert run_context.stdout.readline() == "ready\n"
        assert eventually(lambda: bool(docker("ps", "--all", "--quiet", f"--filter=name={project}")))
        run_context.send_signal(signal_number)
    assert eventually(lambda: not left_of(project))
