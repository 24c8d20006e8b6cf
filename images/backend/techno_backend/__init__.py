"""The reference backend: one small, conforming provider of the Techno OS console's contract v0.1."""
