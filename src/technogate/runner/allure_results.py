"""What `pytest suites --alluredir` writes: each item under its sentence and its requirement, without the API key.

allure-pytest writes those results while the items run. `technogate.report.allure` writes its own, from the
journal, at the end of every run.
"""

from __future__ import annotations

import inspect

import allure_commons
import pytest
from allure_commons.model2 import StatusDetails, TestResult, TestResultContainer

from technogate.report.allure import labels_of
from technogate.runner.run_context import RunContext
from technogate.util.text import terminal


class AllureResults:
    """A plugin of pytest and of allure_commons; of use only while allure-pytest writes results."""

    def __init__(self, run_context: RunContext) -> None:
        self._run_context = run_context

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Name the result of an item and label it, also when its setup failed: allure-pytest names it in setup."""
        mark = item.get_closest_marker("requirement")
        requirement = None if mark is None else self._run_context.contract.requirements.get(mark.args[0])
        if requirement is None:
            return
        subject = (inspect.getdoc(getattr(item, "function", None)) or item.name).splitlines()[0]
        parameters = item.name.partition("[")[2].removesuffix("]")
        hook = allure_commons.plugin_manager.hook
        hook.add_title(test_title=terminal(f"{subject} [{parameters}]" if parameters else subject))
        hook.add_description(test_description=terminal(f"{requirement.id}: {requirement.text}"))
        for name, value in {**labels_of(requirement), "requirement": requirement.id, "tag": requirement.id}.items():
            hook.add_label(label_type=name, labels=(terminal(value),))

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: TestResult) -> None:
        """Take the API key out of a result before it is written."""
        self._clean(result.statusDetails)
        for parameter in result.parameters:
            parameter.value = self._run_context.redactor.clean_text(str(parameter.value))[0]

    @allure_commons.hookimpl(tryfirst=True)
    def report_container(self, container: TestResultContainer) -> None:
        """Take the API key out of what a fixture raised."""
        for fixture in (*container.befores, *container.afters):
            self._clean(fixture.statusDetails)

    def _clean(self, details: StatusDetails | None) -> None:
        if details is not None:
            details.message = self._run_context.redactor.clean_text(details.message or "")[0] or None
            details.trace = self._run_context.redactor.clean_text(details.trace or "")[0] or None
