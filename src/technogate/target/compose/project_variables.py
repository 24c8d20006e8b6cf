"""The variables of a compose project: what differs between runs, and what the target file adds."""

from __future__ import annotations

from collections.abc import Mapping

from technogate.target.compose.images import IMAGE_VARIABLES
from technogate.target.placeholder_values import console_environment
from technogate.target.placeholders import fill
from technogate.target.process.ports import HOST
from technogate.target.spec import ComposeSpec
from technogate.util.shipped import shipped


def fixed_variables(images: Mapping[str, str], ready: str) -> dict[str, str]:
    """The variables that are known before a pair starts; `images` by side, `ready` what the console waits for."""
    return {
        "TECHNOGATE_SHIPPED": str(shipped()),
        "BACKEND_READY": ready,
        # The compose file has both sides, also one that the target file does not describe.
        **{IMAGE_VARIABLES[side]: name for side, name in images.items()},
    }


def running_variables(
    spec: ComposeSpec, values: Mapping[str, str], ports: Mapping[str, int], ports_within: Mapping[str, int]
) -> dict[str, str]:
    """The variables of one pair: `values` are those of the placeholders, `ports` are published, by side."""
    key, origin = values["api_key"], values["console_origin"]
    return {
        **{f"{side.upper()}_PORT": str(port) for side, port in ports.items()},
        **{f"{side.upper()}_PORT_WITHIN": str(port) for side, port in ports_within.items()},
        "TECHNO_API_KEY": key,
        "TECHNO_ALLOWED_ORIGINS": origin,
        **console_environment(values["backend_url"], key),
        **{name: fill(text, values) for name, text in spec.variables.items()},
    }


#: Values that stand for those of a run, where the configuration is only looked at.
EXAMPLE_PORTS = {"backend": 18000, "console": 13000}
EXAMPLE_VALUES = {
    "api_key": "the-key-of-the-run",
    "console_origin": f"http://{HOST}:{EXAMPLE_PORTS['console']}",
    "python": "python",
    "host": HOST,
    "project": "technogate-example",
    "backend_url": f"http://{HOST}:{EXAMPLE_PORTS['backend']}",
    "port": str(EXAMPLE_PORTS["backend"]),
}
