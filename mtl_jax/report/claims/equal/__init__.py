"""Held-out losses of schemes where training losses are equal."""
