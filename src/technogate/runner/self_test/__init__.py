"""The self-test: before anybody is judged, the gate's own instruments are shown what is known, and must see it."""
