"""Requests drawn from the contract, and what the contract requires for each."""
