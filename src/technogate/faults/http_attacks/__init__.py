"""Hostile clients: kinds of bad transport that must not make a backend unavailable to others (ERR-07)."""
