"""Balancers, metrics and tasks at the edges of their numbers."""
