"""The workflow around the gate: intake, evaluation, specification, gaps and status, generated from the contract."""
