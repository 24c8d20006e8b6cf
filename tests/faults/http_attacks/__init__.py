"""Tests of the hostile clients, by the bytes on the wire."""
