"""The mutation score: every mutant must fail, the reference must pass."""
