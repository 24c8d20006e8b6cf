"""What a page shows, in the contract's words: its own words translated, an area without parts as one text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from technogate.model.contract_words import spoken

#: The parts that hold a status, and the one that holds a result.
_OF_STATUS, _OF_RESULT = ("status", "state"), "result"

#: A part of a rendered output that holds all text of an area without parts of its own.
TEXT = "text"


class PageWords:
    """The page's own words; `words` pairs what it shows with the contract's word."""

    def __init__(self, words: Iterable[tuple[str, str]]) -> None:
        pairs = [(shown.strip().casefold(), word) for shown, word in words]
        self._by_shown = dict(pairs)
        # A status and a result may have the same word: OK, say.
        statuses = {shown: word for shown, word in pairs if word in spoken().statuses}
        results = {shown: word for shown, word in pairs if word in spoken().results}
        self._by_part = {**dict.fromkeys(_OF_STATUS, statuses), _OF_RESULT: results}
        longest_first = sorted(self._by_shown, key=len, reverse=True)
        self._anywhere = (
            re.compile("|".join(rf"(?<!\w){re.escape(shown)}(?!\w)" for shown in longest_first), re.IGNORECASE)
            if longest_first
            else None
        )

    def part(self, name: str, text: str) -> str:
        """The text of a part: a status or result in the contract's word, anything else as it is."""
        return self._by_part.get(name, {}).get(text.strip().casefold(), text)

    def anywhere(self, text: str) -> str:
        """A text with each of the page's own words in the contract's."""
        if self._anywhere is None:
            return text
        return self._anywhere.sub(lambda match: self._by_shown[match[0].casefold()], text)

    def written(self, status: str) -> list[str]:
        """How the page may write a status: in the contract's word, and in its own."""
        return [status, *(shown for shown, word in self._by_shown.items() if word == status)]

    def parts(self, shown: Mapping[str, str | None]) -> dict[str, str]:
        """The parts that are there, in the contract's words."""
        return {name: self.part(name, text) for name, text in shown.items() if text is not None}

    def from_text(self, text: str, *, status: str) -> dict[str, str]:
        """The fields of an area that is one text: `text`, and its status word as `status`.

        Several different status words are all named: no single one is shown then.
        """
        translated = self.anywhere(text)
        return {TEXT: translated, status: " ".join(words_in(translated, spoken().statuses))}


def words_in(text: str, words: Iterable[str]) -> list[str]:
    """Those of `words` that stand in a text as whole words, in this order."""
    return [word for word in words if re.search(rf"(?<![\w]){re.escape(word)}(?![\w])", text)]
