"""The registry of checks: it is complete and consistent, and examples prove every check in it."""

from __future__ import annotations

import inspect
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from technogate.checks.example_evidence import ExampleEvidence, NoExampleError
from technogate.checks.family import Example, Family, GeneratedRule, RunWideCheck, Scope, SequenceRule
from technogate.checks.prove_examples import problems_of, run_wide_problems
from technogate.checks.registry import REGISTRY, Registry, RegistryError
from technogate.checks.whole_run import RunWideResult, WholeRun
from technogate.contract.loader import Contract, load_contract
from technogate.journal.redaction import Redactor
from technogate.model.events import Finding
from technogate.model.requirement import Party
from technogate.util.shipped import shipped
from tests import builders
from tests.conftest import ROOT

#: The requirements that `contract new` writes.
GENERAL = tomllib.loads(
    (ROOT / "src" / "technogate" / "authoring" / "new" / "general-requirements.toml").read_text("utf-8")
)["requirement"].keys()
KEY = "TgAbCdEfGh0123456789"
FOUND = [Finding(check="self-test", expected="nothing", observed="something")]
FAMILIES = REGISTRY.families
RULES = list(REGISTRY.rules.values())


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The contract that ships with the gate."""
    return load_contract(shipped("contracts", "console-v0.1"))


@pytest.fixture(scope="session")
def evidence(contract: Contract) -> ExampleEvidence:
    """Evidence under that contract."""
    return ExampleEvidence(contract=contract, redactor=Redactor(KEY), key=KEY)


def alone(name: str, family: Family) -> Registry:
    """A registry with one family."""
    return Registry(families={name: family})


def example(predicate: Callable[..., Any], **changes: Any) -> Example:
    """An example of a predicate that takes one word."""
    return replace(Example(predicate=predicate, good=lambda _: ("good",), bad=lambda _: ("bad",)), **changes)


def predicates(name: str) -> set[str]:
    """The public functions of a module that return a list of findings."""
    functions = inspect.getmembers(sys.modules[f"technogate.checks.{name}"], inspect.isfunction)
    return {
        function_name
        for function_name, function in functions
        if function.__module__ == f"technogate.checks.{name}"
        and not function_name.startswith("_")
        and str(inspect.signature(function).return_annotation) == "list[Finding]"
    }


#: Functions that make findings, or change some, and check nothing by themselves.
NO_CHECKS = {"finding", "after_failures", "key_in_responses", "key_in_trail"}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_predicate_has_an_example(name: str) -> None:
    """A predicate that suites can use is proven by the self-test before each run."""
    proven = {example.predicate.__name__ for example in FAMILIES[name].examples}
    assert predicates(name) - NO_CHECKS <= proven


@pytest.mark.parametrize("party", Party)
def test_checks_pass_their_examples(evidence: ExampleEvidence, party: Party) -> None:
    """Each check passes its known-good evidence and reports its known-bad one."""
    assert problems_of(REGISTRY, party, evidence) == []


def test_run_wide_checks_pass_their_examples() -> None:
    """Each check over a whole run passes the known run and reports each of its defects."""
    assert run_wide_problems(REGISTRY.run_wide_checks, builders.header()) == []


def test_no_known_good_example_is_skipped(evidence: ExampleEvidence) -> None:
    """Under the shipped contract every check has known-good evidence."""
    for check_example in REGISTRY.examples():
        check_example.good(evidence)
    for rule in RULES:
        rule.good(evidence)
    with pytest.raises(NoExampleError):
        evidence.conforming(evidence.executed(status="approved"))


@pytest.mark.parametrize("result", [[], FOUND], ids=["never reports", "always reports"])
@pytest.mark.parametrize("name", FAMILIES)
def test_predicate_without_judgement_fails(evidence: ExampleEvidence, name: str, result: list[Finding]) -> None:
    """Every predicate, replaced by one that never or always reports, fails its example."""
    family = FAMILIES[name]
    broken = [replace(checked_example, predicate=lambda *_, **__: result) for checked_example in family.examples]
    changed = replace(family, examples=tuple(broken), rules=(), sequences=())
    problems = problems_of(alone(name, changed), family.party, evidence)
    assert len(problems) == len(family.examples)


@pytest.mark.parametrize("result", [[], FOUND], ids=["never reports", "always reports"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.requirement)
def test_rule_without_judgement_fails(evidence: ExampleEvidence, rule: GeneratedRule, result: list[Finding]) -> None:
    """Every rule of generated requests, replaced by one that never or always reports, fails its example."""
    broken = replace(rule, check=lambda *_: result)
    family = Family(prefixes=(rule.requirement[:3],), party=Party.BACKEND, rules=(broken,))
    [problem] = problems_of(alone("one", family), Party.BACKEND, evidence)
    assert ("known-good" in problem) is bool(result)


@pytest.mark.parametrize("concerned", [True, False])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.requirement)
def test_rule_that_concerns_nothing_fails(evidence: ExampleEvidence, rule: GeneratedRule, concerned: bool) -> None:
    """A rule that concerns no exchange judges none: it fails both of its examples."""
    concerns = rule.concerns if concerned else lambda _: False
    family = Family(prefixes=(rule.requirement[:3],), party=Party.BACKEND, rules=(replace(rule, concerns=concerns),))
    assert len(problems_of(alone("one", family), Party.BACKEND, evidence)) == (0 if concerned else 2)


@pytest.mark.parametrize("results", [[], [[]], [FOUND]], ids=["compares nothing", "never reports", "always reports"])
@pytest.mark.parametrize("rule", REGISTRY.sequences, ids=lambda rule: f"{rule.requirement}, {rule.scope}")
def test_sequence_rule_without_judgement_fails(
    evidence: ExampleEvidence, rule: SequenceRule, results: list[list[Finding]]
) -> None:
    """Every rule of sequences, replaced by one that compares nothing, never or always reports, fails its example."""
    broken = replace(rule, check=lambda *_: iter(results))
    family = Family(prefixes=(rule.requirement[:3],), party=Party.BACKEND, sequences=(broken,))
    assert len(problems_of(alone("one", family), Party.BACKEND, evidence)) == (1 if results else 2)


@pytest.mark.parametrize("check", REGISTRY.run_wide_checks, ids=lambda check: check.requirement)
def test_run_wide_check_without_judgement_fails(check: RunWideCheck) -> None:
    """Every check over a whole run, replaced by one that finds nothing or checks nothing, fails the known run."""
    real = check.run
    for changes in ({"findings": ()}, {"checks": 0, "findings": ()}):

        def run(whole: WholeRun, changes: dict[str, Any] = changes) -> RunWideResult:
            return replace(real(whole), **changes)

        broken = replace(check, run=run)
        assert len(run_wide_problems([broken], builders.header())) >= len(check.defects)


def test_every_check_is_of_a_known_requirement(contract: Contract) -> None:
    """Only those on operations without a part are of a requirement that the shipped contract lacks."""
    assert REGISTRY.unknown_to(contract.requirements) == sorted(GENERAL - contract.requirements.keys())
    assert REGISTRY.unknown_to({*contract.requirements, *GENERAL} - {"ENV-01"}) == ["ENV-01"]
    assert {rule.scope for rule in RULES if rule.requirement not in contract.requirements} <= {
        Scope.GENERAL,
        Scope.MALFORMED,
    }


def test_every_party_is_the_requirements(contract: Contract) -> None:
    """A family's party is that of its requirements: the self-test of a run proves all that the run judges."""
    for family in FAMILIES.values():
        for requirement in Registry(families={"one": family}).requirements:
            known = contract.requirements.get(requirement)
            party = known.party if known is not None else Party.BACKEND
            assert known is not None or requirement in GENERAL
            assert party is family.party, requirement


def test_refuses_a_rule_that_is_declared_twice() -> None:
    """Two modules with a rule, a rule of sequences or a run-wide check for the same requirement are a mistake."""
    for name in ("response_envelope", "command_execution", "audit_order"):
        with pytest.raises(RegistryError, match="two checks declare"):
            Registry(families={"one": FAMILIES[name], "two": FAMILIES[name]})


def test_refuses_an_empty_registry() -> None:
    """Without any family there is nothing to judge with."""
    with pytest.raises(RegistryError, match="no module"):
        Registry(families={})


def test_refuses_a_check_of_another_family() -> None:
    """A check whose requirement is of another family, or missing, is a mistake of its module."""
    for requirement in ("AUD-01", ""):
        with pytest.raises(ValueError, match="is none of"):
            Family(prefixes=("ENV",), party=Party.BACKEND, examples=(example(str, requirement=requirement),))


def test_refuses_a_rule_without_examples() -> None:
    """A rule cannot be made without known-good and known-bad evidence, nor a run-wide check without a defect."""
    fields = {name: getattr(RULES[0], name) for name in GeneratedRule.__dataclass_fields__ if name != "bad"}
    with pytest.raises(TypeError, match="bad"):
        GeneratedRule(**fields)
    with pytest.raises(ValueError, match="no known-bad example"):
        replace(REGISTRY.run_wide_checks[0], defects=())


def test_a_new_module_takes_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that exports a FAMILY is found by being in the package; no list names it."""
    (tmp_path / "brand_new.py").write_text(
        "from technogate.checks.registry import REGISTRY\nFAMILY = REGISTRY.families['memory_snapshot']\n", "utf-8"
    )
    from technogate import checks
    from technogate.checks import registry

    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(tmp_path)])
    assert "brand_new" in registry.discovered()
    monkeypatch.delitem(sys.modules, "technogate.checks.brand_new")


def test_scope_of_every_rule_is_a_list_of_requests() -> None:
    """A rule of single requests judges lists, a rule of sequences may judge either."""
    assert not [rule.requirement for rule in RULES if rule.scope is Scope.SEQUENCES]


def test_evidence_that_a_contract_cannot_have_proves_nothing(evidence: ExampleEvidence) -> None:
    """Where the contract's schemas refuse the built-in body only the known-bad half counts."""

    def none(_: ExampleEvidence) -> tuple[Any, ...]:
        raise NoExampleError

    for result, count in (([], 1), (FOUND, 0)):
        declared = example(lambda _, result=result: result, good=none)
        family = Family(prefixes=(), party=Party.BACKEND, examples=(declared,))
        assert len(problems_of(alone("one", family), Party.BACKEND, evidence)) == count
