"""Sends requests to a backend and records each exchange."""
