"""Pages that show a person another status than scripts read: hidden, covered and drawn words, and deceived scripts."""

from __future__ import annotations

import base64
import struct
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from technogate.drivers.page import page_driver
from technogate.drivers.page.chromium import browser_missing
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.model.as_seen import HIDDEN
from technogate.target.spec import Selectors
from tests.stand_in import StandIn, StandInRequest, http_response

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing())),
]

SELECTORS = Selectors(command="#command", run="#run", result="#result", status="#status", trace_id="#trace")

#: Shows `said` as its status, dressed up by a style and a script of its own.
PAGE = """<!doctype html><meta charset="utf-8"><title>c</title><link rel="icon" href="data:,">
<style>#result { position: relative; } %s</style>
<form><input id="command"><button id="run">Run</button></form>
<div id="result"><p>Status: <span id="status"></span></p><p id="trace"></p></div>
<script>
  const status = document.querySelector("#status"), result = document.querySelector("#result");
  const show = (text) => { status.textContent = text; };
  document.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    document.querySelector("#trace").textContent = `trace ${performance.now()}`;
    %s
  });
</script>"""

#: A picture of the word APPROVED, and a style of what lies on everything.
DRAWN = "<text y='16' font-family='sans-serif' font-weight='700'>APPROVED</text>"
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' width='120' height='20'>{DRAWN}</svg>"
NAMES = {
    "PICTURE": f"data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}",
    "COVER": "position: absolute; inset: 0; background: white;",
}
SAY = 'show("BLOCKED");'
PAGES = tomllib.loads(Path(__file__).with_name("pages.toml").read_text("utf-8"))


def cases(kind: str, attempt: str = "") -> list[ParameterSet]:
    """The pages of a kind, each one case; `attempt` begins the sentence of what such a page tries."""
    made = []
    for page in PAGES[kind]:
        texts = [page.get("style", ""), page.get("script", "")]
        for name, text in NAMES.items():
            texts = [known.replace(name, text) for known in texts]
        marks = [pytest.mark.sabotage(f"{attempt}{page['name']}")] if attempt else []
        made.append(pytest.param(*texts, page.get("seen", ""), id=page["name"], marks=marks))
    return made


Run = Callable[[str, str], dict[str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command on a page with this style and script; returns the fields of what it shows."""
    # What was learnt of one of these pages says nothing of another.
    monkeypatch.setattr(page_driver, "_known_habits", {})
    ended: list[Callable[[], None]] = []

    def act(style: str, script: str) -> dict[str, str]:
        def page(_: StandInRequest) -> bytes:
            return http_response(200, (PAGE % (style, script)).encode(), content_type="text/html")

        server = StandIn(page)
        ended.append(server.close)
        driver = BrowserDriver(server.url, selectors=SELECTORS, limit_s=5.0)
        ended.append(driver.close)
        return driver.execute("PING_ALL").fields

    yield act
    for end in reversed(ended):
        end()


@pytest.mark.parametrize(("style", "script", "seen"), cases("hiding", "a page hides its status: "))
def test_a_status_that_nobody_sees_does_not_count(run: Run, style: str, script: str, seen: str) -> None:
    """The page's text says BLOCKED, and a person sees another word, or none."""
    fields = run(style, script)
    assert fields["status"] == seen, fields
    assert seen == "" or HIDDEN in fields


@pytest.mark.parametrize(("style", "script", "seen"), cases("deceiving", "a page deceives scripts by "))
def test_what_a_page_does_to_its_own_world_deceives_nothing(run: Run, style: str, script: str, seen: str) -> None:
    """The page shows APPROVED, and its world says BLOCKED to whoever asks there."""
    # Whatever the page does to its world, it does before anything is run on it.
    press = 'document.querySelector("form").addEventListener("submit", () => {'
    shown = run(style, f'}}); {script}; {press} status.replaceChildren("{seen}");')
    assert shown["status"] == seen


def _other_letters(font: bytes, pairs: dict[str, str]) -> bytes:
    """A font whose characters have the shapes of others: its table of characters is replaced."""
    count = struct.unpack_from(">H", font, 4)[0]
    entries = {font[at : at + 4]: at for at in range(12, 12 + 16 * count, 16)}
    place, _ = struct.unpack_from(">II", font, entries[b"cmap"] + 8)
    table = font[place:]
    tables = range(struct.unpack_from(">H", table, 2)[0])
    offsets = [struct.unpack_from(">HHI", table, 4 + 8 * number)[2] for number in tables]
    offset = next(at for at in offsets if struct.unpack_from(">H", table, at)[0] == 4)

    def glyph(letter: str) -> int:
        segments = struct.unpack_from(">H", table, offset + 6)[0] // 2
        for n in range(segments):
            end = struct.unpack_from(">H", table, offset + 14 + 2 * n)[0]
            start = struct.unpack_from(">H", table, offset + 16 + 2 * segments + 2 * n)[0]
            if start <= ord(letter) <= end:
                delta: int = struct.unpack_from(">H", table, offset + 16 + 4 * segments + 2 * n)[0]
                where = offset + 16 + 6 * segments + 2 * n
                span = struct.unpack_from(">H", table, where)[0]
                if span == 0:
                    return (ord(letter) + delta) % 65536
                found: int = struct.unpack_from(">H", table, where + span + 2 * (ord(letter) - start))[0]
                return (found + delta) % 65536
        raise ValueError(letter)

    groups = b"".join(struct.pack(">III", ord(one), ord(one), glyph(other)) for one, other in sorted(pairs.items()))
    subtable = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(pairs)) + groups
    made = struct.pack(">HHHHI", 0, 1, 3, 10, 12) + subtable
    changed = bytearray(font + b"\0" * (-len(font) % 4))
    struct.pack_into(">II", changed, entries[b"cmap"] + 8, len(changed), len(made))
    return bytes(changed) + made + b"\0" * (-len(made) % 4)


@pytest.mark.sabotage("a font of a page draws the letters of BLOCKED as those of WARNING")
def test_a_font_that_draws_other_letters_does_not_deceive(run: Run) -> None:
    """What counts are the shapes that a person reads, not the characters that they stand for."""
    path = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not path.is_file():
        pytest.skip("no font to change: install fonts-dejavu-core")
    font = base64.b64encode(_other_letters(path.read_bytes(), dict(zip("BLOCKED", "WARNING", strict=True)))).decode()
    style = f"@font-face {{ font-family: odd; src: url(data:font/ttf;base64,{font}); }} #status {{ font-family: odd; }}"
    assert run(style, SAY)["status"] == "WARNING"


@pytest.mark.parametrize(("style", "script", "seen"), cases("ordinary"))
def test_ordinary_pages_show_what_they_say(run: Run, style: str, script: str, seen: str) -> None:
    """No style that people use makes a status another one than that of the page's text."""
    fields = run(style, script)
    assert fields["status"].upper() == seen, fields
    assert HIDDEN not in fields
