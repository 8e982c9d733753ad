"""Which pages of results there are, of what code, and making them again."""
