"""Trace the system calls of a program under test, and make some of them fail."""
