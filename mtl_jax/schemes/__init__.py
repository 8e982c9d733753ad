"""Sharing schemes: one file each, `class Scheme(base.Scheme)`."""

HELPERS = (
  *('capacity', 'choices', 'experts', 'gates', 'heads'),
  *('linear_heads', 'partition', 'ranges', 'towers'),
)
