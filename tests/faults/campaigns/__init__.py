"""Campaigns of faults; each has a function `run`."""
