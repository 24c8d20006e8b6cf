"""The journal: the one file from which everything is judged, and the redaction of what is written to it."""
