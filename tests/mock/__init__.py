"""Tests of the mock backend: every fault kind is observed on the wire."""
