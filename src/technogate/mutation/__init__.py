"""The detection score: the gate against programs that are wrong on purpose, and against those that are right."""
