"""Numbers of MMoE's synthetic experiment that are defaults of its command."""

FOLDER = 'docs/results/mmoe_synthetic'
DRAWS = 200  # as published
STEPS = 3000
