"""Drivers: send cases to a target and return evidence."""
