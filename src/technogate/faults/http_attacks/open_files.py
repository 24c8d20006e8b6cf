"""Raise the limit of open files for many connections at once: on some systems it is 256."""

from __future__ import annotations

import sys


def allow_open_files(wanted: int) -> None:
    """Raise this process's soft limit of open files to `wanted`, or as far as its hard limit allows."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
