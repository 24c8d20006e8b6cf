"""Verify evidence of technogate: one file that needs Python 3.11 and `cryptography`, no network and no technogate.

    python verify_evidence.py evidence.dsse.json [journal.jsonl] --key technogate.pub

It verifies the signature, the shape and the digests, and computes the verdict again: from the requirements in the
evidence, and with the journal from the results of its items. The outcome of a check over the whole run is taken from
the evidence; `technogate verify` computes these too. Exit codes: 0 VERIFIED, 1 NOT VERIFIED, 2 usage.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
SUBJECTS = ("backend", "console", "contract", "gate")
#: Worst first; and how an item ends, worst first, with its verdict.
VERDICTS = ("FAIL", "INCONCLUSIVE", "PASS")
OUTCOMES = {"failed": "FAIL", "errored": "INCONCLUSIVE", "skipped": "INCONCLUSIVE", "passed": "PASS"}
#: What may never be waived, and for how many days anything else.
NEVER_GROUPS, NEVER_FAMILIES, NEVER_IDS, MOST_DAYS = {"fail-closed"}, {"AUT"}, {"CON-01", "STK-07"}, 90
#: The most bytes of evidence, and seconds that a clock may be corrected by during a run.
MOST, CLOCK_S = 2 * 1024 * 1024, 2.0

_HEX = re.compile(r"[0-9a-f]{64}")


class Line(NamedTuple):
    """One line of the result: what was verified, whether it holds, and the proof or what is wrong."""

    title: str
    holds: bool
    text: str


class NotVerifiedError(Exception):
    """Something does not hold; the text is one line."""


def verify(evidence: Path, journal: Path | None, key: Path) -> list[Line]:
    """Verify the files with the public key in `key`; what cannot be read does not hold."""
    lines: list[Line] = []
    payload = _line(lines, "signature", lambda: _payload(evidence, key))
    statement = _line(lines, "shape", lambda: _statement(payload)) if payload is not None else None
    if statement is None:
        return lines
    _line(lines, "digests", lambda: _digests(statement))
    _line(lines, "verdict of the evidence", lambda: _own_verdict(statement))
    if journal is not None:
        events = _line(lines, "journal", lambda: _events(journal, statement))
        if events is not None:
            _line(lines, "verdict of the journal", lambda: _journal_verdict(events, statement))
    return lines


def report(lines: Iterable[Line]) -> str:
    """The result as text: a line for each, and the last word."""
    rows = list(lines)
    text = "".join(f" {'ok ' if row.holds else 'NOT'} {row.title:<24} {_plain(row.text)}\n" for row in rows)
    return text + (" VERIFIED\n" if rows and all(row.holds for row in rows) else " NOT VERIFIED\n")


def _line(lines: list[Line], title: str, prove: Callable[[], tuple[Any, str]]) -> Any:
    """Add a line; return what was proven, None when it does not hold."""
    try:
        value, text = prove()
    except NotVerifiedError as reason:
        lines.append(Line(title, False, str(reason)))
        return None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OSError, UnsupportedAlgorithm) as error:
        lines.append(Line(title, False, f"it has another shape: {type(error).__name__} {error}"))
        return None
    lines.append(Line(title, True, text))
    return value


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise NotVerifiedError(otherwise)


def _plain(text: str) -> str:
    """Text of a file for a terminal: one line, nothing that it would act on."""
    return "".join(char if char.isprintable() else "?" for char in text)[:500]


def _json(raw: bytes) -> Any:
    """JSON without a key twice in one object, and without NaN."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        _must(len(made) == len(pairs), "an object has a key twice")
        return made

    def refuse(word: str) -> None:
        raise NotVerifiedError(f"{word} is no number of JSON")

    return json.loads(raw.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)


def _payload(path: Path, key: Path) -> tuple[bytes, str]:
    """The payload of the DSSE envelope, its one signature verified."""
    with path.open("rb") as file:
        raw = file.read(MOST + 1)
    _must(len(raw) <= MOST, f"more than {MOST} bytes")
    envelope = _json(raw)
    _must(set(envelope) == {"payload", "payloadType", "signatures"}, "it is not a DSSE envelope")
    _must(envelope["payloadType"] == PAYLOAD_TYPE, f"the payload type is {envelope['payloadType']!r}")
    _must(len(envelope["signatures"]) == 1, "it has not exactly one signature")
    payload = base64.b64decode(envelope["payload"], validate=True)
    signature = base64.b64decode(envelope["signatures"][0]["sig"], validate=True)
    public = load_pem_public_key(key.read_bytes())
    if not isinstance(public, Ed25519PublicKey):
        raise NotVerifiedError(f"{key} is not an Ed25519 public key")
    head = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} "
    try:
        public.verify(signature, head.encode() + payload)
    except InvalidSignature:
        raise NotVerifiedError(f"it is not signed with {key}, or was changed afterwards") from None
    return payload, f"{path}, Ed25519, with {key}"


def _statement(payload: bytes) -> tuple[dict[str, Any], str]:
    """The in-toto statement, its shape checked."""
    statement: dict[str, Any] = _json(payload)
    _must(statement["_type"] == STATEMENT_TYPE, f"the type is {statement['_type']!r}")
    _must(statement["predicateType"] == PREDICATE_TYPE, f"the predicate is {statement['predicateType']!r}")
    _must(sorted(one["name"] for one in statement["subject"]) == sorted(SUBJECTS), "its subjects are others")
    run = statement["predicate"]["technogate"]
    _must(run["verdict"] in VERDICTS, f"the verdict is {run['verdict']!r}")
    _must(run["is_validation"] is True, "it was a check, not a validation")
    ids = [one["id"] for one in run["requirements"]]
    _must(bool(ids) and len(ids) == len(set(ids)), "it lists no requirement, or one twice")
    for one in run["requirements"]:
        known = {one["verdict"], one["effective_verdict"]} <= set(VERDICTS) and one["level"] in ("must", "should")
        _must(known and isinstance(one["checks"], int) and one["checks"] >= 0, f"{one['id']} has another shape")
        for item in one.get("run_wide", ()):
            own = item["item"] == f"every exchange::{one['id']}" and item["outcome"] in OUTCOMES
            _must(own and item["checks"] >= 0, f"{one['id']} has a check over the run of another shape")
    _must(run["started"] <= run["ended"], "it ended before it began")
    return statement, f"in-toto test result, run {run['run']}, {len(ids)} requirements"


def _subjects(statement: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}


def _digests(statement: dict[str, Any]) -> tuple[bool, str]:
    """The digests have their form, and the configuration agrees with the subjects and the run."""
    predicate, subjects = statement["predicate"], _subjects(statement)
    run = predicate["technogate"]
    for name, digest in (*subjects.items(), ("journal", run["journal_sha256"])):
        _must(_HEX.fullmatch(digest) is not None, f"the digest of the {name} is none")
    configuration = {one["name"]: one for one in predicate["configuration"]}
    _must(configuration["contract"]["digest"] == {"sha256": subjects["contract"]}, "two contracts are named")
    for name in ("profile", "seed"):
        content = base64.b64decode(configuration[name]["content"], validate=True).decode()
        _must(content == str(run[name]), f"two values of {name} are named")
    return True, ", ".join(f"{name} sha256:{digest}" for name, digest in sorted(subjects.items()))


def _roll_up(verdicts: Iterable[str]) -> str:
    """The worst; INCONCLUSIVE for none."""
    present = set(verdicts)
    return next((verdict for verdict in VERDICTS if verdict in present), "INCONCLUSIVE")


def _own_verdict(statement: dict[str, Any]) -> tuple[bool, str]:
    """The verdict, the result and the lists of in-toto follow from the requirements that the evidence names."""
    predicate = statement["predicate"]
    run = predicate["technogate"]
    rows = run["requirements"]
    for one in rows:
        waived = one["effective_verdict"] != one["verdict"]
        _must(not waived or one["verdict"] == "FAIL", f"{one['id']} is {one['verdict']} and weighs less")
        _must(not waived or one["id"] in _used(run), f"{one['id']} failed, weighs less, and no waiver covers it")
    computed = _roll_up(one["effective_verdict"] for one in rows if one["level"] == "must")
    _must(_not_better(run["verdict"], computed), f"it says {run['verdict']}, its requirements come to {computed}")
    passed = [one["id"] for one in rows if one["verdict"] == "PASS"]
    failed = [one["id"] for one in rows if one["level"] == "must" and one["effective_verdict"] != "PASS"]
    warned = [one["id"] for one in rows if one["id"] not in passed and one["id"] not in failed]
    lists = (predicate["passedTests"], predicate["failedTests"], predicate["warnedTests"])
    _must(lists == (passed, failed, warned), "its lists of tests differ from its requirements")
    result = ("WARNED" if warned else "PASSED") if run["verdict"] == "PASS" else "FAILED"
    _must(predicate["result"] == result, f"the result of in-toto is {predicate['result']!r}, not {result}")
    return True, f"{run['verdict']}: {len(passed)} passed, {len(failed)} failed, {len(warned)} warned"


def _not_better(stated: str, computed: str) -> bool:
    """Whether a verdict does not promise more than was computed: FAIL and INCONCLUSIVE promise nothing."""
    return stated != "PASS" or computed == "PASS"


def _used(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The waivers that cover a failure, by requirement."""
    return {one["waiver"]["requirement"]: _whole(one["waiver"]) for one in run["waivers"] if one["state"] == "used"}


def _events(path: Path, statement: dict[str, Any]) -> tuple[dict[str, list[dict[str, Any]]], str]:
    """The events of the journal by kind; the journal is the very one that the evidence names."""
    run = statement["predicate"]["technogate"]
    raw = path.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    _must(digest == run["journal_sha256"], f"{path} is sha256 {digest[:16]}…, not {run['journal_sha256'][:16]}…")
    events: dict[str, list[dict[str, Any]]] = {}
    for text in raw.split(b"\n")[:-1]:
        event = json.loads(text)["event"]
        events.setdefault(event["event"], []).append(event)
    [header] = events["header"]
    images = {side: image["digest"] for side, image in header["target"]["images"].items()}
    subjects = _subjects(statement)
    pairs = {
        "run": (header["run"], run["run"]),
        "seed": (header["seed"], run["seed"]),
        "profile": (header["profile"], run["profile"]),
        "start": (header["started"], run["started"]),
        "contract": (header["contract"]["digest"], subjects["contract"]),
        "gate": (header["gate_digest"], subjects["gate"]),
        "console": (images["console"], f"sha256:{subjects['console']}"),
        "backend": (images["backend"], f"sha256:{subjects['backend']}"),
    }
    different = [name for name, (theirs, ours) in pairs.items() if theirs != ours]
    _must(not different, f"the journal names another {', '.join(different)}")
    _must(header["mode"] == "validate", "the journal is of a check, not of a validation")
    return events, f"{path}, sha256 {digest}, {len(raw)} bytes"


def _journal_verdict(events: dict[str, list[dict[str, Any]]], statement: dict[str, Any]) -> tuple[bool, str]:
    """Each requirement and the verdict, computed again from the results of the items."""
    run = statement["predicate"]["technogate"]
    [header] = events["header"]
    known = {one["id"]: one for one in header["requirements"] if _in_scope(one, header["target"])}
    stated = {one["id"]: one for one in run["requirements"]}
    _must(set(known) == set(stated), f"the requirements in scope differ: {sorted(set(known) ^ set(stated))[:4]}")
    kept = [one["isolation"] == "isolated" for one in events.get("isolation", ())]
    _must(run["isolation"] != "isolated" or (bool(kept) and all(kept)), "the journal does not say that it was isolated")
    items = _items(events)
    effective: list[str] = []
    for name, one in stated.items():
        same = all(one[field] == known[name][field] for field in ("party", "level", "group"))
        _must(same, f"{name} has another party, level or group in the journal")
        outcomes = [*items.get(name, ()), *((item["outcome"], item["checks"]) for item in one.get("run_wide", ()))]
        verdict, checks = _requirement(name, outcomes, events)
        _must(verdict == one["verdict"], f"{name} is {one['verdict']} in the evidence, and {verdict} by its items")
        _must(checks == one["checks"], f"{name} made {checks} checks, not {one['checks']}")
        if one["level"] == "must":
            undecided = any(outcome in ("errored", "skipped", "") for outcome, _ in outcomes)
            covered = verdict == "FAIL" and _covered(name, known[name], run, header)
            effective.append(("INCONCLUSIVE" if undecided else "PASS") if covered else verdict)
    computed = _roll_up(effective)
    if problem := _unsound(events):
        computed = "INCONCLUSIVE" if computed == "PASS" else computed
        _must(run["verdict"] != "PASS", f"it says PASS, but the run proves nothing: {problem}")
    _must(_not_better(run["verdict"], computed), f"it says {run['verdict']}, the journal comes to {computed}")
    return True, f"{computed} from {sum(map(len, items.values()))} items; the evidence says {run['verdict']}"


def _in_scope(requirement: dict[str, Any], target: dict[str, Any]) -> bool:
    """Whether a pair of images is held to a requirement."""
    sides = {"backend", "console"} if requirement["party"] == "pair" else {requirement["party"]}
    page = requirement.get("needs") != "page" or target.get("page", True)
    return sides <= set(target["parties"]) and page


def _items(events: dict[str, list[dict[str, Any]]]) -> dict[str, list[tuple[str, int]]]:
    """The outcome and the checks of each planned item, by requirement; "" for one that never reported."""
    worst: dict[str, tuple[str, int]] = {}
    order = list(OUTCOMES)
    found = {finding.get("item", "") for finding in events.get("finding", ())}
    for result in events.get("result", ()):
        known = worst.get(result["item"])
        if known is None or order.index(result["outcome"]) < order.index(known[0]):
            worst[result["item"]] = (result["outcome"], result["checks"])
    for item, (outcome, checks) in worst.items():
        if outcome == "passed" and (checks < 1 or item in found):
            worst[item] = ("errored", checks)
    planned = {item["item"]: item["requirement"] for plan in events.get("plan", ()) for item in plan["items"]}
    by_requirement: dict[str, list[tuple[str, int]]] = {}
    for item, requirement in planned.items():
        by_requirement.setdefault(requirement, []).append(worst.get(item, ("", 0)))
    return by_requirement


def _requirement(name: str, outcomes: list[tuple[str, int]], events: dict[str, Any]) -> tuple[str, int]:
    """The verdict of a requirement and its checks."""
    verdict = _roll_up(OUTCOMES.get(outcome, "INCONCLUSIVE") for outcome, _ in outcomes)
    if any(finding.get("requirement") == name for finding in events.get("finding", ())):
        verdict = "FAIL"
    return verdict, sum(checks for _, checks in outcomes)


def _covered(name: str, requirement: dict[str, Any], run: dict[str, Any], header: dict[str, Any]) -> bool:
    """Whether a waiver that was handed in covers the failure, and may."""
    waiver = _used(run).get(name)
    never = requirement["group"] in NEVER_GROUPS or name.partition("-")[0] in NEVER_FAMILIES or name in NEVER_IDS
    if waiver is None or never or waiver not in [_whole(one) for one in header.get("waivers", ())]:
        return False
    day = date.fromisoformat(waiver["expires"])
    last = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC).timestamp()
    latest = float(run["started"]) + (MOST_DAYS + 1) * 86_400
    return bool(max(run["started"], run["ended"]) <= last + 1 <= latest + 1)


def _whole(waiver: dict[str, Any]) -> dict[str, Any]:
    """A waiver with what is left out where it is empty."""
    return {"image": "", "place": "", **waiver}


def _unsound(events: dict[str, list[dict[str, Any]]]) -> str:
    """Why a run proves nothing whatever its items say, "" when that is not so."""
    proofs = [proof for test in events.get("self_test", ()) for proof in test["proofs"]]
    footer = events.get("footer", [{}])[-1]
    header = events["header"][0]
    reasons = {
        "it was aborted": bool(events.get("abort")),
        "it did not finish": footer.get("end") != "finished",
        "no self-test ran": not proofs,
        "its self-test failed": any(proof.get("problem") for proof in proofs),
        "the clock was set during it": abs(footer.get("moved", 0.0)) > CLOCK_S
        or footer.get("ended", 0.0) < header["started"],
        "a container did not run as its image says": _of_another_program(events, header),
        "nothing was planned": not any(plan["items"] for plan in events.get("plan", ())),
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _of_another_program(events: dict[str, list[dict[str, Any]]], header: dict[str, Any]) -> bool:
    """Whether the container of a side is not known, or did not run just what its image says."""
    containers = events.get("container", ())
    judged = [one for one in containers if one["side"]]
    other = [
        one
        for one in judged
        if one["runs"] != one["named"]
        or one["named"]["image"] != header["target"]["images"][one["side"]]["digest"]
        or one.get("settings")
        or not all(mount["admitted"] for mount in one.get("mounts", ()))
    ]
    joined = [one for one in containers if not one["side"] and one.get("joins")]
    sides = set(header["target"]["images"]) if header["target"]["kind"] == "compose" else set()
    return bool(other or joined) or not sides <= {one["side"] for one in judged}


def main(arguments: list[str]) -> int:
    """The command line of the single file."""
    parser = argparse.ArgumentParser(description="Verify evidence of technogate.")
    parser.add_argument("evidence", type=Path)
    parser.add_argument("journal", type=Path, nargs="?")
    parser.add_argument("--key", type=Path, required=True, help="public key, PEM")
    given = parser.parse_args(arguments)
    lines = verify(given.evidence, given.journal, given.key)
    sys.stdout.write(report(lines))
    return 0 if lines and all(line.holds for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
