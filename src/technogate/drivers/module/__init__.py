"""Calls the three functions of a console's client module in Node."""
