"""Damage of the files of a workdir."""
