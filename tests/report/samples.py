"""Journals and verdicts made by hand: passing, failing, inconclusive, with waivers, and hostile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from technogate.checks.latency import latency
from technogate.journal.journal_file import Journal
from technogate.judging.causes.group import causes_of
from technogate.judging.curl import curl_for
from technogate.judging.verdict_scope import scope_of
from technogate.model.contract_words import spoken
from technogate.model.events import (
    Body,
    ContractRef,
    Exchange,
    Finding,
    Footer,
    Header,
    ItemResult,
    Outcome,
    Plan,
    PlannedItem,
    PrintedLines,
    RenderedOutput,
    Request,
    Response,
    RunWarning,
    TargetRef,
    Waiver,
)
from technogate.model.requirement import Level, Party, Requirement
from technogate.model.verdict import (
    EXIT_CODES,
    Counts,
    GroupResult,
    ItemCounts,
    JournalRef,
    Latency,
    RequirementResult,
    Sample,
    Verdict,
    VerdictDocument,
    WaiverResult,
    WaiverState,
    roll_up,
)

STARTED = 1_750_000_000.0
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

GROUPS = {
    "execute": "Execute, the happy path",
    "audit": "Audit, the happy path",
    "memory": "Memory, the happy path",
    "errors-4xx": "Errors 4xx",
    "errors-5xx": "Errors 5xx",
    "timeout": "Timeouts",
    "fail-closed": "Fail closed",
    "audit-trail": "Audit trail",
    "stack": "The stack",
    "contract": "The contract",
}
DECISIONS = {
    "D4": "a missing or empty key is 401, a wrong key is 403",
    "D9": "an invalid body is 400, never 422",
}

B, C, P = Party.BACKEND, Party.CONSOLE, Party.PAIR
REQUIREMENTS = (
    ("ENV-01", B, "execute", "An execute answer of 200 is a valid ExecuteResponse.", ()),
    ("EXE-01", B, "execute", "A known command is executed: 200 and the status it deserves.", ()),
    ("CON-02", C, "execute", "A conforming APPROVED answer is shown as APPROVED with its trace id.", ()),
    ("AUD-01", B, "audit", "A 200 is an array of valid AuditItems, or a BlockedEnvelope.", ()),
    ("MEM-01", B, "memory", "After an executed command the snapshot is of that command.", ()),
    ("AUT-01", B, "errors-4xx", "No key or an empty key is answered by 401 on each of the four endpoints.", ("D4",)),
    ("AUT-02", B, "errors-4xx", "A wrong key is answered by 403 on each of the four, also a near miss.", ("D4",)),
    ("EXE-02", B, "errors-4xx", "A command that breaks the pattern or the length is answered by 400.", ("D9",)),
    ("ERR-02", B, "errors-5xx", "Every 5xx is a valid ErrorResponse.", ()),
    ("ERR-05", B, "errors-5xx", "A failing executor gives 500 or 200 BLOCKED, never APPROVED.", ()),
    ("TMO-01", B, "timeout", "Every answer is complete within 15 s, also when the executor hangs.", ()),
    ("TMO-02", B, "timeout", "The p99 lies within 1 s for execute and 2 s for audit.", ()),
    ("CON-03", C, "fail-closed", "An unknown status is shown as BLOCKED.", ()),
    ("CON-14", C, "fail-closed", "A redirect is not followed into an approval.", ()),
    ("TRL-01", B, "audit-trail", "Each execute request that got an answer has exactly one trail entry.", ()),
    ("TRL-07", B, "audit-trail", "A backend killed under load still has the entry of every answered request.", ()),
    ("STK-01", P, "stack", "Both images start and are healthy within 60 s.", ()),
    ("STK-08", P, "stack", "Both run as a non-root user and define a health check.", ()),
    ("CTR-01", B, "contract", "The OpenAPI document is valid.", ()),
)
SHOULD = {"TMO-02", "STK-08"}


REFERENCE = TargetRef(
    name="reference pair",
    kind="embedded",
    parties=("backend", "console"),
    started_by_gate=True,
    faults=True,
    addresses={"backend": "http://127.0.0.1:39211", "console": "http://127.0.0.1:39212"},
)


@dataclass(kw_only=True)
class Builder:
    """Builds a journal and its verdict document, with counts that agree."""

    target: TargetRef = REFERENCE
    mode: str = "validate"
    outcomes: dict[str, list[tuple[Outcome | None, str, str]]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    rendered_outputs: list[RenderedOutput] = field(default_factory=list)
    printed: list[PrintedLines] = field(default_factory=list)
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    runtimes: tuple[str, ...] = ()
    latency: tuple[Latency, ...] = ()
    waivers: tuple[WaiverResult, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)
    torn: str = ""
    curls: dict[int, str] = field(default_factory=dict)
    decisions: dict[str, str] = field(default_factory=lambda: dict(DECISIONS))
    titles: dict[str, str] = field(default_factory=lambda: dict(GROUPS))
    path: Path = Path("journal.jsonl")

    def items_of(self, requirement_id: str) -> list[tuple[Outcome | None, str, str]]:
        """The items of a requirement: two that passed, by default."""
        return self.outcomes.get(requirement_id, [(Outcome.PASSED, "", "")] * 2)

    @staticmethod
    def item(requirement_id: str, number: int) -> str:
        """The name of an item."""
        part = requirement_id.lower().replace("-", "_")
        return f"suites/backend/test_{part}.py::test_{part}[case-{number}]"

    def build(self) -> tuple[Journal, VerdictDocument]:
        """The journal and its document."""
        samples = tuple(self._sample(number, finding) for number, finding in enumerate(self.findings, 1))
        results = tuple(self._requirement(*row, samples=samples) for row in REQUIREMENTS)
        must = [result for result in results if result.level is Level.MUST]
        verdict = roll_up(result.effective_verdict for result in (must if self.mode == "validate" else results))
        if any(state.problem for state in self.waivers):
            verdict = Verdict.FAIL
        if verdict is Verdict.PASS and self.torn:
            verdict = Verdict.INCONCLUSIVE
        journal = self._journal(results)
        outcomes = Counter(item.outcome for result in results for item in result.items)
        document = VerdictDocument(
            schema=1,
            verdict=verdict,
            exit_code=int(EXIT_CODES[verdict]),
            is_validation=self.mode == "validate",
            scope=scope_of(journal.header),
            reasons=self.reasons,
            run=journal.header.run,
            gate_version="1.4.0",
            contract=journal.header.contract,
            target=self.target,
            profile="standard",
            seed=20250615,
            selection=journal.header.selection,
            started=STARTED,
            ended=STARTED + 143.2,
            counts=self._counts(results),
            must=self._counts(must),
            items=ItemCounts(
                passed=outcomes[Outcome.PASSED],
                failed=outcomes[Outcome.FAILED],
                errored=outcomes[Outcome.ERRORED],
                skipped=outcomes[Outcome.SKIPPED],
                unfinished=sum(1 for row in REQUIREMENTS for item in self.items_of(row[0]) if item[0] is None),
            ),
            groups=tuple(
                GroupResult(
                    group=group,
                    title=title,
                    verdict=roll_up(r.effective_verdict for r in must if r.group == group),
                    counts=self._counts([r for r in results if r.group == group]),
                )
                for group, title in self.titles.items()
            ),
            requirements=results,
            causes=causes_of(journal, samples, {row.id: row for row in journal.header.requirements}),
            findings=samples,
            waivers=self.waivers,
            warnings=self.warnings,
            runtimes=self.runtimes,
            isolation="isolated",
            latency=self.latency,
            journal=JournalRef(
                file=self.path.name, sha256=DIGEST, torn=self.torn, unproven="", exchanges=len(journal.exchanges)
            ),
        )
        return journal, document

    def _sample(self, number: int, finding: Finding) -> Sample:
        row = next(row for row in REQUIREMENTS if row[0] == finding.requirement)
        used = [e for e in self.exchanges if e.id in finding.exchanges and e.responded_by == "backend"]
        return Sample(
            number=number,
            finding=finding,
            party=row[1],
            decisions=row[4],
            curl=self.curls.get(number, curl_for(used[-1]) if used else ""),
            recheck_command=f"technogate check {finding.requirement} --seed 20250615",
            replay=f"technogate replay run-{number}",
        )

    def _requirement(
        self,
        identity: str,
        party: Party,
        group: str,
        text: str,
        decisions: tuple[str, ...],
        *,
        samples: Sequence[Sample],
    ) -> RequirementResult:
        items = tuple(
            ItemResult(
                item=self.item(identity, number),
                requirement=identity,
                outcome=outcome,
                checks=0 if outcome is Outcome.SKIPPED else 7,
                seconds=0.25,
                reason=reason,
                hint=hint,
            )
            for number, (outcome, reason, hint) in enumerate(self.items_of(identity))
            if outcome is not None
        )
        waived = {one.waiver.requirement for one in self.waivers if one.state is WaiverState.USED}
        mine = tuple(sample.number for sample in samples if sample.finding.requirement == identity)
        bad = [row for row in self.items_of(identity) if row[0] is not Outcome.PASSED]
        verdict = Verdict.FAIL if mine else Verdict.INCONCLUSIVE if bad or not items else Verdict.PASS
        reason, hint = (bad[0][1], bad[0][2]) if bad else ("", "")
        if mine:
            reason, hint = samples[mine[0] - 1].finding.observed, ""
        return RequirementResult(
            id=identity,
            party=party,
            level=Level.SHOULD if identity in SHOULD else Level.MUST,
            group=group,
            text=self.texts.get(identity, text),
            decisions=decisions,
            verdict=verdict,
            effective_verdict=Verdict.PASS if identity in waived and mine else verdict,
            reason=reason,
            hint=hint,
            items=items,
            checks=sum(item.checks for item in items),
            findings=mine,
        )

    def _journal(self, results: Sequence[RequirementResult]) -> Journal:
        requirements = tuple(
            Requirement(
                id=row[0],
                party=row[1],
                level=Level.SHOULD if row[0] in SHOULD else Level.MUST,
                group=row[2],
                text=self.texts.get(row[0], row[3]),
                decisions=row[4],
            )
            for row in REQUIREMENTS
        )
        planned = tuple(
            PlannedItem(item=self.item(row[0], number), requirement=row[0], subject="subject")
            for row in REQUIREMENTS
            for number in range(len(self.items_of(row[0])))
        )
        header = Header(
            format=1,
            run="20250615-150640-7c41",
            gate_version="1.4.0",
            contract=ContractRef(
                id="console-v0.1",
                title="The Techno OS console contract",
                version="0.1",
                digest=f"sha256:{DIGEST}",
                shipped=True,
            ),
            requirements=requirements,
            target=self.target,
            mode="check" if self.mode == "check" else "validate",
            profile="standard",
            seed=20250615,
            started=STARTED,
            selection=tuple(row[0] for row in REQUIREMENTS[:2]) if self.mode == "check" else (),
            versions={"python": "3.11.9", "chromium": "126.0"},
            decisions=self.decisions,
            groups=self.titles,
            trace_header=spoken().trace_header,
            blocked=spoken().blocked,
            words=spoken(),
        )
        return Journal(
            path=self.path,
            sha256=DIGEST,
            header=header,
            footer=Footer(end="finished", lines=99, sha256=DIGEST, ended=STARTED + 143.2),
            torn=self.torn,
            unproven="",
            plans=[Plan(items=planned)],
            exchanges=self.exchanges,
            rendered_outputs=self.rendered_outputs,
            findings=self.findings,
            printed=self.printed,
            results=[item for result in results for item in result.items],
            warnings=[RunWarning(text=note) for note in self.warnings],
        )

    @staticmethod
    def _counts(results: Sequence[RequirementResult]) -> Counts:
        counted = Counter(result.verdict for result in results)
        return Counts(
            passed=counted[Verdict.PASS], failed=counted[Verdict.FAIL], inconclusive=counted[Verdict.INCONCLUSIVE]
        )


def took(operation: str, limit_s: float | None, *seconds: float) -> Latency:
    """The latency of an operation with these response times."""
    return latency(operation, sorted(seconds), limit_s)


def lasting(number: int, fastest: float, slowest: float) -> list[float]:
    """So many times in seconds, spread evenly over a logarithmic scale between the two."""
    return [fastest * (slowest / fastest) ** (place / (number - 1)) for place in range(number)]


JSON = ("Content-Type", "application/json")
ENTRY = '{{"status":"{0}","ts_utc":"2025-06-15T15:06:41Z","trace_id":"t-77f0","reason_codes":[],"message":"{1}"}}'


def exchange(identity: str, requirement_id: str, status: int, body: str, **fields: object) -> Exchange:
    """An exchange of `POST /api/execute` with the backend, as a driver records it."""
    values: dict[str, object] = {
        "id": identity,
        "item": Builder.item(requirement_id, 0),
        "responded_by": "backend",
        "operation": "executeCommand",
        "request": Request(
            method="POST",
            path="/api/execute",
            headers=(
                ("Host", "127.0.0.1:39211"),
                ("X-API-Key", "${TECHNOGATE_API_KEY%?}"),
                JSON,
                ("Content-Length", "20"),
            ),
            body=Body.of(b'{"command":"DEPLOY"}'),
        ),
        "key": "${TECHNOGATE_API_KEY%?}",
        "response": Response(
            status=status,
            headers=(("date", "Sun, 15 Jun 2025 15:06:41 GMT"), JSON, ("x-trace-id", "t-77f0")),
            body=Body.of(body.encode("utf-8", "surrogatepass")),
        ),
        "base_url": "http://127.0.0.1:39211",
        "started": STARTED + 3,
        "ended": STARTED + 3.0124,
    }
    return Exchange(**(values | fields))  # type: ignore[arg-type]


def passing() -> tuple[Journal, VerdictDocument]:
    """Every MUST passed, one SHOULD was skipped; each operation was fast, one took no measurable time."""
    builder = Builder(
        exchanges=[exchange("x-0001", "ENV-01", 200, ENTRY.format("APPROVED", "done"))],
        latency=(
            took("executeCommand", 1.0, *lasting(2400, 0.0008, 0.019), 0.06, 0.9),
            took("fetchAuditLog", 2.0, *lasting(900, 0.0011, 0.04), 0.41),
            took("fetchDiagnosticMetrics", 2.0, *lasting(800, 0.001, 0.038)),
            took("fetchMemory", 0.5, *[0.0] * 400),
        ),
    )
    builder.outcomes["STK-08"] = [(Outcome.SKIPPED, "the target runs no containers", "validate with --target compose")]
    return builder.build()


def failing() -> tuple[Journal, VerdictDocument]:
    """Findings of all three parties, a SHOULD among them, and a few requirements without a result."""
    builder = Builder(
        reasons=(
            "4 MUST requirements failed: AUT-02, EXE-02, CON-03, STK-01",
            "2 MUST requirements not exercised: ERR-05, TRL-07",
        ),
        warnings=("the backend asked for a slower pace; the run took 12 s longer",),
        runtimes=("Chromium 156.0.8078.108", "Node 24.19.0"),
        latency=(
            took("executeCommand", 1.0, *lasting(390, 0.0011, 0.21), *[1.34] * 9, 14.2),
            took("fetchAuditLog", 2.0, *lasting(120, 0.002, 0.9), 1.1),
            took("fetchDiagnosticMetrics", 2.0, *lasting(12, 0.0023, 4.1)),
            took("fetchMemory", None, *lasting(60, 0.0004, 31.0)),
        ),
        exchanges=[
            exchange("x-0311", "AUT-02", 200, ENTRY.format("APPROVED", "done")),
            exchange("x-0412", "EXE-02", 422, '{"detail":[{"loc":["body","command"],"msg":"invalid"}]}'),
            exchange(
                "x-0977",
                "CON-03",
                200,
                ENTRY.format("approved", "done"),
                responded_by="mock",
                under_fault="unknown status",
                key="$TECHNOGATE_API_KEY",
            ),
        ],
        rendered_outputs=[
            RenderedOutput(
                id="v-0044",
                item=Builder.item("CON-03", 0),
                call="executeCommand",
                driver="browser",
                fields={"status": "approved", "trace": "t-77f0"},
                exchanges=("x-0977",),
            )
        ],
    )
    failed = [(Outcome.FAILED, "", ""), (Outcome.PASSED, "", "")]
    for requirement in ("AUT-02", "EXE-02", "CON-03", "STK-01", "TMO-02"):
        builder.outcomes[requirement] = list(failed)
    builder.outcomes["ERR-05"] = [(Outcome.SKIPPED, "the target takes no faults", "validate with --target embedded")]
    builder.outcomes["TRL-07"] = [(Outcome.ERRORED, "the trail could not be read: no such table", ""), (None, "", "")]
    builder.findings = [
        Finding(
            check="status",
            requirement="AUT-02",
            item=Builder.item("AUT-02", 0),
            operation="executeCommand",
            expected="403, because the key is wrong by its last character",
            observed="200 with status APPROVED: the command was executed",
            example={"key": "${TECHNOGATE_API_KEY%?}", "command": "DEPLOY"},
            exchanges=("x-0311",),
            trace_id="t-77f0",
        ),
        Finding(
            check="status",
            requirement="EXE-02",
            item=Builder.item("EXE-02", 0),
            operation="executeCommand",
            expected="400 with reason code VALIDATION_FAILED",
            observed="422, and the body is no ErrorResponse",
            example={"command": "A"},
            exchanges=("x-0412", "x-9999"),
            trace_id="t-77f0",
        ),
        Finding(
            check="shown",
            requirement="CON-03",
            item=Builder.item("CON-03", 0),
            operation="executeCommand",
            expected="BLOCKED, because `approved` is not one of the five",
            observed="the page shows approved",
            example={"status": "approved"},
            exchanges=("x-0977",),
            rendered_outputs=("v-0044",),
        ),
        Finding(
            check="ready",
            requirement="STK-01",
            item=Builder.item("STK-01", 0),
            expected="healthy within 60 s",
            observed="the console was still starting after 60 s",
        ),
        Finding(
            check="latency",
            requirement="TMO-02",
            item=Builder.item("TMO-02", 0),
            operation="executeCommand",
            expected="p99 within 1 s",
            observed="p99 was 1.34 s over 400 requests",
        ),
    ]
    return builder.build()


def grouped() -> tuple[Journal, VerdictDocument]:
    """Causes that explain several findings, of two requirements, one of them with what the program printed."""
    refused = exchange("x-0001", "EXE-02", 422, '{"detail":[]}', defects=("command",))
    accepted = exchange("x-0002", "AUT-02", 200, ENTRY.format("APPROVED", "done"), defects=("wrong key",))
    builder = Builder(
        reasons=("3 MUST requirements failed: AUT-02, EXE-02, ERR-02",),
        exchanges=[refused, accepted],
        printed=[
            PrintedLines(program="backend", item=Builder.item(requirement, number), text="WARN t-77f0: refused\nother")
            for requirement in ("EXE-02", "ERR-02")
            for number in range(2)
        ],
    )
    for requirement in ("AUT-02", "EXE-02", "ERR-02"):
        builder.outcomes[requirement] = [(Outcome.FAILED, "", ""), (Outcome.FAILED, "", "")]
    for requirement, code, sent in (
        *(("AUT-02", 403, accepted) for _ in range(4)),
        *(("EXE-02", 400, refused) for _ in range(70)),
        ("ERR-02", 400, refused),
    ):
        number = len(builder.findings)
        builder.findings.append(
            Finding(
                check="status",
                requirement=requirement,
                item=Builder.item(requirement, number % 2),
                operation="executeCommand",
                expected=f"status {code}",
                observed=f"status {sent.response.status if sent.response else 0}",
                example={"request": "POST /api/execute", "case": f"executeCommand, case {number}", "request body": "x"},
                exchanges=(sent.id,),
                trace_id="t-77f0" if sent is refused else "",
            )
        )
    return builder.build()


def inconclusive() -> tuple[Journal, VerdictDocument]:
    """Nothing failed, and much of it was never exercised."""
    builder = Builder(
        reasons=("the journal is torn: it ends after line 99 without a footer", "3 MUST requirements not exercised"),
        torn="it ends after line 99 without a footer",
    )
    why = ("the target takes no faults", "validate with --target embedded")
    for requirement in ("TRL-07", "ERR-05", "TMO-01"):
        builder.outcomes[requirement] = [(Outcome.SKIPPED, *why)]
    builder.outcomes["CTR-01"] = [(None, "", "")]
    return builder.build()


def checked() -> tuple[Journal, VerdictDocument]:
    """A `technogate check` in which everything passed, which is not a verdict."""
    return Builder(mode="check").build()


def waiver(requirement: str, state: WaiverState, problem: str = "", **fields: str) -> WaiverResult:
    """A waiver of the console team, and its state."""
    values = {"reason": "fixed in 1.3", "owner": "console team", "expires": "2025-07-01"}
    values["place"] = "waivers.toml, line 1"
    return WaiverResult(waiver=Waiver(requirement=requirement, **(values | fields)), state=state, problem=problem)


def waived() -> tuple[Journal, VerdictDocument]:
    """One MUST failed and is waived, for one image; everything else passed."""
    builder = Builder(
        waivers=(waiver("CON-14", WaiverState.USED, image=f"sha256:{DIGEST}"),),
        exchanges=[exchange("x-1", "CON-14", 302, "")],
    )
    builder.outcomes["CON-14"] = [(Outcome.FAILED, "", ""), (Outcome.PASSED, "", "")]
    builder.findings = [
        Finding(
            check="redirect",
            requirement="CON-14",
            item=Builder.item("CON-14", 0),
            expected="BLOCKED",
            observed="the redirect was followed",
            exchanges=("x-1",),
        )
    ]
    return builder.build()


def unwaived() -> tuple[Journal, VerdictDocument]:
    """Everything passed, and three waivers are wrong."""
    problems = [
        waiver("EXE-02", WaiverState.UNUSED, "waivers.toml, line 1: not used; remove it"),
        waiver("XXX-99", WaiverState.UNKNOWN, "waivers.toml, line 7: names no requirement"),
        waiver("AUT-01", WaiverState.EXPIRED, "waivers.toml, line 13: expired"),
    ]
    return Builder(waivers=tuple(problems), reasons=tuple(one.problem for one in problems)).build()


HOSTILE = (
    '<script>alert(1)</script><img src=x onerror=alert(1)>" onmouseover="x\' [a](http://e.example) ![b](http://e.example/i)'
    " @everyone #1 `` ` ``` | cell\n::error::pwned\n##[error]pwned\r\x1b[31mred\x1b]0;title\x07\x9b2J"
    " ]]> --> <!-- \x00 \u202egpj \u200b\ufeff\u2028 [bold red]rich[/] {{ 7*7 }} ${IFS} \ud800 $(id)"
)


def hostile() -> tuple[Journal, VerdictDocument]:
    """Hostile text in every field that a program under test, or the author of a contract, can fill."""
    text = HOSTILE
    long = HOSTILE + "A" * 100_000
    identity = "AUT-02"
    builder = Builder(
        target=TargetRef(
            name=text,
            kind="compose",
            parties=("backend", "console"),
            started_by_gate=False,
            faults=False,
            addresses={text: text},
            target_argument=text,
        ),
        waivers=(
            waiver(identity, WaiverState.USED, text, reason=long, owner=text, expires=text, image=text, place=text),
            waiver(text, WaiverState.UNKNOWN, long),
        ),
        reasons=(text, long),
        warnings=(text, long),
        runtimes=(text, long),
        torn=text,
        texts={identity: text, "EXE-02": long},
        decisions={"D4": text, "D9": long},
        titles=GROUPS | {"errors-4xx": text},
        latency=(took(text, 1.0, 0.5),),
        curls={2: text},
        exchanges=[
            exchange(
                "x-1",
                identity,
                200,
                long,
                request=Request(
                    method=text,
                    path=text,
                    headers=((text, text), ("X-API-Key", text)),
                    body=Body(text=long),
                ),
                response=Response(
                    status=200, headers=((text, long), ("x-trace-id", text)), body=Body(text=long, cut=True)
                ),
                operation=text,
                case=text,
                base_url=text,
                key=text,
                under_fault=text,
            ),
            exchange("x-2", identity, 200, "", response=None, error=text),
        ],
        rendered_outputs=[
            RenderedOutput(id="v-1", item=text, call=text, driver="browser", fields={text: long}, rows=({text: text},)),
        ],
    )
    builder.outcomes = {
        identity: [(Outcome.FAILED, text, text)],
        "EXE-02": [(Outcome.FAILED, text, text)],
        "TRL-07": [(Outcome.ERRORED, text, text), (Outcome.SKIPPED, long, long), (None, "", "")],
    }
    builder.findings = [
        Finding(
            check=text,
            requirement=requirement,
            item=Builder.item(requirement, 0),
            operation=text,
            expected=text,
            observed=long,
            example={text: text, "long": long},
            exchanges=("x-1", "x-2", text),
            rendered_outputs=("v-1",),
            trace_id=text,
        )
        for requirement in (identity, "EXE-02")
    ]
    journal, document = builder.build()
    # The rules of causes shorten what they quote; a report must not rely on that.
    causes = tuple(replace(cause, title=text, rule=text, output=f"{text}\n{long}") for cause in document.causes)
    return journal, replace(document, causes=causes)


SAMPLES = {
    "passing": passing,
    "failing": failing,
    "grouped": grouped,
    "inconclusive": inconclusive,
    "checked": checked,
    "waived": waived,
    "unwaived": unwaived,
    "hostile": hostile,
}
