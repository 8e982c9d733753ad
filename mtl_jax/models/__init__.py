"""Trained models: loaded from disk, and applied to new rows."""

from mtl_jax.models.model import Model, load

__all__ = ['Model', 'load']
