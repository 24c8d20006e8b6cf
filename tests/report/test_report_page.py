"""`report.html` in a real browser: readable on a desktop and on a phone, without console output or network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from technogate.drivers.page.chromium import browser_missing, find_browser
from technogate.report.html import write
from technogate.report.wording import label
from tests.conftest import STUCK_S
from tests.report.samples import SAMPLES

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing())),
]

#: Text whose contrast with its own background is below what WCAG AA asks for.
CONTRAST = """() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.getClientRects().length) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the module."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS, timeout=STUCK_S * 1000)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page of every sample."""
    top = tmp_path_factory.mktemp("pages")
    for name, sample in SAMPLES.items():
        (top / name).mkdir()
        write(*sample(), top / name)
    return top


def opened(browser: Browser, path: Path, width: int, scheme: str = "light") -> tuple[Page, list[str]]:
    """The page at `path`, with everything that it logs or requests besides itself."""
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page.set_default_timeout(STUCK_S * 1000)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("dialog", lambda dialog: heard.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: heard.append(f"request: {request.url}"))
    page.goto(path.as_uri())
    heard.remove(f"request: {path.as_uri()}")
    return page, heard


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_opens(name: str, width: int, browser: Browser, folder: Path) -> None:
    """The verdict is visible, nothing is wider than the screen, and the page logs and requests nothing."""
    document = SAMPLES[name]()[1]
    page, heard = opened(browser, folder / name / "report.html", width)
    headline = page.get_by_test_id("verdict")
    assert headline.inner_text() == label(document)
    box = headline.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert name == "hostile" or box["y"] + box["height"] < 900
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_test_id("requirement-row").count() == document.counts.total
    assert page.get_by_test_id("finding").count() == len(document.findings)
    assert heard == []
    page.close()


@pytest.mark.parametrize("name", ["failing", "passing", "inconclusive"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_contrast_is_enough(name: str, scheme: str, width: int, browser: Browser, folder: Path) -> None:
    """All text has enough contrast, in the light and in the dark scheme."""
    page, _ = opened(browser, folder / name / "report.html", width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_keyboard_is_enough(browser: Browser, folder: Path) -> None:
    """The first stop skips to the verdict, a cause and its findings open, a link leads to a cause."""
    page, _ = opened(browser, folder / "failing" / "report.html", 1280)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    page.wait_for_url("**/report.html#verdict")
    first = page.locator("#cause-1 > summary")
    first.focus()
    finding = page.get_by_test_id("finding").first
    assert not page.locator("#cause-1 > .inside").is_visible()
    page.keyboard.press("Enter")
    assert page.locator("#cause-1 > .inside").is_visible()
    assert not finding.is_visible()
    page.locator("#cause-1 > .inside > .findings > summary").focus()
    page.keyboard.press("Enter")
    assert finding.is_visible()
    page.locator("#AUT-02 a", has_text="cause").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/report.html#cause-*")
    page.close()


def test_a_link_to_a_finding_opens_what_it_lies_in(browser: Browser, folder: Path) -> None:
    """Everything is collapsed; the address of a finding, and of a cause, shows it. Its exchanges open below."""
    path = folder / "failing" / "report.html"
    page, _ = opened(browser, path, 1280)
    assert not page.locator("#finding-1").is_visible()
    page.goto(f"{path.as_uri()}#finding-1")
    page.locator("#finding-1").wait_for(state="visible")
    message = page.locator("#finding-1 pre.message").first
    assert not message.is_visible()
    page.locator("#finding-1 summary").first.click()
    assert "POST /api/execute HTTP/1.1" in message.inner_text()
    page.goto(f"{path.as_uri()}#cause-2")
    assert page.locator("#cause-2 > summary").is_visible()
    page.close()


def test_the_filter_needs_no_script(browser: Browser, folder: Path) -> None:
    """Choosing a verdict leaves only its rows in the table, on a wide and on a narrow screen."""
    document = SAMPLES["failing"]()[1]
    for width in (1280, 360):
        page, _ = opened(browser, folder / "failing" / "report.html", width)
        rows = page.get_by_test_id("requirement-row")
        for name, number in (
            ("failed", document.counts.failed),
            ("inconclusive", document.counts.inconclusive),
            ("passed", document.counts.passed),
            ("all", document.counts.total),
        ):
            page.get_by_role("radio", name=name).check()
            assert sum(row.is_visible() for row in rows.all()) == number
        page.close()


def test_every_anchor_exists(browser: Browser, folder: Path) -> None:
    """Every link of the page has its anchor, and no anchor occurs twice."""
    for name in ("failing", "passing", "inconclusive", "checked"):
        page, _ = opened(browser, folder / name / "report.html", 1280)
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
        links = page.evaluate("[...document.querySelectorAll('a')].map((e) => e.getAttribute('href'))")
        assert len(ids) == len(set(ids))
        assert {link.removeprefix("#") for link in links} <= set(ids)
        page.close()
