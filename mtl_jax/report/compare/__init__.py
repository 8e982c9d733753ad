"""The page of `experiments.compare`: schemes against single-task training."""
