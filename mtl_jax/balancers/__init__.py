"""Balancers: one file each, `make(**fields) -> Balancer`."""

HELPERS = ('faces', 'solvers')
