"""Checks: pure functions from evidence to findings."""
