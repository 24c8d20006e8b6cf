"""The module driver: calls the three functions of a console's client module, in a Node of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from technogate.drivers.console_driver import LIMIT_S, DriverError, Exposure, PageRequest
from technogate.drivers.module.esbuild import bundle, find_esbuild, obtained
from technogate.drivers.module.module_calls import CallUnderWay, ModuleCall, ModuleCaller
from technogate.drivers.module.module_needs import needs_bundler
from technogate.drivers.module.module_process import ModuleProcess, module_environment
from technogate.drivers.module.node import find_node
from technogate.model.driver_name import DriverName

#: TypeScript: Node takes the types away, a bundler knows its other parts too.
_TYPED = frozenset({".ts", ".mts"})

__all__ = ["ModuleCall", "ModuleDriver", "script_for_node"]


class ModuleDriver(ModuleCaller):
    """Runs one client module; calls may overlap.

    `env` is the console's environment (its address and its key), on top of PATH alone.
    `base` is what relative URLs are resolved against; `window` adds `window` and `location` for
    modules that read the page's address. `create` is the expression that makes the client of what the module exports.
    `limit_s` bounds a call; a read of the list may take two, and has twice that. Raises DriverError when the
    module does not load.
    """

    name: DriverName = "module"

    def __init__(
        self,
        module: Path,
        *,
        env: Mapping[str, str],
        base: str = "",
        window: bool = False,
        create: str = "",
        node: Path | None = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        self.module = module
        self.limit_s = limit_s
        script = script_for_node(module)
        self.node = find_node(typescript=script.suffix in _TYPED) if node is None else node
        environment = module_environment(env, base, window=window, create=create)
        self._start = partial(ModuleProcess, script, self.node, environment, module)
        self._process = self._start()
        self._earlier_lines: tuple[str, ...] = ()

    @property
    def node_version(self) -> str:
        """The version of the Node that runs the module."""
        return self._process.node_version

    @property
    def found(self) -> str:  # type: ignore[override]
        """Where in the exports the functions were found, "" where the module itself has them."""
        return self._process.found

    @property
    def relative(self) -> bool:
        """Whether a request went to an address without a host: where that leads, the module's page decides."""
        return self._process.relative

    def begin(self, call: ModuleCall) -> CallUnderWay:
        """Begin a call; raises ConsoleEnded when Node has ended."""
        return self._process.send(call)

    def require_responsive(self) -> None:
        """End a Node that is stuck in its module's script; raises ConsoleEnded then."""
        self._process.require_responsive()

    def wait_until_complete(self) -> None:
        """Wait until no call is under way; raises DriverError when one does not end in time."""
        self._process.require_alive()
        self._wait_for(self._process.under_way, self.module.name)

    def network_changed(self) -> bool:
        """False: Node aborts no request on a change of the network."""
        return False

    def outgoing(self) -> list[PageRequest]:
        """What the module sent, or tried to send, to another place than its backend."""
        return self._process.requests

    def inspect(self) -> Exposure:
        """What the module wrote to its standard output and error."""
        return Exposure(lines=self._earlier_lines + self._process.lines)

    def restart(self) -> None:
        """Load the module in a new Node; what it wrote before is kept. Raises DriverError when it does not load."""
        self._process.close()
        self._earlier_lines += self._process.lines
        self._newest = None
        self._process = self._start()

    def close(self) -> None:
        """End the Node; a second call does nothing."""
        self._process.close()

    def __enter__(self) -> ModuleDriver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def script_for_node(module: Path) -> Path:
    """The file that Node loads: the module, or a bundle of it where it was written for a bundler and there is one.

    Without a bundler Node's own loading gets as far as it can. Raises DriverError when there is no such module, or it
    cannot be bundled.
    """
    if not module.is_file():
        raise DriverError(f"there is no client module {module}: correct `module` in the target file")
    if module.suffix in _TYPED and find_esbuild(module) is not None:
        return bundle(module, "node")
    if not needs_bundler(module) or obtained(module)[0] is None:
        return module
    return bundle(module, "node")
