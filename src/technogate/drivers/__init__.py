"""Drivers: what sends a case to a target and brings back evidence."""
