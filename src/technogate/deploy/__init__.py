"""The deploy gate: decides from signed evidence whether two images may be deployed."""
