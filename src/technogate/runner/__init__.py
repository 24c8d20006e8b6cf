"""Runs the suites: the pytest plugin, the recorder, the run context, the self-test, and the end of a run."""
