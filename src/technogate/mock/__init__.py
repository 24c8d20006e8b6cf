"""The mock backend: the hostile provider that takes the place of a backend while the gate judges a console."""
