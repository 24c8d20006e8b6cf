"""A page's own words become the contract's where they are statuses, and nowhere else."""

from technogate.drivers.page.page_words import PageWords, words_in

WORDS = PageWords([("Aprovado", "APPROVED"), ("Não aprovado", "BLOCKED"), ("Sucesso", "SUCCESS")])


def test_translates_statuses_and_results_alone() -> None:
    """An action that happens to be such a word stays what it is; so does what no word is known for."""
    shown: dict[str, str | None] = {"state": "Aprovado", "result": "sucesso ", "action": "Aprovado", "trace_id": None}
    assert WORDS.parts(shown) == {"state": "APPROVED", "result": "SUCCESS", "action": "Aprovado"}
    assert WORDS.part("status", "Talvez") == "Talvez"


def test_a_status_and_a_result_may_have_the_same_word() -> None:
    """Each part is read in the words of its own kind."""
    words = PageWords([("OK", "APPROVED"), ("OK", "SUCCESS"), ("Não", "FAILED")])
    assert words.parts({"state": "OK", "result": "ok"}) == {"state": "APPROVED", "result": "SUCCESS"}
    assert words.part("status", "Não") == "Não"


def test_the_longer_word_wins_in_a_text() -> None:
    """A word within another one is not taken for it."""
    assert WORDS.anywhere("Não aprovado: X") == "BLOCKED: X"
    assert WORDS.anywhere("Reaprovado") == "Reaprovado"


def test_reads_the_status_of_a_text() -> None:
    """One word is the status, several are all named, none is none."""
    assert WORDS.from_text("PING: Aprovado", status="status") == {"text": "PING: APPROVED", "status": "APPROVED"}
    assert WORDS.from_text("APPROVED, then BLOCKED", status="state")["state"] == "APPROVED BLOCKED"
    assert WORDS.from_text("No snapshot.", status="status")["status"] == ""


def test_finds_whole_words_alone() -> None:
    """Part of a longer word is no status."""
    assert words_in("UNBLOCKED APPROVED_BY", ("BLOCKED", "APPROVED")) == []
