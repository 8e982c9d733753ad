"""Balancers, one per file; each file has `make(**fields) -> Balancer`."""

HELPERS = ('solvers',)
