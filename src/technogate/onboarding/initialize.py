"""`technogate init`: look at each side that was named or found, and write the target file that follows."""

from __future__ import annotations

import secrets
import string
from dataclasses import replace
from pathlib import Path

from technogate.contract.loader import load_contract
from technogate.model.errors import TargetFileError, UserError
from technogate.onboarding.backend_onboarding import BackendOnboarding
from technogate.onboarding.command_guesses import guessed_commands
from technogate.onboarding.console_onboarding import ConsoleOnboarding
from technogate.onboarding.learned import Learned
from technogate.onboarding.questions import Questions
from technogate.onboarding.target_text import target_text
from technogate.onboarding.trail_onboarding import TrailOnboarding
from technogate.onboarding.wishes import SideWish, Wishes
from technogate.target.target_file import read_target_file
from technogate.util.shipped import shipped
from technogate.util.write_file import write_file


def initialize(wishes: Wishes, out: Path, questions: Questions, learned: Learned, key: str = "") -> None:
    """Look at the pair and write `out`. Raises UserError when there is nothing to look at, or a side does not start.

    `key` is the key of programs that run already; those that are started here get one of their own.
    """
    wishes = completed(wishes, questions)
    learned.learn("", "name", wishes.name or wishes.folder.resolve().name, "the name of the folder")
    if wishes.backend.named:
        _look_at_backend(wishes, wishes.backend, learned, key)
    if wishes.console.named:
        _look_at_console(wishes, learned, key)
    write_target(learned, out)


def completed(wishes: Wishes, questions: Questions) -> Wishes:
    """The wishes with the sides that the folder shows, where none was named and a person or `--yes` takes them.

    Raises UserError when no side is known then: what was seen is in its hint.
    """
    if wishes.backend.named or wishes.console.named or wishes.module:
        return wishes
    guesses = guessed_commands(wishes.folder)
    for side in ("backend", "console"):
        options = [guess for guess in guesses if guess.side == side]
        if not options and not questions.answered:
            continue
        question = f"Command that starts the {side}"
        chosen = questions.choose(question, [(guess.command, guess.evidence) for guess in options])
        if chosen:
            cwd = next((guess.cwd for guess in options if guess.command == chosen), ".")
            wish = SideWish(command=chosen, cwd=cwd)
            wishes = replace(wishes, backend=wish) if side == "backend" else replace(wishes, console=wish)
    if wishes.backend.named or wishes.console.named:
        return wishes
    seen = "; ".join(f"--{guess.side}-command {guess.command!r} ({guess.evidence})" for guess in guesses[:4])
    hint = (
        f"seen here: {seen}; give one of them, or --yes to take what is seen"
        if seen
        else "nothing here starts a program"
    )
    raise UserError(
        f"there is nothing to look at: give --backend-command, --backend-url, --console-command or --module; {hint}"
    )


def _look_at_backend(wishes: Wishes, wish: SideWish, learned: Learned, key: str) -> None:
    with BackendOnboarding(wish, wishes.folder, key if wish.url else own_key(), learned) as backend:
        backend.begin()
        backend.learn_shape(wishes.ready, wishes.openapi)
        if wish.url:
            learned.learn("backend", "api_key_env", wishes.api_key_env, "given")
        backend.learn_commands(wishes.words)
        TrailOnboarding(backend, learned).learn_trail()


def _look_at_console(wishes: Wishes, learned: Learned, key: str) -> None:
    contract = load_contract(shipped("contracts", "console-v0.1"))
    wish = wishes.console
    with ConsoleOnboarding(wish, wishes.folder, key if wish.url else own_key(), contract, learned) as console:
        console.begin()
        console.learn_page()


def own_key() -> str:
    """A key for programs that are started here."""
    return "Tg" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(30))


def write_target(learned: Learned, out: Path) -> None:
    """Write the file; a file that our own reader refuses is a fault of this program, not of the user."""
    write_file(out, target_text(learned, out.parent))
    try:
        read_target_file(out)
    except TargetFileError as error:
        raise RuntimeError(f"the file written is not valid: {error.mistakes}") from error
