"""A target whose sides are container images, started by compose."""
