"""The parts of a page that were never there: which of them is the target file's mistake, and which is optional."""

from __future__ import annotations

from technogate.fit.console_fit import ConsoleFit, TriedCall
from technogate.fit.page_fit import SHOWN_BY, declared_absent, missing_parts, named_in_file, page_misfits
from technogate.fit.page_offer import Offer, PageOffer
from technogate.model.fit_check import Blame
from technogate.target import Selectors
from technogate.target.page_parts import BY_NAME

CALLS = ("executeCommand", "fetchAuditLog", "fetchMemory")
EVERY = frozenset(SHOWN_BY)


def fit(seen: frozenset[str], *unsent: str) -> ConsoleFit:
    """A page that had these parts and sent all requests but these."""
    calls = {name: TriedCall(operation=name, sent=name not in unsent) for name in CALLS}
    return ConsoleFit(area="page", calls=calls, seen=seen)


def test_every_part_has_its_moment() -> None:
    """Each part that a target file may name is looked for, and no other."""
    assert EVERY == set(BY_NAME) == set(Selectors.__struct_fields__)


def test_what_was_there_at_any_time_is_not_missing() -> None:
    """A page that showed each part while it showed the answers fits."""
    assert missing_parts(fit(EVERY), Selectors()) == ()
    assert missing_parts(fit(EVERY - {"audit_limit"}), Selectors()) == ("audit_limit",)


def test_what_no_answer_could_show_is_not_known() -> None:
    """Parts of an area whose request was not sent are not missing, and neither is what the page is said to lack."""
    seen = EVERY - {"audit_row", "audit_limit", "reasons"}
    assert missing_parts(fit(seen, "fetchAuditLog"), Selectors(reasons="")) == ("audit_limit",)


def test_a_selector_of_the_file_is_its_mistake() -> None:
    """An optional part under a selector of the file's own is wrong there; under the usual one the page lacks it."""
    selectors = Selectors(audit_limit="#of-another-page")
    assert named_in_file(selectors, "audit_limit")
    limit, session, run = page_misfits(("audit_limit", "session", "run"), selectors, lambda _: "")
    assert (limit.blame, session.blame, run.blame) == (Blame.TARGET, Blame.OPTIONAL, Blame.TARGET)
    assert session.consequence == BY_NAME["session"].without
    assert session.line == 'session = "<selector>" below [console.selectors], or session = "" if the page has none'
    assert "CON-02" in run.undecided


def test_what_the_file_says_is_absent_is_stated() -> None:
    """A part that is set to "" has its consequence, and no line to write."""
    [misfit] = declared_absent(Selectors(audit_empty=""))
    assert (misfit.blame, misfit.line) == (Blame.OPTIONAL, "")
    assert misfit.consequence == BY_NAME["audit_empty"].without


def test_what_a_page_has_instead_is_proposed() -> None:
    """The control of the right kind whose words fit best; the only one of its kind; nothing where none is alike."""
    offer = PageOffer(
        offers=(
            Offer(selector="#clear", kind="button", words="clear"),
            Offer(selector="#go", kind="button", words="go executar"),
            Offer(selector="#cmd", kind="field", words="comando"),
            Offer(selector="#states", kind="choice", words="whatever"),
            Offer(selector="#memory-area", kind="area", words="memory-area"),
        )
    )
    proposed = {part: offer.propose(part) for part in ("run", "command", "audit_filter", "memory", "memory_status")}
    assert proposed == {
        "run": "#go", "command": "#cmd", "audit_filter": "#states", "memory": "#memory-area", "memory_status": "",
    }  # fmt: skip
