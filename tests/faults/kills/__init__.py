"""Kills at random moments and in the middle of each kind of write."""
