"""Defaults of the command of MMoE's synthetic experiment."""

FOLDER = 'docs/results/mmoe_synthetic'
DRAWS = 200  # as published
STEPS = 3000
