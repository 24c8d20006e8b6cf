"""Names the plugin and the fixtures of the suites."""

pytest_plugins = ["technogate.plugin", "fixtures.stack", "fixtures.console"]
