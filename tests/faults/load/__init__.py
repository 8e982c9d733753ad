"""Many cells, many commands at once, and long runs."""
