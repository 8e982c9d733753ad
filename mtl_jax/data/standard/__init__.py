"""Standard multi-task data sets, made of the user's files."""
