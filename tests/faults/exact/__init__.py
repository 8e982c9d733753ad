"""Cells that are stopped and resumed equal whole ones, to the bit."""
