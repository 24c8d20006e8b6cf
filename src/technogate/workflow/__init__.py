"""The workflow around the gate: intake, evaluation, specification and gaps, each made from the contract."""
