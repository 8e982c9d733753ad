"""One file per way of running the cells of a table, chosen by its name."""
