"""The page of `experiments.validity`: which measures predict transfer."""
