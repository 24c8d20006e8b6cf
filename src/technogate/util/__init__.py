"""Helpers that know nothing of contracts or targets. Imports nothing of technogate."""
