"""The workflow around the gate: intake, evaluation, specification, gaps and status, each made from the contract."""
