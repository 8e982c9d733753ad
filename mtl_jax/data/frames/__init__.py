"""Tables of a user's: read, described, split, and encoded for training.

Nothing in this package imports JAX when it is imported, so that a mistake in a
table is reported at once.
"""
