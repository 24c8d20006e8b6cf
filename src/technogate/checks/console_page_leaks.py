"""Checks of what a console leaves where others could read it (CON-12), and of what markup becomes in it (CON-15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from urllib.parse import urlsplit

from technogate.checks.console import Interaction, finding
from technogate.contract.loader import Contract
from technogate.drivers.console_driver import Exposure
from technogate.journal.redaction import Redactor
from technogate.model.events import Finding

#: The element that markup in an answer would become; no page has one of its own.
ELEMENT = "technogate-mark"

#: What a script in an answer would write to the page's console.
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


def keeps_the_key(exposure: Exposure, place: str, redact: Redactor) -> list[Finding]:
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
    """Counts the elements of the one name that nobody but an answer gives."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element, and how it was written."""
        if tag == ELEMENT or any(RAN in (value or "") for name, value in attrs if name.startswith("on")):
            self.found.append(self.get_starttag_text() or tag)


def markup(field: str) -> str:
    """Text for the field `field` of an answer: an element, an image whose failure runs a script, and a script."""
    say = f"console.log('{RAN} {field}')"
    return f'<{ELEMENT} id="{field}">x</{ELEMENT}><img src="data:," onerror="{say}"><script>{say}</script>'


def stays_text(
    exposure: Exposure, responses: Mapping[str, str], interaction: Interaction | None = None
) -> list[Finding]:
    """No markup of an answer became an element, and no script of it ran (CON-15).

    `answers` are further lines of the example: the fields that held the markup; `scene` is the one that held them.
    """
    reader = _Elements()
    reader.feed(exposure.html)
    ran = [line for line in exposure.lines if RAN in line and "Content Security Policy" not in line]
    if not reader.found and not ran:
        return []
    became = [f"the element {text}" for text in reader.found] + [f"a script that ran: {line}" for line in ran]
    observed = f"markup of an answer became {became[0]}"
    expected, said = "answers are shown as text", {**responses, "became": "\n".join(became)}
    if interaction is not None:
        return finding("text stays text", interaction, expected, observed, said)
    return [Finding(check="text stays text", expected=expected, observed=observed, example=said)]


def asked_nobody(exposure: Exposure, contract: Contract) -> list[Finding]:
    """No URL that the page asked for is that of a guarded operation, at whatever host (CON-20)."""
    paths = {operation.path for operation in contract.guarded}
    asked = [url for url in exposure.urls if urlsplit(url).path in paths]
    if not asked:
        return []
    return [
        Finding(check="nothing sent", expected="no request", observed=f"sent {asked[0]}", example={"url": asked[0]})
    ]
