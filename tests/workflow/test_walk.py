"""The whole workflow with files only: from the prompt to the word DEPLOY, every number held to contract and journal.

What is real: every command is a process of its own; the backend is the reference with one planted defect, started and
judged by the suite on API keys, and then the reference itself. What stands for something else: the contract is the
shipped one cut down to what is judged here; requirements beyond the API key have an item that holds; both programs are
called images, by names that a stand-in for the container engine knows (the engine is tested with the images).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from technogate.contract.loader import Contract, load_contract
from technogate.deploy.decide import TITLES
from technogate.journal.journal_file import read_journal
from technogate.judging.judge import judge
from technogate.model.requirement import Party
from technogate.model.verdict import Verdict, VerdictDocument
from technogate.mutation.mutant import load, plant
from technogate.util.phrases import many
from technogate.util.shipped import mutants_folder
from technogate.workflow.intake_answer_file import required_entries
from tests.conftest import ROOT, Sandbox
from tests.deploy.sealed import BACKEND_NAME, CONSOLE_NAME
from tests.deploy.test_deploy_command import KEPT, SUITE, deploy, images_of, item, signed_policy
from tests.workflow.answers import with_value

pytestmark = pytest.mark.slow

FAMILY = ("AUT-01", "AUT-02", "AUT-03", "AUT-04", "AUT-05", "AUT-06")
OTHERS = tuple(one for one in KEPT if one not in FAMILY)
CONTRACT = ("--contract", "contracts/small")
TARGET = ("--target", "pair.toml")


@pytest.fixture
def house(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A home with the small contract, the real suite on keys, and a pair whose backend has a planted defect."""
    home = sandbox.home
    sandbox.contract((*FAMILY, *OTHERS))
    shutil.copy(ROOT / "suites" / "backend" / "test_api_key.py", sandbox.suite("test_api_key.py", ""))
    sandbox.suite("test_others.py", SUITE + "".join(item(name) for name in OTHERS))
    shutil.copy(ROOT / "docker-compose.test.yml", home)
    sandbox.target(
        'name = "embedded"\nextends = "images/embedded.toml"\n[backend]\ncwd = "images/backend"\n'
        '[console]\ncwd = "images/console"\nmodule = "images/console/static/client.js"\n'
    )
    plant(
        load(mutants_folder() / "backend/aut02-case-ignored.toml").change,
        home / "images/backend/techno_backend",
    )
    with images_of(sandbox):
        yield sandbox


def run(house: Sandbox, *words: str, code: int = 0) -> str:
    """Run a command, which must exit with `code`; its output."""
    ended = house.run(*words)
    assert ended.returncode == code, f"{words}: {ended.stdout}{ended.stderr}"
    return ended.stdout


def filled(text: str, contract: Contract) -> str:
    """The template, filled in by a team with one week of work on its memory endpoint."""
    for key, value in (("team", '"backend team"'), ("weeks", "1"), ("redesign", "[]"), ("schema_change", "false"),
                       ("trace_ids", "true")):  # fmt: skip
        text = with_value(text, "", key, value)
    for table, names in required_entries(contract).items():
        for name in names:
            for key, value in (("state", '"exists"'), ("evidence", '"its tests"'), ("effort_days", "0")):
                text = with_value(text, f"{table}.{name}", key, value)
    return with_value(text, "gaps", "none", "true")


def states(output: str) -> list[str]:
    """The states of the phases on the screen."""
    return re.findall(r"^ \d \w+ +(\w+) ", output, re.MULTILINE)


class Attributes(HTMLParser):
    """Every element of a page that has a test id."""

    def __init__(self, path: Path) -> None:
        """Parse the page."""
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep those with a test id."""
        attributes = {name: value or "" for name, value in attrs}
        if "data-testid" in attributes:
            self.found.append({"tag": tag, **attributes})

    def values(self, testid: str, name: str) -> list[str]:
        """An attribute of each element of that test id."""
        return [one[name] for one in self.found if one["data-testid"] == testid]


def judged(house: Sandbox) -> VerdictDocument:
    """The journal of the last run, judged here."""
    return judge(read_journal(house.journal, sha256=hashlib.sha256(house.journal.read_bytes()).hexdigest()))


def test_from_the_prompt_to_deployment(house: Sandbox) -> None:
    """Each step is a command, each document a file, and `technogate status` follows."""
    home, contract = house.home, load_contract(house.home / "contracts" / "small")
    assert states(run(house, "status", *CONTRACT)) == ["next", *["blocked"] * 5]

    # Phase 1: the prompt, the template, the answer.
    run(house, "intake", "prompt", *CONTRACT)
    prompt = (home / "ORCHESTRATION_PROMPT.md").read_text("utf-8")
    assert f"({len(contract.guarded)} guarded endpoints, {len(contract.requirements)} requirements)" in prompt
    assert contract.digest in prompt
    assert [f"{one.method} {one.path}" in prompt for one in contract.operations.values()] == [True] * 5
    run(house, "intake", "template", *CONTRACT)
    answer = home / "INTAKE_ANSWER.md"
    run(house, "intake", "check", answer.name, *CONTRACT, code=1)
    answer.write_text(filled(answer.read_text("utf-8"), contract), "utf-8")
    run(house, "intake", "check", answer.name, *CONTRACT)

    # Phase 2: the evaluation, which a person confirms.
    assert "GO: rule G1" in run(house, "evaluate", answer.name, *CONTRACT)
    assert states(run(house, "status", *CONTRACT)) == ["done", "next", *["blocked"] * 4]
    run(house, "evaluate", answer.name, *CONTRACT, "--confirmed-by", "Ada Lovelace")
    *_, evaluation = sorted(home.glob("EVALUATION_RESULTS_*.json"))  # two, where midnight lay between
    stated = json.loads(evaluation.read_text("utf-8"))
    assert (stated["contract_digest"], stated["confirmed_by"], stated["weeks"]) == (contract.digest, "Ada Lovelace", 1)
    assert [(section["required"], section["complete"]) for section in stated["sections"]] == [(5, 5), (4, 4), (1, 1)]

    # Phase 3: the specification.
    run(house, "spec", *CONTRACT)
    spec = (home / "INTEGRATION_SPEC.md").read_text("utf-8")
    assert {one for one in contract.requirements if re.search(rf"^\| {one} \|", spec, re.MULTILINE)} == {
        *contract.requirements
    }
    assert states(run(house, "status", *CONTRACT)) == ["done"] * 3 + ["next"] + ["blocked"] * 2

    # Phase 4: a wrong backend, judged, and the list of its gaps.
    validate = ("validate", *CONTRACT, *TARGET, "--profile", "quick", "--workers", "1")
    run(house, *validate, code=1)
    wrong = judged(house)
    failed = [one for one in wrong.requirements if one.verdict is Verdict.FAIL]
    assert [one.id for one in failed] == ["AUT-02"]
    output = run(house, "gaps", "reports/journal.jsonl", *CONTRACT, code=1)
    assert "1 open: 1 new, 0 still open; 0 closed" in output
    gaps = (home / "BACKEND_CONTRACT_GAPS.md").read_text("utf-8")
    assert f"MUST requirements: {wrong.must.passed} passed, {wrong.must.failed} failed, " in gaps
    assert f"of {wrong.must.total}. Findings: {len(wrong.findings)}, of {many(len(wrong.causes), 'cause')}." in gaps
    assert f"run `{wrong.run}`" in gaps
    assert contract.requirements["AUT-02"].text.split("→")[0].strip()[:12] in gaps
    assert wrong.causes[0].title.partition(":")[0] in gaps.replace("\\", "")
    (example,) = [sample for sample in wrong.findings if sample.number == wrong.causes[0].example]
    assert example.curl.splitlines()[0] in gaps
    assert "HTTP/1.1 403" in gaps
    (accepts,) = re.findall(r"^technogate check .*$", gaps, re.MULTILINE)
    assert accepts == f"technogate check AUT-02 --seed {wrong.seed} --target pair.toml --contract contracts/small"
    check = (*accepts.split()[1:], "--reports", "reports/check")
    run(house, *check, code=1)
    screen = run(house, "status", *CONTRACT)
    assert states(screen) == ["done"] * 3 + ["next", "blocked", "blocked"]
    assert f"FAIL, run {wrong.run}, {wrong.must.passed} of {wrong.must.total} MUST passed" in screen

    # The fixed backend: the command of the list accepts it, and the validation comes to PASS.
    shutil.rmtree(home / "images" / "backend")
    shutil.copytree(ROOT / "images" / "backend", home / "images" / "backend")
    run(house, *check)
    run(house, *validate, "--signing-key", "keys/technogate.key")
    right = judged(house)
    assert (right.verdict, right.must.total) == (Verdict.PASS, wrong.must.total)
    assert "0 open: 0 new, 0 still open; 1 closed" in run(house, "gaps", "reports/journal.jsonl", *CONTRACT)
    history = json.loads((home / "gaps.json").read_text("utf-8"))
    assert [(one["run"], len(one["open"]), one["closed"]) for one in history["runs"]] == [
        (wrong.run, 1, []),
        (right.run, 0, [wrong.causes[0].id]),
    ]

    # Phase 6: the word of the deploy gate, and the whole on one screen and in the report.
    assert states(run(house, "status", *CONTRACT)) == ["done"] * 5 + ["next"]
    signed_policy(house, ('profile = "standard"', 'profile = "quick"'))
    code, output = deploy(house, "--record", "DEPLOY_CHECK.json")
    assert (code, f" DEPLOY: {len(TITLES)} of {len(TITLES)} lines proven" in output) == (0, True), output
    decided = json.loads((home / "DEPLOY_CHECK.json").read_text("utf-8"))
    assert [one["title"] for one in decided["lines"]] == [*TITLES]
    assert [line in spec for line in (f"- [ ] {title}\n" for title in TITLES[:-1])] == [True] * (len(TITLES) - 1)
    screen = run(house, "status", *CONTRACT)
    assert states(screen) == ["done"] * 6
    assert f"DEPLOY: {len(TITLES)} of {len(TITLES)} lines proven, {CONSOLE_NAME} and {BACKEND_NAME}" in screen
    for page in (home / "STATUS.html", home / "reports" / "report.html"):
        shown = Attributes(page)
        assert shown.values("phase-row", "data-state") == ["done"] * 6
        assert shown.values("burn-down-bar", "data-open") == ["1", "0"]
    assert len(Attributes(home / "reports" / "report.html").values("requirement-row", "tag")) == len(right.requirements)

    # Every document is Markdown that renders, and whatever is judged of a backend concerns one.
    for path in home.glob("*.md"):
        assert "<h1>" in MarkdownIt("commonmark").enable("table").render(path.read_text("utf-8"))
    assert {one.party for one in failed} == {Party.BACKEND}
