"""The journal: the one file between the half that acts and the half that judges, and what is redacted on its way in."""
