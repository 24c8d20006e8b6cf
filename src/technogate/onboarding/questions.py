"""Questions at a terminal, each with what was seen as its default; without a terminal what was seen is the answer."""

from __future__ import annotations

from collections.abc import Callable


class Questions:
    """Asks a person when there is one. `read` returns the line that was typed, `tell` prints one."""

    def __init__(self, read: Callable[[str], str] | None, tell: Callable[[str], None], *, accept: bool = False) -> None:
        """`read` None means that nobody can answer; with `accept`, what has evidence is taken without a question."""
        self._read = read
        self._tell = tell
        self._accept = accept

    @property
    def answered(self) -> bool:
        """Whether a person can answer."""
        return self._read is not None

    @property
    def accepts(self) -> bool:
        """Whether what has evidence is taken without a question."""
        return self._accept

    def ask(self, question: str, seen: str = "", evidence: str = "") -> str:
        """The answer to one question; an empty line means `seen`. Without a person `seen` is returned."""
        if self._read is None or (self._accept and seen):
            return seen
        hint = f" [{seen}]" + (f" ({evidence})" if evidence else "") if seen else ""
        return self._read(f"{question}{hint}: ").strip() or seen

    def confirm(self, question: str) -> bool:
        """Whether a person agrees; no without one, yes with `accept`."""
        if self._accept:
            return True
        if self._read is None:
            return False
        return self._read(f"{question} [y/N]: ").strip().lower() in ("y", "yes")

    def choose(self, question: str, options: list[tuple[str, str]]) -> str:
        """One of several values, each with its evidence; the first is the default. A person may type another one."""
        if not options:
            return self.ask(question)
        if self._read is None or self._accept:
            return options[0][0] if self._accept else ""
        for number, (value, evidence) in enumerate(options, 1):
            self._tell(f"  {number}  {value}  ({evidence})")
        typed = self._read(f"{question} [1]: ").strip() or "1"
        chosen = int(typed) - 1 if typed.isdecimal() else -1
        return options[chosen][0] if 0 <= chosen < len(options) else typed
