"""Where a policy comes from: a file that the deployer signed, or the protected branch of a remote.

Nothing is taken from what happens to lie in a folder: a pull request can change that.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from technogate.deploy.evidence import envelope
from technogate.deploy.evidence.envelope import EvidenceError
from technogate.deploy.evidence.signing_keys import public_key
from technogate.deploy.policy import DeployPolicy, PolicyFile, deploy_policy, parse_policy
from technogate.judging.waiver_file import parse_waivers
from technogate.model.errors import UserError
from technogate.model.events import Waiver
from technogate.util.phrases import one_line, utc_time
from technogate.util.plain_file import UnreadableError, read_at_most

NAME = "deploy-policy.toml"

#: What is added to the name of a policy for that of its signature, and the type of what is signed.
SIGNATURE = ".dsse.json"
PAYLOAD_TYPE = "application/vnd.technogate.deploy-policy+toml"

#: Where git is looked for: no variable of the environment names it.
GIT = (Path("/usr/bin/git"), Path("/usr/local/bin/git"), Path("/opt/homebrew/bin/git"), Path("/bin/git"))
_GIT_S = 30.0
#: The most bytes of a policy and of a file of waivers.
_MOST = 1024 * 1024

_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_./-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_COMMITTER = re.compile(rb"^committer .* ([0-9]{1,12}) [+-][0-9]{4}$", re.MULTILINE)

#: The latest time that a source proves, and what proves it.
TimeFact = tuple[float, str]


def signed_policy(path: Path, key: Path, now: float) -> tuple[DeployPolicy, tuple[TimeFact, ...]]:
    """The policy in `path`, which the private key of the public one in `key` signed.

    Raises UserError, one line, for a policy that is missing, wrong, or not signed as it is.
    """
    raw, signature = _file(path), Path(f"{path}{SIGNATURE}")
    signer = public_key(key, "--policy-key")
    try:
        signed = envelope.unseal(envelope.read(signature), signer, PAYLOAD_TYPE)
    except EvidenceError as error:
        raise UserError(f"{signature}: no signature of the policy: {error}; see `technogate policy sign`") from error
    if signed != raw:
        raise UserError(f"{path} was changed after it was signed; sign it again with `technogate policy sign`")
    source = f"{path}, signed by the key {signer.keyid[:16]}…"

    def beside(name: str, digest: str) -> bytes:
        if not digest:
            raise UserError(f"{path}: the key waivers.sha256 is missing: a signature must cover the waivers too")
        return _file(path.parent / name)

    return _policy(raw, str(path), source, beside, now), ()


def branch_policy(ref: str, path: str, folder: Path, now: float) -> tuple[DeployPolicy, tuple[TimeFact, ...]]:
    """The policy at `path` of the branch of a remote (`origin/main`) or of a commit, in the repository of `folder`.

    Raises UserError, one line, for a reference that anyone can set, and for a policy that is missing or wrong.
    """
    commit = _commit(ref, folder)
    header = _git(folder, "cat-file", "commit", commit).partition(b"\n\n")[0]
    times = _COMMITTER.findall(header)
    if len(times) != 1:
        raise UserError(f"the commit {commit[:16]} of {ref} has no time; fetch {ref} again")
    name = _within(path)
    source = f"{name} at {ref}, commit {commit[:16]} of {utc_time(float(times[0]))}"

    def beside(other: str, _digest: str) -> bytes:
        return _git(folder, "cat-file", "blob", f"{commit}:{_within(str(PurePosixPath(name).parent / other))}")

    raw = _git(folder, "cat-file", "blob", f"{commit}:{name}")
    fact = (float(times[0]), f"the commit {commit[:16]} of the policy")
    return _policy(raw, f"{ref}:{name}", source, beside, now), (fact,)


def _policy(raw: bytes, name: str, source: str, beside: Callable[[str, str], bytes], now: float) -> DeployPolicy:
    """The policy in `raw`, with the waivers of the file that it names."""
    file = parse_policy(raw, name)
    return deploy_policy(file, name, source, _waivers(file, name, beside, now))


def _waivers(file: PolicyFile, name: str, beside: Callable[[str, str], bytes], now: float) -> tuple[Waiver, ...]:
    """The waivers in the file that a policy names."""
    if file.waivers is None:
        return ()
    raw = beside(file.waivers.file, file.waivers.sha256)
    if file.waivers.sha256 and hashlib.sha256(raw).hexdigest() != file.waivers.sha256:
        raise UserError(f"{name}: {file.waivers.file} is not the file of waivers.sha256; review it, and sign again")
    return parse_waivers(raw, file.waivers.file, now)


def _file(path: Path) -> bytes:
    """The bytes of a file."""
    try:
        raw = read_at_most(path, _MOST)
    except UnreadableError as error:
        raise UserError(f"{error}; correct --policy") from error
    if len(raw) > _MOST:
        raise UserError(f"{path} has more than {_MOST} bytes; correct --policy")
    return raw


def _within(path: str) -> str:
    """A path within a repository; raises UserError for one that leads out of it."""
    parts = PurePosixPath(path).parts
    if not parts or parts[0] == "/" or ".." in parts or ":" in path:
        raise UserError(f"{path!r} is no path within the repository; name one such as {NAME}")
    return "/".join(part for part in parts if part != ".")


def _commit(ref: str, folder: Path) -> str:
    """The commit behind a reference that only the remote moves."""
    if _COMMIT.fullmatch(ref):
        name = ref
    elif _BRANCH.fullmatch(ref) and ".." not in ref:
        name = f"refs/remotes/{ref}"
    else:
        raise UserError(f"--policy-ref {ref!r} is neither a branch of a remote, such as origin/main, nor a commit")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip().decode()
    if not _COMMIT.fullmatch(commit):
        raise UserError(f"--policy-ref {ref}: git names no commit; fetch the branch first")
    return commit


def _git(folder: Path, *words: str) -> bytes:
    """The output of git; raises UserError when it fails."""
    program = next((path for path in GIT if path.is_file()), None)
    if program is None:
        raise UserError("git is not installed, so --policy-ref cannot be read; use a signed policy with --policy-key")
    # Neither the user's settings, replaced objects nor a promise to fetch later decide what the branch holds.
    environment = {
        "PATH": "/usr/bin:/bin", "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0",
    }  # fmt: skip
    line = [str(program), "-c", "safe.directory=*", "-C", str(folder), *words]
    try:
        done = subprocess.run(
            line, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=_GIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"git cannot be run: {error}; use a signed policy with --policy-key") from error
    if done.returncode != 0:
        why = one_line(done.stderr.decode("utf-8", "replace"), 200) or "there is no such branch or commit"
        raise UserError(f"git {words[0]} {words[-1]}: {why}; fetch the branch first, or correct --policy-ref")
    if len(done.stdout) > _MOST:
        raise UserError(f"{words[-1]} has more than {_MOST} bytes; correct --policy")
    return done.stdout
