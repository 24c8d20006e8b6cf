"""Every report has the same verdict and the same figures."""

from __future__ import annotations

import itertools
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import jsonschema
import msgspec
import pytest

from technogate.model.verdict import VerdictDocument, exit_code
from technogate.report.evidence_text import repeat_command
from technogate.report.latency_figures import chart
from technogate.report.next_step import next_step
from technogate.report.terminal_summary import plain
from technogate.report.wording import actors, meaning, shares
from technogate.report.write_all import write_all
from tests.report import figures
from tests.report.samples import SAMPLES, failing, passing

SCHEMA = Path(__file__).parents[2] / "contracts" / "schemas" / "verdict.schema.json"


@dataclass(frozen=True, kw_only=True)
class Written:
    """A sample with all its reports, which tests read and do not change."""

    document: VerdictDocument
    folder: Path
    paths: list[Path]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Written]:
    """Every report of a sample, written once."""

    @cache
    def write(name: str) -> Written:
        journal, document = SAMPLES[name]()
        folder = tmp_path_factory.mktemp("reports")
        return Written(document=document, folder=folder, paths=write_all(journal, document, folder))

    return write


@pytest.mark.parametrize("name", SAMPLES)
def test_every_report_has_the_same_figures(name: str, written: Callable[[str], Written]) -> None:
    """The figures counted in each report are those of the verdict document."""
    one = written(name)
    document, folder = one.document, one.folder
    assert [path.name for path in one.paths] == [
        "verdict.json",
        "report.md",
        "report.html",
        "junit.xml",
        "allure-results",
    ]
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in one.paths)
    truth = figures.of_json(folder / "verdict.json")
    assert truth.verdict == document.verdict.value
    assert truth.items[2] == document.items.errored + document.items.unfinished
    assert figures.of_json_counts(folder / "verdict.json") == truth
    assert figures.of_markdown(folder / "report.md") == truth
    assert figures.of_html(folder / "report.html") == truth
    assert figures.of_terminal(plain(document)) == truth
    assert figures.junit_items(folder / "junit.xml") == truth.items
    assert figures.allure_items(folder / "allure-results") == truth.items


@pytest.mark.parametrize("name", SAMPLES)
def test_junit_passes_only_when_the_run_exits_0(name: str, written: Callable[[str], Written]) -> None:
    """One case of `junit.xml` stands for the run: it fails with the reason, also without any item."""
    one = written(name)
    document, folder = one.document, one.folder
    case = ET.parse(folder / "junit.xml").find(".//testcase[@classname='technogate']")  # noqa: S314 - our own file
    assert case is not None
    red = [element.attrib["message"] for element in case]
    assert (red == []) is (exit_code(document) == 0)
    assert all(message.startswith(f"{document.verdict.value}: {document.reasons[0][:20]}") for message in red)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_report_has_the_same_latencies(name: str, written: Callable[[str], Written]) -> None:
    """Read back from each report, latencies are those of `verdict.json`, rounded, with the same judgement."""
    one = written(name)
    document, folder = one.document, one.folder
    truth = folder / "verdict.json"
    figures.same_latency(figures.latency_of_markdown(folder / "report.md"), truth)
    figures.same_latency(figures.latency_of_html(folder / "report.html"), truth)
    rows = figures.latency_of_terminal(plain(document))
    limits = [latency.limit_s for latency in document.latency]
    figures.same_latency(
        [
            (*row[:-2], f"{limit:g} s" if row[-2] == "too few" else row[-2], row[-1])
            for row, limit in zip(rows, limits, strict=True)
        ],
        truth,
    )


def test_each_operation_has_its_own_latencies(tmp_path: Path) -> None:
    """Each operation has its figures; an operation without a response is left out."""
    journal, document = failing()
    write_all(journal, document, tmp_path)
    page = figures.Page((tmp_path / "report.html").read_text("utf-8"))
    texts = ((tmp_path / "report.md").read_text("utf-8"), plain(document))
    assert len(page.texts["latency"]) == len(document.latency) == 4
    for shown, one in zip(page.texts["latency"], document.latency, strict=True):
        assert one.operation in shown
        for text in texts:
            (line,) = [line for line in text.splitlines() if re.search(rf"{one.operation}\b.* m?s\b.* m?s\b", line)]
            assert re.search(rf"\b{one.count}\b", line)
    write_all(*SAMPLES["checked"](), tmp_path)
    assert "Latency" not in (tmp_path / "report.html").read_text("utf-8")
    assert "Latency" not in (tmp_path / "report.md").read_text("utf-8")
    assert "Latency" not in plain(SAMPLES["checked"]()[1])


def test_a_chart_keeps_to_its_scale() -> None:
    """The bars count every response and do not overlap; a time outside the scale is drawn at its end."""
    for sample in ("passing", "failing"):
        for one in SAMPLES[sample]()[1].latency:
            drawn = chart(one)
            assert len(drawn.bars) == sum(bucket.count > 0 for bucket in one.buckets)
            assert 0 <= drawn.p50 <= drawn.p90 <= drawn.p99 <= drawn.max <= 100
            ends = [(start, start + width) for start, width, _ in drawn.bars]
            assert all(end <= start + 0.02 for (_, end), (start, _) in itertools.pairwise(ends))
            assert ends[-1][1] <= 100.01
            assert max(height for *_, height in drawn.bars) == 100
    assert chart(failing()[1].latency[3]).max == 100
    assert chart(passing()[1].latency[3]).max == 0


@pytest.mark.parametrize("name", SAMPLES)
def test_the_document_fits_its_schema(name: str, written: Callable[[str], Written]) -> None:
    """`verdict.json` conforms to the published schema, and a program reads the same document from it."""
    one = written(name)
    document, folder = one.document, one.folder
    raw = (folder / "verdict.json").read_bytes()
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(json.loads(raw))
    again = msgspec.json.decode(raw, type=VerdictDocument)
    if name != "hostile":  # a lone surrogate cannot be written into any file
        assert again == document


def test_the_schema_refuses_another_document() -> None:
    """The schema refuses an unknown field, a missing field and a wrong value."""
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    document = json.loads(msgspec.json.encode(passing()[1]))
    validator.validate(document)
    for broken in (
        document | {"extra": 1},
        {key: value for key, value in document.items() if key != "is_validation"},
        document | {"verdict": "OK"},
        document | {"exit_code": "0"},
    ):
        assert not validator.is_valid(broken)


def test_the_wording_of_each_verdict() -> None:
    """The meaning, the actors and the next step follow from the verdict."""
    documents = {name: sample()[1] for name, sample in SAMPLES.items()}
    wording = {name: (meaning(document), actors(document), next_step(document)) for name, document in documents.items()}
    assert wording["passing"] == (
        "Every MUST on this pair of console and backend, as processes, was exercised and passed.",
        "the operator of the gate",
        "Validate the images of both sides (--target compose).",
    )
    assert wording["failing"][0].startswith("This pair of console and backend breaks 4 of 17 MUST requirements")
    assert wording["failing"][1] == "both teams, backend and console"
    assert wording["inconclusive"][1] == "the operator of the gate"
    assert "must not be deployed" in wording["inconclusive"][0]
    assert wording["checked"][0].startswith("Each selected requirement was exercised and holds. A check is not")
    assert wording["checked"][1] == "nobody"


def test_who_must_act_follows_the_party() -> None:
    """The findings of a party are assigned to its team; a failed SHOULD is assigned to no team."""
    document = failing()[1]
    assert shares(document) == [("backend", (1, 2)), ("console", (3,)), ("both together", (4,))]
    for party, team in (("backend", "the backend team"), ("console", "the console team")):
        results = tuple(r for r in document.requirements if r.verdict != "FAIL" or r.party == party)
        assert actors(msgspec.structs.replace(document, requirements=results)) == team


def test_the_run_can_be_repeated() -> None:
    """The command that repeats a run names its seed, and its target unless that was found without being named."""
    journal = failing()[0]
    assert repeat_command(journal) == "technogate validate --seed 20250615 --target embedded"
    target = msgspec.structs.replace(journal.header.target, target_argument="")
    found = replace(journal, header=msgspec.structs.replace(journal.header, target=target))
    assert repeat_command(found) == "technogate validate --seed 20250615"
    assert "--target" in repeat_command(SAMPLES["hostile"]()[0])


def test_a_finding_is_complete_in_every_report(written: Callable[[str], Written]) -> None:
    """Requirement, decision, expected, observed, example, trace, team and both commands are there."""
    one = written("failing")
    document, folder = one.document, one.folder
    html = figures.Page((folder / "report.html").read_text("utf-8")).texts["finding"][0]
    markdown = (folder / "report.md").read_text("utf-8")
    for part in (
        "AUT-02", "D4", "403, because the key is wrong by its last character", "the command was executed",
        "${TECHNOGATE_API_KEY%?}", "t-77f0", "the backend team", "POST /api/execute → 200 in 12 ms",
        "--data-binary '{\"command\":\"DEPLOY\"}'", "technogate check AUT-02 --seed 20250615",
    ):  # fmt: skip
        assert part in html
        assert part in markdown
    assert "HTTP/1.1 200\ndate: Sun, 15 Jun 2025 15:06:41 GMT" in html
    assert "x-9999 is not in the journal" in figures.Page((folder / "report.html").read_text("utf-8")).words
    terminal = plain(document)
    for part in ("AUT-02", "the command was executed", "the backend team", "curl -sS -i -X POST \\"):
        assert part in terminal


def test_allure_results_are_complete(tmp_path: Path) -> None:
    """Labels, details, attachments and identifiers are there, and the same journal gives the same identifiers."""
    journal, document = failing()
    write_all(journal, document, tmp_path)
    first = {result["uuid"]: result for result in figures.allure_results(tmp_path / "allure-results")}
    (failed,) = [r for r in first.values() if r["status"] == "failed" and "aut_02" in r["name"]]
    labels = {label["name"]: label["value"] for label in failed["labels"]}
    assert labels["epic"] == "technogate"
    assert labels["feature"] == "errors-4xx"
    assert labels["story"] == "AUT-02"
    assert labels["owner"] == "backend"
    assert labels["severity"] == "critical"
    assert failed["description"].startswith("A wrong key")
    assert "the command was executed" in failed["statusDetails"]["message"]
    (attachment,) = failed["attachments"]
    assert "HTTP/1.1 200" in (tmp_path / "allure-results" / attachment["source"]).read_text("utf-8")
    (unfinished,) = [r for r in first.values() if r["stage"] == "interrupted"]
    assert unfinished["status"] == "broken"
    (tmp_path / "allure-results" / "old-result.json").write_text("{}")
    write_all(journal, document, tmp_path)
    assert {result["uuid"] for result in figures.allure_results(tmp_path / "allure-results")} == set(first)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_report_has_the_same_causes(name: str, written: Callable[[str], Written]) -> None:
    """Read back from each report, each finding has exactly one cause, and it is that of `verdict.json`."""
    one = written(name)
    document, folder = one.document, one.folder
    truth = figures.causes_of_json(folder / "verdict.json")
    numbers = [number for findings in truth.values() for number in findings]
    assert sorted(numbers) == [sample.number for sample in document.findings]
    assert list(truth) == list(range(1, len(document.causes) + 1))
    assert figures.causes_of_html(folder / "report.html") == truth
    assert figures.causes_of_junit(folder / "junit.xml") == truth
    assert figures.causes_of_allure(folder / "allure-results") == truth
    counts = {cause: len(findings) for cause, findings in truth.items()}
    assert figures.causes_of_terminal(plain(document)) == counts
    shown, counted = figures.causes_of_markdown(folder / "report.md")
    assert counted == counts
    for cause, findings in truth.items():
        assert set(shown[cause]) <= set(findings)
        assert shown[cause] == findings or len(findings) > 60


def test_a_cause_is_complete_in_every_report(written: Callable[[str], Written]) -> None:
    """Title, team, level, requirements, count, example, printed lines and the commands of the example are there."""
    one = written("grouped")
    document, folder = one.document, one.folder
    page = figures.Page((folder / "report.html").read_text("utf-8"))
    (cause,) = [cause for cause in document.causes if "ERR-02" in cause.requirements]
    texts = (page.texts["cause"][cause.number - 1], (folder / "report.md").read_text("utf-8"), plain(document))
    flat = re.sub(r"\s+", " ", plain(document))
    for part in (
        cause.title, "the backend team", "MUST", "71 findings", "EXE-02", "ERR-02", "POST /api/execute", "status 400",
        "WARN t-77f0: refused", "curl -sS -i -X POST", f"technogate replay run-{cause.example}",
    ):  # fmt: skip
        assert part in texts[0]
        assert part in texts[1]
        assert part in flat


def test_the_end_of_what_a_program_printed_is_shown(tmp_path: Path) -> None:
    """An error is at the end of it; the page has all."""
    journal, document = SAMPLES["grouped"]()
    lines = "\n".join(f"line {number}." for number in range(30))
    causes = tuple(msgspec.structs.replace(cause, output=lines) for cause in document.causes[:1])
    document = msgspec.structs.replace(document, causes=causes + document.causes[1:])
    write_all(journal, document, tmp_path)
    terminal, markdown = plain(document), (tmp_path / "report.md").read_text("utf-8")
    page = figures.Page((tmp_path / "report.html").read_text("utf-8")).texts["cause"][0]
    assert "… (18 lines before)" in terminal
    assert "… (10 lines before)" in markdown
    assert all("line 29." in text for text in (terminal, markdown, page))
    assert ["line 17." in terminal, "line 9." in markdown, "line 0." in page] == [False, False, True]


def test_causes_come_before_what_they_explain(written: Callable[[str], Written]) -> None:
    """After a failure the causes come first; where nothing is proven, the reasons do."""
    one = written("grouped")
    document, folder = one.document, one.folder
    words = figures.Page((folder / "report.html").read_text("utf-8")).words
    for text in (plain(document), (folder / "report.md").read_text("utf-8"), words[words.index("Who must act") :]):
        places = [re.search(part, text, re.IGNORECASE) for part in ("who must act", r"causes \(|causes of", "phase 5")]
        starts = [place.start() for place in places if place]
        assert len(starts) == 3
        assert starts == sorted(starts)
    assert plain(document).index("Causes (") < plain(document).index("3 MUST requirements failed")
    unproven = plain(SAMPLES["inconclusive"]()[1])
    assert unproven.index("the journal is torn") < unproven.index("Counts")


def test_a_run_with_many_causes_is_limited_on_the_terminal_alone(tmp_path: Path) -> None:
    """The terminal names how many causes it leaves out; the other reports have all."""
    journal, document = failing()
    sample, cause = document.findings[0], document.causes[0]
    findings = tuple(msgspec.structs.replace(sample, number=number) for number in range(1, 41))
    causes = tuple(
        msgspec.structs.replace(cause, number=number, findings=(number,), example=number) for number in range(1, 41)
    )
    document = msgspec.structs.replace(document, findings=findings, causes=causes)
    write_all(journal, document, tmp_path)
    assert "… and 24 more causes." in plain(document)
    assert figures.of_markdown(tmp_path / "report.md").causes == 40
    assert len(figures.causes_of_html(tmp_path / "report.html")) == 40


@pytest.mark.slow
def test_a_long_list_is_limited_in_markdown_and_whole_elsewhere(tmp_path: Path) -> None:
    """The CI summary gives the number of findings that it leaves out; the other reports have all."""
    journal, document = failing()
    many = tuple(msgspec.structs.replace(document.findings[0], number=number) for number in range(1, 301))
    cause = msgspec.structs.replace(document.causes[0], findings=tuple(range(1, 301)), example=1)
    document = msgspec.structs.replace(document, findings=many, causes=(cause,))
    write_all(journal, document, tmp_path)
    markdown = (tmp_path / "report.md").read_text("utf-8")
    assert "## Causes (1) of 300 findings" in markdown
    assert "and 240 more: see `report.html`" in markdown
    page = figures.Page((tmp_path / "report.html").read_text("utf-8"))
    assert len(page.texts["finding"]) == page.number("count-findings") == 300
    assert "300 findings; " in plain(document)
    assert "Each finding, with its commands, is under its cause in report.html." in plain(document)
