"""Words that may be commands of a backend, the likeliest first, and which outcome each provokes when it is run once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from technogate.onboarding.asking import LIMIT_S, Answer, Backend
from technogate.util.source_texts import Sources

#: A command as the contract writes it.
COMMAND = re.compile(r"^[A-Z_]{3,32}$")
#: Commands that many backends have.
USUAL = (
    "PING", "STATUS", "NOOP", "HELP", "VERSION", "INFO", "ECHO", "LIST", "TEST", "HEALTH", "CHECK_QUOTA", "OLD_SESSION",
    "DELETE_ALL", "SLOW", "CRASH", "FAIL", "ERROR", "WARN", "WARNING", "EXPIRED", "BLOCKED", "TIMEOUT", "SLEEP",
)  # fmt: skip
#: Words of the contract and of HTTP that are no commands; they are tried last, where the text has them.
_NO_COMMANDS = frozenset({
    "APPROVED", "NEUTRAL", "SUCCESS", "FAILED", "API_KEY_INVALID", "API_BLOCKED", "VALIDATION_FAILED", "RATE_LIMITED",
    "UNKNOWN_COMMAND", "UNKNOWN_STATUS", "RESOURCE_NOT_FOUND", "SESSION_EXPIRED", "PAYLOAD_TOO_LARGE", "INTERNAL_ERROR",
    "AUDIT_UNAVAILABLE", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "HTTP", "JSON", "URL",
    "UTC", "API", "AND", "THE", "NOT", "FOR", "NULL", "TRUE", "FALSE", "TODO", "NOTE", "SIGTERM", "SIGINT", "SIGKILL",
    "UTF",
    "CREATE", "TABLE", "SELECT", "INSERT", "INTO", "FROM", "WHERE", "ORDER", "LIMIT", "VALUES", "PRIMARY", "KEY",
    "TEXT", "INTEGER", "REPLACE", "PRAGMA", "EXISTS", "DESC", "ASC", "README", "MUST", "SHOULD", "CORS", "ENV", "PORT",
    "HOST",
})  # fmt: skip
#: Parts of words that may destroy something: not run on a program that the gate did not start.
_DESTRUCTIVE = re.compile(
    r"DELETE|DROP|REMOVE|PURGE|WIPE|RESET|SHUTDOWN|STOP|KILL|FORMAT|DESTROY|ERASE|TRUNCATE|REBOOT|RESTART|CRASH|EXIT|HALT|"
    r"CLEAR|FLUSH|TERMINATE|DISABLE|REVOKE|DEPLOY|PAY|TRANSFER|SEND"
)
#: The most words that are run, and how many at a time.
MOST, AT_A_TIME = 120, 6
#: A word that no backend knows.
UNKNOWN = "TECHNOGATE_ASKS_WITH_NO_COMMAND"
_OUTCOMES = {
    "APPROVED": "approved",
    "WARNING": "warning",
    "NEUTRAL": "neutral",
    "EXPIRED": "expired",
}
_OK, _SERVER_ERROR = 200, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One word that was run: the outcome as a target file names it ("" for none of them), and what was answered."""

    word: str
    outcome: str
    said: str
    answer: Answer


def likely_words(
    document: Mapping[str, Any] | None,
    sources: Sources,
    help_text: str,
    given: Iterable[str],
    listed: object = (),
) -> dict[str, str]:
    """The words to try, each with where it comes from; those that were given and documented first.

    `listed` is the audit list as the backend answers it: the commands of others, which it knows.
    """
    found: dict[str, str] = dict.fromkeys(given, "given")
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("action"), str):
            found.setdefault(entry["action"], "its audit list")
    for word in _document_words(document or {}):
        found.setdefault(word, "its OpenAPI document")
    for word in re.findall(r"[A-Z][A-Z_]{2,31}", help_text):
        found.setdefault(word, "its /help")
    env = sources.env_names()
    from_text = {word: place for word, place in sources.words().items() if word not in env}
    for word, place in sorted(from_text.items(), key=lambda entry: _rank(*entry)):
        if word not in _NO_COMMANDS:
            found.setdefault(word, str(place))
    for word in USUAL:
        found.setdefault(word, "a usual command")
    return {word: origin for word, origin in found.items() if COMMAND.match(word)}


def _rank(word: str, place: Any) -> int:
    """Words that stand where commands are defined first: keys of a table, members of an enumeration, cases."""
    text = place.text
    if re.search(rf"(?:^\s*|[{{,]\s*)[\"']?{word}[\"']?\s*(?::|=>)", text) or re.search(rf"case\s+[\"']?{word}", text):
        return 0
    if re.search(rf"[\"'`]{word}[\"'`]", text):
        return 1
    return 2 if re.match(rf"\s*{word}\s*=", text) else 3


def _document_words(node: object, named: bool = False) -> Iterator[str]:
    """The words of a document that are enumerated or given as examples of a command."""
    if isinstance(node, Mapping):
        for key, below in node.items():
            yield from _document_words(
                below, named or key in ("command", "enum", "example", "examples", "const", "default")
            )
    elif isinstance(node, list):
        for below in node:
            yield from _document_words(below, named)
    elif named and isinstance(node, str) and COMMAND.match(node) and node not in _NO_COMMANDS:
        yield node


def may_destroy(word: str) -> bool:
    """Whether the word reads as if it destroyed something."""
    return _DESTRUCTIVE.search(word) is not None


def try_words(
    backend: Backend, words: Iterable[str], *, revive: Callable[[], Backend | None], alive: Callable[[], bool]
) -> Iterator[Tried]:
    """Run each word once; slow ones do not hold up the others.

    `revive` starts a program again that ended and returns it, None when it cannot. Ends when most words were limited.
    """
    unknown = backend.execute(UNKNOWN)
    chosen = list(words)[:MOST]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for start in range(0, len(chosen), 2 * AT_A_TIME):
            batch = chosen[start : start + 2 * AT_A_TIME]
            answers = list(zip(batch, pool.map(backend.execute, batch), strict=True))
            if not alive():
                answers, revived = _one_by_one(batch, revive, alive)
                if revived is None:
                    return
                backend = revived
            for word, answer in answers:
                yield Tried(word=word, outcome=_outcome(word, answer, unknown), said=_said(answer), answer=answer)
            if sum(answer.status == 429 for _, answer in answers) > len(answers) // 2:
                return


def _one_by_one(
    batch: list[str], revive: Callable[[], Backend | None], alive: Callable[[], bool]
) -> tuple[list[tuple[str, Answer]], Backend | None]:
    """The answers of a batch during which the program ended: which word ends it shows when each is alone."""
    answers: list[tuple[str, Answer]] = []
    backend = revive()
    for word in batch:
        if backend is None:
            break
        answer = backend.execute(word)
        if not alive():
            answer = Answer(status=0, error="the program ended")
            backend = revive()
        answers.append((word, answer))
    return answers, backend


def _outcome(word: str, answer: Answer, unknown: Answer) -> str:
    if answer.error.startswith("no answer within"):
        return "slow"
    if answer.status >= _SERVER_ERROR:
        return "crashing"
    if answer.status != _OK:
        return ""
    if answer.state in _OUTCOMES:
        return _OUTCOMES[answer.state]
    if answer.state != "BLOCKED" or word == UNKNOWN:
        return ""
    return _blocked(answer, unknown)


def _blocked(answer: Answer, unknown: Answer) -> str:
    reasons = answer.reasons
    if "UNKNOWN_STATUS" in reasons:
        return "unknown_status"
    if "TIMEOUT" in reasons:
        return "slow"
    if any(re.search(r"INTERNAL|EXECUTOR|CRASH|EXCEPTION", reason) for reason in reasons):
        return "crashing"
    same = (answer.status, answer.state, reasons) == (unknown.status, unknown.state, unknown.reasons)
    return "" if same or "UNKNOWN_COMMAND" in reasons else "blocked"


def _said(answer: Answer) -> str:
    if answer.error:
        return answer.error
    shown = " ".join([answer.state, *answer.reasons]).strip()
    return f"{answer.status} {shown}".strip() + (f" after {LIMIT_S:g} s" if not answer.status else "")
