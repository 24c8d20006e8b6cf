"""Responses drawn from the contract for the mock backend, and what the contract requires for each."""
