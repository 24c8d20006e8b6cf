"""Go through what was learned with the person at the terminal: each line with its evidence, then what is missing."""

from __future__ import annotations

import tomllib

from technogate.onboarding.learned import Learned, Value
from technogate.onboarding.questions import Questions
from technogate.onboarding.target_text import toml_value


def review(learned: Learned, questions: Questions) -> None:
    """Ask for each line (an empty answer takes it) and for each gap (an empty answer leaves it).

    Selectors that were found are not asked for one by one: watching has shown them. Does nothing without a person, or
    where what has evidence is taken.
    """
    if not questions.answered or questions.accepts:
        return
    for line in list(learned.lines):
        if line.table == "console.selectors" and line.value != "":
            continue
        shown = toml_value(line.value)
        typed = questions.ask(line.path, shown, line.evidence)
        if typed != shown:
            learned.learn(line.table, line.key, typed_value(typed, line.value), "typed")
    for gap in list(learned.gaps):
        typed = questions.ask(f"{gap.table}.{gap.key}, not found ({gap.tried}); empty leaves it out")
        if typed:
            learned.learn(gap.table, gap.key, typed_value(typed, ""), "typed")


def typed_value(text: str, like: Value) -> Value:
    """What was typed, as TOML where it is that; a word without quotes where a text is wanted."""
    try:
        value: object = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    if isinstance(value, str) or not isinstance(like, str):
        return value if isinstance(value, str | bool | int | list | dict) else text
    return text
