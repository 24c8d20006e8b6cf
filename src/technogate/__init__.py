"""Technogate: the contract gate between the Techno OS console and its backend."""

__version__ = "0.1.0"
