"""Tests of the double: every fault kind is felt on the wire."""
