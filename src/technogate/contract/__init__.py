"""The contract: load a contract folder, refuse one that contradicts itself, response questions about it."""
