"""CON-12, CON-15, CON-20: what a console leaves where others could read it, and what markup becomes in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from technogate.checks.console_interaction import Interaction, finding
from technogate.checks.family import Example, Family
from technogate.model.events import Finding
from technogate.model.exposure import Exposure
from technogate.model.requirement import Party

if TYPE_CHECKING:
    from technogate.contract.loader import Contract
    from technogate.journal.redaction import Redactor

#: The element that markup in a response would become; no page has one of its own.
ELEMENT = "technogate-mark"

#: What a script in a response would write to the page's console.
RAN = "technogate-script-ran"

#: A finding quotes so many characters of the place that held the key.
QUOTED = 160


def places(exposure: Exposure) -> dict[str, Sequence[str]]:
    """Every text of an exposure by the kind of place that it was found in."""
    stored = [f"{name} = {value}" for name, value in exposure.storage.items()]
    return {
        "localStorage": [text for text in stored if text.startswith("localStorage:")],
        "sessionStorage": [text for text in stored if text.startswith("sessionStorage:")],
        "cookies": exposure.cookies,
        "the page": [exposure.text, exposure.html],
        "the console output": exposure.lines,
        "URLs": exposure.urls,
    }


def place_holds_no_key(exposure: Exposure, place: str, redact: Redactor) -> list[Finding]:
    """The key is not in this kind of place, in any spelling (CON-12)."""
    for text in places(exposure)[place]:
        clean, spellings = redact.clean_text(text)
        if spellings:
            at = clean.find("$")
            example = {"place": place, "spelling": ", ".join(spellings), "text": clean[max(0, at - 60) : at + QUOTED]}
            observed = f"the key in {place} ({', '.join(spellings)})"
            return [Finding(check="key given away", expected=f"no key in {place}", observed=observed, example=example)]
    return []


class _Elements(HTMLParser):
    """Collects the elements of the name that only a response gives."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element as it was written."""
        if tag == ELEMENT or any(RAN in (value or "") for name, value in attrs if name.startswith("on")):
            self.found.append(self.get_starttag_text() or tag)


def markup(field: str) -> str:
    """Text for the field `field` of a response: an element, an image whose failure runs a script, and a script."""
    script = f"console.log('{RAN} {field}')"
    return f'<{ELEMENT} id="{field}">x</{ELEMENT}><img src="data:," onerror="{script}"><script>{script}</script>'


def markup_stays_text(
    exposure: Exposure, responses: Mapping[str, str], interaction: Interaction | None = None
) -> list[Finding]:
    """No markup of a response became an element, and no script of it ran (CON-15).

    `responses` are further lines of the example: the fields that held the markup, which `interaction` was sent.
    """
    reader = _Elements()
    reader.feed(exposure.html)
    ran = [line for line in exposure.lines if RAN in line and "Content Security Policy" not in line]
    if not reader.found and not ran:
        return []
    became = [f"the element {text}" for text in reader.found] + [f"a script that ran: {line}" for line in ran]
    observed = f"markup of a response became {became[0]}"
    expected, remarks = "responses are shown as text", {**responses, "became": "\n".join(became)}
    if interaction is not None:
        return finding("text stays text", interaction, expected, observed, remarks)
    return [Finding(check="text stays text", expected=expected, observed=observed, example=remarks)]


def requested_no_operation(exposure: Exposure, contract: Contract) -> list[Finding]:
    """No URL that the page requested is that of a guarded operation, at whatever host (CON-20)."""
    paths = {operation.path for operation in contract.guarded}
    requested = [url for url in exposure.urls if urlsplit(url).path in paths]
    if not requested:
        return []
    return [
        Finding(
            check="nothing sent", expected="no request", observed=f"sent {requested[0]}", example={"url": requested[0]}
        )
    ]


EXAMPLES = (
    Example(
        requirement="CON-12",
        predicate=place_holds_no_key,
        good=lambda e: (Exposure(html="<p>x</p>"), "cookies", e.redactor),
        bad=lambda e: (Exposure(cookies=(f"a={e.key}",)), "cookies", e.redactor),
    ),
    Example(
        requirement="CON-15",
        predicate=markup_stays_text,
        good=lambda _: (Exposure(html="<p>x</p>"), {}),
        bad=lambda _: (Exposure(html=markup("message")), {}),
    ),
    Example(
        requirement="CON-20",
        predicate=requested_no_operation,
        good=lambda e: (Exposure(html="<p>x</p>"), e.contract),
        bad=lambda e: (Exposure(urls=(f"http://self-test.invalid{e.contract.guarded[0].path}",)), e.contract),
    ),
)

FAMILY = Family(prefixes=("CON",), party=Party.CONSOLE, examples=EXAMPLES)
