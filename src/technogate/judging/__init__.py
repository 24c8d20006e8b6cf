"""From a journal to the verdict document. Pure."""
