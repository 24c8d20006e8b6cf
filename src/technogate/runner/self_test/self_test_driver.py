"""The gate's own HTTP driver, as the self-test uses it: against a mock backend, and without recording by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from technogate.drivers.http.api_keys import right_key
from technogate.drivers.http.http_driver import HttpDriver
from technogate.runner.run_context import RunContext
from technogate.runner.self_test import bare_client


@contextmanager
def self_test_driver(run_context: RunContext, base_url: str, key: str, item: str) -> Iterator[HttpDriver]:
    """A driver that sends `key` to `base_url` on behalf of `item`, closed at the end."""
    driver = HttpDriver(
        base_url=base_url,
        key=right_key(key),
        contract=run_context.contract,
        redactor=run_context.redactor,
        record=lambda _: None,
        item=lambda: item,
        new_id=run_context.new_id,
        seed=run_context.seed,
        timeout_s=bare_client.LIMIT_S,
    )
    try:
        yield driver
    finally:
        driver.close()
