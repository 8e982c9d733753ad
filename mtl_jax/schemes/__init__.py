"""Sharing schemes: one file each, `class Scheme(base.Scheme)`."""

HELPERS = ('parts',)
