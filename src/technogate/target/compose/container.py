"""A program under test that runs in a container: disturbed and ended as any other, through the engine."""

from __future__ import annotations

import time
from typing import Any

from technogate.model.errors import PortTaken, StartError
from technogate.target.compose.engine import EngineError, docker, inspect, logs
from technogate.target.process.program import Launch, Program
from technogate.target.process.reaper import Reaper

#: What compose calls a network, on the network itself.
NETWORK_LABEL = "com.docker.compose.network"
#: Seconds that a container gets to end when asked.
STOP_S = 3
#: Seconds between two looks at whether a container that starts is still there.
GLANCE_S = 0.5
_TAKEN = ("port is already allocated", "address already in use", "ports are not available")


class Container(Program):
    """One container of the pair. It was created by compose; from then on it keeps its name and its port."""

    def __init__(self, container: str, launch: Launch, reaper: Reaper) -> None:
        """`container` is its name at the engine, `launch` says how it is reached."""
        super().__init__(launch, reaper)
        self.container = container
        self._looked = 0.0
        self._left: list[dict[str, Any]] = []

    @property
    def pid(self) -> int | None:
        """None: its processes are the engine's."""
        return None

    @property
    def state(self) -> dict[str, Any]:
        """What the engine says of its state now."""
        found: dict[str, Any] = inspect("--type=container", self.container)[0]["State"]
        return found

    @property
    def image(self) -> str:
        """The id of the image that it runs."""
        return str(inspect("--type=container", self.container)[0]["Image"])

    @property
    def networks(self) -> dict[str, str]:
        """The networks that it is on: by id, what compose files call each, else its own name."""
        found: dict[str, dict[str, Any]] = inspect("--type=container", self.container)[0]["NetworkSettings"]["Networks"]
        names = {}
        for name, network in found.items():
            labels = inspect("--type=network", network["NetworkID"])[0].get("Labels") or {}
            names[str(network["NetworkID"])] = str(labels.get(NETWORK_LABEL, name))
        return names

    @property
    def health(self) -> str:
        """`healthy`, `unhealthy` or `starting`; "" when neither image nor compose file define a health check."""
        return str((self.state.get("Health") or {}).get("Status", ""))

    @property
    def alive(self) -> bool:
        """Whether it runs (a paused container does)."""
        return bool(self.state["Running"])

    @property
    def exit_code(self) -> int | None:
        """The exit code of its latest start, None while it runs."""
        state = self.state
        return None if state["Running"] else int(state["ExitCode"])

    @property
    def output(self) -> str:
        """All that it wrote to its standard output and error since it was created, unmasked."""
        return logs(self.container)

    def start(self) -> None:
        """Start it again, without waiting; raises PortTaken, or StartError when the engine refuses."""
        self._looked = time.monotonic()
        try:
            docker("start", self.container)
        except EngineError as error:
            if port_was_taken(str(error)):
                raise PortTaken(
                    f"{self.name} needs port {self.port}, which is in use: end the program that holds it"
                ) from error
            raise StartError(
                f"{self.name} did not start: {error}", program=self.name, command=self.command, output=self.tail()
            ) from error

    def stop(self) -> None:
        """End it: ask, wait 3 s, then kill. Not running is fine."""
        docker("stop", f"--time={STOP_S}", self.container)

    def kill(self) -> None:
        """End it at once, without asking. Not running is fine."""
        try:
            docker("kill", self.container)
        except EngineError:
            if self.alive:
                raise

    def freeze(self) -> None:
        """Stop it in its tracks: connections stay open and nothing answers."""
        docker("pause", self.container)

    def thaw(self) -> None:
        """Let it run on after `freeze`."""
        docker("unpause", self.container)

    def cut_off(self) -> None:
        """Take it off every network that it is on: nobody reaches it, at its published port neither."""
        found: dict[str, dict[str, Any]] = inspect("--type=container", self.container)[0]["NetworkSettings"]["Networks"]
        for network in found.values():
            docker("network", "disconnect", str(network["NetworkID"]), self.container)
            self._left.append(network)

    def reconnect(self) -> None:
        """Put it back on the networks that `cut_off` took it off, under the names and the address it was given."""
        while self._left:
            network = self._left[0]
            fixed = (network.get("IPAMConfig") or {}).get("IPv4Address")
            words = [
                *(f"--alias={alias}" for alias in network.get("Aliases") or ()),
                *([f"--ip={fixed}"] if fixed else []),
            ]
            docker("network", "connect", *words, str(network["NetworkID"]), self.container)
            self._left.pop(0)

    def ask(self, *command: str) -> str:
        """What a command wrote that was run within it; raises EngineError unless it ended with 0."""
        return docker("exec", self.container, *command)

    def _gone(self) -> bool:
        """Whether it ended while it should become ready: the engine is not asked all the time."""
        if time.monotonic() - self._looked < GLANCE_S:
            return False
        self._looked = time.monotonic()
        return not self.alive


def port_was_taken(output: str) -> bool:
    """Whether `output` of the engine reports that another program has the port of a container."""
    return any(words in output.lower() for words in _TAKEN)
