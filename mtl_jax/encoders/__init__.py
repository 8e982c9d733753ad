"""Encoders: one file each, `make(**fields) -> tuple of stages`.

A stage is a module factory: `stage(name=...)(features, train) -> features`.
"""
