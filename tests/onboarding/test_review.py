"""Questions at a terminal: an empty answer takes what was seen, what is typed replaces it."""

from __future__ import annotations

from technogate.onboarding.learned import Learned
from technogate.onboarding.questions import Questions
from technogate.onboarding.review import review, typed_value


def reviewed(answers: dict[str, str], *, accept: bool = False, terminal: bool = True) -> tuple[Learned, list[str]]:
    """What is left after a review with these answers, by the beginning of their question, and the questions."""
    learned = Learned(tell=lambda _: None)
    learned.learn("backend", "ready", "/health", "seen")
    learned.learn("backend", "command", ["node", "x.mjs"], "given")
    learned.learn("console.selectors", "run", "#run", "seen")
    learned.lack("backend.commands", "warning", "none of 9 words", "")
    asked: list[str] = []

    def read(question: str) -> str:
        asked.append(question)
        return next((answer for start, answer in answers.items() if question.startswith(start)), "")

    review(learned, Questions(read if terminal else None, lambda _: None, accept=accept))
    return learned, asked


def test_empty_answers_take_what_was_seen() -> None:
    """Each line that no watching has shown is asked for, with its evidence."""
    learned, asked = reviewed({})
    assert learned.value("backend.ready") == "/health"
    assert 'backend.ready ["/health"] (seen): ' in asked
    assert not any("selectors.run" in question for question in asked)


def test_typed_answers_replace_and_complete() -> None:
    """A word without quotes, a list, and what was missing."""
    typed = {"backend.ready": "/up", "backend.command [": '["node", "y.mjs"]', "backend.commands.warning": "LOW"}
    learned, _ = reviewed(typed)
    assert learned.value("backend.ready") == "/up"
    assert learned.value("backend.command") == ["node", "y.mjs"]
    assert learned.value("backend.commands.warning") == "LOW"
    assert not learned.gaps


def test_nobody_is_asked_without_a_terminal_or_where_evidence_is_taken() -> None:
    """What lacks evidence stays listed."""
    for learned, asked in (reviewed({}, terminal=False), reviewed({}, accept=True)):
        assert asked == []
        assert [gap.key for gap in learned.gaps] == ["warning"]


def test_text_that_looks_like_a_number_stays_text_where_a_text_is_wanted() -> None:
    """A path or a word is never a number."""
    assert typed_value("8000", "/health") == "8000"
    assert typed_value("8000", 3000) == 8000
