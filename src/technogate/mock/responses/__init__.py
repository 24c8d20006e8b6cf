"""The fault kinds: each module holds one deformation of an answer, its parameters in a frozen record."""
