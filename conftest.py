"""The plugin and the fixtures of the suites."""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

# The fixtures are those of the folder beside this file, whatever package of that name is on the path.
_spec = ModuleSpec("fixtures", None, is_package=True)
_spec.submodule_search_locations = [str(Path(__file__).resolve().parent / "fixtures")]
sys.modules["fixtures"] = importlib.util.module_from_spec(_spec)
# pytest puts this folder before the packages; no other file in it is for the suites. The tests of the gate need it.
if sys.flags.isolated:
    sys.path[:] = [place for place in sys.path if Path(place) != Path(__file__).resolve().parent]

pytest_plugins = [
    "technogate.runner.plugin",
    "fixtures.audit",
    "fixtures.stack",
    "fixtures.console_harnesses",
    "fixtures.containers",
    "fixtures.fault_injection",
    "fixtures.fit",
    "fixtures.generated",
    "fixtures.unmarked_scenes",
]
