"""Settings that hold for every test."""

import jax

# Turns the classic `[B, 1] - [B]` loss bug into an error.
jax.config.update('jax_numpy_rank_promotion', 'raise')
