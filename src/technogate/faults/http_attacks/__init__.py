"""Hostile clients: kinds of bad transport that must not take a backend away from others (ERR-07)."""
