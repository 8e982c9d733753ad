"""Sharing schemes: one file each, `class Scheme(base.Scheme)`."""

HELPERS = (
  *('capacity', 'choices', 'experts', 'gates', 'partition', 'ranges'),
  'towers',
)
