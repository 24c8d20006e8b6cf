"""What OpenAPI cannot say about a contract, and what was assumed meanwhile: one question a line."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the author: the place in the folder that its answer belongs to, and what is there now."""

    place: str
    text: str
    assumed: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text} Assumed: {self.assumed}."


@dataclass(slots=True)
class Questions:
    """The questions that came up, each once, in order."""

    asked: list[Question] = field(default_factory=list)

    def ask(self, place: str, text: str, assumed: str) -> None:
        """Ask one, unless it was asked."""
        question = Question(place, text, assumed)
        if question not in self.asked:
            self.asked.append(question)

    def markdown(self) -> str:
        """The file `QUESTIONS.md`."""
        head = (
            "# Questions\n\nWhat the OpenAPI document does not say. Each line has its place in this folder, and what\n"
            "was assumed. Answer it there, then remove the line. `technogate contract lint` checks the folder.\n\n"
        )
        return head + "".join(f"- [ ] {question}\n" for question in self.asked)
