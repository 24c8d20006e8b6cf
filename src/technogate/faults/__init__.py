"""Faults that are injected into a running backend: kills, hanging commands, an unwritable audit trail, HTTP attacks."""
