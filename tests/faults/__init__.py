"""Faults: kills, writes that fail, damaged files, load."""
