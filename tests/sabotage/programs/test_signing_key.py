"""The private key: only a process that starts nothing has it, and only what a run proves is signed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from technogate.deploy.evidence import signing_keys
from technogate.deploy.evidence.envelope import seal, unseal
from technogate.deploy.evidence.remote_signer import signer_of
from technogate.deploy.evidence.signing_keys import VARIABLE
from technogate.model.errors import UserError
from technogate.report.report_files import EVIDENCE
from tests.conftest import Sandbox
from tests.deploy.test_deploy_command import VALIDATE, house
from tests.sabotage.journal.test_edited_while_it_grows import SEALS_AGAIN

__all__ = ["house"]

#: Takes the signer of a run, and shows what the system tells others of the process's environment.
SHOWS = """
import os
from pathlib import Path
from technogate.deploy.evidence.remote_signer import signer_of
signer = signer_of("", os.environ)
print(Path(f"/proc/{os.getpid()}/environ").read_bytes())
print(signer.sign(b"x").signature)
signer.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of a process as a file")
@pytest.mark.sabotage("a program under test reads the signing key from the environment of the gate")
def test_the_key_is_wiped_from_the_environment_of_the_gate(tmp_path: Path) -> None:
    """Neither the variable nor the memory in which the process got it shows the key; it signs all the same."""
    private, _ = signing_keys.generate(tmp_path)
    pem = private.read_text("utf-8")
    ended = subprocess.run(
        [sys.executable, "-c", SHOWS], env={VARIABLE: pem, "PATH": ""}, capture_output=True, text=True, check=True
    )
    secret = pem.splitlines()[1]
    assert secret not in ended.stdout
    assert len(ended.stdout.splitlines()[1]) == 128


def test_a_remote_signature_is_that_of_the_key(tmp_path: Path) -> None:
    """What the other process signs is verified by the public key; a file that is no key has one clear line."""
    private, public = signing_keys.generate(tmp_path)
    for file, environment in ((str(private), {}), ("", {VARIABLE: private.read_text("utf-8")})):
        signer = signer_of(file, environment)
        assert signer is not None
        assert unseal(seal(b"{}", signer), signing_keys.public_key(public)) == b"{}"
        signer.close()
        with pytest.raises(OSError, match="has ended"):
            signer.sign(b"late")
    assert signer_of("", {}) is None
    with pytest.raises(UserError, match="no private key"):
        signer_of(str(public), {})


@pytest.mark.slow
@pytest.mark.sabotage("a journal that was edited and sealed again is signed in the job that has the key")
def test_only_a_journal_that_is_proven_is_signed(house: Sandbox) -> None:
    """`sign` signs what its run proves, or the digest that it is told, and nothing else."""
    evidence = house.reports / EVIDENCE
    key = ("--signing-key", "keys/technogate.key")
    assert house.run(*VALIDATE).returncode == 0
    contract = VALIDATE[VALIDATE.index("--contract") : VALIDATE.index("--contract") + 2]
    ended = house.run("sign", "reports", *key, *contract)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert evidence.exists()
    assert house.run("sign", "reports", *contract).returncode == 2
    script = house.home / "seals_again.py"
    script.write_text(SEALS_AGAIN, "utf-8")
    house.run_program([sys.executable, str(script), "reports/journal.jsonl"], {})
    ended = house.run("sign", "reports", *key, *contract)
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert not evidence.exists()
