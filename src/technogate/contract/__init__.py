"""The contract: load a contract folder, refuse one that contradicts itself, answer questions about it."""
