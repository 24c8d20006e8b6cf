"""Faults: the hostile provider that stands in for a backend while the gate judges a console."""
