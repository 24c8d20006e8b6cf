"""Checks of what the console showed, given the answers it was sent."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.evidence import Exchange, Finding, View
from technogate.redact import MARK

#: An answer's body is shown in a finding up to this many characters.
BODY_SHOWN = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One call of the console: what it was answered, and what it showed."""

    view: View
    exchanges: tuple[Exchange, ...]
    case: str = ""

    @property
    def shown(self) -> dict[str, str]:
        """What was shown, by the part of the page."""
        return self.view.fields

    def sent(self, operation: str) -> list[Exchange]:
        """The requests of `operation` that the console made, in order."""
        return [exchange for exchange in self.exchanges if exchange.operation == operation]


def finding(check: str, scene: Scene, expected: str, observed: str) -> list[Finding]:
    """One finding about one scene: the answer that was sent, as bytes, beside what was shown."""
    example = {"call": scene.view.call, "driver": scene.view.driver}
    if scene.case:
        example["case"] = scene.case
    trace_id = ""
    for exchange in scene.exchanges:
        sent = exchange.answer
        if sent is None:
            example[f"answer to {exchange.operation or exchange.request.path}"] = exchange.error or "none"
            continue
        headers = "".join(f"\n{name}: {value}" for name, value in sent.headers)
        body = sent.body.text[:BODY_SHOWN] if sent.body.text or not sent.body.size else f"{sent.body.size} bytes"
        example[f"answer to {exchange.operation or exchange.request.path}"] = f"{sent.status}{headers}\n\n{body}"
        trace_id = trace_id or sent.header("X-Trace-Id") or ""
    for name, value in scene.shown.items():
        example[f"shown as {name}"] = value
    return [
        Finding(
            check=check,
            operation=scene.exchanges[0].operation if scene.exchanges else "",
            expected=expected,
            observed=observed,
            example=example,
            exchanges=tuple(exchange.id for exchange in scene.exchanges),
            views=(scene.view.id,),
            trace_id=trace_id,
        )
    ]


def shows(scene: Scene, part: str, expected: str) -> list[Finding]:
    """A part of the page has exactly this text."""
    found = scene.shown.get(part)
    if found == expected:
        return []
    return finding(f"shown {part}", scene, f"{part} {expected!r}", f"{part} {found!r}")


def shows_reasons(scene: Scene, codes: list[str]) -> list[Finding]:
    """Every reason code of the answer is shown (CON-18)."""
    found = scene.shown.get("reason_codes", "").split()
    if found == codes:
        return []
    return finding("shown reasons", scene, f"reason codes {' '.join(codes)}", f"{' '.join(found) or 'none'}")


def blocked(scene: Scene, word: str = "BLOCKED") -> list[Finding]:
    """BLOCKED is shown, and no word of approval."""
    found = scene.shown.get("status")
    if found == word:
        return []
    return finding("fails closed", scene, f"{word} is shown", f"{found!r} is shown")


def mentions(scene: Scene, part: str, text: str) -> list[Finding]:
    """A part of the page holds `text`."""
    found = scene.shown.get(part, "")
    if text in found:
        return []
    return finding(f"shown {part}", scene, f"{part} says {text!r}", f"{part} {found!r}")


def asked(scene: Scene, operation: str, times: int) -> list[Finding]:
    """The console sent `operation` exactly so many times."""
    found = len(scene.sent(operation))
    if found == times:
        return []
    return finding("requests sent", scene, f"{operation} asked {times} times", f"asked {found} times")


def carries_key(scene: Scene) -> list[Finding]:
    """Every request of the scene has the key in its header, and none has it in its URL (CON-01)."""
    for exchange in scene.exchanges:
        place = f"{exchange.request.method} {exchange.request.path}"
        if MARK in exchange.request.path:
            return finding("key header", scene, "no key in a URL", f"the key in {place}")
        if exchange.key != MARK:
            expected = "the key in X-API-Key on each request"
            return finding("key header", scene, expected, f"{place} had {exchange.key or 'none'}")
    if not scene.exchanges:
        return finding("key header", scene, "a request", "nothing was sent")
    return []
