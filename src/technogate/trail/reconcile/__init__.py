"""The audit trail compared with every request of a run. Pure."""
