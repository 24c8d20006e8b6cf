"""Run one finding again: FIXED, STILL FAILING or CANNOT TELL."""
