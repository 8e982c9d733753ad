"""Ways of training the cells of a table, one file each, chosen by name."""
