"""Faults: kills, writes that fail, damaged files, load.

A folder per kind, with its short tests; `campaigns` has the long runs.
"""
