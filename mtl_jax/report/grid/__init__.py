"""The page of `experiments.grid`: every scheme with every balancer."""
