"""Hostile text: a report shows everything that a program under test sends as text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from technogate.util import text

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60) | st.text(
    "`|*_[]()<>!#:@/\\~$&\n\t\r\x1b ab.\u202e\ud800", max_size=40
)


class Tags(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag."""
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.words += data


def rendered(markdown: str) -> Tags:
    """Render `markdown` with a renderer that allows everything."""
    tags = Tags()
    tags.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))
    tags.close()
    return tags


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text, ação, 日本語 🎉", "plain text, ação, 日本語 🎉"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\x00b\x7f\x9bc", r"a\x00b\x7f\x9bc"),
        ("evil\u202egpj.exe\u2066", r"evil\u202egpj.exe\u2066"),
        ("zero\u200bwidth\ufeff\u2060", r"zero\u200bwidth\ufeff\u2060"),
        ("line\u2028sep\u2029", r"line\u2028sep\u2029"),
        ("lone\ud800", r"lone\ud800"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("APPROVED\u00a0", r"APPROVED\xa0"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("hidden\ufe0f", r"hidden\ufe0f"),
        (r"C:\x1b", r"C:\x1b"),
        ("", ""),
    ],
)
def test_visible_writes_an_escape_for_what_cannot_be_seen(raw: str, shown: str) -> None:
    """Control, direction, width and separator characters become readable escapes."""
    assert text.visible(raw) == shown


def test_visible_keeps_lines_with_multiline() -> None:
    """With `multiline` line feeds and tabs stay, a carriage return never does."""
    assert text.visible("a\n\tb\r\nc", multiline=True) == "a\n\tb\\r\nc"


def test_visible_counts_omitted_characters() -> None:
    """A limit bounds the shown text, escapes included, and the rest is counted."""
    assert text.visible("x" * 100, 10) == "x" * 10 + " … (90 more characters)"
    assert text.visible("\x00" * 100, 10) == "\\x00" * 2 + " … (98 more characters)"
    assert text.visible("short", 10) == "short"


@given(ANY_TEXT)
def test_visible_leaves_only_printable_characters(raw: str) -> None:
    """The result is printable, and a second call does not change it."""
    shown = text.visible(raw)
    assert shown.isprintable()
    assert text.visible(shown) == shown


#: A command as a build server reads it, could it stand at the beginning of a line.
COMMAND = re.compile(r"::[a-z-]+(\s.*)?::", re.IGNORECASE)

COMMANDS = [
    "::error::pwned",
    "  ::set-output name=x::y",
    "##[error]pwned",
    "##vso[task.complete]x",
    "a\n::stop::b",
    ":::error::x",
    "::ERROR ::x",
]


@pytest.mark.parametrize("raw", COMMANDS)
def test_terminal_is_no_workflow_command(raw: str) -> None:
    """A command to a build server is shown and not executed, wherever a terminal wraps it."""
    shown = text.terminal(raw, multiline=True)
    assert not COMMAND.search(shown)
    assert not re.search(r"##\w*\[", shown)
    assert "pwned" in shown or "pwned" not in raw


@given(ANY_TEXT)
def test_terminal_never_holds_a_command(raw: str) -> None:
    """No text makes a workflow command or an escape sequence."""
    shown = text.terminal(raw)
    assert shown.isprintable()
    assert not COMMAND.search(shown)
    assert "##[" not in shown


@pytest.mark.parametrize("raw", ["suites/backend/test_x.py::test_x[a]", "http://[::1]:80/", "std::string_view", "# a"])
def test_terminal_leaves_other_colons_alone(raw: str) -> None:
    """The name of a test item and an address stay readable."""
    assert text.terminal(raw) == raw


def test_terminal_lines_leave_an_address_alone() -> None:
    """Within a line `::` is part of an address; at its beginning it would be a command."""
    assert text.terminal_lines("curl http://[::1]:80/") == "curl http://[::1]:80/"
    assert text.terminal_lines("a\n ::error::x") == "a\n \\x3a:error::x"


def test_rich_text_is_not_markup() -> None:
    """Text that resembles rich markup is printed unchanged."""
    console = Console(width=200, force_terminal=True, color_system="truecolor")
    with console.capture() as captured:
        console.print(text.rich_text("[bold red]x[/] \x1b[31m :warning:"))
    assert captured.get() == "[bold red]x[/] \\x1b[31m :warning:\n"


@given(ANY_TEXT)
def test_markdown_code_is_one_code_span(raw: str) -> None:
    """A renderer finds one code span with exactly the visible text, less the commands in it."""
    shown = re.sub(r"#(?=#\w*\[)", r"\\x23", text.visible(raw))
    page = rendered(f"a {text.markdown_code(raw)} b")
    if shown:
        assert page.tags == ["p", "code"]
        assert page.words.strip() == f"a {shown} b"
    else:
        assert page.tags == ["p"]


@given(ANY_TEXT)
def test_markdown_code_stays_in_its_cell(raw: str) -> None:
    """In a table no text breaks out of its cell."""
    page = rendered(f"| a | b |\n|---|---|\n| {text.markdown_code(raw, cell=True)} | end |\n")
    assert page.tags.count("td") == 2
    assert [tag for tag in page.tags if tag not in {"table", "thead", "tbody", "tr", "th", "td", "code"}] == []


@given(ANY_TEXT)
def test_markdown_block_is_one_block(raw: str) -> None:
    """A renderer finds one code block, whatever fences the text itself has."""
    page = rendered(f"before\n\n{text.markdown_block(raw)}\nafter\n")
    assert page.tags == ["p", "pre", "code", "p"]


@given(ANY_TEXT)
def test_markdown_text_is_nothing_but_text(raw: str) -> None:
    """A renderer finds the visible text and no element."""
    shown = text.visible(raw).replace("@", "\\x40")
    page = rendered(f"a {text.markdown_text(raw)} b")
    assert page.tags == ["p"]
    assert page.words.split() == f"a {shown} b".split()
    begins = rendered(f"{text.markdown_text(raw)} b")
    assert begins.tags == ["p"]
    assert begins.words.split() == f"{shown} b".split()


@pytest.mark.parametrize(
    "raw", ["[x](http://e.example)", "![x](y)", "<img src=x>", "@user", "https://e.example", "WWW.e.example", "# h"]
)
def test_markdown_text_starts_no_link_and_no_mention(raw: str) -> None:
    """A site that links bare addresses and names finds none."""
    shown = text.markdown_text(raw)
    assert not re.search(r"@\w|https?:|[wW]{3}\.|(?<!\\)(!\[|\]\(|<\w)|^#", shown)


@given(ANY_TEXT)
def test_xml_text_goes_through_a_parser(raw: str) -> None:
    """Every text can be written into XML and read back."""
    shown = text.xml_text(raw)
    element = ET.Element("a", {"b": shown})
    element.text = shown
    again = ET.fromstring(ET.tostring(element, encoding="unicode"))  # noqa: S314 - our own text
    assert (again.text or "") == shown
    assert again.get("b") == shown


def test_no_commands_changes_no_meaning() -> None:
    """A parser reads the same text from the page, and a log reader finds no command in it."""
    page = text.no_commands("<p>::error::x ##[y]</p>")
    assert "::" not in page
    assert "##[" not in page
    assert rendered(page).words.strip() == "::error::x ##[y]"
