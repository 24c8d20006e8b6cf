"""Reports: one module a format, each from a journal and the verdict document that was judged from it."""
