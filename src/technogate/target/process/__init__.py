"""A target whose sides are processes that the gate starts, or URLs of running ones."""
