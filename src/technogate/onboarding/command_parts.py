"""The field of the command, the button that runs it, and the field of the session."""

from __future__ import annotations

import re
from collections.abc import Callable

from technogate.mock.recorded_request import RecordedRequest
from technogate.onboarding.known_answers import body_of
from technogate.onboarding.page_look import AVOIDED, WORD, PageLook
from technogate.onboarding.surveyed_page import Control

_COMMAND = re.compile(r"command|comando|befehl|commande|cmd|instruction|action|instru")
_SESSION = re.compile(r"session|sess[aã]o|sitzung|sesi[oó]n")
_RUN = re.compile(r"\b(run|execute|send|submit|go|executar|enviar|rodar|ausf|start|launch|invoke)|command-run|exec")
#: The most fields and buttons that are tried as the command's, and pairs of them.
_MOST_FIELDS, _MOST_BUTTONS, _MOST_PAIRS = 5, 6, 14
#: What the button of a dialog says that goes on with the command.
_YES = re.compile(r"\b(yes|ok|okay|confirm\w*|run|execut\w*|continu\w*|proceed|send|sim|ja|sí|oui)\b", re.IGNORECASE)
#: Seconds that a page may take until its handlers are there.
HYDRATED_S = 1.5


class CommandParts:
    """Finds what runs a command: what is entered and pressed, and then arrives."""

    def __init__(self, look: PageLook) -> None:
        self._look = look

    def learn(self) -> bool:
        """Find the field and the button; whether a command could be run."""
        found = self._look.at_tab("execute", self._try_fields)
        if not found:
            # Handlers may come after the markup: what did nothing at first may work now.
            self._look.page.wait(HYDRATED_S)
            found = self._look.at_tab("execute", self._try_fields)
        if found:
            self._look.page.load()
            self._look.show("execute")
            if not self._runs(self._look.command, self._look.run):
                self._look.page.hydration_s = HYDRATED_S
                self._look.learned.note(f"the page's handlers come up to {HYDRATED_S:g} s after it was loaded")
        else:
            fields = [one.label or one.selector for one in self._look.page.controls("text", visible=False)]
            seen = ", ".join(fields) or "none"
            tried = f"no field and button sent POST /api/execute with what was entered; fields: {seen}"
            for part in ("command", "run"):
                self._look.lack(part, tried)
        return found

    def _try_fields(self) -> bool:
        """Whether one field and one button run a command."""
        controls = self._look.page.controls()
        fields = sorted((one for one in controls if one.kind == "text"), key=lambda one: not _COMMAND.search(one.words))
        pressed = [one for one in controls if one.kind == "button" and not one.dialog]
        buttons = sorted((one for one in pressed if not AVOIDED.search(one.words)), key=_button_rank)
        ranked = sorted(
            (field_rank + button_rank + 2 * (field.form != button.form), field_rank, button_rank)
            for field_rank, field in enumerate(fields[:_MOST_FIELDS])
            for button_rank, button in enumerate(buttons[:_MOST_BUTTONS])
        )
        for _, field_rank, button_rank in ranked[:_MOST_PAIRS]:
            field, button = fields[field_rank], buttons[button_rank]
            # A word of its own, taken out again: what an earlier attempt has left in another field is not taken for it.
            word = f"{WORD}_{chr(ord('A') + field_rank)}"
            if self._runs(field.selector, button.selector, word):
                self._keep_command(field, button)
                return True
            self._look.page.enter(field.selector, "")
        return False

    def _keep_command(self, field: Control, button: Control) -> None:
        self._look.command, self._look.run = field.selector, button.selector
        self._look.found("command", field.selector, f"{called(field)}: what was entered was sent to POST /api/execute")
        self._look.found("run", button.selector, f"{called(button)}: pressing it sent that")
        if self._look.page.dialogs:
            self._look.learned.step("execute", "dialog", "accept", "a dialog came before the command was sent")
        if self._look.confirm:
            said = "a dialog came after the press, and this button of it sent the command"
            self._look.learned.step("execute", "click", self._look.confirm, said, when="after")

    def _runs(self, field: str, button: str, word: str = WORD) -> bool:
        start = self._look.answers.count
        if not self._look.page.enter(field, word) or not self._look.page.press(button):
            return False
        wanted = self._look.answers.runs(word)
        if self._look.confirm:
            return self._look.confirmed() and self._look.arrives(start, wanted) is not None
        return self._look.arrives(start, wanted) is not None or self._runs_confirmed(start, wanted)

    def _runs_confirmed(self, start: int, wanted: Callable[[RecordedRequest], bool]) -> bool:
        """Whether the command is sent by a button of a dialog that the press has opened."""
        asked = [one for one in self._look.page.controls("button") if one.dialog]
        for answer in [one for one in asked if _YES.search(one.label)][:1]:
            if self._look.page.press(answer.selector) and self._look.arrives(start, wanted) is not None:
                self._look.confirm = answer.selector
                return True
        if asked:
            self._look.page.page.keyboard.press("Escape")
        return False

    def learn_session(self) -> None:
        """Find the field whose text is sent as the session id."""
        fields = [one for one in self._look.page.controls("text") if one.selector != self._look.command]
        for field in sorted(fields, key=lambda one: not _SESSION.search(one.words))[:_MOST_FIELDS]:
            start = self._look.answers.count
            if self._look.page.enter(field.selector, "seen-session") and self._look.execute():
                sent = [body_of(one) for one in self._look.answers.since(start)]
                self._look.page.enter(field.selector, "")
                if any(body.get("session_id") == "seen-session" for body in sent):
                    self._look.found(
                        "session", field.selector, f"{called(field)}: what was entered was sent as session_id"
                    )
                    return
        self._look.absent("session", "no other field's text was sent as session_id")


def _button_rank(button: Control) -> tuple[bool, bool]:
    return not _RUN.search(button.words), not button.submits


def called(control: Control) -> str:
    """What a person would call a control."""
    return f"{control.kind} {control.label!r}" if control.label else f"{control.kind} without a label"
