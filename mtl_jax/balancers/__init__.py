"""Balancers: one file each, `make(**fields) -> base.Balancer`."""
