"""The example consoles of frameworks: described without a mistake, and built from exact versions."""

from __future__ import annotations

import json
import re

import pytest

from technogate.target.target_file import read_target_file
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize("name", ["react-console", "vue-console", "svelte-console"])
def test_the_example_is_described_and_pinned(name: str) -> None:
    """The target file has no mistake and names every part; packages have exact versions and no lock file."""
    spec = read_target_file(EXAMPLES / name / "technogate.toml")
    assert spec.console is not None
    assert "data-testid" not in repr(spec.console.selectors)
    package = json.loads((EXAMPLES / name / "package.json").read_text("utf-8"))
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert [version for version in versions.values() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert (EXAMPLES / name / ".npmrc").read_text("utf-8") == "package-lock=false\n"
