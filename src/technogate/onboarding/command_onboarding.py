"""Try words as commands of a backend, and learn which of them provokes which outcome."""

from __future__ import annotations

from collections.abc import Mapping

from technogate.model.errors import UserError
from technogate.onboarding.backend_onboarding import BackendOnboarding
from technogate.onboarding.command_words import COMMAND, likely_words, may_destroy, try_words
from technogate.onboarding.consequences import consequence
from technogate.onboarding.demo_switches import ON, switches
from technogate.onboarding.learned import Learned

#: The outcomes of a target file.
OUTCOMES = ("approved", "warning", "neutral", "expired", "blocked", "slow", "crashing", "unknown_status")
#: How many commands are named for a status that nobody knows.
_MOST_UNKNOWN = 6

#: The words that provoke each outcome, each with what was answered.
Outcomes = dict[str, list[tuple[str, str]]]


class CommandOnboarding:
    """The commands of `backend`."""

    def __init__(self, backend: BackendOnboarding, learned: Learned) -> None:
        self._at, self._learned = backend, learned
        self._tried: set[str] = set()

    def learn_commands(self, given: tuple[str, ...]) -> None:
        """Which command provokes which outcome."""
        wrong = [word for word in given if not COMMAND.match(word)]
        if wrong:
            raise UserError(f"{wrong[0]!r} is no command: a command is 3 to 32 capital letters and underscores")
        answer = self._at.backend.ask_at(f"{self._at.backend.prefix}/help")
        help_text = answer.text if answer.status // 100 == 2 else ""
        listed = self._at.backend.ask("GET", "/api/audit").value
        words = likely_words(self._at.document, self._at.sources, help_text, given, listed)
        left_out = [] if self._at.started else [word for word in words if may_destroy(word) and word not in given]
        if left_out:
            shown = ", ".join(left_out[:12])
            self._learned.note(f"not tried on a program that runs already, as they may destroy something: {shown}")
        chosen = [word for word in words if word not in left_out]
        where = ", on the program started for this" if self._at.started else ""
        self._learned.tell(f"trying   {len(chosen)} words as commands, each once{where}")
        found = self._outcomes(chosen, words)
        if any(outcome not in found for outcome in OUTCOMES):
            found = self._switched(found, chosen, words)
        known = all(word in self._tried for word in words)
        for outcome in OUTCOMES:
            self._learn_outcome(outcome, found.get(outcome, []), absent=known)

    def _outcomes(self, chosen: list[str], words: Mapping[str, str]) -> Outcomes:
        """The words that provoke each outcome, with what was answered."""
        found: Outcomes = {}
        for tried in try_words(self._at.backend, chosen, revive=self._at.revive, alive=self._at.alive):
            self._tried.add(tried.word)
            if tried.outcome:
                found.setdefault(tried.outcome, []).append((tried.word, f"{tried.said} ({words[tried.word]})"))
        return found

    def _switched(self, found: Outcomes, chosen: list[str], words: Mapping[str, str]) -> Outcomes:
        """The same with a variable that gives the program more commands, where one of its own does."""
        start = self._at.start
        if start is None:
            return found
        names = self._at.sources.env_names()
        known = {word for pairs in found.values() for word, _ in pairs}
        for name in switches(one for one in names if one not in start.env):
            self._learned.tell(f"trying   {name}={ON}, which may give it more commands ({names[name]})")
            self._at.start = start.with_env(name, ON, f"{names[name]} reads it; with {ON} there are more commands")
            if self._at.revive() is None:
                continue
            more = self._outcomes([word for word in chosen if word not in known], words)
            if set(more) - set(found):
                self._at.learn_start()
                return {outcome: [*found.get(outcome, []), *more.get(outcome, [])] for outcome in OUTCOMES}
        self._at.start = start
        self._at.revive()
        return found

    def _learn_outcome(self, outcome: str, found: list[tuple[str, str]], *, absent: bool) -> None:
        """Learn the word of an outcome; `absent` is whether every word was tried, so that a file can say "none"."""
        if not found:
            said = f"none of {len(self._tried)} words provokes it"
            effect = consequence(f"backend.commands.{outcome}")
            # Without a command that is approved nothing can be judged: that is the user's to name.
            absent = absent and outcome != "approved"
            self._learned.lack("backend.commands", outcome, said, effect, absent=absent)
            return
        if outcome == "approved":
            self._at.approved = found[0][0]
        if outcome == "unknown_status" and len(found) > 1:
            words = [word for word, _ in found[:_MOST_UNKNOWN]]
            self._learned.learn(
                "backend.commands", outcome, words, "; ".join(said for _, said in found[:_MOST_UNKNOWN])
            )
            return
        others = f"; also {', '.join(word for word, _ in found[1:4])}" if len(found) > 1 else ""
        self._learned.learn("backend.commands", outcome, found[0][0], f"{found[0][1]}{others}")
