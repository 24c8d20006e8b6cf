"""One finding run again: fixed, still failing, or nobody can tell."""
