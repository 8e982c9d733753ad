"""The table workload, see below."""


def times(python, count):
  raise NotImplementedError
