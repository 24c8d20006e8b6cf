"""Known views of a console held to the checks of a console."""

from __future__ import annotations

from technogate.checks import console, console_page_leaks
from technogate.checks.console import Interaction
from technogate.checks.console_shown import command_shown
from technogate.contract.loader import Contract
from technogate.drivers.console_driver import Exposure
from technogate.generation.responses.response_oracle import Meaning, ResponseReading
from technogate.journal.redaction import MARK, Redactor
from technogate.model.events import Exchange, RenderedOutput
from technogate.runner.self_test.response_examples import Known, exchange


def _interaction(*exchanges: Exchange, rows: tuple[dict[str, str], ...] = (), **fields: str) -> Interaction:
    rendered = RenderedOutput(
        id="self-test", item="self-test", call="executeCommand", driver="module", fields=fields, rows=rows
    )
    return Interaction(rendered=rendered, exchanges=exchanges)


def console_checks(contract: Contract, redactor: Redactor, key: str) -> list[Known]:
    """The checks of what was shown, of what was sent, and of what was left where others could read it."""
    said = {"status": "APPROVED", "trace_id": "t-1", "reason_codes": ["A"]}
    keyless = exchange(200, said, operation="self-test")
    sent = exchange(200, said, operation="self-test", key=MARK)
    approved = _interaction(sent, status="APPROVED", trace_id="t-1", reason_codes="A")
    blocked = _interaction(keyless, keyless, status="BLOCKED")
    conforms = ResponseReading(meaning=Meaning.CONFORMS, value=said)
    refused = ResponseReading(meaning=Meaning.REFUSED, problems=("self-test",))
    empty, rows = _interaction(empty="true"), _interaction(rows=({"state": "APPROVED"},), empty="true")
    clean, given = Exposure(html="<p>x</p>"), Exposure(cookies=(f"a={key}",), html=console_page_leaks.markup("message"))
    path = next(iter(contract.guarded)).path
    asking = Exposure(urls=(f"http://self-test.invalid{path}",))
    return [
        Known(check="fails closed", good=lambda: console.blocked(blocked), bad=lambda: console.blocked(approved)),
        Known(
            check="no approval",
            good=lambda: console.never(blocked, "APPROVED"),
            bad=lambda: console.never(approved, "APPROVED"),
        ),
        Known(
            check="shown as it is",
            good=lambda: console.shows(approved, "trace_id", "t-1"),
            bad=lambda: console.shows(approved, "trace_id", "t-2"),
        ),
        Known(
            check="shown reasons",
            good=lambda: console.shows_reasons(approved, ["A"]),
            bad=lambda: console.shows_reasons(approved, ["B"]),
        ),
        Known(
            check="a conforming answer shown",
            good=lambda: command_shown(approved, conforms),
            bad=lambda: command_shown(blocked, conforms),
        ),
        Known(
            check="a refused answer shown",
            good=lambda: command_shown(blocked, refused),
            bad=lambda: command_shown(approved, refused),
        ),
        Known(check="empty list", good=lambda: console.empty_list(empty), bad=lambda: console.empty_list(rows)),
        Known(check="no snapshot", good=lambda: console.no_snapshot(empty), bad=lambda: console.no_snapshot(approved)),
        Known(
            check="requests sent",
            good=lambda: console.asked(approved, "self-test", 1),
            bad=lambda: console.asked(blocked, "self-test", 1),
        ),
        Known(check="nothing sent", good=lambda: console.silent(empty), bad=lambda: console.silent(approved)),
        Known(check="key header", good=lambda: console.carries_key(approved), bad=lambda: console.carries_key(blocked)),
        Known(
            check="key stays at home",
            good=lambda: console.key_stays_at(approved, ""),
            bad=lambda: console.key_stays_at(approved, "http://elsewhere.invalid"),
        ),
        Known(
            check="key given away",
            good=lambda: console_page_leaks.keeps_the_key(clean, "cookies", redactor),
            bad=lambda: console_page_leaks.keeps_the_key(given, "cookies", redactor),
        ),
        Known(
            check="text stays text",
            good=lambda: console_page_leaks.stays_text(clean, {}),
            bad=lambda: console_page_leaks.stays_text(given, {}),
        ),
        Known(
            check="nothing asked",
            good=lambda: console_page_leaks.asked_nobody(clean, contract),
            bad=lambda: console_page_leaks.asked_nobody(asking, contract),
        ),
    ]
