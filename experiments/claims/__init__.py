"""Measures what is claimed of multi-task learning; see `__main__`."""
