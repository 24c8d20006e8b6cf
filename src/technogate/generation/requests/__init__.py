"""Requests drawn from the contract, and what the contract says of each."""
