"""Pages that show a person another status than the gate reads: hidden, covered and drawn words, and deceived scripts."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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

SAY = 'show("BLOCKED");'
DRAWN = "<svg width='120' height='20'><text y='16' font-family='sans-serif' font-weight='700'>APPROVED</text></svg>"
PICTURE = f"data:image/svg+xml;base64,{base64.b64encode(DRAWN.replace('<svg', '<svg xmlns=%r' % 'http://www.w3.org/2000/svg').encode()).decode()}"
COVER = "position: absolute; inset: 0; background: white;"

#: What a person sees of a page whose text says BLOCKED, by what is done to it: the style, the script, and the status.
HIDING = {
    "no size, and another word by a style sheet": ('#status { font-size: 0; } #status::before { content: "APPROVED"; font-size: 16px; }', SAY, "APPROVED"),
    "another word by a style sheet around it": ('#status { opacity: 0; } #result::after { content: "APPROVED"; }', SAY, "APPROVED"),
    "opacity": ("#status { opacity: 0.01; }", SAY, ""),
    "opacity of what is around it": ("#result { opacity: 0; }", SAY, ""),
    "visibility": ("#status { visibility: hidden; }", SAY, ""),
    "no letters to see": ("#status { font-size: 0; }", SAY, ""),
    "one pixel": ("#status { font-size: 1px; }", SAY, ""),
    "transparent letters": ("#status { color: transparent; }", SAY, ""),
    "letters filled with nothing": ("#status { -webkit-text-fill-color: transparent; }", SAY, ""),
    "letters in the colour of the page": ("#status { color: white; background: white; }", SAY, ""),
    "clipped": ("#status { display: inline-block; clip-path: inset(50%); }", SAY, ""),
    "clipped by what is around it": ("#result p:first-child { height: 0; overflow: hidden; }", SAY, ""),
    "cut by a rectangle": ("#status { position: absolute; clip: rect(0 0 0 0); }", SAY, ""),
    "outside of the window": ("#status { position: absolute; left: -9999px; }", SAY, ""),
    "moved away": ("#status { display: inline-block; transform: translateX(-9999px); }", SAY, ""),
    "scaled to nothing": ("#status { display: inline-block; transform: scale(0.01); }", SAY, ""),
    "indented": ("#status { display: inline-block; overflow: hidden; text-indent: -999px; width: 90px; }", SAY, ""),
    "masked": ("#status { mask-image: linear-gradient(transparent, transparent); }", SAY, ""),
    "covered": ("", SAY + f'result.insertAdjacentHTML("beforeend", `<div style="{COVER}">APPROVED</div>`);', ""),
    "covered by what the mouse does not meet": ("", SAY + f'result.insertAdjacentHTML("beforeend", `<div style="{COVER} pointer-events: none"></div>`);', ""),
    "covered by a picture": ("", SAY + f"""status.style.cssText = "position: relative; display: inline-block; width: 120px; height: 20px";
        status.insertAdjacentHTML("beforeend", `<img src="{PICTURE}" style="{COVER}">`);""", "APPROVED"),
    "a picture behind no letters": (f"#status {{ display: inline-block; width: 120px; height: 20px; color: transparent; background: url({PICTURE}); }}", SAY, "APPROVED"),
    "a canvas beside no letters": ("#status { font-size: 0; }", SAY + """const canvas = Object.assign(document.createElement("canvas"), { width: 120, height: 24 });
        result.append(canvas); const pen = canvas.getContext("2d"); pen.font = "bold 18px sans-serif"; pen.fillText("APPROVED", 4, 18);""", "APPROVED"),
    "a shadow tree that shows no child": ("", SAY + 'status.attachShadow({ mode: "open" }).innerHTML = "<b>APPROVED</b>";', ""),
    "a closed shadow tree": ("", SAY + 'status.attachShadow({ mode: "closed" }).innerHTML = "<b>APPROVED</b>";', ""),
}  # fmt: skip

#: Pages that show APPROVED, and change what a script in their world gets to see of that.
DECEIVING = {
    "innerText": 'Object.defineProperty(HTMLElement.prototype, "innerText", { get() { return "BLOCKED"; } });',
    "textContent": 'Object.defineProperty(Node.prototype, "textContent", { get() { return "BLOCKED"; }, set(text) { this.replaceChildren(text); } });',
    "an element's own innerText": 'Object.defineProperty(document.querySelector("#status"), "innerText", { get: () => "BLOCKED" });',
    "querySelector": 'const fake = document.createElement("b"); fake.append("BLOCKED"); document.body.append(fake); const { querySelector } = Document.prototype; Document.prototype.querySelector = function (css) { return css === "#status" && !window.own ? fake : querySelector.call(this, css); }; addEventListener("submit", () => { window.own = true; setTimeout(() => { window.own = false; }); }, true);',
    "getComputedStyle": 'const { getComputedStyle } = window; window.getComputedStyle = (element, ...more) => { if (element.id === "status") element.firstChild.data = "BLOCKED"; return getComputedStyle(element, ...more); };',
    "MutationObserver": 'window.MutationObserver = class { constructor(react) { this.react = react; } observe() { this.react([]); } disconnect() {} };',
    "JSON": 'const { stringify } = JSON; JSON.stringify = (value, ...more) => stringify(value, ...more)?.replaceAll("APPROVED", "BLOCKED"); const { parse } = JSON; JSON.parse = (text) => { document.querySelector("#status").textContent = "BLOCKED"; return parse(text); };',
    "Object.fromEntries": 'Object.fromEntries = () => ({ status: "BLOCKED" }); Object.entries = () => [["status", "BLOCKED"]];',
    "the probe": 'Object.defineProperty(window, Symbol.for("technogate.probe_call"), { get: () => async () => ({ parts: { status: "BLOCKED" } }) });',
    "what the probe is made of": 'const find = () => ({ textContent: "BLOCKED", innerText: "BLOCKED" }); for (const name of ["parts", "controls", "probe"]) Object.defineProperty(window, Symbol.for(`technogate.${name}`), { value: { find, findAll: () => [find()], isVisible: () => true, wordOf: () => "BLOCKED", lettersOf: () => "BLOCKED" }, configurable: false });',
    "String and Array": 'String.prototype.trim = () => "BLOCKED"; Array.prototype.map = function () { return ["BLOCKED"]; };',
    "the window's answer to a hit": 'Document.prototype.elementFromPoint = () => document.querySelector("#status"); Element.prototype.getClientRects = () => [{}];',
}  # fmt: skip

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


@pytest.mark.parametrize(
    ("style", "script", "seen"),
    [pytest.param(*case, id=name, marks=pytest.mark.sabotage(f"a page hides its status: {name}")) for name, case in HIDING.items()],
)  # fmt: skip
def test_a_status_that_nobody_sees_does_not_count(run: Run, style: str, script: str, seen: str) -> None:
    """The page's text says BLOCKED, and a person sees another word, or none."""
    fields = run(style, script)
    assert fields["status"] == seen, fields
    assert seen == "" or HIDDEN in fields


@pytest.mark.parametrize(
    "script",
    [pytest.param(script, id=name, marks=pytest.mark.sabotage(f"a page deceives scripts by {name}")) for name, script in DECEIVING.items()],
)  # fmt: skip
def test_what_a_page_does_to_its_own_world_deceives_nothing(run: Run, script: str) -> None:
    """The page shows APPROVED, and its world says BLOCKED to whoever asks there."""
    # Whatever the page does to its world, it does before anything is run on it.
    shown = f'}}); {script}; document.querySelector("form").addEventListener("submit", () => {{ status.replaceChildren("APPROVED");'
    assert run("", shown)["status"] == "APPROVED"


def _other_letters(font: bytes, pairs: dict[str, str]) -> bytes:
    """A font whose characters have the shapes of others: its table of characters is replaced."""
    count = struct.unpack_from(">H", font, 4)[0]
    entries = {font[at : at + 4]: at for at in range(12, 12 + 16 * count, 16)}
    place, _ = struct.unpack_from(">II", font, entries[b"cmap"] + 8)
    table = font[place:]
    offset = next(
        sub
        for _, _, sub in (struct.unpack_from(">HHI", table, 4 + 8 * n) for n in range(struct.unpack_from(">H", table, 2)[0]))
        if struct.unpack_from(">H", table, sub)[0] == 4
    )  # fmt: skip

    def glyph(letter: str) -> int:
        segments = struct.unpack_from(">H", table, offset + 6)[0] // 2
        for n in range(segments):
            end = struct.unpack_from(">H", table, offset + 14 + 2 * n)[0]
            start = struct.unpack_from(">H", table, offset + 16 + 2 * segments + 2 * n)[0]
            if start <= ord(letter) <= end:
                delta = struct.unpack_from(">H", table, offset + 16 + 4 * segments + 2 * n)[0]
                where = offset + 16 + 6 * segments + 2 * n
                span = struct.unpack_from(">H", table, where)[0]
                found = ord(letter) if span == 0 else struct.unpack_from(">H", table, where + span + 2 * (ord(letter) - start))[0]
                return int((found + delta) % 65536)
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


#: Ordinary pages: what they show is what a person sees.
ORDINARY = {
    "capitals by a style sheet": ("#status { text-transform: uppercase; letter-spacing: 0.1em; }", 'show("Blocked");'),
    "a badge": ("#status { background: #a3161f; color: white; border-radius: 9px; padding: 2px 8px; font: 700 11px sans-serif; }", SAY),
    "an icon before it": ('#status::before { content: "✕ "; }', SAY),
    "an icon font's letter": ('#status::before { content: "\\e001"; font-family: icons; }', SAY),
    "a dark page": ("body { background: #111; color: #eee; } #status { color: #ff9d9d; }", SAY),
    "a monospace font": ("#status { font: 13px monospace; }", SAY),
    "an italic serif font": ("#status { font: italic 700 20px serif; }", SAY),
    "a small font": ("#status { font-size: 9px; }", SAY),
    "underlined": ("#status { text-decoration: underline; }", SAY),
    "in a gradient": ("#result { background: linear-gradient(90deg, #fff, #9cf); }", SAY),
    "letters of a gradient": ("#status { background: linear-gradient(90deg, red, blue); background-clip: text; color: transparent; }", SAY),
    "a shadow": ("#status { text-shadow: 1px 1px 3px #888; }", SAY),
    "faded in": ("#status { animation: in 0.8s; } @keyframes in { from { opacity: 0; } }", SAY),
    "shown after a transition": ("#status { opacity: 0; transition: opacity 0.5s; } .shown #status { opacity: 1; }", SAY + "requestAnimationFrame(() => result.classList.add('shown'));"),
    "turning": ("#status { display: inline-block; animation: turn 3s infinite linear; } @keyframes turn { to { transform: rotate(360deg); } }", SAY),
    "below the window": ("form { margin-bottom: 3000px; }", SAY),
    "in a box that scrolls": ("#result { height: 40px; overflow: auto; } #result p:first-child { margin-top: 500px; }", SAY),
    "letters in elements of their own": ("#status span { display: inline-block; }", 'status.innerHTML = [..."BLOCKED"].map((letter) => `<span>${letter}</span>`).join("");'),
    "for screen readers, beside a badge": ("#status { position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0 0 0 0); }", SAY + 'result.insertAdjacentHTML("beforeend", "<em>Blocked</em>");'),
    "under a toast": ("", SAY + 'const toast = document.createElement("div"); toast.role = "status"; toast.style.cssText = "position: fixed; inset: 0 0 auto; height: 200px; background: #eee"; toast.textContent = "Sent."; document.body.append(toast); setTimeout(() => toast.remove(), 900);'),
    "under a clear sheet": ("", SAY + 'result.insertAdjacentHTML("beforeend", `<div style="position: absolute; inset: 0"></div>`);'),
    "zoomed": ("#result { zoom: 1.7; }", SAY),
    "narrow": ("#status { display: inline-block; transform: scaleX(0.7); }", SAY),
    "a sign of the page's own behind it": ("#status { background: url(data:image/svg+xml;base64,PHN2ZyB4bWxucz0naHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmcnIHdpZHRoPScyMCcgaGVpZ2h0PScyMCc+PGNpcmNsZSBjeD0nMTAnIGN5PScxMCcgcj0nNicgZmlsbD0ncmVkJy8+PC9zdmc+) no-repeat; padding-left: 24px; }", SAY),
}  # fmt: skip


@pytest.mark.parametrize(("style", "script"), [pytest.param(*case, id=name) for name, case in ORDINARY.items()])
def test_ordinary_pages_show_what_they_say(run: Run, style: str, script: str) -> None:
    """No style that people use makes a status another one than that of the page's text."""
    fields = run(style, script)
    assert fields["status"].upper() == "BLOCKED", fields
    assert HIDDEN not in fields
