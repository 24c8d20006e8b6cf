"""The fault kinds: each module holds one deformation of a response, its parameters in a frozen record."""
