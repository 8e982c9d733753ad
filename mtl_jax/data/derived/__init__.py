"""Labels that are computed from the rows of a data set."""
