"""Writes that fail, and disks that are full."""
