"""Hostile evidence in every field: no report obeys any of it."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from technogate.report.terminal_summary import plain, show
from technogate.report.write_all import write_all
from technogate.util.text import visible
from tests.report import figures
from tests.report.samples import HOSTILE, hostile

#: What a page of ours is made of; any other element came from the evidence.
OURS = {
    "a", "article", "body", "br", "caption", "circle", "code", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "head", "header", "html", "input", "label",
    "legend", "li", "line", "main", "meta", "nav", "ol", "p", "path", "pre", "rect", "section", "small", "span",
    "strong", "style", "summary", "svg", "table", "tbody", "td", "text", "th", "thead", "title", "tr", "ul",
}  # fmt: skip


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with every report of the hostile sample."""
    folder = tmp_path_factory.mktemp("hostile")
    journal, document = hostile()
    write_all(journal, document, folder)
    return folder


def printable(text: str) -> bool:
    """Whether a terminal only prints `text` and acts on none of it."""
    return all(line.isprintable() for line in text.split("\n"))


def no_command(text: str) -> bool:
    """Whether no line of `text` is a command to a build server."""
    return not re.search(r"^\s*::[a-zA-Z-]+(\s.*)?::|##\w*\[", text, re.MULTILINE)


def test_the_sample_is_hostile_enough() -> None:
    """The checks below detect the planted text when it is not escaped."""
    assert not printable(HOSTILE)
    assert not no_command(HOSTILE)


def test_every_file_is_plain_text(reports: Path) -> None:
    """No file holds a control character, a direction control or a build server's command."""
    files = [path for path in reports.rglob("*") if path.is_file()]
    assert len(files) > 30
    for path in files:
        text = path.read_text("utf-8")
        assert printable(text), path.name
        assert no_command(text), path.name


def test_the_page_has_no_element_of_the_evidence(reports: Path) -> None:
    """The parsed page has only elements of the template, no handler, and no address but its own anchors."""
    page = figures.Page((reports / "report.html").read_text("utf-8"))
    assert {tag for tag, _ in page.elements} <= OURS
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "style", "srcdoc"}]
        assert attributes.get("href", "#").startswith("#")
        assert set(attributes) <= {
            "aria-hidden", "aria-label", "aria-labelledby", "charset", "checked", "class", "content", "cx", "cy", "d",
            "data-label", "data-testid", "data-verdict", "focusable", "height", "href", "http-equiv", "id", "lang",
            "name", "open", "overflow", "preserveaspectratio", "r", "role", "scope", "tabindex", "text-anchor", "type",
            "viewbox", "width", "x", "x1", "x2", "y", "y1", "y2",
        }, tag  # fmt: skip
    assert "<script>alert(1)</script>" in page.words
    assert "\\x1b[31mred" in page.words
    assert "{{ 7*7 }}" in page.words


def test_the_page_forbids_all_but_its_own_style(reports: Path) -> None:
    """The policy of the page allows nothing but the one style sheet inside it."""
    page = figures.Page((reports / "report.html").read_text("utf-8"))
    (policy,) = [a["content"] for tag, a in page.elements if tag == "meta" and "http-equiv" in a]
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/]+='; base-uri 'none'; form-action 'none'", policy)


def test_markdown_renders_no_element_of_the_evidence(reports: Path) -> None:
    """Rendered with everything allowed, the page has no link, no image and no HTML of the evidence."""
    text = (reports / "report.md").read_text("utf-8")
    page = figures.Page(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))
    assert {tag for tag, _ in page.elements} <= {
        "h1", "h2", "h3", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "pre",
        "details", "summary",
    }  # fmt: skip
    assert [tag for tag, _ in page.elements if tag in ("details", "summary")] == ["details", "summary"]
    assert len(text.encode()) < 500_000
    assert len([1 for tag, _ in page.elements if tag == "table"]) == 2 + 1 + 3 + 1 + 1 + 1


def test_no_mention_outside_of_code(reports: Path) -> None:
    """A site that looks for mentions after rendering finds none outside of code."""
    text = (reports / "report.md").read_text("utf-8")
    html = MarkdownIt("commonmark").enable("table").render(text)
    outside = re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL)
    assert "everyone" in outside
    assert "@" not in outside


def test_junit_is_well_formed(reports: Path) -> None:
    """A real parser reads the file, and the evidence in it is text."""
    root = ET.parse(reports / "junit.xml").getroot()  # noqa: S314 - our own file
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "skipped",
    }  # fmt: skip
    messages = [element.attrib["message"] for element in root.iter("failure")]
    assert any("<script>alert(1)</script>" in message for message in messages)
    assert any("::error::pwned" in message for message in messages)


def test_the_document_keeps_the_evidence_as_it_was(reports: Path) -> None:
    """A JSON reader gets the recorded characters back."""
    document = json.loads((reports / "verdict.json").read_text("utf-8"))
    assert document["findings"][0]["finding"]["expected"] == HOSTILE.replace("\ud800", "\\ud800")
    assert document["target"]["name"] == HOSTILE.replace("\ud800", "\\ud800")


@pytest.mark.parametrize("width", [20, 40, 60, 80, 81, 97, 120])
def test_the_terminal_acts_on_no_text(width: int) -> None:
    """However the lines are wrapped, none of them is a command or moves the cursor."""
    text = plain(hostile()[1], width=width)
    assert printable(text)
    assert no_command(text)
    assert "script" in re.sub(r"\s", "", text)


def test_colour_comes_from_the_summary_only() -> None:
    """On a terminal with colour every escape sequence is one that sets a style."""
    file = io.StringIO()
    show(Console(file=file, force_terminal=True, color_system="truecolor", width=80), hostile()[1])
    text = file.getvalue()
    assert "\x1b[" in text
    assert printable(re.sub(r"\x1b\[[\d;]*m", "", text))
    assert "\x1b[31mred" not in text
    assert visible("\x1b[31mred") in text.replace("\n", "")


def test_nothing_grows_without_bound(reports: Path) -> None:
    """Lines of 100,000 characters are cut in every report for people."""
    sizes = {path.name: path.stat().st_size for path in reports.iterdir() if path.is_file()}
    assert sizes["report.md"] < 100_000
    assert sizes["report.html"] < 600_000
    assert len(plain(hostile()[1])) < 30_000
