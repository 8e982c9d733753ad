"""Claims of a tutorial on multi-task learning, each with an answer."""
