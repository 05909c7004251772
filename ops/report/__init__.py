"""One comment that says what a change does to the infrastructure; see `__main__`."""
