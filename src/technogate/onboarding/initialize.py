"""`technogate init`: look at each side that was named or found, and write the target file that follows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from technogate.contract.loader import load_contract
from technogate.model.contract_words import speak
from technogate.model.errors import TargetFileError, UserError
from technogate.onboarding.backend_onboarding import BackendOnboarding
from technogate.onboarding.client_modules import ClientModule, find_client_module
from technogate.onboarding.command_guesses import Guess, guessed_commands
from technogate.onboarding.command_onboarding import OUTCOMES, CommandOnboarding
from technogate.onboarding.compose_files import OVERLAY, USUAL_FILES, learn_compose
from technogate.onboarding.consequences import consequence
from technogate.onboarding.console_onboarding import CONTRACT_NAMES, ConsoleOnboarding
from technogate.onboarding.learned import Learned
from technogate.onboarding.questions import Questions
from technogate.onboarding.review import review
from technogate.onboarding.target_text import target_text
from technogate.onboarding.trail_onboarding import TrailOnboarding
from technogate.onboarding.variables import key_names, url_names
from technogate.onboarding.wishes import SideWish, Wishes
from technogate.runner.run_context import DEFAULT_CONTRACT
from technogate.target.api_key import new_key
from technogate.target.target_file import read_target_file
from technogate.util.shipped import shipped
from technogate.util.source_texts import Sources
from technogate.util.write_file import write_file

Look = TypeVar("Look", BackendOnboarding, ConsoleOnboarding)


def initialize(wishes: Wishes, out: Path, questions: Questions, learned: Learned, key: str = "") -> None:
    """Look at the pair and write `out`. Raises UserError when there is nothing to look at, or a side does not start.

    `key` is the key of programs that run already; those that are started here get one of their own.
    """
    wishes = completed(wishes, questions)
    learned.learn(
        "", "name", wishes.name or wishes.folder.resolve().name, "given" if wishes.name else "the folder's name"
    )
    if wishes.compose:
        _read_compose_file(wishes, out, learned)
    if wishes.backend.named:
        _look_at_backend(wishes, wishes.backend, learned, key)
    if wishes.console.named:
        _look_at_console(wishes, learned, key)
    _look_for_module(wishes, learned)
    review(learned, questions)
    write_target(learned, out)


def completed(wishes: Wishes, questions: Questions) -> Wishes:
    """The wishes with the sides that the folder shows, where none was named and a person or `--yes` takes them.

    Raises UserError when no side is known then: what was seen is in its hint.
    """
    if wishes.backend.named or wishes.console.named or wishes.module or wishes.compose:
        return wishes
    composed = next((name for name in USUAL_FILES if (wishes.folder / name).is_file()), "")
    if composed and questions.confirm(f"Read {composed} and describe its containers?"):
        return replace(wishes, compose=composed)
    guesses = guessed_commands(wishes.folder)
    for side in ("backend", "console"):
        options = [guess for guess in guesses if guess.side == side]
        if not options and not questions.answered:
            continue
        question = f"Command that starts the {side}"
        chosen = questions.choose(question, [(guess.command, guess.evidence) for guess in options])
        if chosen:
            wish = _wish(chosen, options, others=questions.accepts)
            wishes = replace(wishes, backend=wish) if side == "backend" else replace(wishes, console=wish)
    if wishes.backend.named or wishes.console.named:
        return wishes
    module = find_client_module(Sources(wishes.folder))
    if module is not None and (questions.answered or questions.accepts):
        return replace(wishes, module=questions.ask("Client module", module.path, module.evidence))
    found = [(f"--{guess.side}-command {guess.command!r}", guess.evidence) for guess in guesses]
    found += [(f"--module {module.path}", module.evidence)] if module is not None else []
    found += [(f"--compose {composed}", "a compose file")] if composed else []
    seen = "; ".join(f"{option} ({evidence})" for option, evidence in found[:4])
    hint = (
        f"seen here: {seen}; give one of them, or --yes to take what is seen"
        if seen
        else "nothing here starts a program"
    )
    raise UserError(
        f"there is nothing to look at: give --backend-command, --backend-url, --console-command or --module; {hint}"
    )


def _wish(chosen: str, options: list[Guess], *, others: bool) -> SideWish:
    """The side that starts with the chosen command; with `others`, the guesses besides are tried after it."""
    guessed = [SideWish(command=one.command, cwd=one.cwd, said=one.evidence) for one in options]
    wish = next((one for one in guessed if one.command == chosen), SideWish(command=chosen, said="typed"))
    return replace(wish, others=tuple(one for one in guessed if one != wish)) if others else wish


def _look_at_backend(wishes: Wishes, wish: SideWish, learned: Learned, key: str) -> None:
    if wish.url and not key:
        variable = wishes.api_key_env or "TECHNOGATE_API_KEY"
        raise UserError(
            f"a backend that runs already needs its key: export {variable}=<the key> and give --api-key-env {variable}"
        )
    with ExitStack() as stack:

        def begin(one: SideWish) -> BackendOnboarding:
            look = BackendOnboarding(one, wishes.folder, key if one.url else new_key(), learned)
            stack.enter_context(look).begin()
            return look

        backend = _first(wish, begin, learned)
        backend.learn_shape(wishes.ready, wishes.openapi)
        if wish.url:
            learned.learn("backend", "api_key_env", wishes.api_key_env, "given")
        CommandOnboarding(backend, learned).learn_commands(wishes.words)
        TrailOnboarding(backend, learned).learn_trail()


def _look_at_console(wishes: Wishes, learned: Learned, key: str) -> None:
    contract = load_contract(shipped("contracts", DEFAULT_CONTRACT))
    speak(contract.words)
    wish = wishes.console
    if wish.url and not wishes.api_key_env:
        raise UserError("a page that is served already has a key: give --api-key-env with the variable that holds it")
    used = key if wish.url else new_key()
    with ExitStack() as stack:

        def begin(one: SideWish) -> ConsoleOnboarding:
            look = ConsoleOnboarding(one, wishes.folder, used, contract, learned, wishes.api_url)
            stack.enter_context(look).begin()
            return look

        console = _first(wish, begin, learned)
        if wish.url and not wishes.backend.named:
            learned.learn("console", "api_key_env", wishes.api_key_env, "given")
        console.learn_page()


def _first(wish: SideWish, begin: Callable[[SideWish], Look], learned: Learned) -> Look:
    """The look at the first of the choices that starts; raises the UserError of the first when none does."""
    first: UserError | None = None
    for one in wish.choices:
        try:
            return begin(one)
        except UserError as error:
            first = first or error
            learned.tell(f"tried    {one.command or one.url}: {error}")
    if first is None:
        raise RuntimeError("there is no choice to begin with")
    raise first


def _read_compose_file(wishes: Wishes, out: Path, learned: Learned) -> None:
    overlay = learn_compose(wishes.folder / wishes.compose, learned)
    if overlay:
        write_file(out.with_name(OVERLAY), overlay)
    for outcome in OUTCOMES:
        path = f"backend.commands.{outcome}"
        said = "containers are read, not started"
        learned.lack("backend.commands", outcome, said, consequence(path))


def _look_for_module(wishes: Wishes, learned: Learned) -> None:
    """The client module: the console itself where there is no page, else a remark."""
    place = wishes.folder / (wishes.console.cwd if wishes.console.named else ".")
    if wishes.module:
        sources = Sources(wishes.folder, [wishes.folder / wishes.module])
        seen = find_client_module(Sources(wishes.folder))
        same = seen is not None and seen.path == wishes.module
        module = seen if same else find_client_module(sources, wishes.module)
        if module is None or not (wishes.folder / wishes.module).is_file():
            raise UserError(f"--module {wishes.module}: there is no such file in {wishes.folder}")
        learn_module(module, sources, learned)
    elif wishes.console.command and (module := find_client_module(Sources(place))) is not None:
        hint = "name it as module in [console] to have it tested too"
        learned.note(f"{(place / module.path).relative_to(wishes.folder)} {module.evidence}: {hint}")


def learn_module(module: ClientModule, sources: Sources, learned: Learned) -> None:
    """Learn a console that is a client module."""
    learned.learn("console", "driver", "module", "there is no page, but a file with the three functions")
    learned.learn("console", "module", module.path, module.evidence)
    if module.create:
        learned.learn("console", "create", module.create, "a factory or a class with such parameters makes the client")
    names = sources.env_names()
    env, why = {}, []
    for value, found in (("{backend_url}", url_names(names)), ("{api_key}", key_names(names))):
        for name in found[:2]:
            env[name] = value
            why.append(f"{name}: {names[name]} reads it")
    if env:
        learned.learn("console", "env", env, "; ".join(why))
    elif not module.create:
        learned.learn("console", "env", CONTRACT_NAMES, "the contract's own names; its text reads no other")


def write_target(learned: Learned, out: Path) -> None:
    """Write the file; a file that our own reader refuses is a fault of this program, not of the user."""
    write_file(out, target_text(learned, out.parent))
    try:
        read_target_file(out)
    except TargetFileError as error:
        raise RuntimeError(f"the file written is not valid: {error.mistakes}") from error
