"""Where a console's page is, and what its steps enter."""

import os
from pathlib import Path

import pytest

from technogate.model.errors import TargetFileError, UserError
from technogate.target.page_use import below, check_steps, page_use
from technogate.target.spec import ConsoleSpec, FieldText, StepSpec
from technogate.target.target_file import read_target_file
from tests.stand_in import StandIn, http_response

CONSOLE = 'name = "x"\n[console]\ncommand = ["serve", "{port}"]\n'


@pytest.mark.parametrize(
    ("url", "path", "address"),
    [
        ("http://h:1", "/console/", "http://h:1/console/"),
        ("http://h:1/base", "/app", "http://h:1/base/app"),
        ("http://h:1/base/", "/base/app", "http://h:1/base/app"),
        ("http://h:1/base", "/basement", "http://h:1/base/basement"),
    ],
)
def test_a_path_is_below_the_base_or_names_it(url: str, path: str, address: str) -> None:
    """A path that begins with that of the base counts from the origin on."""
    assert below(url, path) == address


@pytest.mark.parametrize(("kind", "path"), [("text/html", "/console/"), ("application/json", "")])
def test_the_page_is_where_ready_answers_with_one(kind: str, path: str) -> None:
    """What only says that a program is ready is not its page."""
    with StandIn(lambda _: http_response(200, b"{}", content_type=kind)) as server:
        assert page_use(ConsoleSpec(ready="/console/"), server.url, "key").url == server.url + path
        assert page_use(ConsoleSpec(ready="/console/", page="/p"), server.url, "key").url == f"{server.url}/p"


def test_texts_come_from_the_file_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the run stands for its placeholder; what is entered is not in what is printed of a step."""
    monkeypatch.setenv("PORTAL_WORD", "secret-word")
    steps = (
        StepSpec(before="start", fill=FieldText(selector="#k", text="Bearer {api_key}")),
        StepSpec(before=("audit", "memory"), fill=FieldText(selector="#w", env="PORTAL_WORD")),
        StepSpec(after="execute", click="#yes"),
        StepSpec(before="audit", open="/audit"),
    )
    made = page_use(ConsoleSpec(steps=steps), "http://h:1", "the-key").steps
    assert [step.text for step in made] == ["Bearer the-key", "secret-word", "", ""]
    assert [step.goal for step in made] == ["#k", "#w", "#yes", "http://h:1/audit"]
    assert made[1].before == ("audit", "memory")
    assert "secret-word" not in repr(made)


def test_a_variable_that_is_not_set_is_named() -> None:
    """One line that names the step and the variable."""
    assert "NO_SUCH_WORD" not in os.environ
    spec = ConsoleSpec(steps=(StepSpec(before="start", fill=FieldText(selector="#k", env="NO_SUCH_WORD")),))
    with pytest.raises(UserError, match=r"console\.steps\[1\] names NO_SUCH_WORD, which is not set"):
        check_steps(spec)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ('click = "#a"', "a step needs before or after"),
        ('before = "audit"\nclick = "#a"\nopen = "/b"', "exactly one of"),
        ('before = "audit"', "exactly one of"),
        ('before = "later"\nclick = "#a"', "start, execute, audit or memory"),
        ('before = "audit"\nfill = { selector = "#a" }', "and text"),
        ('before = "audit"\nklick = "#a"', "did you mean"),
    ],
)
def test_a_wrong_step_is_one_clear_line(tmp_path: Path, step: str, words: str) -> None:
    """What is wrong, in words that name the key."""
    file = tmp_path / "target.toml"
    file.write_text(f"{CONSOLE}[[console.steps]]\n{step}\n")
    with pytest.raises(TargetFileError, match=words):
        read_target_file(file)


def test_reads_all_keys_of_a_page(tmp_path: Path) -> None:
    """Path, server, words and steps."""
    file = tmp_path / "target.toml"
    keys = 'page = "/console/"\nvia = "server"\nwords = { APPROVED = "Aprovado" }\n'
    steps = '[[console.steps]]\nbefore = ["audit", "memory"]\ndialog = "accept"\n'
    file.write_text(CONSOLE + keys + steps)
    console = read_target_file(file).console
    assert console is not None
    use = page_use(console, "http://h:1", "key")
    assert (use.url, use.via_server, use.words) == ("http://h:1/console/", True, (("Aprovado", "APPROVED"),))
    assert use.steps[0].before == ("audit", "memory")
