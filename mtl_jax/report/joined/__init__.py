"""Several data sets at once: the tables of several workdirs, joined."""
