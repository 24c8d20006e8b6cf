"""The audit trail of a pair under test: where it is kept, how it is read, and how it is reconciled.

`source` opens the place where a target keeps its trail, `trail reader` reads it during a run; both touch the
world. `reconcile` compares what was sent with what was read; it and what it imports are pure.
"""
