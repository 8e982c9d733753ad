"""Balancers: one file each, `make(**fields) -> Balancer`."""

HELPERS = ('solvers',)
