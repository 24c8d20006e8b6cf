"""Uses the console in a browser."""
