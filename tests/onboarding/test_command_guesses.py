"""How a side may be started, read from the files of its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from technogate.onboarding.command_guesses import guessed_commands
from technogate.onboarding.demo_switches import switches
from technogate.onboarding.dockerfile_command import image_command
from technogate.onboarding.program_start import Start, port_variants
from technogate.util.source_texts import Sources


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ('FROM x\nHEALTHCHECK --interval=5s \\\n    CMD ["python", "-c", "1"]\nCMD ["node", "a.js"]\n', "node a.js"),
        ('ENTRYPOINT ["python3", "-m", "api"]\nCMD ["--host", "0.0.0.0"]\n', "{python} -m api --host {host}"),
        ('FROM a\nCMD ["build"]\nFROM b\nENTRYPOINT ["serve", "a b"]\n', "serve 'a b'"),
        ("CMD node server.js && true\n", "node server.js && true"),
        ("CMD node server.js\n", "node server.js"),
        ('# CMD ["old"]\nFROM x\n', ""),
    ],
)
def test_the_command_of_an_image_is_its_last_one(text: str, command: str) -> None:
    """What a health check or an earlier stage runs does not start the program."""
    assert image_command(text) == command


def test_a_package_that_can_be_run_is_a_way_to_start(tmp_path: Path) -> None:
    """The folder `backend` has no file that is a server, but a package with `__main__`."""
    (tmp_path / "backend" / "api_of_ours").mkdir(parents=True)
    (tmp_path / "backend" / "api_of_ours" / "__main__.py").touch()
    assert [(one.side, one.cwd, one.command) for one in guessed_commands(tmp_path)] == [
        ("backend", "backend", "{python} -m api_of_ours")
    ]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("vite preview --bypass-lock", ("--", "--host", "{host}", "--port", "{port}")),
        ("next start", ("--", "--hostname", "{host}", "--port", "{port}")),
    ],
)
def test_the_server_of_a_script_is_told_its_port(tmp_path: Path, script: str, words: tuple[str, ...]) -> None:
    """A page server that is known has options for its address; they are tried before a variable."""
    (tmp_path / "package.json").write_text(f'{{"scripts": {{"preview": "{script}"}}}}', "utf-8")
    start = Start(command=("npm", "run", "preview"), cwd=tmp_path, env={})
    first = next(iter(port_variants(start, Sources(tmp_path))))
    assert first.command == ("npm", "run", "preview", *words)


def test_a_script_with_a_port_of_its_own_is_not_told_another(tmp_path: Path) -> None:
    """The second option of a name would be an error with many servers."""
    (tmp_path / "package.json").write_text('{"scripts": {"preview": "vite preview --port 1234"}}', "utf-8")
    start = Start(command=("npm", "run", "preview"), cwd=tmp_path, env={})
    assert all("{port}" not in one.command for one in port_variants(start, Sources(tmp_path)))


def test_a_switch_for_faults_is_told_from_a_setting() -> None:
    """A variable with an address, a limit or a key is never set to 1."""
    names = ["API_KEY", "TECHNO_DEMO_FAULTS", "DEMO_URL", "FAULT_RATE", "DEMO_KEY", "DATABASE_URL", "TEST_MODE"]
    assert switches(names) == ["TECHNO_DEMO_FAULTS", "TEST_MODE"]
