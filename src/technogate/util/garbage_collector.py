"""Settings of Python's garbage collector that save time in processes which do not live long."""

from __future__ import annotations

import gc

#: Objects that are created before a young, a middle and an old collection; Python's own are 700, 10 and 10.
RARELY = (200_000, 20, 50)


def ignore_existing_objects() -> None:
    """Exclude every object that exists now from later collections.

    Before a fork this keeps memory pages shared; at the end of a process it saves a search that frees nothing.
    """
    gc.freeze()


def collect_rarely() -> None:
    """Exclude existing objects, and collect later ones less often: reference counting frees almost all of them."""
    ignore_existing_objects()
    gc.set_threshold(*RARELY)
