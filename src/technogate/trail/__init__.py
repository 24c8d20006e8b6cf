"""The audit trail of a pair under test: where it is kept, how it is read, and how it is reconciled.

`sources` read it where a target keeps it, `trail_reader` reads it during a run. `reconcile` compares what was sent
with what was read; it and what it imports are pure.
"""
