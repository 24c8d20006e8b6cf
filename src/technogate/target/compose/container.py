"""A program under test in a container: the engine injects the faults and ends it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from technogate.model.errors import PortTaken, StartError
from technogate.target.compose.engine import EngineError, docker, inspect, logs
from technogate.target.process.program import TAIL_LINES, Launch, Program
from technogate.target.process.reaper import Reaper

#: What compose calls a network, on the network itself.
NETWORK_LABEL = "com.docker.compose.network"
#: Seconds between SIGTERM and SIGKILL.
STOP_S = 3
#: Seconds between two polls of a container that starts.
POLL_S = 0.5
_TAKEN = ("port is already allocated", "address already in use", "ports are not available")


class Container(Program):
    """One container of the pair. It was created by compose; from then on it keeps its name and its port."""

    def __init__(self, container: str, launch: Launch, reaper: Reaper, port_within: int = 0) -> None:
        """`container` is its name in the engine, `launch` has its address, `port_within` is the port of the program."""
        super().__init__(launch, reaper)
        self.container = container
        self.port_within = port_within
        self._polled = 0.0
        self._disconnected: list[dict[str, Any]] = []

    @property
    def pid(self) -> int | None:
        """None: its processes belong to the engine."""
        return None

    @property
    def state(self) -> dict[str, Any]:
        """The state that the engine reports now."""
        state: dict[str, Any] = inspect("--type=container", self.container)[0]["State"]
        return state

    def url_within(self, service: str) -> str:
        """The address that shows readiness, as seen from the network that it shares as `service`."""
        parts = urlsplit(self.ready_url)
        if parts.port != self.port:
            return self.ready_url
        return f"{parts.scheme}://{service}:{self.port_within}{parts.path}"

    @property
    def image(self) -> str:
        """The id of the image that it runs."""
        return str(inspect("--type=container", self.container)[0]["Image"])

    @property
    def networks(self) -> dict[str, str]:
        """The networks that it is on: by id, what compose files call each, else its own name."""
        names = {}
        for name, network in self._networks().items():
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
    def ended_by_itself(self) -> bool:
        """Whether it has ended and the gate did not end it. The engine is asked, which takes a tenth of a second."""
        return not self._ended_by_gate and not self.alive

    @property
    def output(self) -> str:
        """All that it wrote to its standard output and error since it was created, unmasked."""
        return logs(self.container)

    def latest_tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines that it wrote, the API key masked: the engine keeps those of every start together."""
        return self.tail(lines)

    def start(self, *, by: Sequence[str] = ()) -> None:
        """Start it again, without waiting; raises PortTaken, or StartError when the engine refuses."""
        if by:
            raise RuntimeError(f"{self.name} is started by the engine alone")
        self._polled = time.monotonic()
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
        self._ended_by_gate = False
        self.starts += 1
        self.end_recorded = False

    def stop(self) -> None:
        """End it: send SIGTERM, wait 3 s, then kill it. If it does not run, do nothing."""
        self._ended_by_gate = self._ended_by_gate or self.alive
        docker("stop", f"--time={STOP_S}", self.container)

    def kill(self) -> None:
        """Kill it. If it does not run, do nothing."""
        self._ended_by_gate = self._ended_by_gate or self.alive
        try:
            docker("kill", self.container)
        except EngineError:
            if self.alive:
                raise

    def freeze(self) -> None:
        """Freeze it: connections stay open and nothing responds."""
        docker("pause", self.container)

    def thaw(self) -> None:
        """Continue it after `freeze`."""
        docker("unpause", self.container)

    def cut_off(self) -> None:
        """Disconnect it from every network: no request reaches it, not even at its published port."""
        for network in self._networks().values():
            docker("network", "disconnect", str(network["NetworkID"]), self.container)
            self._disconnected.append(network)

    def reconnect(self) -> None:
        """Reconnect it to the networks that `cut_off` took it off, with its aliases and its address."""
        while self._disconnected:
            network = self._disconnected[0]
            fixed = (network.get("IPAMConfig") or {}).get("IPv4Address")
            words = [
                *(f"--alias={alias}" for alias in network.get("Aliases") or ()),
                *([f"--ip={fixed}"] if fixed else []),
            ]
            docker("network", "connect", *words, str(network["NetworkID"]), self.container)
            self._disconnected.pop(0)

    def execute(self, *command: str) -> str:
        """Run a command in it and return what it wrote; raises EngineError unless it ended with 0."""
        return docker("exec", self.container, *command)

    def _networks(self) -> dict[str, dict[str, Any]]:
        """Return what the engine reports of each network that it is on, by name."""
        settings = inspect("--type=container", self.container)[0]["NetworkSettings"]
        networks: dict[str, dict[str, Any]] = settings["Networks"]
        return networks

    def _gone(self) -> bool:
        """Whether it ended while it should become ready; the engine is polled every `POLL_S` seconds."""
        if time.monotonic() - self._polled < POLL_S:
            return False
        self._polled = time.monotonic()
        return not self.alive


def port_was_taken(output: str) -> bool:
    """Whether `output` of the engine reports that another program has the port of a container."""
    return any(words in output.lower() for words in _TAKEN)
