"""Trains cells on a Ray cluster."""

from mtl_jax.launchers.ray.sweep import make

__all__ = ['make']
