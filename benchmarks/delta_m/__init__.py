"""Published columns of Delta_m, recomputed from the cells of their own rows."""
