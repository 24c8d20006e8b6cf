"""The records that every package shares: requirements, events, findings, the verdict, settings and errors."""
