"""Each supported version of Node: what it gets wrong is known, and the reference console is never blamed for it.

`nox -s node` names the versions; by default it is the Node of this machine.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from technogate.drivers.module.node import find_node
from technogate.runner.self_test.prove_runtime import prove_node
from tests.conftest import ROOT, Sandbox

pytestmark = pytest.mark.slow

#: The programs to try; "" stands for the Node of this machine.
NODES = os.environ.get("TECHNOGATE_TEST_NODES", "").split(os.pathsep)

#: What a Node may get wrong: Node 20 and 22 take the end of the connection for the end of a chunked body.
KNOWN_FAULTS = {"chunked, cut, close", "chunked, cut-in-chunk, close"}

REQUIREMENTS = ("CON-08", "CON-10", "CON-11")
TARGET = """
name = "the client module of the reference console"

[console]
driver = "module"
module = "{module}"
runtime = "node"
env = {{ NEXT_PUBLIC_API_URL = "{{backend_url}}", NEXT_PUBLIC_API_KEY = "{{api_key}}" }}
"""

#: Why an item ends that needs a browser.
NO_BROWSER = "this check needs a browser"


@pytest.mark.parametrize("named", NODES)
def test_reference_client_is_never_blamed(named: str, tmp_path: Path) -> None:
    """The client module passes each item that can be judged in this Node; no item fails, and no other is left out."""
    node = Path(named) if named else find_node()
    proof = prove_node(node)
    assert proof.problem == ""
    assert {fault.behaviour for fault in proof.faults} <= KNOWN_FAULTS, proof.warnings
    target = tmp_path / "module.toml"
    target.write_text(TARGET.format(module=(ROOT / "images/console/static/client.js").as_posix()), "utf-8")
    words = ("check", *REQUIREMENTS, "--profile", "quick", "--seed", "5", "--target", str(target))
    ended = Sandbox(home=ROOT).run(*words, "--reports", str(tmp_path / "reports"), TECHNOGATE_NODE=str(node))
    document = json.loads((tmp_path / "reports" / "verdict.json").read_text("utf-8"))
    assert document["runtimes"] == [proof.program], ended.stdout + ended.stderr
    assert document["warnings"] == list(proof.warnings)
    for result in document["requirements"]:
        ends = {(item["outcome"], item.get("reason", "")[-len(NO_BROWSER) :]) for item in result["items"]}
        assert ends <= {("passed", ""), ("skipped", NO_BROWSER)}, result["id"]
        assert ("passed", "") in ends, result["id"]
