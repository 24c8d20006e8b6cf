"""Causes: the findings of a run grouped by the mistake that explains them."""
