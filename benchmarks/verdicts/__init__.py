"""Simulated tables: how often verdicts are wrong, and how often right."""
