"""The plugin and the fixtures of the suites."""

pytest_plugins = [
    "technogate.runner.plugin",
    "fixtures.audit",
    "fixtures.stack",
    "fixtures.console_harnesses",
    "fixtures.containers",
    "fixtures.fault_injection",
    "fixtures.fit",
    "fixtures.generated",
]
