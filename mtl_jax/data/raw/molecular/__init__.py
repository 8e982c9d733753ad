"""The files of QM9, in the three forms in which it is given out."""
